# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module runner_health_info does: read the options, look until it settles, and tell what was seen."""

from __future__ import annotations

import datetime
import ipaddress
import pathlib
import platform
import re
import secrets
import typing as t

from ansible.module_utils.basic import missing_required_lib

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns import asking
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.names import folded, kept
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.server import parsed
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import InputError, RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health import tls
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.connecting import Client
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.looking import NetworkObserver
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.observations import (
    CHECKS,
    Request,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.observing import Verdict, watch
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._teller import teller
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification.verdict import healthy

_HIGHEST_PORT = 65535
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?", re.IGNORECASE)


def request_from(parameters: dict[str, t.Any]) -> Request:
    """Read the options.

    :raises InputError: one of them has no meaning.
    """
    domain = folded(parameters["domain_name"])
    if "." not in domain or "*" in domain or "/" in domain or any(not label for label in domain.split(".")):
        raise InputError(
            f"{parameters['domain_name']!r} is not a domain name",
            next_step="Give domain_name as the stack has it, such as eu.gitpod.example.com, without '*.' and 'https://'",
        )
    label = parameters["wildcard_label"] or f"gitpod-{secrets.token_hex(4)}"
    if not _LABEL.fullmatch(label):
        raise InputError(
            f"wildcard_label {label!r} is not one DNS label",
            next_step="Use letters, digits and hyphens only",
        )
    if not re.fullmatch(r"/[!-~]*", parameters["path"]):
        raise InputError(f"path {parameters['path']!r} is not an absolute path", next_step="Begin it with a slash")
    _check_numbers(parameters)
    return Request(
        domain=domain,
        label=label.lower(),
        port=parameters["port"],
        path=parameters["path"],
        servers=tuple(parsed(parameters["resolvers"])),
        expected_target=folded(parameters["expected_load_balancer_dns_name"] or ""),
        validate_certificates=parameters["validate_certs"],
        checks=tuple(check for check in CHECKS if check in parameters["checks"]),
        http_port=parameters["http_port"],
        visibility=parameters["load_balancer_visibility"] or "",
        accepted_ranges=tuple(parameters["accepted_ranges"]),
        inside_vpc=parameters["inside_vpc"],
        management_plane=folded(parameters["management_plane_name"] or ""),
        management_plane_addresses=tuple(parameters["management_plane_addresses"]),
    )


def _check_numbers(parameters: dict[str, t.Any]) -> None:
    if not 0 < parameters["port"] <= _HIGHEST_PORT:
        raise InputError(f"port {parameters['port']} is not from 1 to {_HIGHEST_PORT}", next_step="Correct it")
    if parameters["timeout"] <= 0 or parameters["wait_timeout"] < 0:
        raise InputError("timeout must be above 0 seconds, and wait_timeout not below", next_step="Correct them")
    if not 0 <= parameters["http_port"] <= _HIGHEST_PORT:
        raise InputError(
            f"http_port {parameters['http_port']} is not from 0 to {_HIGHEST_PORT}", next_step="Correct it"
        )
    for text in parameters["accepted_ranges"]:
        try:
            ipaddress.ip_network(text, strict=False)
        except ValueError as error:
            raise InputError(f"accepted_ranges: {text!r} is no network", str(error), "Write 203.0.113.0/24") from error
    if not parameters["checks"]:
        raise InputError("checks is empty", next_step=f"Name at least one of {', '.join(CHECKS)}, or leave it out")


def client_from(parameters: dict[str, t.Any], request: Request) -> Client:
    """How to connect, by the options.

    :raises InputError: nothing, or no certificate, is at C(ca_path).
    """
    ca_path = parameters["ca_path"] or ""
    if ca_path and not pathlib.Path(ca_path).exists():
        raise InputError(
            f"ca_path {ca_path} does not exist", next_step="Put the PEM file on the machine that the module runs on"
        )
    client = Client(
        port=request.port,
        path=request.path if "health" in request.checks else "",
        timeout=parameters["timeout"],
        validate_certificates=request.validate_certificates,
        ca_path=ca_path,
        ca_is_directory=bool(ca_path) and pathlib.Path(ca_path).is_dir(),
    )
    if client.validate_certificates:
        client.check_authorities()
    return client


def result_of(verdict: Verdict, today: datetime.datetime) -> dict[str, t.Any]:
    """The module's result as plain data."""
    seen = verdict.observations
    return {
        "changed": False,
        "healthy": verdict.healthy,
        "checks": [check.as_result() for check in verdict.checks],
        "addresses": {answer.name: kept(seen.addresses(answer.name)) for answer in seen.answers},
        "resolutions": [
            {
                "name": answer.name,
                "resolver": answer.resolver,
                "outcome": answer.outcome,
                "addresses": kept(answer.addresses),
                "canonical_name": answer.canonical,
            }
            for answer in seen.answers
        ],
        "connections": [
            {
                "name": item.name,
                "address": item.address,
                "outcome": item.outcome,
                "trust": item.trust,
                "protocol": item.protocol,
                "http_status": item.status,
            }
            for item in seen.connections
        ],
        "certificate": _certificate(verdict, today),
        "waited": round(verdict.waited, 1),
        "seen_from": platform.node(),
    }


def _certificate(verdict: Verdict, today: datetime.datetime) -> dict[str, t.Any] | None:
    worst = tls.worst_certificate(verdict.observations)
    if worst is None:
        return None
    certificate, protocol = worst
    return {
        "subject_alternative_names": kept(certificate.names),
        "issuer": certificate.issuer,
        "not_after": certificate.not_after.isoformat(),
        "days_left": tls.days_left(certificate, today),
        "protocol": protocol,
    }


def prepare(module: t.Any, parameters: dict[str, t.Any]) -> tuple[Request, Client]:
    """What to look for and how to connect, before anything is looked at.

    :param module: fails where a library is missing.
    :raises InputError: an option is wrong.
    """
    request = request_from(parameters)
    if request.servers and asking.DNSPYTHON_IMPORT_ERROR:
        module.fail_json(
            msg=missing_required_lib("dnspython >= 2.4", reason="to ask the DNS servers given in resolvers"),
            exception=asking.DNSPYTHON_IMPORT_ERROR,
        )
    return request, client_from(parameters, request)


def look(request: Request, client: Client, parameters: dict[str, t.Any]) -> tuple[Verdict, dict[str, t.Any]]:
    """Look until it settles, at most C(wait_timeout) seconds; the verdict, and the module's result."""
    required = parameters["required"]
    verdict = watch(
        NetworkObserver(client.connect, client.timeout),
        request,
        parameters["wait_timeout"],
        required=required,
        tell=teller(parameters["progress_path"]),
    )
    result = result_of(verdict, datetime.datetime.now(datetime.timezone.utc))
    if required:
        result["healthy"] = healthy([(check.identifier, check.status) for check in verdict.checks], required)
    return verdict, result


def run(module: t.Any) -> dict[str, t.Any]:
    """Make the checks and return the result.

    :raises RunnerError: an option is wrong, or a check failed and C(fail_when_unhealthy) is set.
    """
    request, client = prepare(module, module.params)
    verdict, result = look(request, client, module.params)
    if module.params["fail_when_unhealthy"] and not result["healthy"]:
        raise _unhealthy(request, verdict, result)
    return result


def _unhealthy(request: Request, verdict: Verdict, result: dict[str, t.Any]) -> RunnerError:
    failed = [check for check in verdict.checks if check.status == "fail"]
    return RunnerError(
        f"The runner is not reachable under {request.domain}, {len(failed)} of {len(verdict.checks)} checks failed",
        " ".join(f"[{check.identifier}] {check.summary}" for check in failed),
        " ".join(dict.fromkeys(check.remediation for check in failed)),
        result,
    )
