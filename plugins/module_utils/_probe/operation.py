# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which instances look, and their looks as results that are judged as every vantage point's."""

from __future__ import annotations

import dataclasses
import datetime
import re
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws import intent
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health import decisions, operation
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.connecting import Client
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.observations import Request
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.observing import Verdict
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.fleet import Fleet, Host
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.progress import named
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._probe import answer, payload
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._probe.command import MOST_INSTANCES, Api
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification import verdict
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification.here import Network
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Clock, Pace, poll

Result = dict[str, t.Any]
PACE = Pace(first=5.0, longest=30.0)
# A name's question to the system's resolver may take this many seconds (C(_health.resolving)), and connections are made
# side by side: a handshake, a second one without trust, a GET.
RESOLVING, STEPS = 30, 4
FIX = (
    "Correct gitpod_verify_probe_instances or gitpod_verify_probe_instance_tags, let Systems Manager reach the"
    " instance, or take it out"
)


def wanted(values: t.Mapping[str, t.Any]) -> bool:
    """Whether instances are to look."""
    return bool(values.get("gitpod_verify_probe_instances") or values.get("gitpod_verify_probe_instance_tags"))


def look(fleet: Fleet, host: Host, seen: t.Mapping[str, t.Any], wait_timeout: float) -> list[Result]:
    """The result of each instance's look, with the instance as C(item); one that did not look has no checks.

    :param seen: what AWS says of the runner.
    :param wait_timeout: seconds to look again while a check fails.
    """
    try:
        clients = fleet.clients(host)
        instances = found(clients("ec2"), host.values, str((seen.get("load_balancer") or {}).get("vpc_id") or ""))
        probes = Probes(Api(clients("ssm")), host, seen)
    except RunnerError as error:
        return [_unreached("instances", error.message)]
    results: list[Result] = []
    for _elapsed in poll(Clock(), wait_timeout, PACE):
        results = probes.look(instances)
        pairs = [(check["id"], check["status"]) for result in results for check in result.get("checks") or []]
        # An instance that cannot look at all will not do so in a minute.
        if verdict.settled(pairs, host.values.get("gitpod_verify_required") or []):
            break
        failing = sorted({identifier for identifier, status in pairs if status == "fail"})
        fleet.board.waits(host.name, f"{named(failing)}, seen from {len(instances)} instances")
    return results


def found(ec2: t.Any, values: t.Mapping[str, t.Any], vpc_id: str = "") -> list[str]:
    """The instances by ID: those that are named, and those that run in the VPC with all of the tags.

    :param vpc_id: of the runner's load balancer, where the inventory names no VPC.
    :raises RunnerError: there is none, there are too many, or they cannot be read.
    """
    vpc_id = values.get("gitpod_vpc_id") or vpc_id
    ids = list(values.get("gitpod_verify_probe_instances") or [])
    tags = values.get("gitpod_verify_probe_instance_tags") or {}
    if tags and not vpc_id:
        # Another runner's instances may well have the same tags.
        raise RunnerError(
            "Which VPC the instances with the tags are in is not known", next_step="Name the runner's (gitpod_vpc_id)"
        )
    if tags:
        filters = [{"Name": f"tag:{key}", "Values": [_literal(value)]} for key, value in sorted(tags.items())]
        filters.append({"Name": "instance-state-name", "Values": ["running"]})
        filters.append({"Name": "vpc-id", "Values": [vpc_id]})
        with intent("find the instances that probe the network (gitpod_verify_probe_instance_tags)"):
            pages = ec2.get_paginator("describe_instances").paginate(Filters=filters)
            raw = [one for page in pages for group in page["Reservations"] for one in group["Instances"]]
            ids += sorted(one["InstanceId"] for one in raw if _has(one, tags))
    ids = list(dict.fromkeys(ids))
    if not ids:
        told = ", ".join(f"{key}={value}" for key, value in sorted(tags.items()))
        raise RunnerError(f"No instance that runs in the VPC has the tags {told}", next_step=FIX)
    if len(ids) > MOST_INSTANCES:
        raise RunnerError(f"{len(ids)} instances are to look, and one command takes {MOST_INSTANCES}", next_step=FIX)
    return ids


def _literal(text: str) -> str:
    """A filter's value that means itself.

    EC2 takes C(*) and C(?) for wildcards, and with a backslash before them for themselves (EC2 user guide, "Find your
    Amazon EC2 resources").
    """
    return re.sub(r"([*?\\])", r"\\\1", text)


def _has(instance: t.Mapping[str, t.Any], tags: t.Mapping[str, str]) -> bool:
    there = {tag["Key"]: tag["Value"] for tag in instance.get("Tags") or []}
    return all(there.get(key) == value for key, value in tags.items())


class Probes:
    """Looks from instances, all at once.

    :param seen: what AWS says of the runner.
    """

    def __init__(self, api: Api, host: Host, seen: t.Mapping[str, t.Any]) -> None:
        self._api = api
        values = host.values
        self._required = values.get("gitpod_verify_required") or []
        # An instance asks its own resolver.
        here = {**Network(host).parameters(seen, 0), "resolvers": [], "inside_vpc": True}
        self._request: Request = operation.request_from(here)
        authorities = str(values.get("gitpod_verify_probe_ca_path") or "")
        client = Client(self._request.port, self._request.path, here["timeout"], here["validate_certs"], authorities)
        asked = {"request": dataclasses.asdict(self._request), "client": dataclasses.asdict(client)}
        self._script = payload.command(asked)
        self._seconds = RESOLVING + STEPS * int(here["timeout"])

    def look(self, instances: t.Sequence[str]) -> list[Result]:
        """Each instance's result."""
        try:
            unable = self._api.online(instances)
            able = [instance for instance in instances if not unable[instance]]
            ended = self._api.run(able, self._script, self._seconds) if able else {}
        except RunnerError as error:
            return [_unreached(instance, error.message) for instance in instances]
        return [
            _unreached(instance, unable[instance]) if unable[instance] else self._judged(instance, ended[instance])
            for instance in instances
        ]

    def _judged(self, instance: str, ended: t.Any) -> Result:
        now = datetime.datetime.now(datetime.timezone.utc)
        if ended.problem:
            return _unreached(instance, ended.problem)
        try:
            observed = answer.observations(ended.output, now)
        except RunnerError as error:
            return _unreached(instance, error.message)
        checks = decisions.judge(self._request, observed, now)
        result = operation.result_of(Verdict(observed, checks, 0.0), now)
        pairs = [(check.identifier, check.status) for check in checks]
        healthy = verdict.healthy(pairs, self._required) if self._required else result["healthy"]
        return {**result, "item": instance, "seen_from": instance, "healthy": healthy}


def _unreached(instance: str, why: str) -> Result:
    return {"item": instance, "msg": why, "healthy": False, "next_step": FIX}
