# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a teardown asks of the modules, from typed values and its own look. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.desired import (
    Options,
    Values,
    whose,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.desired import ROUTE53, provider
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.providers import registry
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._ownership import ANOTHERS, BY_HAND, UNKNOWN
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.earlier import Earlier

# A stack that may have this runner's ID, and that stays; a stranger's of the same name says nothing of the runner.
KEEPS_REGISTRATION = (BY_HAND, ANOTHERS, UNKNOWN)
Look = t.Mapping[str, t.Any]


def look(values: Values, earlier: Earlier) -> Options:
    """Options of the look at what there is."""
    # A stack that was taken over is found by its tags while it is there, and by its name once it is deleted.
    return {**whose(values, earlier), **_take_over(values)}


def _take_over(values: Values) -> Options:
    named = values.get("gitpod_stack_take_over")
    return {"take_over": named} if named else {}


def describe(values: Values, result: Options, before: Look) -> list[str]:
    """Adds to the look what the later steps decide by; shows nothing.

    :param before: an earlier look of the same run, which knows the domain of a stack that has gone since.
    """
    named = provider(values, "gitpod_teardown_dns_provider")
    domain = values.get("gitpod_domain_name") or result.get("domain_name") or before.get("domain") or ""
    stack, current = result["stack"], (result.get("load_balancer") or {}).get("dns_name") or ""
    targets = [name for name in (current, *result["former_load_balancers"]) if name]
    # While AWS is at work on the stack it may have a load balancer tomorrow, and another run may write records.
    unsettled = bool(stack["exists"] and (stack["ours"] or stack["empty"]) and (stack["in_progress"] or not current))
    result.update(
        domain=domain,
        provider=named,
        provider_writes=registry.provider(named).protects,
        # Which records are ours, the load balancers tell that our stack has or had.
        targets=targets,
        records_known=bool(domain and targets),
        look_again=unsettled,
        departures=departures(*(_of_stage(result[kind], False) for kind in ("endpoints", "security_groups"))),
        network_departures=[
            {"vpc_id": vpc_id}
            for vpc_id in dict.fromkeys(
                entry["vpc_id"] for entry in _of_stage([*result["endpoints"], *result["security_groups"]], True)
            )
        ],
    )
    return []


def _of_stage(things: t.Sequence[Look], network: bool) -> list[Look]:
    """Those for services of AWS, or those for the management plane."""
    return [entry for entry in things if bool(entry.get("network")) == network]


def departures(endpoints: t.Sequence[Look], groups: t.Sequence[Look]) -> list[Options]:
    """Options by which all the endpoints and groups go that the plan names: of each VPC one call a service.

    The groups go with the last one, because an endpoint holds its groups; they alone may be left of an interrupted run.
    """
    found: list[Options] = []
    for vpc_id in dict.fromkeys(entry["vpc_id"] for entry in (*endpoints, *groups)):
        services = {entry["service_name"]: entry for entry in endpoints if entry["vpc_id"] == vpc_id}
        calls = [
            {**_departure(entry), "service_name": service, "security_group_name": ""}
            for service, entry in services.items()
        ] or [_departure(next(entry for entry in groups if entry["vpc_id"] == vpc_id))]
        calls[-1].pop("security_group_name", None)
        found += calls
    return found


def _departure(entry: Look) -> Options:
    return {"vpc_id": entry["vpc_id"], "also_used_by": list(entry["also_used_by"])}


def no_records(seen: Look) -> str:
    """Why Route 53 is not asked for records, or empty."""
    if seen["provider"] != ROUTE53:
        return "the records are kept elsewhere"
    return "" if seen["records_known"] else "nothing tells which records are the runner's"


def no_registration(values: Values, seen: Look) -> str:
    """Why the registration is left alone, or empty."""
    if not values.get("gitpod_api_token"):
        return "gitpod_api_token is not set"
    return keeping(seen["stack"]) if seen["stack"]["relation"] in KEEPS_REGISTRATION or others(seen["stack"]) else ""


def others(stack: Look) -> list[str]:
    """Stacks beside the runner's own that have its ID, which the registration serves too."""
    return list(stack.get("others_with_id") or [])


def keeping(stack: Look) -> str:
    """What stays that needs the registration."""
    with_id = ", ".join(others(stack))
    return f"the stack {with_id} has this runner's ID and stays" if with_id else "the stack stays"


def no_stack(seen: Look) -> str:
    """Why there is no stack to remove, or empty."""
    stack = seen["stack"]
    return "" if stack["exists"] and (stack["ours"] or stack["empty"]) else "there is no stack of this runner"


def buckets(values: Values, earlier: Earlier, seen: Look) -> Options:
    """Options for the buckets that AWS kept: deleted only for a real true."""
    former = {values.get("gitpod_stack_take_over"), seen["stack"]["name"]} - {None, ""}
    return {
        **whose(values, earlier),
        "former_names": sorted(former),
        "state": "absent" if values["gitpod_teardown_delete_buckets"] is True else "listed",
    }


def told_of_buckets(situation: t.Any, result: Options) -> list[str]:
    """What AWS kept; what was deleted is not left, and in check mode the module tells what was there before."""
    left = [] if result.get("changed") else list(result.get("buckets") or [])
    result["left"] = left
    if not left or situation.check_mode:
        return []
    first = (
        f"{situation.name}: AWS kept these buckets; gitpod_teardown_delete_buckets=true empties and deletes them, with"
        " everything in them"
    )
    return [first, *(f"    - {entry['text']}" for entry in left)]
