# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of DNS providers: what each needs, and the apex of a zone, which takes no CNAME (RFC 1034 section 3.6.2)."""

from __future__ import annotations

import ipaddress

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.model import (
    CONTRADICTORY,
    MALFORMED,
    Inventory,
    Problem,
    quoted,
)

PROVIDER = "gitpod_dns_provider"
# What has to be set, by provider, and what for.
NEEDED = {
    "nsupdate": {"gitpod_dns_server": "the address of the primary server that takes updates"},
    "cloudflare": {
        "gitpod_dns_zone": "the zone that holds the domain",
        "gitpod_dns_cloudflare_token": "an API token that may edit the zone",
    },
    "tasks": {"gitpod_dns_tasks_file": "the absolute path of the task file"},
}
# Example.com has no zone above it that could hold it as a sub-domain, but the top-level domain.
LABELS_OF_AN_APEX = 2
KEEPERS_WITH_ALIAS = ("manual", "external", "tasks")


def provider(inventory: Inventory) -> list[Problem]:
    """What the chosen provider needs, and both halves of a key."""
    chosen = inventory.text(PROVIDER)
    problems = [
        Problem(CONTRADICTORY, name, f"{PROVIDER} is {chosen}, and this is not set.", f"Set it to {meaning}.")
        for name, meaning in NEEDED.get(chosen, {}).items()
        if not inventory.text(name)
    ]
    halves = ("gitpod_dns_key_name", "gitpod_dns_key_secret")
    missing = [name for name in halves if not inventory.text(name)]
    if chosen == "nsupdate" and len(missing) == 1:
        other = halves[1 - halves.index(missing[0])]
        problems.append(Problem(CONTRADICTORY, missing[0], f"{other} is set, and this is not.", "Set both or none."))
    tasks_file = inventory.text("gitpod_dns_tasks_file")
    if chosen == "tasks" and tasks_file and not tasks_file.startswith("/"):
        summary = f"{quoted(tasks_file)} is not an absolute path."
        problems.append(
            Problem(
                MALFORMED, "gitpod_dns_tasks_file", summary, 'Write "{{ inventory_dir }}/dns-tasks.yml" or the like.'
            )
        )
    return problems + _server(inventory, chosen)


def _server(inventory: Inventory, chosen: str) -> list[Problem]:
    """An address, because a name would itself have to be resolved, perhaps by this very server."""
    name, value = "gitpod_dns_server", inventory.text("gitpod_dns_server")
    if chosen != "nsupdate" or not value:
        return []
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return [
            Problem(MALFORMED, name, f"{quoted(value)} is not an address.", "Write the server's IPv4 or IPv6 address.")
        ]
    return []


def zone(inventory: Inventory) -> list[Problem]:
    """The zone holds the domain."""
    name, value = "gitpod_dns_zone", inventory.text("gitpod_dns_zone").lower().rstrip(".")
    domain = inventory.text("gitpod_domain_name").lower().rstrip(".")
    if not value or not domain or domain == value or domain.endswith(f".{value}"):
        return []
    return [
        Problem(
            CONTRADICTORY,
            name,
            f"The zone {quoted(value)} does not hold {quoted(domain)}.",
            "Write the domain's own zone.",
        )
    ]


def apex(inventory: Inventory) -> list[Problem]:
    """A domain that is a zone of its own outside Route 53; which other domains are, only DNS knows."""
    name, chosen = "gitpod_domain_name", inventory.text(PROVIDER)
    domain = inventory.text(name).lower().rstrip(".")
    zone_name = inventory.text("gitpod_dns_zone").lower().rstrip(".")
    if chosen in ("", "route53", "cloudflare") or not domain:
        # Route 53 has aliases, and Cloudflare flattens a CNAME at the apex.
        return []
    if domain != zone_name and len(domain.split(".")) > LABELS_OF_AN_APEX:
        return []
    if chosen in KEEPERS_WITH_ALIAS and inventory.switch("gitpod_dns_apex_alias"):
        return []
    choices = [
        f"use a sub-domain such as {quoted(f'gitpod.{domain}')}",
        f"keep the zone in Route 53 ({PROVIDER}: route53)",
    ]
    if chosen in KEEPERS_WITH_ALIAS:
        choices.append("use the provider's ALIAS or ANAME record and say so (gitpod_dns_apex_alias: true)")
    summary = f"{quoted(domain)} is the apex of its zone, where no CNAME is allowed (RFC 1034)."
    return [Problem(CONTRADICTORY, name, summary, f"Choose: {'; or '.join(choices)}.")]


RULES = (provider, zone, apex)
