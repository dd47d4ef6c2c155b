# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The measurements behind each check, as plain data. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.names import kept
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health import tls
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.observations import (
    Connection,
    Observations,
    Request,
)

Evidence = dict[str, t.Any]


def answers(request: Request, seen: Observations) -> Evidence:
    """What the resolvers say of both names."""
    return answers_for(seen, *request.names)


def answers_for(seen: Observations, *names: str) -> Evidence:
    """What the resolvers say of these names."""
    return {
        "answers": [
            {
                "name": answer.name,
                "resolver": answer.resolver,
                "outcome": answer.outcome,
                "addresses": kept(answer.addresses),
                "canonical_name": answer.canonical,
            }
            for answer in seen.answers
            if answer.name in names
        ]
    }


def outcomes(port: int, made: t.Iterable[Connection]) -> Evidence:
    """What became of the connections to a port, by address."""
    return {"port": port, "outcomes": {item.address: item.outcome for item in made}}


def health(seen: Observations, name: str) -> Evidence:
    """How every address answers under a name."""
    return {"answers": {item.address: _health(item) for item in seen.connections if item.name == name}}


def _health(item: Connection) -> Evidence:
    return {
        "outcome": item.outcome,
        "http_status": item.status,
        "location": item.location,
        "milliseconds": None if item.seconds is None else round(item.seconds * 1000, 1),
    }


def certificate(_request: Request, seen: Observations) -> Evidence:
    """The handshakes, and the certificate that ends first."""
    found: Evidence = {
        "connections": [
            {
                "name": item.name,
                "address": item.address,
                "trust": item.trust,
                "detail": item.trust_detail or item.detail,
            }
            for item in seen.connections
        ],
        "protocols": sorted({item.protocol for item in seen.connections if item.protocol}),
    }
    worst = tls.worst_certificate(seen)
    if worst:
        found.update(
            subject_alternative_names=kept(worst[0].names),
            issuer=worst[0].issuer,
            not_after=worst[0].not_after.isoformat(),
            days_left=tls.days_left(worst[0], seen.now),
        )
    return found
