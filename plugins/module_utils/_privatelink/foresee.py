# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the stage privatelink will do, from facts that were gathered before; on the planner of runner_endpoint. Pure."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.group import (
    Group,
    check_name,
    keeps_group,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import (
    ACCEPTANCE,
    AVAILABLE,
    Endpoint,
    Service,
    Subnet,
    Wanted,
    stage,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.neighbours import Neighbours, plans
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.plan import (
    choose,
    has_wanted_dns,
    place,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._stage_plan import (
    ATTACH,
    CREATE,
    NOTHING,
    RECREATE,
    UNKNOWN,
    UPDATE,
    WAIT,
    StagePlan,
)

STAGE = "privatelink"
NOT_LOOKED = Neighbours(unread="nobody looked")


@dataclasses.dataclass(frozen=True)
class EndpointFacts:
    """What there is, as C(Api) of this package reads it; C(None) where it could not be read.

    :param region: the runner's.
    :param subnets: the wanted ones, and those that the endpoints have.
    :param vpc_dns: the VPC's two attributes, by name.
    :param sources: CIDR ranges of the subnets from which the runner reaches the endpoint.
    :param group: the security group that is kept for the endpoint; C(None) also when there is none.
    :param neighbours: other runners in the VPC whom no tag names, looked for where something would be taken away.
    """

    region: str
    service: Service | None
    subnets: tuple[Subnet, ...] | None
    vpc_dns: t.Mapping[str, bool] | None
    endpoints: tuple[Endpoint, ...] | None
    sources: tuple[str, ...] = ()
    group: Group | None = None
    neighbours: Neighbours = NOT_LOOKED


def foresee(wanted: Wanted | None, facts: EndpointFacts, enable_vpc_dns: bool = False) -> StagePlan:
    """What the stage has to do.

    :param wanted: C(None) when the runner does not use PrivateLink.
    """
    if wanted is None:
        return StagePlan(STAGE, NOTHING, ("PrivateLink is not asked for",))
    if facts.service is None or facts.subnets is None or facts.endpoints is None or facts.vpc_dns is None:
        return StagePlan(STAGE, UNKNOWN, ("The endpoint, its service, its subnets or the VPC could not be looked at",))
    try:
        return _foresee(wanted, facts, facts.service, facts.subnets, facts.endpoints, enable_vpc_dns)
    except RunnerError as error:
        # The stage will refuse; it stops there with the same words.
        return StagePlan(STAGE, WAIT, (error.message.rstrip("."),))


def _foresee(
    wanted: Wanted,
    facts: EndpointFacts,
    service: Service,
    subnets: tuple[Subnet, ...],
    endpoints: tuple[Endpoint, ...],
    enable_vpc_dns: bool,
) -> StagePlan:
    chosen = [subnet for subnet in subnets if subnet.id in wanted.subnet_ids]
    placement = place(chosen, service, wanted.vpc_id, facts.region)
    current = choose(endpoints, wanted)
    if keeps_group(wanted):
        check_name(wanted.security_group_name)
    zones = {subnet.id: subnet.zone for subnet in subnets}
    todo_group, todo, wanted = plans(
        current, facts.group, wanted, facts.sources, placement, zones, lambda: facts.neighbours
    )
    off = [attribute for attribute, on in (facts.vpc_dns or {}).items() if not on] if wanted.private_dns else []
    if off and not enable_vpc_dns:
        raise RunnerError(
            f"The VPC {wanted.vpc_id} has {' and '.join(off)} off, which private DNS needs",
            next_step="Switch them on, or allow it with gitpod_privatelink_enable_vpc_dns",
        )
    reasons = tuple(f"switch on {attribute} of {wanted.vpc_id}" for attribute in off) + todo_group.actions
    if current is None or todo.changes or reasons:
        action = RECREATE if todo.delete else CREATE if todo.create else UPDATE
        return StagePlan(STAGE, action, (*reasons, *todo.actions, *todo.left_alone))
    unchanged = _unchanged(current, wanted)
    return dataclasses.replace(unchanged, reasons=(*unchanged.reasons, *todo.left_alone))


def _unchanged(current: Endpoint, wanted: Wanted) -> StagePlan:
    if stage(current.state) == ACCEPTANCE:
        return StagePlan(STAGE, WAIT, (f"{current.id} waits until the owner of the service accepts the connection",))
    if stage(current.state) != AVAILABLE or not has_wanted_dns(current, wanted):
        return StagePlan(STAGE, ATTACH, (f"AWS is at work on {current.id}, which is {current.state}",))
    return StagePlan(STAGE, NOTHING, (f"{current.id} is available and as it is wanted",))
