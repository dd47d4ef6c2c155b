# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carrying out a change in every zone that is meant, and waiting until Route 53 serves it everywhere."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws import client_elsewhere
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import (
    ApiError,
    InputError,
    RunnerError,
    TimeoutExceededError,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._route53.api import Api, Raw
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._route53.plan import (
    Wanted,
    check,
    plan,
    plan_removal,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._route53.records import (
    Change,
    Record,
    Zone,
    after,
    normal,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._route53.zones import (
    check_association,
    choose_zone,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Clock, Pace, poll
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._writes import (
    attempts,
    carried_out,
    is_refused,
    may_be_done,
)

IN_SYNC_PACE = Pace(first=2.0, longest=10.0, growth=1.5)
# How often a batch is sent that other runs' changes or lost answers come in the way of.
ATTEMPTS, AGAIN_PACE = 4, Pace(first=1.0, longest=8.0, growth=2.0)


@dataclasses.dataclass(frozen=True)
class Todo:
    """What is to be done in one zone, and the change IDs once it is."""

    zone: Zone
    current: tuple[Record, ...]
    raw: Raw
    changes: tuple[Change, ...]
    associate: bool = False
    change_ids: tuple[str, ...] = ()

    @property
    def needed(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.changes or self.associate)


def run(module: t.Any) -> dict[str, t.Any]:
    """What the module runner_dns does."""
    options = module.params
    api = Api(client_elsewhere(module, "route53", None, options["assume_role_arn"]))
    wanted = wanted_of(options)
    if options["state"] == "present" and not (wanted.target or wanted.records):
        raise InputError("load_balancer_dns_name is needed", next_step="runner_stack_info returns it")
    todo = [_todo(api, zone, wanted, options) for zone in find_zones(api, wanted, options)]
    done = _together(todo)
    if not module.check_mode:
        done = [_carry_out(api, entry, wanted, options, module.region) for entry in done]
        if options["wait"]:
            wait_until_in_sync(api, [change for entry in done for change in entry.change_ids], options["wait_timeout"])
    return _result(done)


def wanted_of(options: t.Mapping[str, t.Any]) -> Wanted:
    """The wish from a module's options."""
    return Wanted(
        domain=options["domain_name"],
        target=options["load_balancer_dns_name"] or "",
        target_zone=options["load_balancer_hosted_zone_id"] or "",
        former_targets=tuple(options["former_load_balancer_dns_names"]),
        record_type=options["record_type"],
        ttl=options["ttl"],
        evaluate=options["evaluate_target_health"],
        dual_stack=options["dual_stack"],
        overwrite=options["overwrite"] is True,
        records=tuple(
            Record(normal(entry["name"]), "CNAME", (f"{normal(entry['value'])}.",), entry.get("ttl") or options["ttl"])
            for entry in options["records"] or []
        ),
    )


def find_zones(api: Api, wanted: Wanted, options: t.Mapping[str, t.Any]) -> list[Zone]:
    """The zones that are named, or the best one of the account; with a split horizon the public and the private one."""
    if options["hosted_zone_ids"]:
        return [api.zone(zone_id) for zone_id in dict.fromkeys(options["hosted_zone_ids"])]
    kinds = (False, True) if options["split_horizon"] else (options["private_zone"],)
    zones = api.zones()
    name = wanted.names[0]
    # Only private zones that could be meant are asked for their VPCs.
    zones = [api.zone(zone.id) if zone.private and True in kinds and zone.holds(name) else zone for zone in zones]
    return [choose_zone(zones, name, private, options["vpc_id"] or "") for private in kinds]


def _todo(api: Api, zone: Zone, wanted: Wanted, options: t.Mapping[str, t.Any]) -> Todo | RunnerError:
    """What to do in one zone, or why nothing can be done there."""
    try:
        if options["state"] == "absent":
            current, raw = api.records(zone, wanted.names)
            return Todo(zone, tuple(current), raw, tuple(plan_removal(current, wanted)))
        check(wanted, zone)
        associate = check_association(zone, options["vpc_id"] or "", options["associate_vpc"])
        current, raw = api.records(zone, wanted.names)
        return Todo(zone, tuple(current), raw, tuple(plan(current, wanted)), associate)
    except RunnerError as error:
        return error


def _together(found: t.Sequence[Todo | RunnerError]) -> list[Todo]:
    """Nothing is changed in one zone while another cannot be; every zone's problem is told."""
    errors = [entry for entry in found if isinstance(entry, RunnerError)]
    if len(errors) > 1:
        what = "; ".join(error.what for error in errors)
        why = "; ".join(error.why for error in errors if error.why)
        raise RunnerError(what, why, " / ".join(dict.fromkeys(error.next_step for error in errors if error.next_step)))
    if errors:
        raise errors[0]
    return [entry for entry in found if isinstance(entry, Todo)]


def _carry_out(api: Api, todo: Todo, wanted: Wanted, options: t.Mapping[str, t.Any], region: str) -> Todo:
    ids = []
    if todo.associate:
        ids += _associated(api, todo.zone, options["vpc_id"], options["vpc_region"] or region)
    if todo.changes:
        todo, change_ids = _changed(api, todo, wanted, options)
        ids += change_ids
    return dataclasses.replace(todo, change_ids=tuple(ids))


def _associated(api: Api, zone: Zone, vpc_id: str, vpc_region: str) -> list[str]:
    """The change's ID; none where the association is there already, because an answer was lost or another run made it.

    AWS answers a second one with ConflictingDomainExists (saltstack/salt#47480).
    """
    return carried_out(
        lambda: [api.associate(zone, vpc_id, vpc_region)],
        lambda: [] if vpc_id in api.zone(zone.id).vpcs else None,
        Clock(),
    )


def _changed(api: Api, todo: Todo, wanted: Wanted, options: t.Mapping[str, t.Any]) -> tuple[Todo, list[str]]:
    """Send the batch; after an error look, plan and send again, a bounded number of times.

    Route 53 refuses a whole batch where a record that it creates is there already, or one that it deletes is not. Where
    nothing is left to do, this run has done it and the answer was lost, or another run was quicker.

    :returns: what was done, and the changes' IDs, of which one is not known where its answer was lost.
    :raises RunnerError: records are there now that are not ours.
    """
    asked = todo
    ours = False
    failure: ApiError | None = None
    for _attempt in attempts(Clock(), ATTEMPTS, AGAIN_PACE):
        try:
            return asked, [api.change(todo.zone, todo.changes, todo.raw)]
        except ApiError as error:
            if is_refused(error):
                raise
            failure, ours = error, ours or may_be_done(error)
        now = _todo(api, todo.zone, wanted, options)
        if isinstance(now, ApiError):
            continue
        if isinstance(now, RunnerError):
            raise now
        if not now.changes:
            return (asked if ours else dataclasses.replace(now, associate=todo.associate)), []
        if now.changes == todo.changes and not may_be_done(failure):
            raise failure
        todo = now
    raise failure or RunnerError("There was no time to change the records", next_step="Run again")


def _result(done: t.Sequence[Todo]) -> dict[str, t.Any]:
    zones = [_zone_result(entry) for entry in done]
    records = {tuple(record.values()): record for zone in zones for record in zone["records"]}
    found: dict[str, t.Any] = {
        "changed": any(entry.needed for entry in done),
        "zones": zones,
        "hosted_zone": {key: zones[0][key] for key in ("id", "name", "private")},
        "records": list(records.values()),
        "change_id": next((change for entry in done for change in entry.change_ids), ""),
    }
    if found["changed"]:
        changed = [entry for entry in done if entry.needed]
        header = "records in " + ", ".join(f"{entry.zone.name} ({entry.zone.id})" for entry in changed)
        found["diff"] = {
            "before": "".join(_as_text(entry, entry.current) for entry in changed),
            "after": "".join(_as_text(entry, after(entry.current, entry.changes)) for entry in changed),
            "before_header": header,
            "after_header": header,
        }
    return found


def _zone_result(entry: Todo) -> dict[str, t.Any]:
    records = sorted(after(entry.current, entry.changes), key=lambda record: record.key)
    return {
        "id": entry.zone.id,
        "name": entry.zone.name,
        "private": entry.zone.private,
        "changed": entry.needed,
        "associated_vpc": entry.associate,
        "change_ids": list(entry.change_ids),
        "records": [record.as_result() for record in records if record.type in ("A", "AAAA", "CNAME")],
    }


def _as_text(entry: Todo, records: t.Iterable[Record]) -> str:
    return "".join(f"{entry.zone.id}: {line}\n" for line in sorted(record.as_line() for record in records))


def wait_until_in_sync(api: Api, change_ids: t.Sequence[str], timeout: float, clock: Clock | None = None) -> None:
    """Wait until every authoritative server has the changes.

    :raises TimeoutExceededError: not in time; the changes are accepted and come by themselves.
    """
    left = list(change_ids)
    for _elapsed in poll(clock or Clock(), timeout, IN_SYNC_PACE):
        left = [change_id for change_id in left if not api.in_sync(change_id)]
        if not left:
            return
    raise TimeoutExceededError(
        f"Route 53 has accepted the change {', '.join(left)}, but not spread it within {timeout:.0f} s",
        next_step="Run again; nothing is lost",
    )
