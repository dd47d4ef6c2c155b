# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One look at a runner: everything is read in parallel, by one process, and nothing is changed."""

from __future__ import annotations

import dataclasses
import datetime
import re
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._certificate.api import described
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.check import Result
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.unread import Unread
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import desired as stack_desired
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import drift, source, status
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.api import Api as StackApi
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.finding import find
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import Stack
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.standing import made_good
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns import asking
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.names import folded
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.server import parsed
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health import decisions
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.connecting import Client
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.looking import NetworkObserver, observe
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.observations import (
    Request,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look import plane
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.clients import Clients, FleetConnections
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.fleet import Fleet, Host, Values
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.gathering import Gathering, attempt
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.module import Connected, looked
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.pool import Pool
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.api import Api as EndpointApi
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import Endpoint
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration.desired import connection
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._release import RELEASES_URL
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._status import judge
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._status.model import (
    Phase,
    Seen,
    Wanted,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._tags import RUNNER_ID_TAG
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Clock

# The guide's name of the output.
LOAD_BALANCER_OUTPUT = "LoadBalancerDNS"
_CERTIFICATE = re.compile(r"arn:[a-z-]+:acm:[a-z0-9-]+:\d+:certificate/\S+")
_VPC = re.compile(r"vpc-[0-9a-f]+")


def run(module: t.Any, connected: Connected = FleetConnections) -> dict[str, t.Any]:
    """What the module runner_status_info does.

    :param connected: makes the clients.
    """
    return looked(module, look, "looked at", connected)


def look(fleet: Fleet, host: Host) -> dict[str, t.Any]:
    """One runner's part of what the module runner_status_info returns.

    :raises RunnerError: the stack cannot be read; without it nothing can be said.
    """
    values = dict(host.values)
    clients = fleet.clients(host)
    api = StackApi(clients("cloudformation"), lambda: clients("elbv2"))
    runner = stack_desired.runner_of(values, host.earlier)
    found = fleet.pool.run(find, api, runner, values["gitpod_stack_name"])
    stack = found.seen
    standing = fleet.pool.run(attempt, "cloudformation:GetTemplateSummary", lambda: made_good(api, stack, host.values))
    values.update({} if standing is None or isinstance(standing, Unread) else standing)
    wanted = Wanted(
        domain=folded(values.get("gitpod_domain_name") or ""),
        channel=values.get("gitpod_status_release_channel") or "stable",
        certificate_days=values["gitpod_status_certificate_days"],
        drift=values["gitpod_status_drift"],
        endpoint=bool(values.get("gitpod_status_privatelink_enabled")),
        no_stack="" if found.usable else f"{found.told}.",
        runner_id=host.earlier.runner_id(values) or stack.tags.get(RUNNER_ID_TAG, ""),
    )
    seen = look_around(fleet, values, wanted, clients, stack)
    if isinstance(standing, Unread) and not wanted.domain:
        seen = dataclasses.replace(seen, checks=standing)
    checks = judge.judge(wanted, seen)
    return result(wanted, seen, checks, judge.alerts(checks, values["gitpod_status_fail_on"]))


def look_around(fleet: Fleet, values: Values, wanted: Wanted, clients: Clients, stack: Stack) -> Seen:
    """Everything that there is to see besides the stack itself, side by side."""
    exists = status.exists(stack.status)
    compared = exists and not status.meaning(stack.status).in_progress and wanted.drift != "skip"
    vpc = values.get("gitpod_vpc_id") or _value(stack, _VPC)
    arn = _value(stack, _CERTIFICATE) or values.get("gitpod_certificate_arn") or ""
    pool, network = fleet.pool, fleet.network
    gathering = Gathering(clients, clients, pool)
    ask = gathering.ask
    ask(
        "drift",
        f"cloudformation:{'DescribeStackResourceDrifts' if wanted.drift == 'last' else 'DetectStackDrift'}",
        _drift(clients, stack, wanted),
        compared,
        network,
    )
    ask("checks", "ask the runner's names", lambda: _names(values, wanted, stack, network), wanted.domain, network)
    ask("newest", "read the release manifest", lambda: _newest(values, wanted, pool))
    ask("certificate", "acm:DescribeCertificate", lambda: described(clients("acm"), arn), arn)
    ask("endpoints", "ec2:DescribeVpcEndpoints", _endpoints(values, clients, vpc), wanted.endpoint and vpc)
    has_token = values.get("gitpod_api_token") and wanted.runner_id
    ask("runner", "read the runner", lambda: _runner(values, wanted, pool), has_token)
    return Seen(stack=stack, now=datetime.datetime.now(datetime.timezone.utc), **gathering.all())


def _value(stack: Stack, pattern: re.Pattern[str]) -> str:
    """The parameter value that looks like this; labels would cost another call."""
    return next((value for value in stack.parameters.values() if pattern.fullmatch(value)), "")


def _drift(clients: Clients, stack: Stack, wanted: Wanted) -> t.Callable[[], dict[str, t.Any]]:
    def read() -> dict[str, t.Any]:
        client = clients("cloudformation")
        found = drift.last(client, stack.id) if wanted.drift == "last" else drift.detect(client, stack.id, Clock())
        return {**found, "resources": [_without_values(entry) for entry in found["resources"]]}

    return read


def _without_values(resource: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Names only: a status is read by many, and a value that differs could be secret."""
    differences = [{key: entry[key] for key in ("property", "kind")} for entry in resource["differences"]]
    return {**resource, "differences": differences}


def _names(values: Values, wanted: Wanted, stack: Stack, pool: Pool) -> tuple[Result, ...]:
    resolvers = values.get("gitpod_resolvers") or []
    if resolvers and asking.DNSPYTHON_IMPORT_ERROR:
        raise RunnerError("dnspython is not installed", next_step="Install dnspython 2.4 or newer")
    request = Request(
        domain=wanted.domain,
        port=values["gitpod_status_port"],
        servers=tuple(parsed(resolvers)),
        expected_target=folded(stack.outputs.get(LOAD_BALANCER_OUTPUT, "")),
        validate_certificates=values["gitpod_status_validate_certs"],
    )
    client = Client(
        port=request.port,
        path=request.path,
        timeout=values["gitpod_status_timeout"],
        validate_certificates=request.validate_certificates,
        ca_path=values.get("gitpod_verify_ca_path") or "",
    )
    seen = observe(NetworkObserver(client.connect, client.timeout, pool), request)
    return decisions.judge(request, seen, datetime.datetime.now(datetime.timezone.utc))


def _newest(values: Values, wanted: Wanted, pool: Pool) -> str:
    """The channel's newest release; runners of one channel ask once."""
    base = values.get("gitpod_stack_releases_url") or RELEASES_URL
    asked = {"releases_url": base, "release_channel": wanted.channel}
    return str(pool.once(("manifest", base, wanted.channel), lambda: source.release(asked).version))


def _endpoints(values: Values, clients: Clients, vpc: str) -> t.Callable[[], tuple[Endpoint, ...]]:
    service, region = values["gitpod_privatelink_service_name"], values["gitpod_region"]
    return lambda: tuple(EndpointApi(clients("ec2"), region).endpoints(vpc, service))


def _runner(values: Values, wanted: Wanted, pool: Pool) -> Phase:
    try:
        (found,) = plane.runners(
            pool, {**connection(values), "api_retries": 10, "unreached_retries": 1}, wanted.runner_id
        )
    except ImportError as error:
        raise RunnerError("gitpod-sdk is not installed", str(error), "Install gitpod-sdk (Python 3.10)") from error
    own = found.configuration
    return Phase(found.phase, found.version, found.message, own.auto_update is True, own.release_channel or "")


def result(wanted: Wanted, seen: Seen, checks: t.Sequence[Result], alerts: t.Sequence[Result]) -> dict[str, t.Any]:
    """Plain data with stable keys; what could not be read is null."""
    found: dict[str, t.Any] = {
        field.name: None if isinstance(value := getattr(seen, field.name), Unread) else value
        for field in dataclasses.fields(Seen)
    }
    shown = found["certificate"]
    return {
        "checks": [_as_result(check) for check in checks],
        "alerts": [check.identifier for check in alerts],
        "stack": {
            key: value
            for key, value in seen.stack.as_result().items()
            if key in ("name", "id", "status", "status_reason", "creation_time", "last_updated_time")
        },
        "version": {
            "deployed": judge.deployed_version(seen),
            "running": judge.running_version(seen),
            "newest": found["newest"],
            "channel": wanted.channel,
        },
        "drift": found["drift"],
        "outputs": dict(seen.stack.outputs),
        "certificate": shown
        and {
            "arn": shown.arn,
            "status": shown.status,
            "days_left": shown.days_left(seen.now),
            "not_after": shown.expires.isoformat() if shown.expires else "",
        },
        "endpoints": None
        if isinstance(seen.endpoints, Unread)
        else [{"id": entry.id, "state": entry.state} for entry in found["endpoints"] or ()],
        "runner": found["runner"] and dataclasses.asdict(found["runner"]),
    }


def _as_result(check: Result) -> dict[str, t.Any]:
    return {
        "id": check.identifier,
        "status": check.status,
        "summary": check.summary,
        "remediation": check.remediation,
        "unverifiable": check.unverifiable,
    }
