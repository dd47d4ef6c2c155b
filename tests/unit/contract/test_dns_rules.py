# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each DNS provider needs, the apex of a zone, and a certificate that a stage makes."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.model import Problem
from tests.unit.contract.test_contract import GOOD, problems_in

SERVER = {"gitpod_dns_provider": "nsupdate", "gitpod_dns_server": "192.0.2.53"}
CLOUDFLARE = {
    "gitpod_dns_provider": "cloudflare",
    "gitpod_dns_zone": "example.com",
    "gitpod_dns_cloudflare_token": "s3cr3t",
}


def problems(**changes: t.Any) -> list[Problem]:
    return problems_in({**GOOD, **changes})


@pytest.mark.parametrize(
    "changes",
    [
        SERVER,
        {**SERVER, "gitpod_dns_key_name": "k", "gitpod_dns_key_secret": "c2VjcmV0"},
        {**SERVER, "gitpod_dns_zone": "gitpod.example.com."},
        CLOUDFLARE,
        {**CLOUDFLARE, "gitpod_domain_name": "example.com"},
        {"gitpod_dns_provider": "tasks", "gitpod_dns_tasks_file": "/etc/gitpod/dns.yml"},
        {"gitpod_dns_provider": "external"},
        {"gitpod_dns_provider": "manual", "gitpod_domain_name": "example.com", "gitpod_dns_apex_alias": True},
        {"gitpod_domain_name": "example.com"},
        {"gitpod_certificate_arn": "", "gitpod_certificate_request": True},
        {"gitpod_certificate_arn": "", "gitpod_certificate_request": "yes"},
    ],
)
def test_a_complete_choice_has_no_problem(changes: dict[str, t.Any]) -> None:
    assert problems(**changes) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"gitpod_dns_provider": "nsupdate"}, [("contradictory", "gitpod_dns_server")]),
        ({**SERVER, "gitpod_dns_server": "ns1.example.com"}, [("malformed", "gitpod_dns_server")]),
        ({**SERVER, "gitpod_dns_key_name": "k"}, [("contradictory", "gitpod_dns_key_secret")]),
        ({**SERVER, "gitpod_dns_key_secret": "c2VjcmV0"}, [("contradictory", "gitpod_dns_key_name")]),
        ({**SERVER, "gitpod_dns_zone": "example.org"}, [("contradictory", "gitpod_dns_zone")]),
        (
            {"gitpod_dns_provider": "cloudflare"},
            [("contradictory", "gitpod_dns_zone"), ("contradictory", "gitpod_dns_cloudflare_token")],
        ),
        ({"gitpod_dns_provider": "tasks"}, [("contradictory", "gitpod_dns_tasks_file")]),
        (
            {"gitpod_dns_provider": "tasks", "gitpod_dns_tasks_file": "dns.yml"},
            [("malformed", "gitpod_dns_tasks_file")],
        ),
        (
            {"gitpod_dns_provider": "manual", "gitpod_domain_name": "example.com"},
            [("contradictory", "gitpod_domain_name")],
        ),
        (
            {**SERVER, "gitpod_dns_zone": "eu.gitpod.example.com", "gitpod_dns_apex_alias": True},
            [("contradictory", "gitpod_domain_name")],
        ),
        ({"gitpod_dns_provider": "bind"}, [("malformed", "gitpod_dns_provider")]),
        (
            {"gitpod_resolvers": "10.30.0.2, dns.example.com", "gitpod_dns_authoritative_servers": ["[::1"]},
            [("malformed", "gitpod_resolvers"), ("malformed", "gitpod_dns_authoritative_servers")],
        ),
        ({"gitpod_resolvers": ["[2001:db8::53]:5353", "2001:db8::53", "10.30.0.2:53"]}, []),
        ({"gitpod_certificate_arn": ""}, [("missing", "gitpod_certificate_arn")]),
        (
            {"gitpod_certificate_arn": "", "gitpod_certificate_request": False},
            [("missing", "gitpod_certificate_arn")],
        ),
    ],
)
def test_what_is_missing_or_cannot_be_is_told(changes: dict[str, t.Any], expected: list[tuple[str, str]]) -> None:
    assert [(problem.kind, problem.variable) for problem in problems(**changes)] == expected


def test_the_choices_at_an_apex_are_explained() -> None:
    told = problems(gitpod_dns_provider="manual", gitpod_domain_name="example.com")[0]
    for choice in ("gitpod.example.com", "gitpod_dns_provider: route53", "gitpod_dns_apex_alias: true", "RFC 1034"):
        assert choice in told.summary + told.remediation
    told = problems(**{**SERVER, "gitpod_domain_name": "example.com"})[0]
    assert "gitpod_dns_apex_alias" not in told.remediation, "a server that takes updates has no such record"


def test_no_secret_is_told() -> None:
    found = problems(**{**SERVER, "gitpod_dns_key_secret": "s3cr3t"}, gitpod_dns_cloudflare_token=["s3cr3t"])
    assert found
    assert "s3cr3t" not in str(found)
