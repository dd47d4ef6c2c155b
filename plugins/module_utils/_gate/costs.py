# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run will create that costs money each month, as an estimate at list price. Pure.

Only what the collection itself decides on is estimated: interface endpoints. What a stack runs (load balancer,
Fargate tasks, cache, environments) is the template's and the users' doing, and what environments cost that a run itself
brings (warm pools, acceptances) is a matter of their class, so these are named and not estimated.
"""

from __future__ import annotations

import dataclasses
import typing as t
from decimal import Decimal

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._gate.model import Runner
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._stage_plan import CREATE, UNKNOWN, UPDATE

CURRENCY = "USD"
# AWS's own calculator counts 730 hours a month; the vendor's guide rounds to 720 (7.20 USD an endpoint and zone).
HOURS = 730
STACK, ENDPOINT_CHANGES, WARM_POOLS, ACCEPTANCE = "stack", "endpoint changes", "warm pools", "acceptance"


@dataclasses.dataclass(frozen=True)
class Price:
    """A list price.

    :param hourly: in USD, an hour and unit.
    :param unit: of what AWS counts the hours.
    :param region: where it holds; other regions differ.
    :param as_of: month and year of the source.
    """

    what: str
    hourly: Decimal
    unit: str
    region: str
    as_of: str

    @property
    def monthly(self) -> Decimal:
        """In USD, a month and unit."""
        return self.hourly * HOURS


# The one table to correct. AWS PrivateLink pricing (aws.amazon.com/privatelink/pricing) says that each hour in each
# Availability Zone is billed, but renders its figures by script, so the figure is not read from AWS's own page: 0.01
# USD is what awsnegotiations.com/privatelink-cost-analysis.html (May 2026) gives, and what the vendor's guide comes to
# (~7.20 USD a month for each endpoint and zone, which is 720 hours).
PRICES: t.Mapping[str, Price] = {
    "privatelink": Price("interface endpoint", Decimal("0.01"), "Availability Zone", "us-east-1", "May 2026"),
}


@dataclasses.dataclass(frozen=True)
class Cost:
    """What one runner, or all, will add to the bill.

    :param endpoints: interface endpoints that are created.
    :param zones: Availability Zones of these endpoints.
    :param amount: estimate in USD a month.
    :param stacks: stacks that are created, whose own resources are not estimated.
    :param unforeseen: endpoints of which zones or changes cannot be foreseen, so that they may cost more.
    :param warm_pools: warm pools that are made or changed, whose environments wait all the time.
    :param acceptances: environments that run for minutes, once, as a proof.
    """

    endpoints: int = 0
    zones: int = 0
    amount: Decimal = Decimal(0)
    stacks: int = 0
    unforeseen: int = 0
    warm_pools: int = 0
    acceptances: int = 0

    def __add__(self, other: Cost) -> Cost:
        """Both together."""
        fields = [field.name for field in dataclasses.fields(self)]
        return Cost(**{name: getattr(self, name) + getattr(other, name) for name in fields})

    @property
    def cell(self) -> str:
        """For a table, aligned at its right: C(21.90), C(-) for nothing, C(+) for what comes on top."""
        # Each month; what an acceptance costs, it costs once.
        more = bool(self.stacks or self.unforeseen or self.warm_pools)
        figure = f"{self.amount:.2f}" if self.amount else "" if more else "-"
        return f"{figure} {'+' if more else ' '}"

    @property
    def not_estimated(self) -> list[str]:
        """What comes on top, by stable words for automation."""
        numbers = (self.stacks, self.unforeseen, self.warm_pools, self.acceptances)
        return [word for word, number in zip((STACK, ENDPOINT_CHANGES, WARM_POOLS, ACCEPTANCE), numbers) if number]

    def as_result(self) -> dict[str, t.Any]:
        """Plain data."""
        return {"amount": float(self.amount), "currency": CURRENCY, "not_estimated": self.not_estimated}


def cost_of(runner: Runner) -> Cost:
    """What a run will create for one runner; nothing for one that is refused.

    An endpoint that is recreated was paid for before. One in the service's own region leaves out zones that the service
    does not have, so the figure is the most that it can be.
    """
    return costs_of([runner])[runner.host]


def costs_of(runners: t.Sequence[Runner]) -> dict[str, Cost]:
    """By host. What all runners of a VPC share is counted once, with the first of them that brings it; of a further
    runner only the zones count in which the others have no subnet."""
    found: dict[str, Cost] = {}
    charged: Charged = {}
    for runner in runners:
        found[runner.host] = Cost()
        if not runner.refused:
            own = Cost(
                stacks=int(runner.action("stack") == CREATE),
                warm_pools=_warm_pools(runner),
                acceptances=int(bool(runner.values.get("gitpod_acceptance"))),
            )
            found[runner.host] = own + _privatelink(runner, charged) + _network(runner, charged)
    return found


# Zones in which what a stage makes in a VPC is paid for.
Charged = dict[tuple[str, str, str], set[str]]


def _privatelink(runner: Runner, charged: Charged) -> Cost:
    """The endpoint to the management plane."""
    endpoint = runner.action("privatelink")
    if endpoint != CREATE:
        return Cost(unforeseen=int(endpoint in (UPDATE, UNKNOWN)))
    zones = _zones(runner.values)
    if not zones:
        return Cost(endpoints=1, unforeseen=1)
    return _shared("privatelink", 1, zones, runner, charged)


def _warm_pools(runner: Runner) -> int:
    """Pools that are made, or get another size; each has a reason of its own in the plan."""
    stage = next((entry for entry in runner.needed if entry.stage == "warm_pools"), None)
    return sum(not reason.startswith("delete ") for reason in stage.reasons) if stage else 0


def _network(runner: Runner, charged: Charged) -> Cost:
    """Endpoints for services of AWS: the plan says in how many zones interface endpoints come; gateways are free."""
    if runner.action("network_endpoints") == UNKNOWN:
        return Cost(unforeseen=1)
    endpoints, zones = runner.billed("network_endpoints")
    return _shared("network_endpoints", endpoints, zones, runner, charged) if zones else Cost()


def _shared(stage: str, endpoints: int, zones: int, runner: Runner, charged: Charged) -> Cost:
    """Endpoints that a runner brings, without what another runner of its VPC is charged for.

    :param zones: of all these endpoints together.
    """
    place = (stage, runner.region, str(runner.values.get("gitpod_vpc_id") or runner.host))
    own = set(runner.values.get("gitpod_availability_zones") or ())
    if place in charged:
        further = own - charged[place]
        zones, endpoints = zones * len(further) // len(own) if own else 0, 0
    charged.setdefault(place, set()).update(own)
    return Cost(endpoints=endpoints, zones=zones, amount=PRICES["privatelink"].monthly * zones)


def _zones(values: t.Mapping[str, t.Any]) -> int:
    """An endpoint has one subnet a zone; 0 when the inventory leaves the subnets to the stack that exists."""
    for variable in ("gitpod_privatelink_subnet_ids", "gitpod_ec2_subnet_ids", "gitpod_availability_zones"):
        named = values.get(variable)
        if isinstance(named, (list, tuple)) and named:
            return len(named)
    return 0


def total_line(cost: Cost) -> str:
    """The estimate in one sentence, for the head of the table."""
    if cost == Cost():
        return "Cost: nothing more"
    about = f"about {cost.amount:.2f} {CURRENCY} a month more" if cost.amount else "nothing that is estimated"
    if cost.endpoints:
        about += f", for {_count(cost.endpoints, PRICES['privatelink'].what)} in {_count(cost.zones, 'zone')}"
    on_top = [f"what {_count(cost.stacks, 'new stack')} run{'s' if cost.stacks == 1 else ''}"] if cost.stacks else []
    on_top += [f"{_count(cost.unforeseen, 'endpoint')} that may change"] if cost.unforeseen else []
    on_top += [f"what {_count(cost.warm_pools, 'warm pool')} keep{'s' * (cost.warm_pools == 1)} ready"] * bool(
        cost.warm_pools
    )
    once = f"{_count(cost.acceptances, 'environment')} for some minutes, once (acceptance)"
    on_top += [once] if cost.acceptances else []
    told = f"{', '.join(on_top[:-1])} and {on_top[-1]}" if len(on_top) > 1 else "".join(on_top)
    return f"Cost: {about}" + (f"; on top comes {told}" if told else "")


def notes(cost: Cost) -> list[str]:
    """What the figures are, and are not; empty when nothing is created or may be."""
    found = []
    if cost.endpoints:
        price = PRICES["privatelink"]
        found.append(
            f"Cost is an estimate at the list price of {price.region} ({price.as_of}): {price.hourly} {CURRENCY} for"
            f" each {price.what}, {price.unit} and hour, {HOURS} hours a month. Other regions differ, data is extra."
        )
    if cost.stacks:
        found.append(
            "+ : what a stack runs (load balancer, Fargate tasks, cache, environments) costs money too; not estimated."
        )
    if cost.warm_pools:
        found.append("+ : environments of a warm pool cost money while they wait, up to its max_size; not estimated.")
    if cost.acceptances:
        found.append(
            "An acceptance runs an environment on each runner until it is proven and removed, at each run with"
            " gitpod_acceptance; its minutes cost what its class costs; not estimated."
        )
    if cost.unforeseen:
        found.append("+ : an endpoint that gets another zone costs more; how many zones it gets cannot be foreseen.")
    return found


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
