# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Having a certificate, waiting until it is issued, and having none that this collection requested."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws import client
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._certificate.api import Api
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._certificate.model import (
    FAILED,
    ISSUED,
    Certificate,
    both_names,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._certificate.plan import (
    REQUEST,
    Plan,
    Wanted,
    idempotency_token,
    plan,
    removable,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError, TimeoutExceededError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._ownership import Runner, by_tags
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._tags import ownership_tags
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Clock, Pace, poll
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._writes import carried_out, ensured

# ACM looks for the record at intervals of its own, so that asking more often tells nothing sooner.
ISSUE_PACE = Pace(first=3.0, longest=30.0, growth=1.5)
# "It may take several seconds before the records are available" (DescribeCertificate); at times it takes minutes, and
# Terraform's provider waits for five.
RECORDS_PACE = Pace(first=1.0, longest=5.0, growth=1.5)
RECORDS_TIMEOUT = 300.0


@dataclasses.dataclass(frozen=True)
class Mode:
    """How to carry out.

    :param timeout: longest wait in seconds.
    :param observe: is told the certificate's status at every look.
    """

    check: bool
    wait: bool
    timeout: float
    ttl: int = 300
    clock: Clock = dataclasses.field(default_factory=Clock)
    observe: t.Callable[[str], None] = lambda _status: None


def run(module: t.Any) -> dict[str, t.Any]:
    """What the module runner_certificate does."""
    options = module.params
    api = Api(client(module, "acm"))
    wanted = _wanted(options, module.region or "")
    mode = Mode(module.check_mode, options["wait"], options["timeout"], options["ttl"])
    if options["state"] == "absent":
        return absent(api, wanted, mode)
    return present(api, wanted, mode)


def joined(
    options: t.Mapping[str, t.Any],
    clients: t.Callable[[str], t.Any],
    region: str,
    check: bool,
    clock: Clock,
    observe: t.Callable[[str], None],
) -> dict[str, t.Any]:
    """What the module does with C(wait), for whoever waits for several certificates at once.

    :param options: C(name), C(runner_id), C(domain_name), C(key_algorithm) and C(timeout).
    :param clients: makes the client of a service.
    :param observe: is told the certificate's status at every look.
    """
    mode = Mode(check, wait=True, timeout=options["timeout"], clock=clock, observe=observe)
    return present(Api(clients("acm")), _wanted(options, region), mode)


def _wanted(options: t.Mapping[str, t.Any], region: str) -> Wanted:
    tags = {key: str(value) for key, value in (options.get("tags") or {}).items()}
    runner = Runner(options["name"], options.get("runner_id") or "")
    return Wanted(
        runner=runner,
        domain=options["domain_name"],
        region=region,
        tags={**tags, **ownership_tags(runner.name, runner.id)},
        key_type=options["key_algorithm"],
        load_balancer=options.get("load_balancer_arn") or "",
    )


def present(api: Api, wanted: Wanted, mode: Mode) -> dict[str, t.Any]:
    """Use what is issued, await what is pending, request what is missing."""
    now = datetime.datetime.now(datetime.timezone.utc)
    there = api.certificates(wanted.domain)
    todo = plan(there, wanted, now)
    certificate = todo.certificate
    if todo.action == REQUEST and not mode.check:
        arn = _requested(api, wanted, todo, mode)
        certificate = _with_records(api, arn, mode)
    elif certificate and certificate.status != ISSUED and not mode.check:
        certificate = _with_records(api, certificate.arn, mode)
        if mode.wait:
            certificate = _issued(api, certificate, mode)
    if todo.action == REQUEST and certificate and mode.wait:
        certificate = _issued(api, certificate, mode)
    found = _result(todo, certificate, wanted, mode)
    if todo.action == REQUEST and mode.check:
        found["validation_records"] = _records(known_records(there, wanted.domain), mode)
    return found


def known_records(there: t.Sequence[Certificate], domain: str) -> Certificate | None:
    """One that has the record which a request would get: it is the same for all certificates of the domain in the
    account, whatever became of them (ACM user guide, "DNS validation").

    :param there: those of the region that cover the domain.
    """
    return next((entry for entry in there if entry.records and set(entry.names) <= set(both_names(domain))), None)


def absent(api: Api, wanted: Wanted, mode: Mode) -> dict[str, t.Any]:
    """Have none that this collection requested for the runner; others stay, and so do validation records.

    A validation record is the same for all certificates of the domain in the account, which renew through it.
    """
    ours, shared = removable(api.certificates(wanted.domain), wanted)
    if not mode.check:
        for certificate in ours:
            _delete(api, certificate, mode)
    actions = [f"delete the certificate {certificate.arn}" for certificate in ours]
    found: dict[str, t.Any] = {
        "changed": bool(ours),
        "certificate": None,
        "requested": False,
        "in_progress": False,
        "validation_records": [],
        "actions": actions,
        "reasons": [by_tags(certificate.tags, wanted.runner).reason for certificate in ours],
        "left_alone": [
            f"the certificate {certificate.arn}, because others use it too: {', '.join(users)}"
            for certificate, users in shared
        ],
    }
    if ours:
        found["diff"] = {"before": "".join(f"{entry.arn}\n" for entry in ours), "after": ""}
    return found


def _requested(api: Api, wanted: Wanted, todo: Plan, mode: Mode) -> str:
    """The ARN of a request that is made once, also when the answer to it was lost."""

    def seen() -> str | None:
        found = plan(api.certificates(wanted.domain), wanted, datetime.datetime.now(datetime.timezone.utc))
        return found.certificate.arn if found.certificate else None

    return carried_out(lambda: api.request(wanted, idempotency_token(wanted, todo.failed)), seen, mode.clock)


def _delete(api: Api, certificate: Certificate, mode: Mode) -> None:
    ensured(lambda: api.delete(certificate), lambda: api.certificate(certificate.arn) is None, mode.clock)


def _with_records(api: Api, arn: str, mode: Mode) -> Certificate:
    """The certificate once ACM has named the records that validate it.

    :raises TimeoutExceededError: it does not name them.
    """
    certificate: Certificate | None = None
    for _elapsed in poll(mode.clock, RECORDS_TIMEOUT, RECORDS_PACE):
        certificate = api.certificate(arn)
        if certificate and (certificate.records or certificate.status == ISSUED):
            return certificate
        if certificate and certificate.status in FAILED:
            raise _failure(certificate)
    raise TimeoutExceededError(
        f"ACM has accepted the request {arn}, but names no validation record after {RECORDS_TIMEOUT:.0f} s",
        next_step="Run again; the same request is attached to",
    )


def _issued(api: Api, certificate: Certificate, mode: Mode) -> Certificate:
    """The certificate once it is issued.

    :raises RunnerError: the validation failed, or somebody deleted the certificate.
    :raises TimeoutExceededError: not in time.
    """
    seen: Certificate | None = certificate
    for _elapsed in poll(mode.clock, mode.timeout, ISSUE_PACE):
        seen = api.certificate(certificate.arn)
        if seen is None:
            raise RunnerError(f"The certificate {certificate.arn} was deleted meanwhile", next_step="Run again")
        mode.observe(seen.status)
        if seen.status in FAILED:
            raise _failure(seen)
        if seen.status == ISSUED:
            return seen
    waiting = seen or certificate
    raise TimeoutExceededError(
        f"The certificate {waiting.arn} is still {waiting.status} after {mode.timeout:.0f} s",
        f"ACM has not found the validation record of {', '.join(waiting.unvalidated) or 'its names'}",
        "Check that these records answer in public DNS, then run again: "
        + "; ".join(f"{record.name}. CNAME {record.value}." for record in waiting.records),
        {"certificate": waiting.as_result(), "in_progress": True, "validation_records": _records(waiting, mode)},
    )


def _failure(certificate: Certificate) -> RunnerError:
    hints = {
        "CAA_ERROR": "Allow amazon.com in the domain's CAA records, then run again",
        "NO_AVAILABLE_CONTACTS": "Validate through DNS",
        "ADDITIONAL_VERIFICATION_REQUIRED": "AWS Support has to verify the domain first",
    }
    return RunnerError(
        f"The certificate {certificate.arn} is {certificate.status}",
        certificate.failure or "ACM gives no reason",
        hints.get(certificate.failure, "Remove the cause and run again: another one is then requested"),
        {"certificate": certificate.as_result()},
    )


def _records(certificate: Certificate | None, mode: Mode) -> list[dict[str, t.Any]]:
    return [record.as_result(mode.ttl) for record in certificate.records] if certificate else []


def _result(todo: Plan, certificate: Certificate | None, wanted: Wanted, mode: Mode) -> dict[str, t.Any]:
    requested = todo.action == REQUEST
    names = " and ".join(both_names(wanted.domain))
    found: dict[str, t.Any] = {
        "changed": requested,
        "certificate": certificate.as_result() if certificate else None,
        "requested": requested,
        "in_progress": bool(certificate and certificate.status != ISSUED),
        "validation_records": _records(certificate, mode),
        "actions": [f"request a certificate for {names}"] if requested else [],
    }
    if requested:
        found["diff"] = {"before": "", "after": f"certificate for {names}, validated through DNS\n"}
    return found
