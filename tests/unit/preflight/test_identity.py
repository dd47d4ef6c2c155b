# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose credentials: every outcome of the group identity, and what its failures do to the other checks."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.unread import Unread
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import InputError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight import checks, operation
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.checks import identity
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import Caller, Facts
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.wanted import Wanted

WANTED = Wanted("gitpod-eu", "gitpod-eu", "eu-central-1", account_id="123456789012")
CALLER = Caller("123456789012", "arn:aws:sts::123456789012:assumed-role/Deployer/me")
FACTS = Facts(
    "eu-central-1",
    datetime.datetime(2026, 11, 24, tzinfo=datetime.timezone.utc),
    caller=CALLER,
    zones=("eu-central-1a", "eu-central-1b"),
)
NOT_ENABLED = Unread("ec2:DescribeAvailabilityZones", "The region is not enabled", "RegionNotEnabled")
UNREACHED = Unread("sts:GetCallerIdentity", "Connection was closed", "", "Check this host's way to AWS")
FORBIDDEN = Unread("ec2:DescribeAvailabilityZones", "You are not authorized", "UnauthorizedOperation")


@pytest.mark.parametrize(
    ("check", "wanted", "facts", "status"),
    [
        (identity.credentials, {}, {}, "pass"),
        (identity.credentials, {}, {"caller": Unread("sts:GetCallerIdentity", "expired", "ExpiredToken")}, "fail"),
        (identity.account, {}, {}, "pass"),
        (identity.account, {"account_id": ""}, {}, "skip"),
        (identity.account, {"account_id": "210987654321"}, {}, "fail"),
        (identity.region, {}, {}, "pass"),
        (identity.region, {"region": "us-gov-west-1"}, {}, "fail"),
        (identity.region, {}, {"zones": NOT_ENABLED}, "fail"),
        (identity.region, {}, {"zones": FORBIDDEN}, "skip"),
        (identity.credentials, {}, {"caller": UNREACHED}, "fail"),
        (identity.credentials, {}, {"caller": NOT_ENABLED}, "pass"),
        (identity.region, {}, {"caller": NOT_ENABLED}, "fail"),
        (identity.region, {}, {"caller": UNREACHED}, "skip"),
    ],
)
def test_outcomes(check: t.Any, wanted: dict[str, t.Any], facts: dict[str, t.Any], status: str) -> None:
    found = check.run(dataclasses.replace(WANTED, **wanted), dataclasses.replace(FACTS, **facts))
    assert found.status == status
    assert bool(found.remediation) == (status == "fail" or "Could not look" in found.summary)


def test_a_refused_call_skips_the_check_and_names_the_permission() -> None:
    found = identity.region.run(WANTED, dataclasses.replace(FACTS, zones=FORBIDDEN))
    assert "ec2:DescribeAvailabilityZones" in found.remediation


def test_credentials_that_nobody_was_asked_about_are_not_called_refused() -> None:
    found = identity.credentials.run(WANTED, dataclasses.replace(FACTS, caller=UNREACHED))
    assert found.summary == "AWS could not be asked whose they are: Connection was closed."
    assert found.remediation == "Check this host's way to AWS."


def test_with_the_wrong_credentials_nothing_else_is_looked_at() -> None:
    facts = dataclasses.replace(FACTS, caller=Caller("210987654321", "arn:aws:iam::210987654321:user/me"))
    found = {entry["id"]: entry for entry in operation.evaluate(checks.ALL, WANTED, facts)}
    assert found["identity.account"]["status"] == "fail"
    assert found["identity.region"]["summary"] == "Not looked at, because identity.account failed."


def test_checks_are_left_out_and_turned_into_warnings_by_id_and_by_group() -> None:
    wanted = dataclasses.replace(WANTED, account_id="210987654321")

    def status_of(skip: t.Sequence[str] = (), warn_only: t.Sequence[str] = ()) -> str:
        found = operation.evaluate(checks.ALL, wanted, FACTS, skip, warn_only)
        return next(entry["status"] for entry in found if entry["id"] == "identity.account")

    assert (status_of(), status_of(["identity.account"]), status_of(["identity"])) == ("fail", "skip", "skip")
    assert (status_of((), ["identity.account"]), status_of((), ["identity"])) == ("warn", "warn")


def test_a_misspelled_check_is_refused() -> None:
    with pytest.raises(InputError, match=r"network\.subnetz"):
        operation.require_known(["network.subnetz"], checks.ALL)
    operation.require_known(["identity"], checks.ALL)


def test_the_policies_of_a_role_count_for_its_sessions() -> None:
    assert CALLER.policy_source == "arn:aws:iam::123456789012:role/Deployer"
    assert Caller("1", "arn:aws-us-gov:iam::1:user/me").policy_source == "arn:aws-us-gov:iam::1:user/me"
    assert Caller("1", "arn:aws:iam::1:root").is_root
