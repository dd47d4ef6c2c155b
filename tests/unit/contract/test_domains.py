# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The domain as DNS and ACM take it, and the certificate beside it."""

from __future__ import annotations

import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract import rules_domain
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.model import Inventory, Problem

LONG = f"{'a' * 40}.{'b' * 12}.example.com"
ARN = "arn:aws:acm:us-east-1:123456789012:certificate/5d1c3a52"


def domain(name: str, **values: t.Any) -> list[Problem]:
    return rules_domain.domain(Inventory.of({"gitpod_domain_name": name, **values}))


@pytest.mark.parametrize(
    ("name", "said", "instead"),
    [
        ("https://eu.example.com/", "is a URL", "'eu.example.com'"),
        ("eu.example.com:443", "has a port", "'eu.example.com'"),
        ("eu.example.com/x", "is a URL", "'eu.example.com'"),
        ("http://[", "is a URL", "'gitpod.example.com'"),
        ("*.eu.example.com", "wildcard", "'eu.example.com'"),
        ("gitpod", "has no dot", "gitpod.example.com"),
        ("under_score.example.com", "'under_score'", "gitpod.example.com"),
        ("-a.example.com", "'-a'", "gitpod.example.com"),
        ("a b.example.com", "'a b'", "gitpod.example.com"),
        ("a..example.com", "two dots", "gitpod.example.com"),
        ("a" * 64 + ".example.com", "1 to 63", "gitpod.example.com"),
        (".".join(["a" * 61] * 4) + ".comx", "has 252 characters", "gitpod.example.com"),
        ("10.0.0.1", "is an address", "gitpod.example.com"),
        ("123.456", "no top-level domain is a number", "gitpod.example.com"),
        ("gitpod.example.123", "no top-level domain is a number", "gitpod.example.com"),
        ("läufer.example.com", "DNS does not know", "xn--lufer-gra.example.com"),
        ("bücher.example", "DNS does not know", "xn--bcher-kva.example"),
        ("faß.de", "DNS does not know", "xn--fa-hia.de"),
        ("gitpod。例え.jp", "DNS does not know", "gitpod.xn--r8jz45g.jp"),
        ("a☃b.example.com", "DNS does not know", "letters, digits and hyphens"),
    ],
)
def test_what_is_no_domain_is_told_with_what_to_write(name: str, said: str, instead: str) -> None:
    (problem,) = domain(name)
    assert (problem.kind, problem.variable) == ("malformed", "gitpod_domain_name")
    assert said in problem.summary
    assert instead in problem.remediation


@pytest.mark.parametrize("name", ["eu.gitpod.example.com", "a.b", "xn--bcher-kva.example", LONG, "1.example.com"])
def test_a_domain_is_no_problem(name: str) -> None:
    assert domain(name) == []


def test_the_wildcard_beside_it_fits_into_dns() -> None:
    longest = ".".join(["a" * 61] * 4) + ".co"
    assert len(f"*.{longest}") == 252
    assert domain(f"{longest}m") == []
    assert domain(f"{longest}mm")


def test_acm_takes_sixty_four_characters_in_a_request_and_more_in_a_certificate_that_exists() -> None:
    assert len(LONG) == 65
    (problem,) = domain(LONG, gitpod_certificate_request=True)
    assert problem.kind == "contradictory"
    assert "65 characters" in problem.summary
    assert "gitpod_certificate_arn" in problem.remediation
    assert domain(LONG[1:], gitpod_certificate_request=True) == []
    assert domain(LONG, gitpod_certificate_request=True, gitpod_certificate_arn=ARN) == []


@given(name=st.text(max_size=80))
def test_every_hint_is_itself_a_domain(name: str) -> None:
    for problem in domain(name):
        hint = problem.remediation.rpartition("as DNS has it: ")[2]
        if hint != problem.remediation:
            assert domain(hint) == []


@pytest.mark.parametrize(
    ("region", "arn", "kind"),
    [
        ("us-east-1", ARN, ""),
        ("eusc-de-east-1", "arn:aws-eusc:acm:eusc-de-east-1:123456789012:certificate/x", ""),
        ("us-isob-east-1", "arn:aws-iso-b:acm:us-isob-east-1:123456789012:certificate/x", ""),
        ("us-gov-west-1", "arn:aws:acm:us-gov-west-1:123456789012:certificate/x", "contradictory"),
        ("eu-west-1", ARN, "contradictory"),
        ("us-east-1", "arn:aws:iam::123456789012:server-certificate/x", "malformed"),
        ("us-east-1", f"{ARN} x", "malformed"),
        ("us-east-1", "certificate", "malformed"),
    ],
)
def test_a_certificate_is_of_the_runners_region_and_partition(region: str, arn: str, kind: str) -> None:
    values = {"gitpod_region": region, "gitpod_certificate_arn": arn}
    found = rules_domain.certificate(Inventory.of(values))
    assert [problem.kind for problem in found] == ([kind] if kind else [])
    assert all(problem.variable == "gitpod_certificate_arn" for problem in found)
