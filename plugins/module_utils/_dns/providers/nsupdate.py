# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A primary server that takes dynamic updates (RFC 2136), such as BIND, Knot, PowerDNS or Windows."""

from __future__ import annotations

import ipaddress
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.model import (
    CONTRADICTORY,
    MALFORMED,
    Inventory,
    Problem,
    quoted,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.providers.declaration import Provider
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.declaration import Variable

SERVER, PORT = "gitpod_dns_server", "gitpod_dns_server_port"
KEY = ("gitpod_dns_key_name", "gitpod_dns_key_secret")


def _whole_key(inventory: Inventory) -> list[Problem]:
    """Both halves of a key, or none."""
    missing = [name for name in KEY if not inventory.text(name)]
    if len(missing) != 1:
        return []
    other = KEY[1 - KEY.index(missing[0])]
    return [Problem(CONTRADICTORY, missing[0], f"{other} is set, and this is not.", "Set both or none.")]


def _server(inventory: Inventory) -> list[Problem]:
    """An address, because a name would itself have to be resolved, perhaps by this very server."""
    value = inventory.text(SERVER)
    if not value:
        return []
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return [
            Problem(
                MALFORMED, SERVER, f"{quoted(value)} is not an address.", "Write the server's IPv4 or IPv6 address."
            )
        ]
    return []


def _update(values: t.Mapping[str, t.Any], record: t.Mapping[str, t.Any], state: str) -> dict[str, t.Any]:
    found = {
        "server": values[SERVER],
        "port": values[PORT],
        "key_name": values.get(KEY[0]),
        "key_secret": values.get(KEY[1]),
        "key_algorithm": values["gitpod_dns_key_algorithm"],
        "zone": values.get("gitpod_dns_zone"),
        "record": f"{record['name']}.",
        "type": record["type"],
        "value": f"{record['value']}." if record.get("value") else None,
        "ttl": record.get("ttl") or None,
        "state": state,
    }
    return {option: value for option, value in found.items() if value is not None}


def _succeeded(result: t.Mapping[str, t.Any]) -> bool:
    """To the module a removal that the server refuses looks like a record that is not there (NXRRSET)."""
    return result.get("dns_rc_str", "NOERROR") in ("NOERROR", "NXRRSET", "NXDOMAIN")


PROVIDER = Provider(
    name="nsupdate",
    records="sent to the primary server as dynamic updates (RFC 2136), signed with TSIG",
    needs="`gitpod_dns_server`, a key",
    writes=True,
    kept="on the server that takes dynamic updates",
    variables=(
        Variable(name=SERVER, description="Address of the primary server that takes updates, with V(nsupdate)."),
        Variable(name=PORT, description="Its port.", kind="int", default=53, minimum=1, maximum=65535),
        Variable(
            name="gitpod_dns_key_name",
            description="Name of the TSIG key, with V(nsupdate); empty sends unsigned updates.",
            # RFC 8945, section 4.2: a domain name.
            pattern=r"[A-Za-z0-9._-]{1,255}",
            form="the key's name as the server has it, without blanks",
        ),
        Variable(
            name="gitpod_dns_key_secret",
            description="Secret of the TSIG key in Base64; keep it in a vault.",
            secret=True,
        ),
        Variable(
            name="gitpod_dns_key_algorithm",
            description="Algorithm of the TSIG key.",
            choices=("hmac-md5", "hmac-sha1", "hmac-sha224", "hmac-sha256", "hmac-sha384", "hmac-sha512"),
            default="hmac-sha256",
        ),
    ),
    required={SERVER: "the address of the primary server that takes updates"},
    uses_zone=True,
    rules=(_whole_key, _server),
    own_server=(SERVER, PORT),
    access="the zone and its key (gitpod_dns_zone, gitpod_dns_key_name, gitpod_dns_key_secret)",
    actions=("community.general.nsupdate",),
    update=_update,
    succeeded=_succeeded,
)
