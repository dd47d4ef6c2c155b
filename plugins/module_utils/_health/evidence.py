# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The measurements behind each check, as plain data. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health import tls
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.observations import (
    Connection,
    Observations,
    Request,
)

if t.TYPE_CHECKING:
    import datetime

Evidence = dict[str, t.Any]


def of(identifier: str, request: Request, seen: Observations, today: datetime.datetime) -> Evidence:
    """What was measured for a check; empty when nothing could be."""
    group = identifier.partition(".")[0]
    if group == "dns":
        wanted = {"dns.domain": (request.domain,), "dns.wildcard": (request.wildcard,)}.get(identifier, request.names)
        return _answers(seen, [*wanted, request.expected_target] if identifier == "dns.same_target" else wanted)
    if group == "private_dns":
        return {
            **_answers(seen, [request.management_plane]),
            "expected_addresses": list(request.management_plane_addresses),
        }
    if identifier == "tcp.http":
        return {"port": request.http_port, "outcomes": {item.address: item.outcome for item in seen.http_connections}}
    if group == "tcp":
        return {"port": request.port, "outcomes": {item.address: item.outcome for item in seen.connections}}
    if group == "health":
        name = request.domain if identifier == "health.domain" else request.wildcard
        return {"answers": {item.address: _health(item) for item in seen.connections if item.name == name}}
    return _certificate(seen, today)


def _answers(seen: Observations, names: t.Iterable[str]) -> Evidence:
    wanted = set(names)
    return {
        "answers": [
            {
                "name": answer.name,
                "resolver": answer.resolver,
                "outcome": answer.outcome,
                "addresses": list(answer.addresses),
                "canonical_name": answer.canonical,
            }
            for answer in seen.answers
            if answer.name in wanted
        ]
    }


def _health(item: Connection) -> Evidence:
    return {
        "outcome": item.outcome,
        "http_status": item.status,
        "location": item.location,
        "milliseconds": None if item.seconds is None else round(item.seconds * 1000, 1),
    }


def _certificate(seen: Observations, today: datetime.datetime) -> Evidence:
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
            subject_alternative_names=list(worst[0].names),
            issuer=worst[0].issuer,
            not_after=worst[0].not_after.isoformat(),
            days_left=tls.days_left(worst[0], today),
        )
    return found
