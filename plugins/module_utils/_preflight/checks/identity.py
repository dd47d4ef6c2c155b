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
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._credentials import (
    CREDENTIAL_CODES,
    REGION_NOT_ENABLED,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.check import check
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import Caller, Facts
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.wanted import Wanted

# A region that the account has not enabled: services refuse valid credentials there, and STS takes them elsewhere (told
# apart by C(_answers)); EC2 may say it outright (EC2 API reference, common client error codes).
NOT_ENABLED_CODES = frozenset({REGION_NOT_ENABLED, "OptInRequired"})


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
    if isinstance(caller, Unread) and caller.code == REGION_NOT_ENABLED:
        # Whose they are is known, and that they are valid; the region is another check's.
        return passed(f"{caller.message.rstrip('.')}: see identity.region.")
    step = (
        "Name a profile (gitpod_aws_profile) or set the environment's credentials; renew them when they have expired."
    )
    if not isinstance(caller, Unread):
        return failed("AWS did not say whose they are.", step)
    refused = caller.code in CREDENTIAL_CODES
    told = "AWS does not accept them" if refused else "AWS could not be asked whose they are"
    return failed(f"{told}: {caller.message.rstrip('.')}.", caller.remedy or (step if refused else "Run again."))


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
    refusal = next((fact for fact in (facts.caller, facts.zones) if _not_enabled(fact)), None)
    if isinstance(refusal, Unread):
        return failed(
            f"{wanted.region} is not enabled for the account: {refusal.message.rstrip('.')}.",
            "Enable the region (console: Account, AWS Regions; it takes some minutes), or choose another one.",
        )
    caller = known(facts.caller)
    partition = partition_of(wanted.region)
    if caller and caller.partition != partition:
        return failed(
            f"{wanted.region} belongs to the partition {partition}, the credentials to {caller.partition}.",
            "Use credentials of that partition, or a region of this one.",
        )
    zones = known(facts.zones)
    return passed(f"{wanted.region} is enabled and has {len(zones or ())} Availability Zones.")


def _not_enabled(fact: object) -> bool:
    return isinstance(fact, Unread) and fact.code in NOT_ENABLED_CODES


CHECKS = (credentials, account, region)
