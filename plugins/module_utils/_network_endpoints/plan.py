# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the stage has to do so that every service of the list is reached, and what it refuses. Pure.

What others made is used where it serves, and left as it is where it does not. From what this stage made, nothing is
taken away before a teardown: private DNS answers in the whole VPC, so whoever else needs it need not be known.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.catalogue import (
    GATEWAY,
    INTERFACE,
    SERVICES,
    Listed,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.model import (
    GROUP_NAME,
    Asked,
    Ground,
    is_for_the_network,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.serving import (
    COMING,
    PARTLY,
    SHUT,
    Verdict,
    is_ours,
    judged,
    of_service,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink import plan as interfaces
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink import users
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.group import (
    Group,
    GroupPlan,
    plan_group,
    planned_group,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import (
    AVAILABLE,
    BROKEN,
    LEAVING,
    Endpoint,
    Service,
    Wanted,
    stage,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.plan import Placement, Plan

# So nothing is taken away (C(_privatelink.model.Wanted.beside)).
_NOBODY_ASKED = "a VPC's endpoints serve everything in it"
NOWHERE = Placement(())


@dataclasses.dataclass(frozen=True)
class Step:
    """One endpoint to have.

    :param current: C(None) where it is to be made.
    :param wanted: as the planner of a single endpoint has it.
    :param table_ids: route tables of a gateway endpoint.
    """

    service: Listed
    wanted: Wanted
    todo: Plan
    current: Endpoint | None = None
    placement: Placement = NOWHERE
    table_ids: tuple[str, ...] = ()

    @property
    def planned(self) -> Endpoint:
        """As it will be; without an ID where it does not exist yet."""
        found = interfaces.planned(self.current, self.wanted, self.placement, self.todo)
        if self.current is None or self.todo.create:
            found = dataclasses.replace(found, kind=self.service.kind, route_table_ids=self.table_ids)
        return found

    @property
    def billed(self) -> int:
        """Zones of an interface endpoint that is made, each of which AWS bills by the hour; gateways are free."""
        made = self.todo.create and self.service.kind == INTERFACE
        added = self.todo.modify.get("AddSubnetIds", ())
        return len(self.placement.subnet_ids) if made else len(added)


@dataclasses.dataclass(frozen=True)
class Todo:
    """All of it.

    :param group: C(None) where no interface endpoint is this stage's to make or keep.
    :param used: services that others' endpoints serve, or that need none.
    """

    steps: tuple[Step, ...]
    group: GroupPlan | None = None
    current_group: Group | None = None
    used: tuple[Verdict, ...] = ()

    @property
    def actions(self) -> tuple[str, ...]:
        """In words, in their order."""
        group = self.group.actions if self.group else ()
        return (*group, *(action for step in self.steps for action in step.todo.actions))

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is used and left as it is, in words."""
        return tuple(remark for verdict in self.used for remark in verdict.remarks)

    @property
    def billed(self) -> tuple[int, int]:
        """Interface endpoints that come, and zones of interface endpoints that come."""
        made = [step for step in self.steps if step.billed and step.todo.create]
        return len(made), sum(step.billed for step in self.steps)


def wanted_of(asked: Asked, group_id: str = "") -> Wanted:
    """What all endpoints of this stage have in common.

    :param group_id: of the security group; empty while it does not exist, and then its name stands for it.
    """
    return Wanted(
        asked.name,
        asked.vpc_id,
        subnet_ids=asked.subnet_ids,
        security_group_ids=(group_id or GROUP_NAME,),
        tags=asked.tags,
        runner_id=asked.runner_id,
        replace_failed=True,
        security_group_name=GROUP_NAME,
        others_unread=_NOBODY_ASKED,
    )


def choose_group(named: Group | None, carried: t.Sequence[Group], asked: Asked) -> Group | None:
    """The group of this stage: one that its endpoints have, else the one of its name.

    :raises RunnerError: the name is a stranger's.
    """
    ours = [group for group in carried if _is_group_of_ours(group)]
    ours.sort(key=lambda group: (group.name != GROUP_NAME, group.id))
    if ours:
        return ours[0]
    if named is None or _is_group_of_ours(named):
        return named
    raise RunnerError(
        f"The security group {named.name} ({named.id}) of {asked.vpc_id} is not this stage's: it lacks its tags",
        "A name alone makes nothing ours; nothing was changed",
        "Remove or rename it, then run again",
    )


def _is_group_of_ours(group: Group) -> bool:
    return is_for_the_network(group.tags) and users.is_ours(group.tags)


def plan(asked: Asked, ground: Ground, endpoints: t.Sequence[Endpoint], group: Group | None) -> Todo:
    """What to do.

    :param endpoints: of the VPC, whoever made them.
    :param group: of this stage, where it exists.
    :raises RunnerError: others' endpoints are in the way, which this stage never changes.
    """
    wanted = wanted_of(asked, group.id if group else "")
    steps: list[Step] = []
    used: list[Verdict] = []
    problems: list[Verdict] = []
    for service in SERVICES:
        found = of_service(service, endpoints, ground.region)
        ours = [entry for entry in found if is_ours(entry) and entry.kind == service.kind]
        others = judged(service, [entry for entry in found if not is_ours(entry)], ground)
        if not ours and (others.serves or others.state == COMING):
            used.append(others)
        elif service.kind == GATEWAY and SHUT in others.lacks:
            # A route table takes one of a service.
            problems.append(others)
        elif service.kind == GATEWAY:
            steps.append(_gateway(service, ours, others.endpoints, wanted, ground))
        elif not ours and others.state == PARTLY and in_the_way(others):
            problems.append(others)
        else:
            steps.append(_interface(service, ours, wanted, ground))
    if problems:
        raise refusal(problems)
    return _with_group(asked, ground, group, steps, used)


def in_the_way(verdict: Verdict) -> bool:
    """Whether others' endpoints hold the name, so that a second one could not have private DNS."""
    return any(entry.private_dns and stage(entry.state) != BROKEN for entry in verdict.endpoints)


def refusal(problems: t.Sequence[Verdict]) -> RunnerError:
    """Others' endpoints that do not serve, each by its name."""
    return RunnerError(
        "Endpoints that others made hold the names or routes of services and do not serve the runner; nothing was"
        " changed",
        "; ".join(verdict.told for verdict in problems),
        "Have their makers correct them (443 from the EC2 subnets, a policy that lets the runner through), or switch"
        " their private DNS off or delete them: the stage then makes its own",
        {"problems": [verdict.told for verdict in problems]},
    )


def _with_group(
    asked: Asked, ground: Ground, group: Group | None, steps: t.Sequence[Step], used: t.Sequence[Verdict]
) -> Todo:
    if not any(step.service.kind == INTERFACE for step in steps):
        return Todo(tuple(steps), used=tuple(used))
    ranges = sorted({*ground.ranges, *asked.ranges})
    todo = plan_group(group, wanted_of(asked), ranges)
    return Todo(tuple(steps), todo, group, tuple(used))


def _interface(service: Listed, ours: t.Sequence[Endpoint], wanted: Wanted, ground: Ground) -> Step:
    offer = (ground.offered or {}).get((service.short, INTERFACE))
    offer = offer or Service(service.names(ground.region)[0], service.region(ground.region))
    wanted = dataclasses.replace(wanted, service_name=offer.name, service_region=offer.region)
    placement = _placement(offer, wanted, ground)
    current = interfaces.choose(ours, wanted)
    if current is None or stage(current.state) != BROKEN:
        return Step(service, wanted, interfaces.plan(current, wanted, placement, ground.zones), current, placement)
    todo = interfaces.plan(None, wanted, placement)
    said = {"delete": (f"delete the endpoint {current.id}, which is {current.state}",), **todo.said}
    # Who uses it beside this runner goes on using the new one.
    tags = {**users.kept(current.tags), **todo.add_tags}
    todo = dataclasses.replace(todo, delete=current.id, add_tags=tags, said=said)
    return Step(service, wanted, todo, current, placement)


def _placement(offer: Service, wanted: Wanted, ground: Ground) -> Placement:
    """One subnet a zone, because an endpoint takes no more.

    :raises InputError: the service has none of the zones.
    """
    by_zone = {subnet.zone: subnet for subnet in sorted(ground.subnets, key=lambda entry: entry.id, reverse=True)}
    return interfaces.place(list(by_zone.values()), offer, wanted.vpc_id, ground.region)


def _gateway(
    service: Listed, ours: t.Sequence[Endpoint], others: t.Sequence[Endpoint], wanted: Wanted, ground: Ground
) -> Step:
    """An endpoint on those of the runner's route tables on which others have none."""
    taken = {table for entry in others if stage(entry.state) != BROKEN for table in entry.route_table_ids}
    left = tuple(table for table in ground.table_ids if table not in taken)
    offer = (ground.offered or {}).get((service.short, GATEWAY))
    name = offer.name if offer else service.names(ground.region)[0]
    wanted = dataclasses.replace(wanted, service_name=name, service_region=ground.region, security_group_ids=())
    me = dataclasses.replace(wanted.user, needs=frozenset(left))
    if not ours:
        key, value = me.tag
        said = {"create": (f"create an endpoint for {name} on {', '.join(left)}",)}
        return Step(service, wanted, Plan(create=True, add_tags={**wanted.tags, key: value}, said=said), table_ids=left)
    # Of several, which two runs at once may have made, the one that this runner uses gets what is missing.
    current = min(ours, key=lambda entry: (not _uses(entry, me), entry.id))
    missing = sorted(set(left) - {table for entry in ours for table in entry.route_table_ids})
    add, remove = users.tag_changes(current.tags, wanted.tags, me, purge=False)
    told = {
        "tag": (f"tag {current.id} with {', '.join(sorted(add))}",) if add else (),
        "modify": (f"add the route tables {', '.join(missing)} to {current.id}",) if missing else (),
        "untag": (f"remove the tags {', '.join(remove)} of {current.id}",) if remove else (),
    }
    modify = {"AddRouteTableIds": missing} if missing else {}
    return Step(service, wanted, Plan(modify=modify, add_tags=add, remove_tags=remove, said=told), current)


def _uses(endpoint: Endpoint, me: users.User) -> bool:
    return any(user.is_same(me) for user in users.users(endpoint.tags))


def settled(endpoint: Endpoint) -> bool:
    """Whether nothing of an endpoint is left to wait for."""
    return stage(endpoint.state) == AVAILABLE and (endpoint.kind == GATEWAY or endpoint.private_dns)


def group_after(todo: Todo, asked: Asked) -> Group | None:
    """The group as it will be; C(None) where none is kept."""
    return planned_group(todo.current_group, wanted_of(asked), todo.group) if todo.group else None


def leaving(endpoints: t.Iterable[Endpoint]) -> list[Endpoint]:
    """This stage's that go: until they are gone, a new one cannot have their private name."""
    return [endpoint for endpoint in endpoints if is_ours(endpoint) and stage(endpoint.state) == LEAVING]
