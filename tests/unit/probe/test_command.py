# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a command's end is told, by what Systems Manager says of it."""

from __future__ import annotations

import re
import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._probe.command import Api
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._probe.operation import found
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Clock

INSTANCE = "i-0123456789abcdef0"


class Ssm:
    """Answers of one command on one instance, one after another; the last one stays."""

    def __init__(self, *invocations: dict[str, t.Any]) -> None:
        self._invocations = list(invocations)
        self.sent: list[dict[str, t.Any]] = []
        self.cancelled: list[str] = []

    def send_command(self, **given: t.Any) -> dict[str, t.Any]:
        self.sent.append(given)
        return {"Command": {"CommandId": "c-1"}}

    def get_command_invocation(self, **_given: t.Any) -> dict[str, t.Any]:
        return self._invocations.pop(0) if len(self._invocations) > 1 else self._invocations[0]

    def cancel_command(self, CommandId: str, **_given: t.Any) -> None:  # noqa: N803 - the SDK's name
        self.cancelled.append(CommandId)


class Time:
    """Passes when somebody sleeps."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


def end(ssm: Ssm) -> tuple[str, str, float]:
    time = Time()
    found = Api(ssm, Clock(now=lambda: time.seconds, sleep=time.sleep)).run([INSTANCE], "true", 50)[INSTANCE]
    return found.output, found.problem, time.seconds


@pytest.mark.parametrize(
    ("status", "details", "told"),
    [
        ("TimedOut", "DeliveryTimedOut", "it was not delivered in time"),
        ("TimedOut", "ExecutionTimedOut", "it did not end in time"),
        ("Failed", "Undeliverable", "it cannot be delivered"),
        ("Failed", "InvalidPlatform", "a probe needs Linux"),
        ("Cancelled", "Cancelled", "AWS gives no reason"),
        ("Failed", "SomethingNew", "the command ended as SomethingNew"),
    ],
)
def test_an_end_without_words_is_explained(status: str, details: str, told: str) -> None:
    output, problem, _seconds = end(Ssm({"Status": status, "StatusDetails": details}))
    assert output == ""
    assert told in problem


def test_the_instance_s_own_words_come_first_and_are_cleaned() -> None:
    failed = {"Status": "Failed", "StatusDetails": "Failed", "StandardErrorContent": "no python3\n\x1b[2J"}
    assert end(Ssm(failed))[1] == "the command ended as Failed: no python3  [2J"


class Ec2:
    """Filters as EC2 does: C(*) and C(?) are wildcards unless a backslash stands before them."""

    def __init__(self, **instances: dict[str, str]) -> None:
        self._instances = instances

    def get_paginator(self, _operation: str) -> t.Any:
        return self

    def paginate(self, Filters: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:  # noqa: N803 - the SDK's name
        asked = {entry["Name"][4:]: entry["Values"][0] for entry in Filters if entry["Name"].startswith("tag:")}
        found = [
            {"InstanceId": name, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}
            for name, tags in self._instances.items()
            if all(re.fullmatch(_pattern(value), tags.get(key, "\n")) for key, value in asked.items())
        ]
        return [{"Reservations": [{"Instances": found}]}]


def _pattern(value: str) -> str:
    parts = re.findall(r"\\.|.", value, re.DOTALL)
    return "".join({"*": ".*", "?": ".?"}.get(part, re.escape(part[-1])) for part in parts)


@pytest.mark.parametrize("value", ["*", "pr?be", "a\\b", "a*b\\?", ""])
def test_a_tag_means_itself_and_no_pattern(value: str) -> None:
    ec2 = Ec2(theirs={"Name": "probe"}, others={"Name": "production"}, mine={"Name": value})
    assert found(ec2, {"gitpod_verify_probe_instance_tags": {"Name": value}}, "vpc-1") == ["mine"]
    with pytest.raises(RunnerError, match="No instance"):
        found(Ec2(theirs={"Name": "probe"}), {"gitpod_verify_probe_instance_tags": {"Name": value}}, "vpc-1")


def test_it_is_waited_for_while_it_goes_on_and_given_up_in_the_end() -> None:
    going_on = [{"Status": status} for status in ("Pending", "Delayed", "InProgress")]
    assert end(Ssm(*going_on, {"Status": "Success", "StandardOutputContent": "seen"}))[:2] == ("seen", "")
    ssm = Ssm({"Status": "InProgress"})
    _output, problem, seconds = end(ssm)
    assert (problem, ssm.cancelled) == ("the command did not end in time", ["c-1"])
    assert 140 <= seconds < 150


def test_the_command_is_bounded_on_both_sides() -> None:
    ssm = Ssm({"Status": "Success"})
    end(ssm)
    (sent,) = ssm.sent
    assert (sent["DocumentName"], sent["TimeoutSeconds"]) == ("AWS-RunShellScript", 60)
    assert sent["Parameters"] == {"commands": ["true"], "executionTimeout": ["50"]}
