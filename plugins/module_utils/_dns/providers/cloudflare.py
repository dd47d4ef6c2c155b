# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cloudflare, through its API (C(community.general.cloudflare_dns))."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.providers.declaration import Provider
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.declaration import Variable


def _update(values: t.Mapping[str, t.Any], record: t.Mapping[str, t.Any], state: str) -> dict[str, t.Any]:
    """Never proxied: Cloudflare's proxy would end TLS with a certificate of its own."""
    found = {
        "api_token": values["gitpod_dns_cloudflare_token"],
        "zone": values["gitpod_dns_zone"],
        "record": record["name"],
        "type": record["type"],
        "state": state,
    }
    if record.get("value"):
        # A removal keeps to records of this value.
        found.update(value=record["value"], proxied=False, **({"ttl": record["ttl"]} if record.get("ttl") else {}))
    return found


PROVIDER = Provider(
    name="cloudflare",
    records="written through Cloudflare's API",
    needs="`gitpod_dns_zone`, `gitpod_dns_cloudflare_token`",
    writes=True,
    kept="in Cloudflare",
    variables=(
        Variable(
            name="gitpod_dns_cloudflare_token",
            description="API token that may edit the zone, with V(cloudflare); keep it in a vault.",
            secret=True,
        ),
    ),
    tokens=("gitpod_dns_cloudflare_token",),
    required={
        "gitpod_dns_zone": "the zone that holds the domain",
        "gitpod_dns_cloudflare_token": "an API token that may edit the zone",
    },
    uses_zone=True,
    # developers.cloudflare.com/dns/cname-flattening
    apex="Cloudflare flattens a CNAME at the apex of a zone.",
    access="gitpod_dns_zone and gitpod_dns_cloudflare_token",
    api="https://api.cloudflare.com/client/v4",
    actions=("community.general.cloudflare_dns",),
    update=_update,
)
