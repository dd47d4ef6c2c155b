# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module runner_endpoint does: options in, having the endpoint or having none, result out."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws import client
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink import users, wait
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.absent import absent
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.api import Api
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import (
    ACCEPTANCE,
    Wanted,
    stage,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.outcome import Mode, Outcome, State
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.plan import choose
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.present import present
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._tags import RUNNER_ID_TAG, ownership_tags


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
    return _result(outcome, wanted)


def _wanted(options: t.Mapping[str, t.Any]) -> Wanted:
    tags = {key: str(value) for key, value in (options["tags"] or {}).items()}
    runner_id = options["runner_id"] or tags.get(RUNNER_ID_TAG, "")
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
        tags={"Name": options["name"], **tags, **ownership_tags(options["name"], runner_id)},
        purge_tags=options["purge_tags"],
        adopt=options["adopt"],
        replace_failed=options["replace_failed"],
        runner_id=runner_id,
        security_group_name=options["security_group_name"] or "",
        source_subnet_ids=tuple(options["source_subnet_ids"]),
    )


def join(api: Api, wanted: Wanted, mode: Mode) -> Outcome:
    """Wait for what was started, and switch private DNS when that had to wait; start nothing else."""
    current = choose(api.endpoints(wanted.vpc_id, wanted.service_name), wanted)
    if mode.check:
        return Outcome(State(current), State(current))
    current = current or wait.appeared(api, wanted, mode)
    endpoint = wait.finish(api, wanted, current, mode)
    switched = endpoint.private_dns != current.private_dns
    actions = (f"switch private DNS on on {endpoint.id}",) if switched else ()
    return Outcome(State(endpoint), State(current), State(endpoint), changed=switched, actions=actions)


def _result(outcome: Outcome, wanted: Wanted) -> dict[str, t.Any]:
    endpoint, group = outcome.now.endpoint, outcome.now.group
    first = users.owner(endpoint.tags) if endpoint else None
    found: dict[str, t.Any] = {
        "changed": outcome.changed,
        "in_progress": outcome.in_progress,
        "endpoint": endpoint.as_result() if endpoint else None,
        "security_group": {**group.as_result(), "created": outcome.group_created} if group else None,
        "owner": first.as_result() if first else None,
        "shared_with": users.names(users.others(endpoint.tags, wanted.user)) if endpoint else [],
        "service": outcome.service.as_result() if outcome.service else None,
        "actions": list(outcome.actions),
        "left_out_subnet_ids": list(outcome.left_out),
        "left_alone": list(outcome.left_alone),
        "waiting_for": _waiting_for(outcome),
        "waiting_for_acceptance": _waits_for_acceptance(outcome),
    }
    if outcome.changed:
        found["diff"] = {
            "before": outcome.before.as_diff(),
            "after": (outcome.after or outcome.now).as_diff(),
            "before_header": "endpoint",
            "after_header": "; ".join(outcome.actions) or "endpoint",
        }
    return found


def _waits_for_acceptance(outcome: Outcome) -> bool:
    seen = outcome.now.endpoint
    return outcome.in_progress and seen is not None and stage(seen.state) == ACCEPTANCE


def _waiting_for(outcome: Outcome) -> str:
    """What is still to happen, and whose turn it is; empty when nothing is."""
    seen = outcome.now.endpoint
    if not outcome.in_progress or seen is None:
        return ""
    if _waits_for_acceptance(outcome):
        return f"{wait.OWNER} {wait.ASK.format(seen.id)}"
    return f"AWS is at work on {seen.id}, which is {seen.state}."
