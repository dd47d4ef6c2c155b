# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A first run as somebody sees it in a terminal of 80 columns, with the ansible.cfg of the examples."""

from __future__ import annotations

import pathlib
import re

import pytest

from tests.e2e.harness import ROOT, Controller
from tests.fleet import Fleet
from tests.screen import Screen, watched
from tests.testbed.client import TestBed

SITE = "gitpod.enterprise_runner.site"
REASON = "Unable to assume the service linked role"


@pytest.mark.both_cores
def test_a_board_goes_on_and_what_stays_is_calm(running_testbed: TestBed, tmp_path: pathlib.Path) -> None:
    running_testbed.reset()
    running_testbed.settings(stack_seconds=8)
    fleet = Fleet.of(2)
    fleet.seed(running_testbed)
    inventory = fleet.write_inventory(tmp_path / "fleet.yml", gitpod_stack_releases_url=running_testbed.releases_url)
    controller = Controller(running_testbed, tmp_path, inventory)
    good, unlucky = fleet.runners

    # What is going to be counted as changed.
    foreseen = controller.play(SITE, "--check")
    assert foreseen.code == 0, foreseen.output

    order = {"region": unlucky.region, "stack_name": unlucky.name, "resource_type": "AWS::ECS::Cluster"}
    running_testbed.fail_resource(**order, operation="CREATE", reason=REASON, times=1)
    environment = {
        key: value for key, value in controller.environment().items() if key not in ("ANSIBLE_SHOW_CUSTOM_STATS",)
    }
    environment["ANSIBLE_CONFIG"] = str(ROOT / "examples/ansible.cfg")
    run = watched(
        controller.command(SITE, "-e", "gitpod_verify_wait=1 gitpod_verify_phase_wait=1"), tmp_path, environment, 80, 24
    )
    assert run.code == 2, run.text
    assert " running " in run.text, "there was a board"
    assert re.search(r"\[[#.]+\]  ", run.text), "with a bar"
    screen = Screen(80, 24)
    screen.feed(run.text)
    lines = screen.text.split("\n")
    table = next(number for number, line in enumerate(lines) if line.startswith("PLAY RECAP"))
    told = "\n".join(lines[:table])
    assert not [line for line in lines if re.match(r"(TASK|PLAY|ok:|skipping:|fatal:|included:) ?\[?", line)][1:]
    assert " running " not in screen.text, "the board is gone"
    assert " ".join(told.split()).count(REASON) == 1, told
    assert f"{good.name}: create the stack {good.name}" in told
    assert f"{good.name}: stack complete after" in told
    counts = {
        name: (int(n), int(m)) for name, n, m in re.findall(r"(\S+) +: ok=\d+ +changed=(\d+) +failed=(\d)", screen.text)
    }
    assert counts[good.name] == (foreseen.recap[good.name]["changed"], 0), "check mode counts the same"
    assert counts[unlucky.name] == (1, 1)
    # The report at the very end, and what to do next.
    end = "\n".join(lines[table:])
    assert REASON in " ".join(end.split())
    assert end.rstrip().endswith(unlucky.name)
    assert "Next: remove the causes that are named above, then run again" in end
    assert len(lines) < 90, "a first run of three was 135 lines before"
