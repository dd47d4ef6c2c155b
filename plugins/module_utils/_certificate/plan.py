# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which certificate serves a runner, or whether one has to be requested. Pure."""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._certificate.model import (
    FAILED,
    PENDING,
    Certificate,
    both_names,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.names import folded
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._ownership import Runner

USE = "use"
AWAIT = "await"
REQUEST = "request"


@dataclasses.dataclass(frozen=True)
class Wanted:
    """The runner and the names that its certificate has to cover.

    :param key_type: of a certificate that is requested.
    :param load_balancer: ARN of that of the runner's stack, as far as it is known.
    """

    runner: Runner
    domain: str
    region: str
    tags: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    key_type: str = "RSA_2048"
    load_balancer: str = ""


@dataclasses.dataclass(frozen=True)
class Plan:
    """What to do.

    :param action: C(use) an issued certificate, C(await) one that is pending, or C(request) one.
    :param failed: earlier requests of ours that came to nothing.
    """

    action: str
    certificate: Certificate | None = None
    failed: tuple[Certificate, ...] = ()


def plan(certificates: t.Sequence[Certificate], wanted: Wanted, now: datetime.datetime) -> Plan:
    """Prefer what is issued to what is pending, and that to a new request.

    :param certificates: those of the region, whatever they cover; tags are read of those that failed or are pending.
    """
    covering = [certificate for certificate in certificates if certificate.covers(wanted.domain)]
    usable = [certificate for certificate in covering if certificate.usable(now)]
    if usable:
        return Plan(USE, min(usable, key=_preference))
    pending = [certificate for certificate in covering if _awaited(certificate, wanted)]
    if pending:
        return Plan(AWAIT, min(pending, key=lambda certificate: certificate.arn))
    failed = [
        certificate
        for certificate in covering
        if certificate.status in FAILED and certificate.requested_by(wanted.runner)
    ]
    return Plan(REQUEST, failed=tuple(failed))


def _awaited(certificate: Certificate, wanted: Wanted) -> bool:
    """Whether it is this runner's own request, which one record can validate.

    Others may withdraw theirs, validation by mail names no record (ACM user guide, "Email validation"), and names
    beside the runner's own may be kept in zones that the stage does not write to.
    """
    return (
        certificate.status == PENDING
        and certificate.requested_by(wanted.runner)
        and certificate.validation != "EMAIL"
        and set(certificate.names) <= set(both_names(wanted.domain))
    )


def _preference(certificate: Certificate) -> tuple[bool, bool, bool, str]:
    """What is served already, so that no run changes the stack for nothing; then what ACM renews by itself.

    Nothing that changes with time decides, and the ARN makes the choice stable.
    """
    return (
        not certificate.served,
        certificate.kind == "PRIVATE",
        certificate.kind != "AMAZON_ISSUED",
        certificate.arn,
    )


def idempotency_token(wanted: Wanted, failed: t.Sequence[Certificate]) -> str:
    """Equal for equal requests within ACM's hour, and another one after a failure (RequestCertificate: 32 of \\w).

    With the ID, because ACM answers an equal one with the first request: that of a runner of this name that was
    registered before is another's.
    """
    parts = [wanted.runner.name, wanted.runner.id, folded(wanted.domain), wanted.region, wanted.key_type]
    parts += sorted(certificate.arn for certificate in failed)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def removable(
    certificates: t.Sequence[Certificate], wanted: Wanted
) -> tuple[list[Certificate], list[tuple[Certificate, tuple[str, ...]]]]:
    """What this collection requested for the runner and the domain; and of that what others serve, with who they are.

    ACM deletes nothing that is in use, so what others serve is shared and stays.
    """
    own = [
        certificate
        for certificate in certificates
        if certificate.requested_by(wanted.runner) and set(both_names(wanted.domain)) <= set(certificate.names)
    ]
    others = {certificate.arn: certificate.other_users(wanted.load_balancer) for certificate in own}
    shared = [(certificate, others[certificate.arn]) for certificate in own if others[certificate.arn]]
    return [certificate for certificate in own if not others[certificate.arn]], shared
