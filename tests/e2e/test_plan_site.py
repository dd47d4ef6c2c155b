# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A rerun that changes nothing looks once: its processes and its calls are counted; check mode shows the plan."""

from __future__ import annotations

import re

import pytest

from tests.e2e.harness import HOSTS, READING, Controller

SITE = "gitpod.enterprise_runner.site"
# Of the issue: module processes that load boto3, and calls of AWS's API, for one runner.
MOST_PROCESSES, MOST_CALLS = 3, 35


def processes(output: str) -> dict[str, list[str]]:
    """The modules for which a process was started, by host, as C(-vvv) tells them."""
    found: dict[str, list[str]] = {}
    for host, module in re.findall(r"^<(\S+)> EXEC .*python\S* \S*AnsiballZ_(\w+)\.py", output, re.MULTILINE):
        found.setdefault(host, []).append(module)
    return found


@pytest.mark.both_cores
def test_a_rerun_that_changes_nothing_looks_once(controller: Controller) -> None:
    first = controller.play(SITE)
    assert first.code == 0, first.output
    controller.testbed.clear_calls()
    second = controller.play(SITE, "-vvv")
    assert second.code == 0, second.output
    assert second.changed == 0
    assert controller.writes() == []
    started = processes(second.output)
    for host in HOSTS:
        assert len(started[host]) <= MOST_PROCESSES, started[host]
        assert second.report(host)["stack"]["status"] == "CREATE_COMPLETE"
        assert second.report(host)["verification"]["healthy"] is True
        assert len(second.report(host)["dns"]["names"]) == 2
    calls = [f"{call['service']}:{call['operation']}" for call in controller.testbed.calls()]
    assert all(name.split(":")[1].startswith(READING) for name in calls)
    assert len(calls) <= MOST_CALLS * len(HOSTS), sorted(calls)

    checked = controller.play(SITE, "--check")
    assert checked.code == 0, checked.output
    assert checked.changed == 0
    assert "The plan: 3 with nothing to do" in checked.output
