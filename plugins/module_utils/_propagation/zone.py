# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the zone's own servers say of each record, put together, for whoever wants to remove it. Pure."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _ownership as ownership
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.names import listed
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.server import is_address
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._propagation.model import (
    MISSING,
    OTHER,
    RIGHT,
    SILENT,
    Answer,
    Expected,
)

# A CNAME to exactly this load balancer; an alias, a flattened or a longer way there may be somebody else's.
EXACT = "exact"


@dataclasses.dataclass(frozen=True)
class ZoneRecord:
    """What stands at a name.

    :param standing: C(EXACT), C(OTHER), C(MISSING) or C(SILENT).
    :param leads_to: the first name, or the addresses, of what stands there.
    """

    expected: Expected
    standing: str
    leads_to: tuple[str, ...] = ()

    @property
    def type(self) -> str:
        """Of the record that stands there; empty when none does."""
        if not self.leads_to:
            return ""
        first = self.leads_to[0]
        if ":" in first:
            return "AAAA"
        return "A" if is_address(first) else "CNAME"

    def as_result(self) -> dict[str, str]:
        """Plain data for a module's result."""
        return {
            "name": self.expected.name,
            "standing": self.standing,
            "type": self.type,
            "value": listed(self.leads_to),
        }


def zone_records(answers: t.Sequence[Answer], expected: t.Sequence[Expected]) -> list[ZoneRecord]:
    """Of each record, what the zone's own servers say; where they disagree, what somebody else may have there."""
    own = [answer for answer in answers if answer.server.authoritative]
    return [_standing(record, [answer for answer in own if answer.expected == record]) for record in expected]


def _standing(record: Expected, answers: t.Sequence[Answer]) -> ZoneRecord:
    found = [answer for answer in answers if answer.outcome in (RIGHT, OTHER)]
    exact = [answer for answer in found if answer.outcome == RIGHT and _is_ours(answer.leads_to[:1], record)]
    for answer in found:
        if answer not in exact:
            return ZoneRecord(record, OTHER, answer.leads_to if answer.has_addresses else answer.leads_to[:1])
    if exact:
        return ZoneRecord(record, EXACT, exact[0].leads_to[:1])
    missing = any(answer.outcome == MISSING for answer in answers)
    return ZoneRecord(record, MISSING if missing else SILENT)


def _is_ours(leads_to: t.Sequence[str], record: Expected) -> bool:
    """Whether the record itself points to the load balancer."""
    return any(ownership.of_records(name, record.value).relation == ownership.OURS for name in leads_to)
