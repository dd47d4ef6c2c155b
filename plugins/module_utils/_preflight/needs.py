# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one runner takes of what several runners share: quotas of the account in the region, addresses of subnets. Pure.

The checks judge each runner alone; C(together) adds up what runners of one look need, from these.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.check import FAIL, WARN
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.unread import (
    Unread,
    UnreadError,
    known,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.labels import EXCHANGE_TOKEN
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.catalogue import GATEWAY
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight import (
    account,
    capacity,
    gather_network,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.checks import addresses, quotas, stack
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.checks.network import named_subnets
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.checks.stack import exists
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import (
    Caller,
    Facts,
    Quota,
    Subnet,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.wanted import Wanted

T = t.TypeVar("T")
Judged = t.TypeVar("Judged", "Need", "Alone")


@dataclasses.dataclass(frozen=True)
class Need:
    """What a runner needs of a quota.

    :param check: ID of the check that judges it.
    :param quota: its name.
    :param what: is counted, in words.
    :param worst: what the check may be at worst.
    :param limit: C(None) where it is not known.
    :param used: by others than this runner; C(None) where it is not known.
    :param own: by this runner, of what it needs.
    :param once: what it is made for, where all that are for the same make it once; empty where each makes its own.
    """

    check: str
    quota: str
    needed: float
    what: str
    worst: str = FAIL
    limit: float | None = None
    used: float | None = None
    own: float = 0.0
    once: str = ""


@dataclasses.dataclass(frozen=True)
class Alone:
    """What no two runners can have.

    :param check: ID of the check that judges it.
    :param what: it is, as a sentence begins.
    :param key: which one it is; never shown.
    :param remedy: what to do where two have it.
    :param worst: what the check may be at worst.
    """

    check: str
    what: str
    key: tuple[str, ...] = dataclasses.field(repr=False)
    remedy: str
    worst: str = FAIL


@dataclasses.dataclass(frozen=True)
class Needs:
    """What a runner needs of what others may need too.

    :param place: the account and the region; empty where the account is not known.
    :param free: addresses of each EC2 subnet.
    :param addresses: of these that are still to be taken.
    :param alone: what only one runner can have: the ID of the check that judges it, what it is, and which one it is.
    """

    place: tuple[str, str]
    quotas: tuple[Need, ...] = ()
    free: t.Mapping[str, int] = dataclasses.field(default_factory=dict)
    addresses: int = 0
    alone: tuple[Alone, ...] = ()


def needs_of(wanted: Wanted, facts: Facts, warn_only: t.Collection[str] = ()) -> Needs:
    """What one runner needs; what could not be read needs nothing, because its check has said so.

    :param warn_only: checks, and groups of them, that fail nothing (gitpod_prerequisites_warn_only).
    """
    caller = facts.caller if isinstance(facts.caller, Caller) else None
    subnets: t.Sequence[Subnet] = _or_nothing(lambda: named_subnets(wanted, facts)[0], [])
    return Needs(
        (caller.account if caller else "", wanted.region),
        tuple(
            _measured(_judged(need, warn_only), facts.quotas.get(need.quota))
            for need in (*_new(facts), *_lasting(wanted, facts))
        ),
        {subnet.id: subnet.free for subnet in subnets},
        _or_nothing(lambda: addresses.coming(wanted, facts)[0], 0),
        tuple(_judged(one, warn_only) for one in _alone(wanted, facts, caller)),
    )


def _alone(wanted: Wanted, facts: Facts, caller: Caller | None) -> list[Alone]:
    """The stack's name, which profiles may hide that lead to one account; the token of a stack that will be created.

    A token is its runner's and works once (vendor's guide, Exchange Token). One that is given to the whole fleet for
    one new runner (-e) does no harm: an existing stack keeps its own.
    """
    found = []
    if caller:
        where = f"The stack {wanted.stack_name} in {wanted.region} of the account {caller.account}"
        remedy = "Set gitpod_stack_name or gitpod_runner_name to a name of its own at each host."
        found.append(Alone(stack.owner.id, where, (caller.account, wanted.region, wanted.stack_name), remedy))
    token = wanted.secret_parameters.get(EXCHANGE_TOKEN)
    if token and not _or_nothing(lambda: exists(facts), True):
        remedy = "Copy each new runner's own token to gitpod_exchange_token of its host."
        found.append(Alone(stack.values.id, "The exchange token, which works once,", (str(token),), remedy))
    return found


def _new(facts: Facts) -> list[Need]:
    """Of a stack that is going to be created."""
    if _or_nothing(lambda: exists(facts), True):
        return []
    found = [
        Need(quotas.quota_stacks.id, account.STACKS, 1, "stacks"),
        Need(quotas.quota_load_balancers.id, account.LOAD_BALANCERS, 1, "network load balancers"),
    ]
    if _or_nothing(lambda: quotas.on_fargate(facts), False):
        found.append(Need(quotas.quota_fargate.id, account.FARGATE, capacity.FARGATE_VCPUS, "Fargate vCPUs"))
    if _or_nothing(lambda: quotas.allocates(facts), False):
        found.append(Need(quotas.quota_addresses.id, account.ADDRESSES, 1, "Elastic IP addresses"))
    return found


def _lasting(wanted: Wanted, facts: Facts) -> list[Need]:
    """Of environments, and of endpoints for all runners of a VPC."""
    each: t.Mapping[str, capacity.Each] = _or_nothing(lambda: quotas.each_of(wanted, facts), {})
    running = wanted.running_environments
    gateways = _or_nothing(lambda: gather_network.coming(wanted, known(facts.network_endpoints), GATEWAY), 0)
    found = [
        Need(quotas.quota_vcpus.id, name, one.vcpus * running, f"{account.QUOTAS[name].name}: vCPUs", WARN)
        for name, one in sorted(each.items())
    ]
    if quotas.storage(wanted):
        found.append(Need(quotas.quota_volumes.id, account.VOLUMES, quotas.storage(wanted), "TiB of gp3 volumes", WARN))
    if gateways:
        what = "gateway endpoints of the region"
        need = Need(quotas.quota_gateway_endpoints.id, account.GATEWAYS, gateways, what, once=wanted.vpc_id)
        found.append(need)
    return found


def _judged(need: Judged, warn_only: t.Collection[str]) -> Judged:
    group = need.check.partition(".")[0]
    return dataclasses.replace(need, worst=WARN) if {need.check, group} & set(warn_only) else need


def _measured(need: Need, quota: Quota | None) -> Need:
    if quota is None:
        return need
    if isinstance(quota.limit, Unread) or isinstance(quota.used, Unread):
        return need
    return dataclasses.replace(need, limit=quota.limit, used=quota.used, own=quota.own)


def _or_nothing(read: t.Callable[[], T], nothing: T) -> T:
    try:
        return read()
    except UnreadError:
        return nothing
