# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the settings of the user's Ansible say does not turn the plays wrong, or is refused in one message.

Settings that do not touch each other stand together in one run; each alone is for tests/campaign/settings.py.
"""

from __future__ import annotations

import json
import typing as t

import pytest
import yaml

from tests.campaign import settings
from tests.campaign.settings_cases import CONNECTION, HERE, ODD, PLAN, SITE, VERIFY, Case, cases, together
from tests.e2e.harness import COLLECTION, Controller
from tests.fleet import Fleet
from tests.webhook import Receiver

if t.TYPE_CHECKING:
    import pathlib
    from collections.abc import Iterator

    from tests.testbed.client import TestBed


@pytest.fixture(scope="module")
def two(
    running_testbed: TestBed, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Fleet, Controller, Receiver]]:
    """Two runners that stand, their control node, and a webhook's receiver."""
    fleet, controller = settings.fleet_of_two(running_testbed, tmp_path_factory.mktemp("settings"))
    with Receiver.start() as server:
        yield fleet, controller, server


@pytest.mark.both_cores
def test_a_run_is_right_whatever_the_settings_say(two: tuple[Fleet, Controller, Receiver]) -> None:
    fleet, controller, receiver = two
    seed_stale_facts(controller.directory / "cache", fleet.names)
    ran = settings.run(controller, together(SITE, gitpod_report_notify=receiver.url))
    assert settings.faults(ran, controller, fleet) == [], ran.output
    # One message of the whole fleet, not one a runner.
    (posted,) = [body for _path, body in receiver.posted]
    assert [row["runner"] for row in posted["runners"]] == fleet.names
    assert posted["counts"]["verified"] == 2
    # The stacks keep their template, whichever release the channel has by now.
    assert [write for write in controller.writes() if write.startswith("cloudformation:")] == []
    # What a person reads of it stands beside the document.
    assert "2 runners: 2 verified" in ran.stderr
    kept = [path.read_text("utf-8") for path in (controller.directory / "cache").iterdir()]
    assert [token for token in fleet.tokens.values() if any(token in text for text in kept)] == []
    left = [path for path in (controller.directory / ODD.removeprefix(f"{HERE}/")).rglob("*") if path.is_file()]
    assert left == []


@pytest.mark.parametrize("playbook", [PLAN, VERIFY])
def test_plan_and_verify_are_right_whatever_the_settings_say(
    two: tuple[Fleet, Controller, Receiver], playbook: str
) -> None:
    fleet, controller, _receiver = two
    controller.testbed.clear_calls()
    ran = settings.run(controller, together(playbook))
    assert settings.faults(ran, controller, fleet) == [], ran.output


def seed_stale_facts(cache: pathlib.Path, names: t.Sequence[str]) -> None:
    """As a fact cache has them that an earlier run's tasks have written to."""
    cache.mkdir(exist_ok=True)
    stale = {
        "gitpod_region": "xx-nowhere-1",
        "gitpod_site_failure_result": {"task": "Yesterday", "message": "Yesterday's failure"},
        "__gitpod_batch": {"begins": False, "held": dict.fromkeys(names, "Yesterday's batch")},
    }
    for name in names:
        # Of ansible-core 2.19 and later, and as it was before.
        payload = json.dumps(stale)
        (cache / f"s1_{name}").write_text(json.dumps({"__payload__": payload}), "utf-8")
        (cache / name).write_text(payload, "utf-8")


def tasks_of_roles(*roles: str) -> list[dict[str, t.Any]]:
    """Each role, whose failure the next one does not mind."""
    return [
        {
            "name": role,
            "ansible.builtin.include_role": {"name": f"{COLLECTION}.{role}", "apply": {"ignore_errors": True}},
        }
        for role in roles
    ]


def test_roles_in_plays_of_ones_own_run_on_the_control_node_and_refuse_what_cannot_be_right(
    two: tuple[Fleet, Controller, Receiver],
) -> None:
    fleet, controller, receiver = two
    hosts = {"hosts": "gitpod_runners"}
    plays = [
        # Neither connection: local nor gather_facts: false, as for machines.
        {"name": "Ours", **hosts, "gather_facts": False, "become": True, "tasks": tasks_of_roles("gitpod_status")},
        {
            "name": "Each by itself",
            **hosts,
            "gather_facts": False,
            "strategy": "free",
            "vars": {"gitpod_report_notify": receiver.url},
            "tasks": tasks_of_roles("gitpod_report"),
        },
        {
            "name": "Mitogen",
            **hosts,
            "gather_facts": False,
            "strategy": "mitogen_linear",
            "tasks": tasks_of_roles("gitpod_stack"),
        },
    ]
    playbook = controller.directory / "own.yml"
    playbook.write_text(yaml.safe_dump(plays), "utf-8")
    receiver.posted.clear()
    controller.testbed.clear_calls()
    own = {"strategy_plugins": f"{HERE}/strategies"}
    ran = settings.run(controller, Case("own", configuration=own, runners=CONNECTION, playbook=str(playbook)))
    assert settings.faults(ran, controller, fleet) == [], ran.output
    text = " ".join(ran.output.split())
    assert "runner_report is run once for all runners of the play, which the strategy free ignores" in text
    assert "The strategy mitogen_linear replaces how Ansible runs modules" in text
    assert receiver.posted == []


@pytest.mark.parametrize("name", ["site --start-at-task Deploy", "teardown --start-at-task Show what goes"])
def test_a_run_that_leaves_out_what_decides_is_refused(two: tuple[Fleet, Controller, Receiver], name: str) -> None:
    fleet, controller, _receiver = two
    controller.testbed.clear_calls()
    (case,) = [case for case in cases() if case.name.startswith(name)]
    ran = settings.run(controller, case)
    assert settings.faults(ran, controller, fleet) == [], ran.output


def test_a_failure_takes_nobody_elses_run_or_report(running_testbed: TestBed, tmp_path: pathlib.Path) -> None:
    """With any_errors_fatal and forks that let one fail before the other has begun."""
    running_testbed.reset()
    running_testbed.settings(stack_seconds=0.5)
    fleet = Fleet.of(2)
    fleet.seed(running_testbed)
    controller = Controller(running_testbed, tmp_path, fleet.write_inventory(tmp_path / "fleet.yml"))
    unlucky, lucky = fleet.runners
    order = {"region": unlucky.region, "stack_name": unlucky.name, "resource_type": "AWS::ECS::Cluster"}
    running_testbed.fail_resource(**order, operation="CREATE", reason="No capacity", times=1)
    strict = {"any_errors_fatal": "true", "strategy": "free", "forks": "1"}
    tags = ("--tags", "prerequisites,stack")
    ran = settings.run(controller, Case("strict", configuration=strict, arguments=tags, playbook=SITE))
    assert ran.code != 0
    assert "ansible_failed_task" not in ran.output
    fleet_report = json.loads((controller.artifacts / "fleet.json").read_text("utf-8"))
    states = {runner["runner"]: runner["state"] for runner in fleet_report["runners"]}
    assert states == {unlucky.name: "failed", lucky.name: "unverified"}
