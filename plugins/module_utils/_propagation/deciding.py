# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether records may be written or removed, from what the zone's own servers say. Pure.

What belongs to others is never replaced without C(gitpod_dns_overwrite), and what nobody knows is never taken for free.
"""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.names import listed
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.providers.declaration import Provider
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._propagation.model import OTHER, SILENT, Answer
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._propagation.zone import EXACT, ZoneRecord

LOOK, WRITE, REMOVE = "look", "write", "remove"


def own(answers: t.Sequence[Answer], outcome: str) -> list[Answer]:
    """The answers of the zone's own servers with this outcome."""
    return [answer for answer in answers if answer.server.authoritative and answer.outcome == outcome]


def replaced_addresses(answers: t.Sequence[Answer]) -> list[str]:
    """Names that have addresses of others, which go before a CNAME comes; a CNAME is replaced by the update itself."""
    found = [answer.expected.name for answer in own(answers, OTHER) if answer.has_addresses]
    return list(dict.fromkeys(found))


def removable(records: t.Sequence[ZoneRecord]) -> list[dict[str, str]]:
    """Records that stand in the zone exactly as they were written."""
    return [record.as_result() for record in records if record.standing == EXACT]


def unknown(records: t.Sequence[ZoneRecord]) -> list[str]:
    """Names of which none of the zone's own servers says anything: what stands there may be anybody's."""
    return [record.expected.name for record in records if record.standing == SILENT]


def others(records: t.Sequence[ZoneRecord]) -> list[dict[str, str]]:
    """What stands there instead, which is somebody else's."""
    return [record.as_result() for record in records if record.standing == OTHER]


def refuse(
    intent: str, provider: Provider, answers: t.Sequence[Answer], records: t.Sequence[ZoneRecord], complete: bool
) -> RunnerError | None:
    """Why the records must not be touched, or C(None).

    :param intent: C(WRITE) (without leave to overwrite) or C(REMOVE); anything else is always allowed.
    :param complete: whether everybody who was asked answers rightly already.
    """
    if intent not in (WRITE, REMOVE) or not provider.protects:
        return None
    foreign = own(answers, OTHER) if intent == WRITE else []
    if foreign:
        told = dict.fromkeys(f"{answer.expected.name} answers with {listed(answer.leads_to)}" for answer in foreign)
        return RunnerError(
            "Records of these names point elsewhere; nothing was changed",
            f"{'; '.join(told)}, perhaps through a wildcard above",
            "Check that nobody needs them, then allow overwrite (gitpod_dns_overwrite)",
        )
    nobody_knows = unknown(records)
    # Where everybody else answers rightly there is nothing to write, and nothing is written.
    if not nobody_knows or (intent == WRITE and complete):
        return None
    return _unknown(intent, provider, nobody_knows, own(answers, SILENT))


def _unknown(intent: str, provider: Provider, names: t.Sequence[str], silent: t.Sequence[Answer]) -> RunnerError:
    silence = dict.fromkeys(f"{answer.server} says nothing: {answer.detail.rstrip('.')}" for answer in silent)
    done, otherwise = {
        WRITE: ("changed", "To write the records whatever is there, set gitpod_dns_overwrite: true"),
        REMOVE: ("removed", "To remove the records by hand instead, set gitpod_teardown_dns_provider to manual"),
    }[intent]
    return RunnerError(
        f"What {' and '.join(names)} points to is not known, so nothing was {done}",
        ". ".join(silence) or "The resolvers do not name the servers of the zone",
        f"Check {provider.asked}, then run again. {otherwise}",
    )


def refused(provider: Provider, names: t.Sequence[str], failure: t.Mapping[str, t.Any]) -> str:
    """What a provider that does not let the records be removed has said, in sentences.

    :param failure: the failed task's result, of one item or of a loop.
    """
    results = [entry for entry in failure.get("results") or [failure] if entry.get("failed")]
    told = dict.fromkeys(str(entry.get("msg") or "The server refused").rstrip("; .") for entry in results)
    return RunnerError(
        f"The records of {' and '.join(names)} cannot be removed with {provider.name}; the runner was not touched",
        "; ".join(told),
        f"Check {provider.access}, then run again. To remove the records by hand instead, set"
        " gitpod_teardown_dns_provider to manual",
    ).message
