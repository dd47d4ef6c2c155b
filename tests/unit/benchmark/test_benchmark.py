# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The benchmark's own arithmetic: what it counts, and when it fails."""

from __future__ import annotations

import pathlib

import pytest

from tests.benchmark import comparison, measuring, terminal
from tests.e2e.harness import Run

OUTPUT = """
TASK [Look] ********************************************************************
Using module file /collections/runner_look_info.py
<a> EXEC /bin/sh -c 'python AnsiballZ_runner_look_info.py'
ok: [a]

TASK [Judge] *******************************************************************
ok: [a]
skipping: [b]

PLAY RECAP *********************************************************************
a                          : ok=2    changed=1    unreachable=0    failed=0    skipped=0    rescued=0    ignored=0
b                          : ok=0    changed=0    unreachable=0    failed=0    skipped=1    rescued=0    ignored=0
"""


def cost(seconds: float, processor: float, calls: int, output: str = "") -> measuring.Cost:
    return measuring.Cost(seconds, processor, {"sts": calls}, Run(0, output, pathlib.Path("artifacts")))


def test_tasks_their_results_and_module_processes_are_counted() -> None:
    found = measuring.counts(Run(0, OUTPUT, pathlib.Path("artifacts")))
    assert found == {"tasks": 2, "results of tasks": 3, "module processes": 1}


def test_ratios_are_those_of_the_medians() -> None:
    slower = [cost(90, 80, 1), cost(100, 90, 1), cost(500, 100, 1)]
    faster = [cost(20, 30, 1), cost(1, 30, 1), cost(40, 30, 1)]
    assert measuring.ratios(slower, faster) == {"seconds": 5.0, "processor_seconds": 3.0}


@pytest.mark.parametrize(
    ("ratio", "calls", "output", "fault"),
    [
        (4.5, 60, "", None),
        (4.4, 60, "", "4.4 times as fast as by hand; wanted are 4.5"),
        (4.5, 62, "", "31.0 API calls a runner; allowed are 30"),
        (4.5, 60, OUTPUT, "changed something"),
    ],
)
def test_a_rerun_that_is_too_slow_asks_too_much_or_changes_something_is_told(
    ratio: float, calls: int, output: str, fault: str | None
) -> None:
    options = comparison.options_of(["--runners", "2"])
    found = comparison.faults_of_rerun([cost(1, 1, calls, output)], ratio, options)
    assert len(found) == (fault is not None)
    assert not fault or fault in found[0]


def test_a_status_needs_something_to_be_compared_with() -> None:
    with pytest.raises(SystemExit):
        comparison.options_of(["--status", "50"])


def test_lines_of_a_terminal_are_those_that_somebody_sees() -> None:
    """One that is too wide counts twice; what a board has taken back does not count."""
    assert terminal.lines("a\r\n" + "b" * 15 + "\r\n", 10) == 3
    assert terminal.lines("kept\r\nboard\r\nboard\r\x1b[1A\x1b[Jend\r\n", 10) == 2
