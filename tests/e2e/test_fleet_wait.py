# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One wait for a batch: a stack that fails, one that was complete before, an endpoint that somebody has to accept."""

from __future__ import annotations

import contextlib
import re
import threading
import typing as t

import yaml

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import result as stack_operation
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._fleet_wait import operation
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink import operation as endpoint
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import SERVICE_NAME
from ansible_collections.gitpod.enterprise_runner.plugins.modules import (
    runner_endpoint,
    runner_fleet_wait,
    runner_stack,
)
from tests.e2e.harness import Controller
from tests.e2e.in_process import InProcessModule, outcome
from tests.fleet import Fleet, Runner

if t.TYPE_CHECKING:
    import pathlib

Result = dict[str, t.Any]
AP = "ap-southeast-2"
VPC, SUBNETS = "vpc-0c9f7e5a3b1d02468", ["subnet-0c3a4e6d8f0b23571", "subnet-0c3a4e6d8f0b23572"]


def start(controller: Controller, runner: Runner, token: str, **more: t.Any) -> Result:
    """Start a runner's stack as the stage does; what is to be waited for."""
    options = {
        "name": runner.name,
        "template_url": controller.testbed.template_url,
        "parameters": {name: value for name, value in runner.parameters("").items() if name != "BootstrapSecret"},
        "secret_parameters": {"BootstrapSecret": token},
        "wait": False,
        **more,
    }
    started = outcome(
        InProcessModule(controller.testbed, runner_stack.ARGUMENT_SPEC, runner.region, **options), stack_operation.run
    )
    assert not started.get("failed"), started
    waiting = {"name": runner.name, "timeout": 60, "fail_fast": True, "operation_token": started["operation_token"]}
    return {"host": runner.name, "region": runner.region, "stack": waiting}


@contextlib.contextmanager
def slow_until(controller: Controller, seen: t.Callable[[], bool]) -> t.Iterator[None]:
    """Stacks go on slowly until something was seen, on a machine of any speed."""
    done = threading.Event()

    def hurry() -> None:
        while not done.wait(0.2) and not seen():
            pass
        controller.testbed.settings(stack_seconds=2)

    thread = threading.Thread(target=hurry)
    controller.testbed.settings(stack_seconds=40)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def looks(controller: Controller) -> int:
    """How often stacks were looked at."""
    return [call["operation"] for call in controller.testbed.calls()].count("DescribeStackEvents")


def start_endpoint(controller: Controller) -> tuple[Result, str]:
    """Start an endpoint whose connection somebody has to accept; what is to be waited for, and its ID."""
    testbed = controller.testbed
    testbed.control("POST", "endpoint-services", {"service_name": SERVICE_NAME, "acceptance_required": True})
    options: Result = {"name": "gitpod-ap", "vpc_id": VPC, "subnet_ids": SUBNETS, "wait": False}
    module = InProcessModule(testbed, runner_endpoint.ARGUMENT_SPEC, AP, **options)
    started = outcome(module, endpoint.run)
    assert started["in_progress"], started
    assert started["endpoint"]["private_dns_enabled"] is False
    specification: dict[str, dict[str, t.Any]] = runner_fleet_wait.ENDPOINT
    wanted = {name: entry.get("default") for name, entry in specification.items()}
    waiting = {**wanted, "name": "gitpod-ap", "vpc_id": VPC, "timeout": 60}
    return {"host": "gitpod-ap", "region": AP, "endpoint": waiting}, started["endpoint"]["id"]


def wait(controller: Controller, runners: list[Result], path: pathlib.Path, check: bool = False) -> Result:
    """One run of runner_fleet_wait."""
    options = {"runners": runners, "progress_path": str(path), "progress_interval": 1}
    spec = runner_fleet_wait.ARGUMENT_SPEC
    module = InProcessModule(controller.testbed, spec, "us-east-1", check, **options)
    # The wait makes its clients of amazon.aws's options, by region and profile.
    module.params.update(access_key=controller.testbed.account_id, secret_key="test", validate_certs=True)
    module.params.update(dict.fromkeys(("profile", "session_token", "region", "aws_ca_bundle", "aws_config")))
    module.params.update(endpoint_url=controller.testbed.aws_endpoint_url)
    return outcome(module, operation.run)


