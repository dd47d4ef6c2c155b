# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Address ranges compared. Pure."""

from __future__ import annotations

import ipaddress
import typing as t


def contains(outer: str, inner: str) -> bool:
    """Whether one address range lies in the other; false for ranges of different IP versions."""
    left, right = network(outer), network(inner)
    return left is not None and right is not None and left.version == right.version and right.subnet_of(left)


def covered(inner: str, ranges: t.Iterable[str]) -> bool:
    """Whether an address range lies in others together, as 0.0.0.0/0 does in its halves."""
    wanted = network(inner)
    same = [
        net for net in map(network, ranges) if net is not None and wanted is not None and net.version == wanted.version
    ]
    return any(wanted.subnet_of(net) for net in ipaddress.collapse_addresses(same))


def overlaps(left: str, right: str) -> bool:
    """Whether two address ranges share an address."""
    first, second = network(left), network(right)
    return first is not None and second is not None and first.version == second.version and first.overlaps(second)


def network(text: str) -> t.Any:
    """The address range, or C(None) for anything else, such as a prefix list."""
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
