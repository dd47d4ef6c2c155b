# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose credentials these are, and whether the region can be used with them."""

from __future__ import annotations

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.check import (
    Finding,
    failed,
    passed,
    skipped,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.unread import Unread, known
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.rules import partition_of
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.check import check
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import Caller, Facts
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.wanted import Wanted

# What EC2 answers in a region that the account has not enabled (EC2 API reference, common client error codes).
NOT_ENABLED_CODES = frozenset({"AuthFailure", "OptInRequired", "InvalidClientTokenId", "UnrecognizedClientException"})


@check(
    "identity.credentials",
    asks="Do the credentials work?",
    why="Nothing can be read or created without credentials that AWS accepts.",
    fix="Name a profile (`gitpod_aws_profile`) or set the environment's credentials, and renew them when they expired.",
)
def credentials(_wanted: Wanted, facts: Facts) -> Finding:
    """AWS says whose they are; this call needs no permission."""
    caller = facts.caller
    if isinstance(caller, Caller):
        return passed(f"They are those of {caller.arn}.")
    reason = caller.message if isinstance(caller, Unread) else "AWS did not say whose they are"
    return failed(
        f"AWS does not accept them: {reason}.",
        "Name a profile (gitpod_aws_profile) or set the environment's credentials; renew them when they have expired.",
    )


@check(
    "identity.account",
    asks="Do the credentials belong to the account of `gitpod_account_id`?",
    why="A runner in the wrong account is found only when its VPC is not, or not at all.",
    fix="Use the profile of that account, or correct `gitpod_account_id`.",
)
def account(wanted: Wanted, facts: Facts) -> Finding:
    """The inventory names the account, so that nobody deploys with leftover credentials."""
    caller = known(facts.caller)
    if not wanted.account_id:
        return skipped("The inventory names no account (gitpod_account_id).")
    if caller is None or caller.account != wanted.account_id:
        other = caller.account if caller else "an unknown account"
        return failed(
            f"The credentials belong to account {other}, the inventory names {wanted.account_id}.",
            "Select the credentials of that account, for example with gitpod_aws_profile, or correct"
            " gitpod_account_id.",
        )
    return passed(f"They belong to account {wanted.account_id}.")


@check(
    "identity.region",
    asks="Is the region one of the account's partition, and enabled?",
    why="Regions that were added after March 2019 have to be enabled for each account before anything works in them.",
    fix="Enable the region under Account, AWS Regions, which takes minutes, or choose another one.",
)
def region(wanted: Wanted, facts: Facts) -> Finding:
    """EC2 refuses every call in a region that is not enabled, and names the zones of one that is."""
    caller = known(facts.caller)
    partition = partition_of(wanted.region)
    if caller and caller.partition != partition:
        return failed(
            f"{wanted.region} belongs to the partition {partition}, the credentials to {caller.partition}.",
            "Use credentials of that partition, or a region of this one.",
        )
    if isinstance(facts.zones, Unread) and facts.zones.code in NOT_ENABLED_CODES:
        return failed(
            f"{wanted.region} is not enabled for the account: {facts.zones.message}.",
            "Enable the region (console: Account, AWS Regions; it takes some minutes), or choose another one.",
        )
    zones = known(facts.zones)
    return passed(f"{wanted.region} is enabled and has {len(zones or ())} Availability Zones.")


CHECKS = (credentials, account, region)