def test_each_part_ends_for_itself(controller: Controller, tmp_path: pathlib.Path) -> None:
    fleet = Fleet.of(3)
    fleet.seed(controller.testbed)
    ready, good, bad = fleet.runners
    before = start(controller, ready, fleet.tokens[ready.id], wait=True)
    controller.testbed.fail_resource(
        region=bad.region, stack_name=bad.name, resource_type="AWS::ECS::Cluster", operation="CREATE", reason="No room"
    )
    connecting, endpoint_id = start_endpoint(controller)
    accepted = {"state": "available"}
    nobody = {"host": "nobody", "region": "us-east-2", "stack": {**before["stack"], "name": "nobodys"}}
    controller.testbed.clear_calls()
    progress = tmp_path / "progress"
    told = re.compile(rf"of 4 done.*{good.name} ")
    with slow_until(controller, lambda: progress.exists() and bool(told.search(progress.read_text("utf-8")))):
        waiting = [start(controller, runner, fleet.tokens[runner.id]) for runner in (good, bad)]
        threading.Timer(3, controller.testbed.control, ("POST", f"endpoints/{endpoint_id}", accepted)).start()
        found = wait(controller, [before, *waiting, connecting, nobody], progress)

    runners = found["runners"]
    assert found["changed"] is True, "private DNS was switched on"
    assert runners["gitpod-ap"]["endpoint"]["endpoint"]["private_dns_enabled"] is True
    assert runners["gitpod-ap"]["stack"] is None
    for runner in ready, good:
        stack = runners[runner.name]["stack"]
        assert (stack["stack"]["status"], stack["changed"]) == ("CREATE_COMPLETE", False)
        assert stack["load_balancer"]["dns_name"] == stack["outputs"]["LoadBalancerDNS"]
        # All resources of the template whose condition is met.
        assert len(stack["timeline"]) > 50
        assert {entry["status"] for entry in stack["timeline"]} == {"CREATE_COMPLETE"}
    failed = runners[bad.name]["stack"]
    assert failed["failed"] is True
    assert failed["root_cause"]["reason"] == "No room"
    assert failed["timeline"]
    assert "There is no stack nobodys to wait for" in runners["nobody"]["stack"]["msg"]
    assert controller.writes() == ["cloudformation:CreateStack"] * 2 + ["ec2:ModifyVpcEndpoint"]

    lines = progress.read_text("utf-8").splitlines()
    assert max(len(line) for line in lines) <= 160
    assert any(re.match(rf"{ready.name}: stack complete after \d+s", line) for line in lines)
    assert any(re.match(rf"{good.name}: stack complete after \d+s", line) for line in lines)
    assert any(re.match(rf"{bad.name}: stack failed after \d+s: \S+ CREATE_FAILED: No room", line) for line in lines)
    assert any(re.match(r"gitpod-ap: endpoint available after \d+s", line) for line in lines)
    assert any(told.search(line) for line in lines), lines
    assert lines[-1] == "stacks: 2 of 4 done, 2 failed; endpoints: 1 of 1 done"


def test_check_mode_looks_once(controller: Controller, tmp_path: pathlib.Path) -> None:
    fleet = Fleet.of(1)
    fleet.seed(controller.testbed)
    controller.testbed.settings(stack_seconds=60)
    (runner,) = fleet.runners
    waiting = start(controller, runner, fleet.tokens[runner.id])
    found = wait(controller, [waiting], tmp_path / "progress", check=True)
    assert found["changed"] is False
    assert found["runners"][runner.name]["stack"].get("stack", {}).get("status") == "CREATE_IN_PROGRESS", found


def test_a_playbook_waits_once_and_shows_the_batch(controller: Controller) -> None:
    fleet = Fleet.of(2)
    fleet.seed(controller.testbed)
    controller.testbed.settings(stack_seconds=60)
    waiting = [start(controller, runner, fleet.tokens[runner.id]) for runner in fleet.runners]
    controller.testbed.clear_calls()
    # As the parts' own modules take it.
    waiting[0]["stack"].update(region=waiting[0]["region"], join=True, progress_interval=1)
    waiting[0]["profile"] = None
    play = {
        "name": "Wait",
        "hosts": "gitpod_runners",
        "gather_facts": False,
        "connection": "local",
        "vars": {"ansible_python_interpreter": "{{ ansible_playbook_python }}"},
        "tasks": [
            {
                "name": "Wait for everything",
                "gitpod.enterprise_runner.runner_fleet_wait": {"runners": waiting, "progress_interval": 1},
                "run_once": True,
                "register": "waited",
                "environment": {**controller.testbed.environment(), "AWS_REGION": "us-east-1"},
            },
            {
                "name": "Require the stack",
                "ansible.builtin.assert": {
                    "that": "waited.runners[inventory_hostname].stack.stack.status == 'CREATE_COMPLETE'"
                },
            },
        ],
    }
    playbook = controller.directory / "wait.yml"
    playbook.write_text(yaml.safe_dump([play]), "utf-8")
    own = Controller(
        controller.testbed, controller.directory, fleet.write_inventory(controller.directory / "fleet.yml")
    )
    with slow_until(controller, lambda: looks(controller) > 8):
        run = own.play(str(playbook), "--forks", "1")
    assert run.code == 0, run.output
    lines = run.output.splitlines()
    going = re.compile(r"stacks: 0 of 2 done, runner-us-east-\d slowest \(\d+/\d+")
    assert any(going.match(line) for line in lines), run.output
    ends = [line for line in lines if re.match(r"runner-us-east-\d: stack complete after \d+s$", line)]
    assert len(ends) == 2, run.output
    assert lines.count("stacks: 2 of 2 done") == 1
