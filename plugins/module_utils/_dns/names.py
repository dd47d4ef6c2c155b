# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""DNS names and addresses as they are compared and told. Standard library only."""

from __future__ import annotations

import typing as t

# A hostile or broken zone answers with a thousand addresses; a reader needs a few.
MOST_SHOWN = 8
# Of what is kept as data, for automation: more than any load balancer or zone has.
MOST_KEPT = 64


def folded(name: str) -> str:
    """A DNS name as it is compared: lower case, without the trailing dot (RFC 4343)."""
    return name.strip().rstrip(".").lower()


def holds(zone: str, name: str) -> bool:
    """Whether a zone of this name may hold the name: it is the name itself or an ancestor of it. Both folded."""
    return bool(zone) and (name == zone or name.endswith(f".{zone}"))


def listed(values: t.Sequence[str], most: int = MOST_SHOWN, by: str = ", ") -> str:
    """Names or addresses in a sentence, or what is told of each; of more than C(most), how many are left out."""
    shown = by.join(values[:most])
    return shown if len(values) <= most else f"{shown} and {len(values) - most:,} more"


def kept(values: t.Sequence[str]) -> list[str]:
    """The same as data: the first C(MOST_KEPT)."""
    return list(values[:MOST_KEPT])
