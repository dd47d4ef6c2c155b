# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Systems Manager's Run Command: a command on several instances, waited for, its end in words.

Shapes and statuses: AWS Systems Manager API reference (SendCommand, GetCommandInvocation) and user guide (command
statuses). An invocation is not known for some seconds after it was sent (InvocationDoesNotExist).
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws import intent
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import ApiError, RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import brief
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Clock, Pace, poll

DOCUMENT = "AWS-RunShellScript"
# Instances that one command takes by their IDs.
MOST_INSTANCES = 50
# Seconds: how long AWS tries to deliver the command (30 at least), and what an answer may take beyond the looking.
DELIVERY, MARGIN = 60, 30
UNKNOWN, INVALID = "InvocationDoesNotExist", "InvalidInstanceId"
PACE = Pace(first=1.0, longest=5.0)
GOING_ON = frozenset({"Pending", "InProgress", "Delayed", "Cancelling"})
# What a status means, by StatusDetails, where AWS gives no text of its own.
MEANINGS: t.Mapping[str, str] = {
    "AccessDenied": "the role of the instance or the caller may not run it",
    "Delivery Timed Out": "it was not delivered in time: the agent does not answer",
    "DeliveryTimedOut": "it was not delivered in time: the agent does not answer",
    "Execution Timed Out": "it did not end in time",
    "ExecutionTimedOut": "it did not end in time",
    "InvalidPlatform": "the instance's operating system cannot run it; a probe needs Linux",
    "Terminated": "it was ended by others' failures",
    "Undeliverable": "it cannot be delivered: the instance does not exist, or its agent does not answer",
}


@dataclasses.dataclass(frozen=True)
class Ended:
    """What became of a command on one instance.

    :param problem: why there is no output; empty where there is.
    """

    output: str = ""
    problem: str = ""


class Api:
    """Commands in one region."""

    def __init__(self, client: t.Any, clock: Clock | None = None) -> None:
        self._client = client
        self._clock = clock or Clock()

    def online(self, instances: t.Sequence[str]) -> dict[str, str]:
        """Why each of the instances cannot be sent a command; empty where it can.

        :raises ApiError: it cannot be asked.
        """
        found = {}
        with intent("see which instances answer Systems Manager"):
            pages = self._client.get_paginator("describe_instance_information").paginate(
                Filters=[{"Key": "InstanceIds", "Values": list(instances)}]
            )
            for page in pages:
                found.update({entry["InstanceId"]: entry for entry in page["InstanceInformationList"]})
        return {instance: _unable(found.get(instance)) for instance in instances}

    def run(self, instances: t.Sequence[str], script: str, seconds: int) -> dict[str, Ended]:
        """The command's end on each instance.

        :param seconds: how long the script may run.
        :raises ApiError: it cannot be sent.
        """
        sent, ended = self._sent(instances, script, seconds)
        waiting = list(sent)
        for _elapsed in poll(self._clock, DELIVERY + seconds + MARGIN, PACE):
            for instance in tuple(waiting):
                found = self._end(sent[instance], instance)
                if found:
                    ended[instance] = found
                    waiting.remove(instance)
            if not waiting:
                return ended
        for command in sorted({sent[instance] for instance in waiting}):
            self._cancel(command)
        return {**ended, **dict.fromkeys(waiting, Ended(problem="the command did not end in time"))}

    def _sent(self, instances: t.Sequence[str], script: str, seconds: int) -> tuple[dict[str, str], dict[str, Ended]]:
        """The command's ID by instance, and what those came to that it cannot be sent to.

        :raises ApiError: it can be sent to none.
        """
        try:
            return dict.fromkeys(instances, self._send(instances, script, seconds)), {}
        except ApiError as error:
            if error.code != INVALID or len(instances) == 1:
                raise
        # One that has gone away since it was asked for has the command refused for all.
        sent: dict[str, str] = {}
        ended: dict[str, Ended] = {}
        for instance in instances:
            try:
                sent[instance] = self._send([instance], script, seconds)
            except ApiError as error:
                ended[instance] = Ended(problem=error.message)
        return sent, ended

    def _send(self, instances: t.Sequence[str], script: str, seconds: int) -> str:
        with intent(f"run a probe on {', '.join(instances)}"):
            return str(
                self._client.send_command(
                    InstanceIds=list(instances),
                    DocumentName=DOCUMENT,
                    Comment="gitpod.enterprise_runner: looks at the network, changes nothing",
                    TimeoutSeconds=DELIVERY,
                    Parameters={"commands": [script], "executionTimeout": [str(seconds)]},
                    aws_retry=True,
                )["Command"]["CommandId"]
            )

    def _end(self, command: str, instance: str) -> Ended | None:
        try:
            with intent(f"read what the probe on {instance} saw"):
                raw = self._client.get_command_invocation(CommandId=command, InstanceId=instance, aws_retry=True)
                status, details = raw["Status"], raw.get("StatusDetails") or raw["Status"]
        except ApiError as error:
            return None if error.code == UNKNOWN else Ended(problem=error.message)
        if status in GOING_ON:
            return None
        if status == "Success":
            return Ended(output=raw.get("StandardOutputContent") or "")
        said = brief(raw.get("StandardErrorContent") or "", 500)
        return Ended(problem=f"the command ended as {details}: {said or MEANINGS.get(details, 'AWS gives no reason')}")

    def _cancel(self, command: str) -> None:
        """Nobody waits for it any more; one that cannot be cancelled ends by its own timeout."""
        try:
            with intent("cancel the probe"):
                self._client.cancel_command(CommandId=command, aws_retry=True)
        except RunnerError:
            return


def _unable(known: t.Mapping[str, t.Any] | None) -> str:
    if known is None:
        return (
            "it is no managed node of Systems Manager: it needs the agent, an instance profile with"
            " AmazonSSMManagedInstanceCore, and a way to Systems Manager (endpoints ssm, ssmmessages, ec2messages)"
        )
    if known.get("PlatformType") not in (None, "Linux"):
        return f"its platform is {known['PlatformType']}, and a probe needs Linux"
    status = known.get("PingStatus", "unknown")
    return "" if status == "Online" else f"its agent's status is {status}"
