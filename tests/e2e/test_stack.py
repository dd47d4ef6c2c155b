# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stack in plays: live lines, a failure told at once, repair, review, and what an interruption leaves."""

from __future__ import annotations

import concurrent.futures
import contextlib
import hashlib
import os
import pathlib
import pty
import re
import signal
import subprocess
import sys
import time
import typing as t

import ansible_runner
import boto3
import botocore.exceptions
import pytest
import yaml

from tests.e2e import ssh_host
from tests.e2e.harness import EXAMPLE, Controller, Run
from tests.e2e.test_modules import STACK

SITE = "gitpod.enterprise_runner.site"
EU = "gitpod-eu-central-1"
US = "gitpod-us-east-1"
# The fleet's line, with the slowest in it, and what the first one has to go by before there is an estimate.
LINE = re.compile(r"^stacks: 0 of 1 done, (gitpod-\S+) \(\d+/\d+[^)]*\)", re.MULTILINE)
STAGE = ("--tags", "prerequisites,stack")


def cloudformation(controller: Controller, region: str = "eu-central-1") -> t.Any:
    variables = controller.testbed.environment()
    return boto3.client(
        "cloudformation",
        region_name=region,
        endpoint_url=controller.testbed.aws_endpoint_url,
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
    )


def status(controller: Controller, name: str = EU, region: str = "eu-central-1") -> str:
    return str(cloudformation(controller, region).describe_stacks(StackName=name)["Stacks"][0]["StackStatus"])


def fail_once(controller: Controller, **more: t.Any) -> None:
    order = {"region": "eu-central-1", "stack_name": EU, "resource_type": "AWS::ECS::Cluster", "operation": "CREATE"}
    controller.testbed.fail_resource(**{**order, "reason": "No capacity in eu-central-1a", "times": 1, **more})


def deploy(controller: Controller, *arguments: str, **variables: t.Any) -> Run:
    hosts = {EU: {"gitpod_stack_progress_interval": 1, **variables}}
    return controller.play(SITE, "--limit", EU, *STAGE, *arguments, hosts=hosts)


