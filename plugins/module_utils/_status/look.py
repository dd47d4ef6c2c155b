# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One look at a runner: everything is read in parallel, by one process, and nothing is changed."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import datetime
import re
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.check import Result
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.unread import Unread
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import drift, source, status
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.api import Api as StackApi
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import Stack
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health import decisions, resolving
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.connecting import Client
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.observations import (
    Request,
    folded,
    parse_name_server,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.observing import NetworkObserver, observe
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.clients import (
    THREADS,
    Clients,
    connect,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.gather import Gathering
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.api import Api as EndpointApi
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import Endpoint
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._release import manifest_url, parse_manifest
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._status import judge
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._status.model import (
    Certificate,
    Phase,
    Seen,
    Wanted,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._tags import RUNNER_ID_TAG
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Clock

Options = t.Mapping[str, t.Any]
# The guide's name of the output.
LOAD_BALANCER_OUTPUT = "LoadBalancerDNS"
_CERTIFICATE = re.compile(r"arn:[a-z-]+:acm:[a-z0-9-]+:\d+:certificate/\S+")
_VPC = re.compile(r"vpc-[0-9a-f]+")


def run(module: t.Any, connected: t.Callable[[t.Any], Clients] = connect) -> dict[str, t.Any]:
    """What the module runner_status_info does.

    :param connected: makes the clients.
    :raises RunnerError: the stack cannot be read; without it nothing can be said.
    """
    options = module.params
    clients = connected(module)
    api = StackApi(clients("cloudformation"), lambda: clients("elbv2"))
    stack = api.stack(options["name"])
    wanted = Wanted(
        domain=folded(options["domain_name"] or ""),
        channel=options["release_channel"],
        certificate_days=options["certificate_days"],
        drift=options["drift"],
        endpoint=options["endpoint"],
        runner_id=options["runner_id"] or stack.tags.get(RUNNER_ID_TAG, ""),
    )
    seen = look(options, wanted, clients, stack, module.region)
    checks = judge.judge(wanted, seen)
    return result(wanted, seen, checks, judge.alerts(checks, options["fail_on"]))


def look(options: Options, wanted: Wanted, clients: Clients, stack: Stack, region: str) -> Seen:
    """Everything that there is to see, side by side."""
    exists = status.exists(stack.status)
    compared = exists and not status.meaning(stack.status).in_progress and wanted.drift != "skip"
    vpc = options["vpc_id"] or _value(stack, _VPC)
    arn = _value(stack, _CERTIFICATE) or options["certificate_arn"] or ""
    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        gathering = Gathering(clients, clients, pool)
        ask = gathering.ask
        ask(
            "drift",
            f"cloudformation:{'DescribeStackResourceDrifts' if wanted.drift == 'last' else 'DetectStackDrift'}",
            _drift(clients, stack, wanted),
            compared,
        )
        ask("checks", "ask the runner's names", lambda: _names(options, wanted, stack), wanted.domain)
        ask("newest", "read the release manifest", lambda: _newest(options, wanted))
        ask("certificate", "acm:DescribeCertificate", lambda: certificate(clients("acm"), arn), arn)
        ask("endpoints", "ec2:DescribeVpcEndpoints", _endpoints(options, clients, vpc, region), wanted.endpoint and vpc)
        has_token = options["api_token"] and wanted.runner_id
        ask("runner", "read the runner", lambda: _runner(options, wanted), has_token)
        found = gathering.all()
    return Seen(stack=stack, now=datetime.datetime.now(datetime.timezone.utc), **found)


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


def _names(options: Options, wanted: Wanted, stack: Stack) -> tuple[Result, ...]:
    if options["resolvers"] and resolving.DNSPYTHON_IMPORT_ERROR:
        raise RunnerError("dnspython is not installed", next_step="Install dnspython 2.4 or newer")
    request = Request(
        domain=wanted.domain,
        port=options["port"],
        servers=tuple(parse_name_server(text) for text in options["resolvers"]),
        expected_target=folded(stack.outputs.get(LOAD_BALANCER_OUTPUT, "")),
        validate_certificates=options["validate_runner_certs"],
    )
    client = Client(
        port=request.port,
        path=request.path,
        timeout=options["timeout"],
        validate_certificates=request.validate_certificates,
        ca_path=options["ca_path"] or "",
    )
    seen = observe(NetworkObserver(client.connect, client.timeout), request)
    return decisions.judge(request, seen, datetime.datetime.now(datetime.timezone.utc))


def _newest(options: Options, wanted: Wanted) -> str:
    url = manifest_url(options["releases_url"], wanted.channel, "")
    return parse_manifest(source.fetch(url).decode("utf-8", "replace"), url, "").version


def certificate(acm: t.Any, arn: str) -> Certificate:
    """The certificate as ACM has it."""
    raw = acm.describe_certificate(CertificateArn=arn, aws_retry=True)["Certificate"]
    renewal = raw.get("RenewalSummary", {}).get("RenewalStatus", "")
    return Certificate(arn, raw.get("Status", ""), _aware(raw.get("NotAfter")), renewal)


def _aware(moment: datetime.datetime | None) -> datetime.datetime | None:
    return moment.replace(tzinfo=datetime.timezone.utc) if moment and not moment.tzinfo else moment


def _endpoints(options: Options, clients: Clients, vpc: str, region: str) -> t.Callable[[], tuple[Endpoint, ...]]:
    return lambda: tuple(EndpointApi(clients("ec2"), region).endpoints(vpc, options["service_name"]))


def _runner(options: Options, wanted: Wanted) -> Phase:
    try:
        from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.api import Api
        from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.client import (
            Client as Plane,
        )
        from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.client import (
            Connection,
        )

        plane = Plane(Connection.of({**options, "ca_path": options["api_ca_path"], "api_retries": 1}))
    except ImportError as error:
        raise RunnerError("gitpod-sdk is not installed", str(error), "Install gitpod-sdk (Python 3.10)") from error
    found = Api(plane).runner(wanted.runner_id)
    return Phase(found.phase, found.version, found.message)


def result(wanted: Wanted, seen: Seen, checks: t.Sequence[Result], alerts: t.Sequence[Result]) -> dict[str, t.Any]:
    """Plain data with stable keys; what could not be read is null."""
    found: dict[str, t.Any] = {
        field.name: None if isinstance(value := getattr(seen, field.name), Unread) else value
        for field in dataclasses.fields(Seen)
    }
    shown = found["certificate"]
    return {
        "changed": False,
        "checks": [_as_result(check) for check in checks],
        "alerts": [check.identifier for check in alerts],
        "stack": {
            key: value
            for key, value in seen.stack.as_result().items()
            if key in ("name", "id", "status", "status_reason", "creation_time", "last_updated_time")
        },
        "version": {"deployed": judge.deployed_version(seen), "newest": found["newest"], "channel": wanted.channel},
        "drift": found["drift"],
        "outputs": dict(seen.stack.outputs),
        "certificate": shown
        and {
            "arn": shown.arn,
            "status": shown.status,
            "days_left": shown.days_left(seen.now),
            "not_after": shown.not_after.isoformat() if shown.not_after else "",
        },
        "endpoints": [{"id": entry.id, "state": entry.state} for entry in found["endpoints"] or ()],
        "runner": found["runner"] and dataclasses.asdict(found["runner"]),
    }


def _as_result(check: Result) -> dict[str, str]:
    return {
        "id": check.identifier,
        "status": check.status,
        "summary": check.summary,
        "remediation": check.remediation,
    }
