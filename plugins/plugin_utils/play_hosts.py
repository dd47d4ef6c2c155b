# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts a play is for, in which order: the canary first, then by name. For the C(hosts) of the playbooks.

A controller's inventory has no order (AWX 24.6.1), so none can mean anything. Ansible evaluates C(hosts) before any
task could say what is wrong, and a play without hosts is no failure to it, so what is wrong is raised here.
"""

from __future__ import annotations

import re
import typing as t

from ansible import context
from ansible.errors import AnsibleFilterError
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader

Groups = t.Mapping[str, t.Sequence[str]]
# Where nothing runs, no host is needed.
_WITHOUT_HOSTS = ("syntax", "listtasks", "listtags")
# What has no meaning of its own in a pattern.
_PLAIN = re.compile(r"[\w.-]+", re.ASCII)


def play_hosts(pattern: t.Any, groups: Groups, canary: t.Any = "") -> list[str]:
    """The hosts of a play.

    :param pattern: of hosts, as Ansible has them, one or several.
    :param groups: every group's hosts.
    :param canary: the runner that goes first (gitpod_rollout_canary), or empty.
    :raises AnsibleFilterError: there is no such runner.
    """
    parts = pattern if isinstance(pattern, (list, tuple)) else [pattern]
    # A controller's textarea has one a line.
    patterns = [line.strip() for part in parts for line in str(part).splitlines() if line.strip()]
    first = str(canary if canary is not None else "").strip()
    if any(context.CLIARGS.get(name) for name in _WITHOUT_HOSTS):
        return patterns
    inventory = _inventory(groups)
    everyone = [host.name for host in inventory.get_hosts(patterns)]
    if not everyone:
        raise AnsibleFilterError(_nobody(patterns, groups))
    if first and first not in everyone:
        raise AnsibleFilterError(_unknown(first, patterns))
    limit = context.CLIARGS.get("subset")
    inventory.subset(limit)
    if not inventory.get_hosts(patterns):
        raise AnsibleFilterError(
            f"The limit {limit} leaves none of the {len(everyone)} runners of {', '.join(patterns)}, so nothing was"
            " done. Correct the limit."
        )
    ordered = sorted(everyone, key=lambda name: (name != first, name))
    # A name that means something else in a pattern stays in Ansible's own order.
    return ordered if all(map(_PLAIN.fullmatch, ordered)) else [*filter(None, [first]), *patterns]


def _inventory(groups: Groups) -> InventoryManager:
    """Ansible's own reading of patterns, over the groups that it tells a play of."""
    manager = InventoryManager(DataLoader(), parse=False)
    data = manager._inventory
    for group, hosts in groups.items():
        data.add_group(group)
        for host in hosts:
            data.add_host(host, group)
    data.reconcile_inventory()
    return manager


def _nobody(patterns: t.Sequence[str], groups: Groups) -> str:
    there = sorted(name for name in groups if name not in ("all", "ungrouped"))
    told = f"its groups are {', '.join(there[:8])}" if there else "it has no groups"
    return (
        f"There is no runner: the inventory has no host in {', '.join(patterns)} ({told}), so nothing was done. Put the"
        " runners into the group gitpod_runners, or name theirs as gitpod_hosts."
    )


def _unknown(canary: str, patterns: t.Sequence[str]) -> str:
    return (
        f"gitpod_rollout_canary is {canary[:80]!r}, which is none of the runners of {', '.join(patterns)}, so nothing"
        " was done. Name a host of the inventory, or leave it empty for the first one by name."
    )