def wait_for_event(controller: Controller, resource_status: str, timeout: float = 120) -> None:
    """Until an event of the stack has this status."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        with contextlib.suppress(botocore.exceptions.ClientError):
            events = cloudformation(controller).describe_stack_events(StackName=EU)["StackEvents"]
            if any(event["ResourceStatus"] == resource_status for event in events):
                return
        time.sleep(0.2)
    raise TimeoutError(f"no event with {resource_status}")


def test_progress_is_shown_live_in_a_terminal(controller: Controller) -> None:
    # Long enough for some looks after the join has begun, also on a machine with other work.
    controller.testbed.settings(stack_seconds=18)
    master, slave = pty.openpty()
    command = controller.command(SITE, "--limit", EU, *STAGE, hosts={EU: {"gitpod_stack_progress_interval": 1}})
    process = subprocess.Popen(
        command,
        cwd=controller.directory,
        env=controller.environment(),
        stdin=subprocess.DEVNULL,
        stdout=slave,
        stderr=slave,
    )
    os.close(slave)
    seen: list[float] = []
    output = ""
    while True:
        try:
            chunk = os.read(master, 4096).decode("utf-8", "replace")
        except OSError:
            break
        output += chunk
        if not chunk:
            break
        if "of 1 done" in chunk:
            seen.append(time.monotonic())
    os.close(master)
    controller.testbed.settings(stack_seconds=3)
    assert process.wait(30) == 0, output
    lines = LINE.findall(output.replace("\r", ""))
    assert len(lines) >= 3
    assert set(lines) == {EU}
    assert seen[-1] - seen[0] > 1, "the lines came one by one, not at the end"


def test_progress_is_shown_live_in_a_controllers_event_stream(controller: Controller) -> None:
    controller.testbed.settings(stack_seconds=18)
    project = controller.directory / "project"
    project.mkdir()
    (project / "site.yml").write_text(f"---\n- name: Deploy\n  ansible.builtin.import_playbook: {SITE}\n", "utf-8")
    events: list[dict[str, t.Any]] = []

    def keep(event: dict[str, t.Any]) -> bool:
        events.append({**event, "seen": time.monotonic()})
        return True

    before, of_the_control_node = dict(os.environ), controller.environment()
    os.environ.clear()
    os.environ.update(of_the_control_node)
    os.environ["PATH"] = f"{pathlib.Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    try:
        outcome = ansible_runner.run(
            private_data_dir=str(controller.directory),
            playbook="site.yml",
            inventory=str(EXAMPLE),
            limit=US,
            tags="prerequisites,stack",
            extravars={**controller.extra_variables(), "gitpod_stack_progress_interval": 1},
            event_handler=keep,
            quiet=True,
        )
    finally:
        os.environ.clear()
        os.environ.update(before)
        controller.testbed.settings(stack_seconds=3)
    assert outcome.rc == 0, outcome.stdout.read()
    told = [event for event in events if event["event"] == "verbose" and LINE.search(event["stdout"])]
    assert len(told) >= 3
    assert {LINE.findall(event["stdout"])[0] for event in told} == {US}, "one line an event, with the host in it"
    assert max(len(event["stdout"]) for event in told) < 1024
    assert told[-1]["seen"] - told[0]["seen"] > 1


def test_a_failure_is_told_at_once_and_the_next_run_repairs_it(controller: Controller) -> None:
    controller.testbed.settings(stack_seconds=30)
    fail_once(controller)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        deployment = pool.submit(deploy, controller)
        wait_for_event(controller, "CREATE_FAILED")
        # The rollback takes long, however slow this machine is.
        controller.testbed.settings(stack_seconds=300)
        failed = deployment.result()
    controller.testbed.settings(stack_seconds=1)
    assert failed.code != 0
    assert "No capacity in eu-central-1a" in failed.output
    # What AWS did when the failure was told, in the module's own words: the machine may be slow to come back to us.
    assert re.search(r"AWS is (about to undo|undoing) the operation", failed.output), failed.output
    assert "fresh exchange token" in failed.output
    repaired = deploy(controller)
    assert repaired.code == 0, repaired.output
    assert status(controller) == "CREATE_COMPLETE"


def test_an_interrupted_run_is_resumed_and_nothing_is_started_twice(controller: Controller) -> None:
    controller.warm = False
    controller.testbed.settings(stack_seconds=12)
    command = controller.command(SITE, "--limit", EU, *STAGE)
    process = subprocess.Popen(
        command,
        cwd=controller.directory,
        env=controller.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while "cloudformation:CreateStack" not in controller.writes() and time.monotonic() < deadline:
        time.sleep(0.2)
    time.sleep(1)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    controller.testbed.settings(stack_seconds=2)
    resumed = deploy(controller)
    assert resumed.code == 0, resumed.output
    assert controller.writes().count("cloudformation:CreateStack") == 1
    assert status(controller) == "CREATE_COMPLETE"


def test_expired_credentials_end_the_wait_and_a_rerun_attaches(controller: Controller) -> None:
    controller.testbed.settings(stack_seconds=40)
    rule = {"service": "cloudformation", "operation": "DescribeStackEvents", "error": "ExpiredToken", "status": 403}
    controller.testbed.add_fault(**rule, message="The security token included in the request is expired")
    expired = deploy(controller)
    controller.testbed.control("DELETE", "faults")
    controller.testbed.settings(stack_seconds=1)
    assert expired.code != 0
    assert "AWS goes on with the operation by itself" in expired.output
    resumed = deploy(controller)
    assert resumed.code == 0, resumed.output
    assert controller.writes().count("cloudformation:CreateStack") == 1


def test_an_update_is_shown_reviewed_and_then_happens(controller: Controller) -> None:
    template = EXAMPLE.parents[1] / "tests/testbed/template/gitpod-ec2-runner-enterprise-fargate-private-ecr.json"
    own = {"gitpod_stack_template_file": str(template), "gitpod_stack_progress_interval": 0}
    quiet = deploy(controller, **own)
    assert quiet.code == 0, quiet.output
    assert LINE.findall(quiet.output) == []
    stack = cloudformation(controller).describe_stacks(StackName=EU)["Stacks"][0]
    tags = {entry["Key"]: entry["Value"] for entry in stack["Tags"]}
    assert tags["gitpod:template-sha256"] == hashlib.sha256(template.read_bytes()).hexdigest()

    large = {**own, "gitpod_stack_parameters": {"Runner Size": "large"}}
    predicted = deploy(controller, "--check", "--diff", **large)
    assert predicted.code == 0, predicted.output
    assert "-Runner Size: small" in predicted.output
    assert "+Runner Size: large" in predicted.output
    reviewed = deploy(controller, **large, gitpod_stack_review=True)
    assert reviewed.code == 0, reviewed.output
    assert "run again without gitpod_stack_review" in reviewed.output
    assert "RunnerTask" in reviewed.output
    assert status(controller) == "CREATE_COMPLETE"
    controller.testbed.clear_calls()
    approved = deploy(controller, **large)
    assert approved.code == 0, approved.output
    assert "cloudformation:CreateChangeSet" not in controller.writes()
    assert status(controller) == "UPDATE_COMPLETE"

    missing = deploy(controller, gitpod_stack_template_file="/nowhere.json")
    assert "The template /nowhere.json could not be read on the control node. Correct gitpod_stack_template_file" in (
        missing.output
    )


@pytest.mark.skipif(ssh_host.SSHD is None, reason="needs Debian's openssh-server")
def test_a_delegated_host_waits_and_its_progress_is_shown(controller: Controller) -> None:
    controller.testbed.settings(stack_seconds=6)
    play = {
        "name": "Deploy from another host",
        "hosts": EU,
        "gather_facts": False,
        "tasks": [
            {
                "name": "Deploy",
                "gitpod.enterprise_runner.runner_stack": {**STACK, "progress_interval": 1},
                "delegate_to": "bastion",
                "environment": {**controller.testbed.environment(), "AWS_REGION": STACK["region"]},
            }
        ],
    }
    playbook = controller.directory / "delegated.yml"
    playbook.write_text(yaml.safe_dump([play]), "utf-8")
    with ssh_host.running(controller.directory / "ssh") as connection:
        bastion = {**connection, "ansible_python_interpreter": sys.executable}
        inventory = controller.directory / "bastion.yml"
        inventory.write_text(yaml.safe_dump({"all": {"hosts": {"bastion": bastion}}}), "utf-8")
        run = controller.play(str(playbook), "-i", str(inventory))
    assert run.code == 0, run.output
    assert "-> bastion" in run.output
    lines = [line for line in run.output.splitlines() if re.match(rf"{EU}  \[[#.]+\] \d+/\d+", line)]
    assert len(lines) >= 2, run.output
