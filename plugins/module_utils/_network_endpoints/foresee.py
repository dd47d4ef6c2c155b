# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the stage will do, from facts that were gathered before; on the stage's own planner. Pure."""

from __future__ import annotations

import dataclasses

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.model import Asked, Ground
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.plan import (
    Todo,
    plan,
    settled,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.present import Outcome
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.group import Group
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import Endpoint
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._stage_plan import (
    ATTACH,
    CREATE,
    NOTHING,
    UNKNOWN,
    UPDATE,
    WAIT,
    StagePlan,
)

STAGE = "network_endpoints"


@dataclasses.dataclass(frozen=True)
class NetworkFacts:
    """What there is.

    :param dns_off: attributes of the VPC that private DNS needs and that are off.
    :param group: of this stage.
    :param unread: what could not be read of that by which a service that has no endpoint may be reached all the same,
        in words.
    """

    ground: Ground
    endpoints: tuple[Endpoint, ...]
    group: Group | None = None
    dns_off: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()


def foresee(asked: Asked | None, facts: NetworkFacts | None) -> StagePlan:
    """What the stage has to do.

    :param asked: C(None) when the endpoints are not asked for.
    :param facts: C(None) when they could not be read.
    """
    if asked is None:
        return StagePlan(STAGE, NOTHING, ("gitpod_network_endpoints is not set",))
    if facts is None or not facts.ground.subnets:
        return StagePlan(STAGE, UNKNOWN, ("The VPC's endpoints, subnets or route tables could not be looked at",))
    if facts.dns_off:
        told = f"the VPC {asked.vpc_id} has {' and '.join(facts.dns_off)} off, which private DNS needs"
        return StagePlan(STAGE, WAIT, (told,))
    try:
        todo = plan(asked, facts.ground, facts.endpoints, facts.group)
    except RunnerError as error:
        # The stage will refuse; it stops there with the same words.
        return StagePlan(STAGE, WAIT, (error.message.rstrip("."),))
    if todo.actions:
        created = any(step.todo.create for step in todo.steps)
        return StagePlan(STAGE, CREATE if created else UPDATE, (*todo.actions, *todo.remarks), billed=todo.billed)
    return _unchanged(todo)


def _unchanged(todo: Todo) -> StagePlan:
    open_ones = [step.current for step in todo.steps if step.current and not settled(step.current)]
    if open_ones:
        listed = ", ".join(f"{entry.id} is {entry.state}" for entry in open_ones)
        return StagePlan(STAGE, ATTACH, (f"AWS is at work on {listed}",))
    number = len(todo.steps) + len(todo.used)
    return StagePlan(STAGE, NOTHING, (f"all {number} services have what they need", *todo.remarks))


def seen(asked: Asked, facts: NetworkFacts) -> Outcome:
    """What the stage would find when it has nothing to do."""
    todo = plan(asked, facts.ground, facts.endpoints, facts.group)
    own = {step.service.short: step.current for step in todo.steps if step.current}
    used = {verdict.service.short: verdict.endpoints[0] for verdict in todo.used if verdict.endpoints}
    return Outcome({**used, **own}, own, own, facts.group, facts.group, facts.group, left_alone=todo.remarks)
