# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How people write a DNS server, read in one place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.names import holds, listed
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.server import Server, parse, parsed
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import InputError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("192.0.2.53", Server("192.0.2.53", 53)),
        (" 192.0.2.53:5353 ", Server("192.0.2.53", 5353)),
        ("2001:db8::53", Server("2001:db8::53", 53)),
        ("[2001:DB8::53]", Server("2001:db8::53", 53)),
        ("[2001:db8::53]:5353", Server("2001:db8::53", 5353)),
    ],
)
def test_servers_are_read_and_written_alike(text: str, expected: Server) -> None:
    assert parse(text) == expected
    assert parse(str(expected)) == expected


@given(st.ip_addresses(), st.integers(1, 65535))
def test_every_server_is_read_as_it_is_written(address: object, port: int) -> None:
    server = Server(str(address), port)
    assert parse(str(server)) == server


@pytest.mark.parametrize(
    "text",
    ["", "dns.example.com", "192.0.2.53:", "192.0.2.53:0", "192.0.2.53:65536", "192.0.2.53:dns", "[::1]x", "[::1"],
)
def test_anything_else_is_refused_with_the_variable_to_correct(text: str) -> None:
    with pytest.raises(InputError, match=r"is not an address.*gitpod_dns_authoritative_servers"):
        parse(text, "gitpod_dns_authoritative_servers")


def test_one_server_written_twice_is_asked_once() -> None:
    assert parsed(["192.0.2.53", "192.0.2.53:53", "[2001:db8::1]"]) == [Server("192.0.2.53"), Server("2001:db8::1")]


def test_a_thousand_addresses_are_told_in_one_line() -> None:
    addresses = [f"10.0.{number // 256}.{number % 256}" for number in range(1200)]
    assert listed(addresses) == f"{', '.join(addresses[:8])} and 1,192 more"
    assert listed(addresses[:8]) == ", ".join(addresses[:8])


@pytest.mark.parametrize(
    ("zone", "name", "expected"),
    [
        ("example.com", "eu.example.com", True),
        ("example.com", "example.com", True),
        ("ample.com", "eu.example.com", False),
        ("elb.amazonaws.com", "eu.example.com", False),
        ("", "eu.example.com", False),
    ],
)
def test_a_zone_is_an_ancestor_of_the_names_that_it_holds(zone: str, name: str, expected: bool) -> None:
    assert holds(zone, name) is expected
