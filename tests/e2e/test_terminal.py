# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A first run as somebody sees it in a terminal of 80 columns, with the ansible.cfg of the examples."""

from __future__ import annotations

import pathlib
import re

import pytest
import yaml

from tests.e2e.harness import ROOT, Controller
from tests.fleet import Fleet
from tests.screen import Screen, watched
from tests.testbed.client import TestBed

SITE = "gitpod.enterprise_runner.site"
LARGE = {"display_name": "Large", "configuration": {"machineType": "m6i.large", "diskSizeGb": 100}}
GITHUB = {
    "scm_id": "github",
    "host": "github.com",
    "oauth_client_id": "client",
    "oauth_client_secret": "s3cret-of-github",
}
MODELS = {"endpoint": "https://bedrock.example.com", "models": ["sonnet_4_5"], "api_key": "k3y-of-bedrock"}
REASON = "Unable to assume the service linked role"


@pytest.mark.newest_core
def test_a_board_goes_on_and_what_stays_is_calm(running_testbed: TestBed, tmp_path: pathlib.Path) -> None:
    running_testbed.reset()
    running_testbed.settings(stack_seconds=8)
    fleet = Fleet.of(2)
    fleet.seed(running_testbed)
    good, unlucky = fleet.runners
    inventory = write_inventory(running_testbed, fleet, tmp_path / "fleet.yml")
    controller = Controller(running_testbed, tmp_path, inventory)

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
    # The registration, a certificate and its record, both kinds of endpoints, the stack, both names, four next steps.
    assert counts[good.name] == (11, 0)
    assert foreseen.recap[good.name]["changed"] == 11, "check mode counts the same"
    assert counts[unlucky.name] == (1, 1)
    # The report at the very end, and what to do next.
    end = "\n".join(lines[table:])
    assert REASON in " ".join(end.split())
    assert end.rstrip().endswith(unlucky.name)
    assert "Next: remove the causes that are named above, then run again" in end
    assert "waiting for " + unlucky.name not in " ".join(told.split()), "nobody waits for what failed"
    assert len(lines) < 125, "with everything that a run can make"


def write_inventory(testbed: TestBed, fleet: Fleet, path: pathlib.Path) -> pathlib.Path:
    """The first runner has everything that a run can make, from its registration to its next steps."""
    found = fleet.inventory(gitpod_stack_releases_url=testbed.releases_url)
    testbed.control("POST", "management", {"remove_runners": [fleet.runners[0].id], "add_groups": [{"name": "Devs"}]})
    found["gitpod_runners"]["hosts"][fleet.runners[0].name].update(
        gitpod_runner_id="",
        gitpod_exchange_token="",
        gitpod_api_token=testbed.api_token,
        gitpod_api_endpoint=testbed.management_plane_url,
        gitpod_certificate_arn="",
        gitpod_certificate_request=True,
        gitpod_domain_name="fresh.gitpod.example.com",
        gitpod_privatelink_enabled=True,
        gitpod_network_endpoints=True,
        gitpod_runner_settings_environment_classes=[LARGE],
        gitpod_runner_settings_scm_integrations=[GITHUB],
        gitpod_runner_settings_sharing=[{"group": "Devs"}],
        gitpod_runner_settings_llm_integrations=[MODELS],
    )
    path.write_text(yaml.safe_dump(found, sort_keys=False), "utf-8")
    return path
