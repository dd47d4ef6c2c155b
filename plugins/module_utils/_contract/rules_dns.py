# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of DNS: what the chosen provider needs, the servers that are asked, and the apex of a zone.

An apex takes no CNAME (RFC 1034 section 3.6.2).
"""

from __future__ import annotations

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.model import (
    CONTRADICTORY,
    Inventory,
    Problem,
    quoted,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.names import folded, holds
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.providers import registry
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.providers.declaration import Provider

PROVIDER = "gitpod_dns_provider"
# Example.com has no zone above it that could hold it as a sub-domain, but the top-level domain.
LABELS_OF_AN_APEX = 2


def chosen(inventory: Inventory) -> Provider:
    """The provider that the inventory names; what it misnames is told by the rule of choices."""
    return registry.find(inventory.text(PROVIDER)) or registry.DEFAULT


def provider(inventory: Inventory) -> list[Problem]:
    """What the chosen provider needs, and its own rules."""
    found = chosen(inventory)
    problems = [
        Problem(CONTRADICTORY, name, f"{PROVIDER} is {found.name}, and this is not set.", f"Set it to {meaning}.")
        for name, meaning in found.required.items()
        if not inventory.text(name)
    ]
    for rule in found.rules:
        problems += rule(inventory)
    return problems


def zone(inventory: Inventory) -> list[Problem]:
    """The zone holds the domain."""
    name, value = "gitpod_dns_zone", folded(inventory.text("gitpod_dns_zone"))
    domain = folded(inventory.text("gitpod_domain_name"))
    if not value or not domain or holds(value, domain):
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
    name, found = "gitpod_domain_name", chosen(inventory)
    domain, zone_name = folded(inventory.text(name)), folded(inventory.text("gitpod_dns_zone"))
    if found.apex or not domain:
        return []
    if domain != zone_name and len(domain.split(".")) > LABELS_OF_AN_APEX:
        return []
    if not found.writes and inventory.switch("gitpod_dns_apex_alias"):
        return []
    choices = [
        f"use a sub-domain such as {quoted(f'gitpod.{domain}')}",
        f"keep the zone in Route 53 ({PROVIDER}: route53)",
    ]
    if not found.writes:
        choices.append("use the provider's ALIAS or ANAME record and say so (gitpod_dns_apex_alias: true)")
    summary = f"{quoted(domain)} is the apex of its zone, where no CNAME is allowed (RFC 1034)."
    return [Problem(CONTRADICTORY, name, summary, f"Choose: {'; or '.join(choices)}.")]


RULES = (provider, zone, apex)
