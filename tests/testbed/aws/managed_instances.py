# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Instances that Systems Manager can send commands to, and where those run: in a shell of this machine.

Ministack's Run Command (pending, then in progress, output cut after 24,000 characters) needs containers; here a
command runs beside the server, with the programs that the test gives the instance, such as a C(python3) that sees the
network as it is inside the VPC. As on AWS, an invocation is not known right after it was sent, and an instance whose
agent does not answer is listed as C(ConnectionLost) and refused.
"""

from __future__ import annotations

import json
import subprocess
import typing as t

from ministack.core.responses import request_scope
from ministack.services import ec2, ssm

from . import control, identities
from .requests import Call

LOST = "ConnectionLost"
# Seconds; the command's own timeout is Systems Manager's business, this one only ends what hangs in a test.
LONGEST = 120
# By instance: directory of programs, and the agent's status.
_managed: dict[str, dict[str, str]] = {}
_unknown: dict[tuple[str, str], int] = {}
Answer = t.Any


def handle(method: str, body: dict[str, t.Any], _query: dict[str, t.Any]) -> dict[str, t.Any]:
    """POST has the agent of C(instance) answer with C(status), C(programs) first in its path; DELETE forgets all."""
    if method == "DELETE":
        clear()
    if method == "POST":
        _managed[body["instance"]] = {"status": body.get("status", "Online"), "programs": body.get("programs", "")}
    return {"managed": sorted(_managed)}


def clear() -> None:
    """No instance is managed."""
    _managed.clear()
    _unknown.clear()


def _is_managed(instance: str) -> bool:
    found = ec2._instances.get(instance)
    running = bool(found) and found.get("State", {}).get("Name") == "running"
    return running and _managed.get(instance, {}).get("status") == "Online"


def _run(instance: str, argv: list[str]) -> tuple[int, str, str]:
    programs = _managed[instance]["programs"]
    environment = {"PATH": f"{programs}:/usr/sbin:/usr/bin:/sbin:/bin"}
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=LONGEST, env=environment, check=False)
    except subprocess.TimeoutExpired:
        return 255, "", "the test bed ended it"
    return done.returncode, done.stdout, done.stderr


def _information(data: dict[str, t.Any]) -> Answer:
    """Lost agents are listed too, and a filter for instances holds."""
    wanted = {
        value for entry in data.get("Filters") or [] if entry["Key"] == "InstanceIds" for value in entry["Values"]
    }
    listed = [
        {"InstanceId": instance, "PingStatus": entry["status"], "PlatformType": "Linux", "ResourceType": "EC2Instance"}
        for instance, entry in sorted(_managed.items())
        if instance in ec2._instances and (not wanted or instance in wanted)
    ]
    return ssm.json_response({"InstanceInformationList": listed})


def _invocation(data: dict[str, t.Any]) -> Answer:
    key = data.get("CommandId", ""), data.get("InstanceId", "")
    _unknown[key] = _unknown.get(key, 0) + 1
    if _unknown[key] == 1:
        return ssm.error_response_json("InvocationDoesNotExist", "", 400)
    return _ministack_invocation(data)


def cancelled(call: Call) -> tuple[int, str, bytes]:
    """What ministack has not: the answer is empty, and the command may have ended before (CancelCommand)."""
    caller = identities.of_key(call.account)
    with request_scope(caller.account if caller else call.account, call.region):
        known = str(call.parameters.get("CommandId", "")) in ssm._commands
    body: dict[str, t.Any] = {} if known else {"__type": "InvalidCommandId", "message": ""}
    return (200 if known else 400), "application/x-amz-json-1.1", json.dumps(body).encode()


_ministack_invocation = ssm._get_command_invocation


def install(_settings: t.Any) -> None:
    """Have commands run here, and offer the control interface."""
    ec2.instance_is_managed = _is_managed
    ec2.exec_in_instance_blocking = _run
    ssm._get_command_invocation = _invocation
    ssm._describe_instance_information = _information
    control.register("/_testbed/managed-instances", handle)
