# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No fault makes a verdict: whichever fact could not be read, no check takes it for a thing that is not there."""

from __future__ import annotations

import dataclasses
import re
import typing as t

import pytest
from samples import FACTS, WANTED, network

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.check import FAIL, PASS
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.unread import Unread, UnreadError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.gathering import Gathering, attempt
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.pool import Pool
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight import checks
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import Facts, Quota

REASON = "Connection was closed before we received a valid response"
RESET = Unread("ec2:DescribeSomething", REASON, "", "Check this host's way to AWS")
# Not read from AWS, or not read at all: what is said of them is not AWS's.
OTHERS = {"region", "now", "records", "quotas", "management_plane"}
READ = sorted({field.name for field in dataclasses.fields(Facts)} - OTHERS)
# What is said of things that were looked for and are not there, not allowed, or taken.
VERDICTS = re.compile(
    r"does not exist|no such|not in |has no |is free|not allowed|not enabled|admit|cannot be seen", re.I
)
SITUATIONS: dict[str, dict[str, t.Any]] = {
    "as it is": {},
    "private zones": {"dns_private_zone": True},
    "outside Route 53": {"dns_provider": "manual"},
    "a certificate is requested": {"certificate_arn": "", "certificate_request": True},
    "groups are given": {"privatelink_security_group_ids": ("sg-1",)},
}


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("fact", READ)
def test_a_fact_that_could_not_be_read_is_no_verdict(fact: str, situation: str) -> None:
    wanted = dataclasses.replace(WANTED, **SITUATIONS[situation])
    before = {check.id: check.run(wanted, FACTS) for check in checks.ALL}
    facts = dataclasses.replace(FACTS, **{fact: RESET})
    for check in checks.ALL:
        found = check.run(wanted, facts)
        if found == before[check.id]:
            continue
        assert found.status != PASS, (check.id, found)
        if REASON in found.summary:
            assert "Connection was closed" in found.summary
            assert "ask Gitpod" not in found.remediation
        else:
            # It says that it does not know, and not what would be the case.
            assert found.status != FAIL, (check.id, found)
            assert not VERDICTS.search(found.summary), (check.id, found)


@pytest.mark.parametrize("part", ["limit", "used"])
def test_a_quota_that_could_not_be_read_is_no_room(part: str) -> None:
    quota = dataclasses.replace(Quota(10.0, 1.0), **{part: RESET})
    endpoints = network(without=("s3", "dynamodb"))
    facts = dataclasses.replace(FACTS, quotas=dict.fromkeys(FACTS.quotas, quota), network_endpoints=endpoints)
    wanted = dataclasses.replace(WANTED, network_endpoints=True)
    for check in checks.ALL:
        if check.id.startswith("stack.quota") and check.id != "stack.quota_endpoints":
            assert REASON in check.run(wanted, facts).summary, check.id


def test_records_that_could_not_be_read_are_not_none() -> None:
    facts = dataclasses.replace(FACTS, records={"Z1": RESET})
    for check in checks.ALL:
        found = check.run(WANTED, facts)
        if check.id in ("dns.records", "dns.delegation"):
            assert REASON in found.summary


def test_what_depends_on_a_fact_that_could_not_be_read_could_not_be_read() -> None:
    with Pool(2) as pool:
        look = Gathering(_no_client, _no_client, pool)
        look.ask("stack", "cloudformation:DescribeStacks", lambda: RESET)
        look.ask("balancer", "elasticloadbalancing:DescribeLoadBalancers", lambda: look.known("stack"))
        assert look.get("balancer") is RESET


def _no_client(service: str) -> t.Any:
    raise AssertionError(service)


def test_an_attempt_keeps_the_reason_of_what_it_depends_on() -> None:
    def read() -> None:
        raise UnreadError(RESET)

    assert attempt("ec2:DescribeVpcs", read) is RESET
