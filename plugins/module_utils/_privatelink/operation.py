# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Having the endpoint, and having none."""

from __future__ import annotations

import dataclasses
import typing as t
import uuid

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws import client
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import (
    ApiError,
    InputError,
    RunnerError,
    TimeoutExceededError,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.api import Api
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import (
    ACCEPTANCE,
    AVAILABLE,
    BROKEN,
    LEAVING,
    WAITING,
    Endpoint,
    Service,
    Subnet,
    Wanted,
    stage,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.plan import (
    Placement,
    Plan,
    broken_advice,
    choose,
    has_wanted_dns,
    is_ours,
    leaving,
    place,
    plan,
    planned,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._tags import RUNNER_NAME_TAG
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Clock, Pace, poll

PACE = Pace(first=2.0, longest=15.0, growth=1.5)
# Lists may leave out an endpoint that was just created (EC2 API reference, "Eventual consistency"); seconds.
LONGEST_UNSEEN = 30.0


@dataclasses.dataclass(frozen=True)
class Mode:
    """How to carry out.

    :param timeout: longest wait in seconds.
    :param observe: is told the endpoint's state at every look.
    """

    check: bool
    wait: bool
    timeout: float
    clock: Clock = dataclasses.field(default_factory=Clock)
    observe: t.Callable[[str], None] = lambda _state: None


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What was done, or in check mode would be."""

    endpoint: Endpoint | None
    service: Service | None = None
    changed: bool = False
    in_progress: bool = False
    actions: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    before: Endpoint | None = None
    after: Endpoint | None = None


def run(module: t.Any) -> dict[str, t.Any]:
    """What the module runner_endpoint does."""
    options = module.params
    api = Api(client(module, "ec2"), module.region)
    mode = Mode(module.check_mode, options["wait"] or options["join"], options["timeout"])
    wanted = Wanted.of(options)
    if options["join"]:
        outcome = join(api, wanted, mode)
    elif options["state"] == "absent":
        outcome = absent(api, wanted, mode)
    else:
        outcome = present(api, wanted, module.region, options["enable_vpc_dns"], mode)
    return _result(outcome)


def joined(
    options: t.Mapping[str, t.Any],
    clients: t.Callable[[str], t.Any],
    region: str,
    check: bool,
    clock: Clock,
    observe: t.Callable[[str], None],
) -> dict[str, t.Any]:
    """What the module does with C(join), for whoever waits for several endpoints at once.

    :param options: C(name), C(vpc_id), C(service_name), C(service_region), C(private_dns_enabled) and C(timeout).
    :param clients: makes the client of a service.
    :param observe: is told the endpoint's state at every look.
    """
    wanted = Wanted(
        options["name"],
        options["vpc_id"],
        options["service_name"],
        options["service_region"],
        private_dns=options["private_dns_enabled"],
    )
    mode = Mode(check, wait=True, timeout=options["timeout"], clock=clock, observe=observe)
    return _result(join(Api(clients("ec2"), region), wanted, mode))


def _result(outcome: Outcome) -> dict[str, t.Any]:
    found: dict[str, t.Any] = {
        "changed": outcome.changed,
        "in_progress": outcome.in_progress,
        "endpoint": outcome.endpoint.as_result() if outcome.endpoint else None,
        "service": outcome.service.as_result() if outcome.service else None,
        "actions": list(outcome.actions),
        "left_out_subnet_ids": list(outcome.left_out),
        "waiting_for": _waiting_for(outcome),
    }
    if outcome.changed:
        after = outcome.after or outcome.endpoint
        found["diff"] = {
            "before": outcome.before.as_result() if outcome.before else {},
            "after": after.as_result() if after else {},
            "before_header": "endpoint",
            "after_header": "; ".join(outcome.actions) or "endpoint",
        }
    return found


def _waiting_for(outcome: Outcome) -> str:
    """What is still to happen, and whose turn it is; empty when nothing is."""
    seen = outcome.endpoint
    if not outcome.in_progress or seen is None:
        return ""
    if stage(seen.state) == ACCEPTANCE:
        return f"{_OWNER} {_ASK.format(seen.id)}"
    return f"AWS is at work on {seen.id}, which is {seen.state}."


_OWNER = "The owner of the service has to accept the connection."
_ASK = "Ask Gitpod to accept it, naming the endpoint's ID {} and the account."


def present(api: Api, wanted: Wanted, region: str, enable_vpc_dns: bool, mode: Mode) -> Outcome:
    """Have the endpoint as it is wanted."""
    if not wanted.subnet_ids:
        raise InputError("An endpoint needs subnets", next_step="Name one a zone (gitpod_privatelink_subnet_ids)")
    service = api.service(wanted.service_name, wanted.service_region)
    subnets = api.subnets(wanted.subnet_ids)
    placement = place(subnets, service, wanted.vpc_id, region)
    off = _vpc_dns(api, wanted, enable_vpc_dns) if wanted.private_dns else ()
    there = api.endpoints(wanted.vpc_id, wanted.service_name)
    current = choose(there, wanted)
    todo = plan(current, wanted, placement, _zones(api, subnets, current))
    switched = tuple(f"switch on {attribute} of {wanted.vpc_id}" for attribute in off)
    outcome = Outcome(
        endpoint=current,
        service=service,
        changed=bool(off) or todo.changes,
        actions=(*switched, *todo.actions),
        left_out=placement.left_out,
        before=current,
        after=planned(current, wanted, placement, todo),
    )
    if mode.check:
        return outcome
    for attribute in off:
        api.switch_on_vpc_dns(wanted.vpc_id, attribute)
    for old in leaving(there) if todo.create else ():
        _gone(api, old.id, mode)
    endpoint = _carry_out(api, wanted, todo, current, placement, mode)
    outcome = dataclasses.replace(outcome, endpoint=endpoint, after=endpoint)
    if _is_settled(endpoint, wanted) and not todo.changes:
        return outcome
    if not mode.wait:
        return dataclasses.replace(outcome, in_progress=True)
    finished = _finish(api, wanted, endpoint, mode)
    changed = outcome.changed or finished.private_dns != endpoint.private_dns
    return dataclasses.replace(outcome, endpoint=finished, after=finished, changed=changed)


def _is_settled(endpoint: Endpoint, wanted: Wanted) -> bool:
    return stage(endpoint.state) == AVAILABLE and has_wanted_dns(endpoint, wanted)


def _zones(api: Api, subnets: t.Sequence[Subnet], current: Endpoint | None) -> dict[str, str]:
    """Zones of the wanted subnets and of those that the endpoint has, by subnet."""
    zones = {subnet.id: subnet.zone for subnet in subnets}
    others = sorted(set(current.subnet_ids) - set(zones)) if current else []
    return {**zones, **{subnet.id: subnet.zone for subnet in api.subnets(others)}} if others else zones


def join(api: Api, wanted: Wanted, mode: Mode) -> Outcome:
    """Wait for what was started, and switch private DNS when that had to wait; start nothing else."""
    current = choose(api.endpoints(wanted.vpc_id, wanted.service_name), wanted)
    if mode.check:
        return Outcome(current)
    current = current or _appeared(api, wanted, mode)
    endpoint = _finish(api, wanted, current, mode)
    switched = endpoint.private_dns != current.private_dns
    actions = (f"switch private DNS on on {endpoint.id}",) if switched else ()
    return Outcome(endpoint, changed=switched, actions=actions, before=current)


def _appeared(api: Api, wanted: Wanted, mode: Mode) -> Endpoint:
    """The endpoint that was just created, as soon as lists have it."""
    for _elapsed in poll(mode.clock, min(LONGEST_UNSEEN, mode.timeout), PACE):
        current = choose(api.endpoints(wanted.vpc_id, wanted.service_name), wanted)
        if current:
            return current
    raise RunnerError(
        f"The VPC {wanted.vpc_id} has no endpoint for {wanted.service_name}",
        next_step="Create it first (role gitpod_privatelink, entry point start)",
    )


def absent(api: Api, wanted: Wanted, mode: Mode) -> Outcome:
    """Have no endpoint of ours for the service in the VPC; another's stays. A deletion that goes on is waited for."""
    ours = [
        endpoint
        for endpoint in api.endpoints(wanted.vpc_id, wanted.service_name)
        if is_ours(endpoint) and wanted.name in (endpoint.tags.get(RUNNER_NAME_TAG), endpoint.tags.get("Name"))
    ]
    present_ones = [endpoint for endpoint in ours if stage(endpoint.state) != LEAVING]
    actions = tuple(f"delete the endpoint {endpoint.id}" for endpoint in present_ones)
    outcome = Outcome(None, changed=bool(actions), actions=actions, before=present_ones[0] if present_ones else None)
    if mode.check or not ours:
        return outcome
    for endpoint in present_ones:
        api.delete(endpoint.id)
    if not mode.wait:
        return dataclasses.replace(outcome, in_progress=True)
    for endpoint in ours:
        _gone(api, endpoint.id, mode)
    return outcome


def _vpc_dns(api: Api, wanted: Wanted, enable: bool) -> tuple[str, ...]:
    """The VPC's attributes to switch on: private DNS needs both.

    :raises RunnerError: one is off, and switching it on was not asked for.
    """
    off = tuple(attribute for attribute, on in api.vpc_dns(wanted.vpc_id).items() if not on)
    if off and not enable:
        raise RunnerError(
            f"The VPC {wanted.vpc_id} has {' and '.join(off)} off, which private DNS needs; nothing was changed",
            next_step="Switch them on, or allow it with gitpod_privatelink_enable_vpc_dns",
        )
    return off


def _carry_out(
    api: Api, wanted: Wanted, todo: Plan, current: Endpoint | None, placement: Placement, mode: Mode
) -> Endpoint:
    if todo.delete:
        api.delete(todo.delete)
        _gone(api, todo.delete, mode)
    if todo.create or current is None:
        return _create(api, wanted, placement.subnet_ids)
    if todo.modify_first:
        api.modify(current.id, todo.modify_first)
        _settle(api, current, mode)
    if todo.modify:
        api.modify(current.id, todo.modify)
    if todo.add_tags or todo.remove_tags:
        api.tag(current.id, todo.add_tags, todo.remove_tags)
    return (api.endpoint(current.id) if todo.changes else None) or current


def _settle(api: Api, current: Endpoint, mode: Mode) -> None:
    """Wait until a modification is through, so that the next one is accepted; afterwards its own error tells."""
    for _elapsed in poll(mode.clock, mode.timeout, PACE):
        seen = api.endpoint(current.id)
        if seen is None or stage(seen.state) != WAITING:
            return


def _create(api: Api, wanted: Wanted, subnet_ids: t.Sequence[str]) -> Endpoint:
    """Create with private DNS; where AWS refuses that before the connection is accepted, without."""
    try:
        return api.create(wanted, subnet_ids, wanted.private_dns, str(uuid.uuid4()))
    except ApiError as error:
        refused = error.code in ("InvalidParameter", "OperationNotPermitted") and "accept" in error.why.lower()
        if not (wanted.private_dns and refused):
            raise
    return api.create(wanted, subnet_ids, False, str(uuid.uuid4()))


def _finish(api: Api, wanted: Wanted, started: Endpoint, mode: Mode) -> Endpoint:
    """Wait until the endpoint works as it is wanted.

    :raises RunnerError: it broke.
    :raises TimeoutExceededError: not in time.
    """
    seen = started
    asked_for_dns = False
    for _elapsed in poll(mode.clock, mode.timeout, PACE):
        # Right after its creation an endpoint may not be visible yet.
        seen = api.endpoint(started.id) or seen
        mode.observe(seen.state)
        if stage(seen.state) in (BROKEN, LEAVING):
            raise RunnerError(
                f"The endpoint {seen.id} is {seen.state}",
                seen.reason or "AWS gives no reason",
                broken_advice(seen) if stage(seen.state) == BROKEN else "Run again when it is gone",
                {"endpoint": seen.as_result()},
            )
        if stage(seen.state) != AVAILABLE:
            continue
        if has_wanted_dns(seen, wanted):
            return seen
        if not asked_for_dns:
            api.modify(seen.id, {"PrivateDnsEnabled": wanted.private_dns})
            asked_for_dns = True
    waits_for_them = stage(seen.state) == ACCEPTANCE
    raise TimeoutExceededError(
        f"The endpoint {seen.id} is still {seen.state} after {mode.timeout:.0f} s",
        _OWNER if waits_for_them else "AWS goes on with it",
        f"{_ASK.format(seen.id)} Then run again" if waits_for_them else "Run again",
        {"endpoint": seen.as_result(), "in_progress": True},
    )


def _gone(api: Api, endpoint_id: str, mode: Mode) -> None:
    for _elapsed in poll(mode.clock, mode.timeout, PACE):
        seen = api.endpoint(endpoint_id)
        if seen is None or seen.state.lower() == "deleted":
            return
    raise TimeoutExceededError(
        f"The endpoint {endpoint_id} is still there after {mode.timeout:.0f} s", "AWS goes on deleting it", "Run again"
    )
