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
    Endpoint,
    Service,
    Wanted,
    stage,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.plan import (
    Plan,
    choose,
    place,
    plan,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Clock, Pace, poll

PACE = Pace(first=2.0, longest=15.0, growth=1.5)


@dataclasses.dataclass(frozen=True)
class Mode:
    """How to carry out.

    :param timeout: longest wait in seconds.
    """

    check: bool
    wait: bool
    timeout: float
    clock: Clock = dataclasses.field(default_factory=Clock)


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


def run(module: t.Any) -> dict[str, t.Any]:
    """What the module runner_endpoint does."""
    options = module.params
    api = Api(client(module, "ec2"), module.region)
    mode = Mode(module.check_mode, options["wait"] or options["join"], options["timeout"])
    wanted = _wanted(options)
    if options["join"]:
        outcome = join(api, wanted, mode)
    elif options["state"] == "absent":
        outcome = absent(api, wanted, mode)
    else:
        outcome = present(api, wanted, module.region, options["enable_vpc_dns"], mode)
    return _result(outcome)


def _wanted(options: t.Mapping[str, t.Any]) -> Wanted:
    return Wanted(
        name=options["name"],
        vpc_id=options["vpc_id"],
        service_name=options["service_name"],
        service_region=options["service_region"],
        subnet_ids=tuple(options["subnet_ids"]),
        security_group_ids=tuple(sorted(options["security_group_ids"])),
        private_dns=options["private_dns_enabled"],
        ip_address_type=options["ip_address_type"] or "",
        policy=options["policy"] or "",
        tags={"Name": options["name"], **{key: str(value) for key, value in (options["tags"] or {}).items()}},
        purge_tags=options["purge_tags"],
        adopt=options["adopt"],
        replace_failed=options["replace_failed"],
    )


def _result(outcome: Outcome) -> dict[str, t.Any]:
    found: dict[str, t.Any] = {
        "changed": outcome.changed,
        "in_progress": outcome.in_progress,
        "endpoint": outcome.endpoint.as_result() if outcome.endpoint else None,
        "service": outcome.service.as_result() if outcome.service else None,
        "actions": list(outcome.actions),
        "left_out_subnet_ids": list(outcome.left_out),
    }
    if outcome.changed:
        found["diff"] = {
            "before": outcome.before.as_result() if outcome.before else {},
            "after": "".join(f"{action}\n" for action in outcome.actions),
        }
    return found


def present(api: Api, wanted: Wanted, region: str, enable_vpc_dns: bool, mode: Mode) -> Outcome:
    """Have the endpoint as it is wanted."""
    if not wanted.subnet_ids:
        raise InputError("An endpoint needs subnets", next_step="Name one a zone (gitpod_privatelink_subnet_ids)")
    service = api.service(wanted.service_name, wanted.service_region)
    placement = place(api.subnets(wanted.subnet_ids), service, wanted.vpc_id, region)
    switched = _vpc_dns(api, wanted, enable_vpc_dns, mode) if wanted.private_dns else ()
    current = choose(api.endpoints(wanted.vpc_id, wanted.service_name), wanted)
    todo = plan(current, wanted, placement)
    outcome = Outcome(
        endpoint=current,
        service=service,
        changed=bool(switched) or todo.changes,
        actions=(*switched, *todo.actions),
        left_out=placement.left_out,
        before=current,
    )
    if mode.check:
        return outcome
    endpoint = _carry_out(api, wanted, todo, current, placement.subnet_ids, mode)
    outcome = dataclasses.replace(outcome, endpoint=endpoint)
    settled = stage(endpoint.state) == AVAILABLE and endpoint.private_dns == wanted.private_dns
    if settled and not todo.changes:
        return outcome
    if not mode.wait:
        return dataclasses.replace(outcome, in_progress=True)
    return dataclasses.replace(outcome, endpoint=_finish(api, wanted, endpoint, mode))


def join(api: Api, wanted: Wanted, mode: Mode) -> Outcome:
    """Wait for what was started, and switch private DNS when that had to wait; start nothing else."""
    current = choose(api.endpoints(wanted.vpc_id, wanted.service_name), wanted)
    if current is None and not mode.check:
        raise RunnerError(
            f"The VPC {wanted.vpc_id} has no endpoint for {wanted.service_name}",
            next_step="Create it first (role gitpod_privatelink, entry point start)",
        )
    if current is None or mode.check:
        return Outcome(current)
    endpoint = _finish(api, wanted, current, mode)
    return Outcome(endpoint, changed=endpoint.private_dns != current.private_dns)


def absent(api: Api, wanted: Wanted, mode: Mode) -> Outcome:
    """Have no endpoint of ours for the service in the VPC; another's stays."""
    ours = [
        endpoint
        for endpoint in api.endpoints(wanted.vpc_id, wanted.service_name)
        if endpoint.tags.get("Name") == wanted.name and stage(endpoint.state) != LEAVING
    ]
    actions = tuple(f"delete the endpoint {endpoint.id}" for endpoint in ours)
    outcome = Outcome(None, changed=bool(ours), actions=actions, before=ours[0] if ours else None)
    if mode.check or not ours:
        return outcome
    for endpoint in ours:
        api.delete(endpoint.id)
    if not mode.wait:
        return dataclasses.replace(outcome, in_progress=True)
    for endpoint in ours:
        _gone(api, endpoint.id, mode)
    return outcome


def _vpc_dns(api: Api, wanted: Wanted, enable: bool, mode: Mode) -> tuple[str, ...]:
    """Private DNS needs both attributes of the VPC; they are switched on only on request."""
    off = [attribute for attribute, on in api.vpc_dns(wanted.vpc_id).items() if not on]
    if off and not enable:
        raise RunnerError(
            f"The VPC {wanted.vpc_id} has {' and '.join(off)} off, which private DNS needs; nothing was changed",
            next_step="Switch them on, or allow it with gitpod_privatelink_enable_vpc_dns",
        )
    if not mode.check:
        for attribute in off:
            api.switch_on_vpc_dns(wanted.vpc_id, attribute)
    return tuple(f"switch on {attribute} of {wanted.vpc_id}" for attribute in off)


def _carry_out(
    api: Api, wanted: Wanted, todo: Plan, current: Endpoint | None, subnet_ids: t.Sequence[str], mode: Mode
) -> Endpoint:
    if todo.delete:
        api.delete(todo.delete)
        _gone(api, todo.delete, mode)
    if todo.create or current is None:
        return _create(api, wanted, subnet_ids)
    if todo.modify:
        api.modify(current.id, todo.modify)
    if todo.add_tags or todo.remove_tags:
        api.tag(current.id, todo.add_tags, todo.remove_tags)
    return (api.endpoint(current.id) if todo.changes else None) or current


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
        if stage(seen.state) in (BROKEN, LEAVING):
            raise RunnerError(
                f"The endpoint {seen.id} is {seen.state}",
                seen.reason or "AWS gives no reason",
                "Remove the cause and run again: the endpoint is then replaced",
                {"endpoint": seen.as_result()},
            )
        if stage(seen.state) != AVAILABLE:
            continue
        if seen.private_dns == wanted.private_dns:
            return seen
        if not asked_for_dns:
            api.modify(seen.id, {"PrivateDnsEnabled": wanted.private_dns})
            asked_for_dns = True
    waits_for_them = stage(seen.state) == ACCEPTANCE
    raise TimeoutExceededError(
        f"The endpoint {seen.id} is still {seen.state} after {mode.timeout:.0f} s",
        "The owner of the service has to accept the connection" if waits_for_them else "AWS goes on with it",
        "Ask Gitpod to accept it, naming the endpoint's ID, then run again" if waits_for_them else "Run again",
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
