# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes, in its order, and what stays and why, in sentences for the person who confirms. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.providers import registry
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._ownership import BY_HAND, UNKNOWN
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._teardown.desired import keeping


def teardown_plan(
    look: t.Mapping[str, t.Any],
    records: t.Mapping[str, t.Any],
    certificate: t.Mapping[str, t.Any],
    registration: t.Mapping[str, t.Any],
    settings: t.Mapping[str, t.Any],
) -> dict[str, list[str]]:
    """Sentences by C(goes) and C(stays).

    :param look: result of runner_teardown_info.
    :param records: result of runner_dns in check mode; of another provider the names that C(goes) lists and the other
        C(records) that stay; empty when none was asked.
    :param certificate: result of runner_certificate in check mode, or empty.
    :param registration: result of runner_registration in check mode, or empty without an API token.
    :param settings: C(domain), C(provider), C(delete_buckets), C(retain_resources), and whether there is an
        C(api_token).
    """
    goes = [
        *_records(look, records, settings),
        *(
            f"the endpoint {entry['id']} in {entry['vpc_id']}{_part(entry)}"
            for entry in look["endpoints"]
            if not entry.get("network")
        ),
        # With the endpoint, whose network interfaces hold it.
        *(_group(entry) for entry in look["security_groups"] if not entry.get("network")),
        *_stack(look["stack"], settings.get("retain_resources") or ()),
        *_network(look["endpoints"]),
        *(_group(entry) for entry in look["security_groups"] if entry.get("network")),
        *(
            f"{_object(action)}{_ours(reason)}"
            for action, reason in zip(certificate.get("actions") or [], certificate.get("reasons") or [])
        ),
        *(f"{_object(action)}{_ours(registration['reason'])}" for action in registration.get("actions") or []),
    ]
    delete = settings["delete_buckets"]
    if delete:
        goes += _buckets(look)
    return {"goes": goes, "stays": [*_stays(look, records, registration, settings), *_left(look, certificate, delete)]}


def _buckets(look: t.Mapping[str, t.Any]) -> list[str]:
    """Those that are deleted where it was asked for: left by an earlier stack, and those that this one leaves."""
    left = [
        f"the bucket {entry['text']}, with everything in it{_ours(entry['reason'])}"
        for entry in look["retained_buckets"]
        if entry["ours"]
    ]
    return left + [f"the bucket {name}, with everything in it" for name in _kept_by_stack(look)]


def _group(entry: t.Mapping[str, t.Any]) -> str:
    return f"the security group {entry['name']} ({entry['id']}){_part(entry)}"


def _network(endpoints: t.Sequence[t.Mapping[str, t.Any]]) -> list[str]:
    """The endpoints for services of AWS, of which a VPC has many: one line for those that go for one reason."""
    alike: dict[tuple[str, str], list[str]] = {}
    for entry in endpoints:
        if entry.get("network"):
            service = str(entry["service_name"]).removeprefix("cn.").removeprefix("com.amazonaws.")
            alike.setdefault((entry["vpc_id"], _part(entry)), []).append(f"{service} ({entry['id']})")
    return [
        f"the endpoints for services of AWS in {vpc_id}, {', '.join(sorted(found))}{part}"
        for (vpc_id, part), found in alike.items()
    ]


def _left(look: t.Mapping[str, t.Any], certificate: t.Mapping[str, t.Any], delete: bool) -> list[str]:
    """What is not this runner's alone, or cannot be told to be its own."""
    found = list(certificate.get("left_alone") or [])
    if look["stack"]["relation"] in (BY_HAND, UNKNOWN):
        found.append("its endpoint and security group, if there are any, because the stack stays and may need them")
    if delete:
        unsure = [entry for entry in look["retained_buckets"] if not entry["ours"]]
        found += [f"the bucket {entry['text']}, because {entry['reason']}" for entry in unsure]
    return found


def _part(entry: t.Mapping[str, t.Any]) -> str:
    """Why it goes, and what of it, where other runners go on using it."""
    others = ", ".join(entry.get("shared_with") or [])
    part = f": only this runner's part; it stays for {others}" if others else ""
    return f"{part}, because {entry['reason']}" if part else _ours(entry["reason"])


def _ours(reason: str) -> str:
    """The end of a line that tells why a thing goes."""
    return f"; it is this runner's, because {reason}"


def _object(action: str) -> str:
    """What an action is done to, such as C(the certificate ...) of C(delete the certificate ...)."""
    return action.replace("delete ", "", 1)


def _records(look: t.Mapping[str, t.Any], records: t.Mapping[str, t.Any], settings: t.Mapping[str, t.Any]) -> list[str]:
    domain, target = settings["domain"], " or ".join(look["targets"])
    # The zones tell, because a look never counts as a change of its task.
    if any(zone["changed"] for zone in records.get("zones") or []):
        return [f"the records of {domain} and *.{domain} in Route 53 that point to {target}"]
    names = records.get("goes") or []
    if not names:
        return []
    of, point = ("the record of", "points") if len(names) == 1 else ("the records of", "point")
    return [f"{of} {' and '.join(names)} {registry.provider(settings['provider']).kept} that {point} to {target}"]


def _stack(stack: t.Mapping[str, t.Any], retained: t.Sequence[str]) -> list[str]:
    if stack["exists"] and stack["empty"]:
        return [f"the stack {stack['name']} ({stack['status']}), which is nothing but a name: {stack['reason']}"]
    if not (stack["exists"] and stack["ours"]):
        return []
    protected = ", whose termination protection is switched off first" if stack["termination_protection"] else ""
    state = _state(stack, retained)
    return [f"the stack {stack['name']} ({stack['status']}){protected}{state}{_ours(stack['reason'])}"]


def _state(stack: t.Mapping[str, t.Any], retained: t.Sequence[str]) -> str:
    """What a person has to know of a stack in this status."""
    if stack["status"] == "REVIEW_IN_PROGRESS":
        return ", which has no resources yet, only changes that wait for approval"
    if stack["status"] == "DELETE_IN_PROGRESS":
        return ", which is being deleted already"
    if stack["status"] != "DELETE_FAILED":
        return ""
    why = f" ({stack['status_reason'].rstrip('. ')})" if stack["status_reason"] else ""
    left = (
        f"it leaves {', '.join(retained)} behind"
        if retained
        else "what still cannot go is left behind with gitpod_teardown_retain_resources"
    )
    return f", which AWS could not delete before{why}: {left}"


def _kept_by_stack(look: t.Mapping[str, t.Any]) -> list[str]:
    """Buckets of a stack that goes, as far as its template leaves them."""
    stack = look["stack"]
    return [f"{name} of the stack" for name in stack["buckets"]] if stack["exists"] and stack["ours"] else []


def _stays(
    look: t.Mapping[str, t.Any],
    records: t.Mapping[str, t.Any],
    registration: t.Mapping[str, t.Any],
    settings: t.Mapping[str, t.Any],
) -> list[str]:
    stack, found = look["stack"], []
    if stack["exists"] and not (stack["ours"] or stack["empty"]):
        found.append(f"{stack['told'].replace('The stack', 'the stack', 1)}. {stack['advice']}")
    found += [
        f"the record {entry['name']} {entry['type']}, because it points to {entry['value']}"
        for entry in records.get("records") or []
    ]
    found += _records_left(look, settings)
    if not settings["delete_buckets"]:
        found += [f"the bucket {entry['text']}" for entry in look["retained_buckets"]]
        found += [f"the bucket {name}, if its template keeps it" for name in _kept_by_stack(look)]
    if not registration:
        why = (
            f"because {keeping(stack)}"
            if settings["api_token"]
            else "because without gitpod_api_token nobody looked for environments: delete it in the dashboard"
            " (Settings, Runners)"
        )
        found.append(f"the registration in the management plane, {why}")
    return found


def _records_left(look: t.Mapping[str, t.Any], settings: t.Mapping[str, t.Any]) -> list[str]:
    """Records of the domain of which nobody can say now whether they are the runner's."""
    domain = settings["domain"]
    if domain and not registry.provider(settings["provider"]).writes:
        return [
            f"the records of {domain} and *.{domain}, which the collection did not write (gitpod_dns_provider is"
            f" {settings['provider']}): remove them where they are kept"
        ]
    if not domain or look["targets"]:
        return []
    if look["look_again"]:
        return [
            f"records of {domain} and *.{domain}, until the stack has gone: then those go that point to its load"
            " balancer, if it got one"
        ]
    return [
        f"records of {domain} and *.{domain}, if there are any: without the load balancer nothing tells whether"
        " they are the runner's"
    ]


def teardown_lines(plan: t.Mapping[str, t.Sequence[str]], runner: str) -> list[str]:
    """The plan as a person reads it."""
    lines = [f"{runner}: this goes, in this order"] if plan["goes"] else [f"{runner}: nothing is left to go"]
    lines += [f"    {index}. {entry}" for index, entry in enumerate(plan["goes"], 1)]
    if plan["stays"]:
        lines += [f"{runner}: this stays", *(f"    - {entry}" for entry in plan["stays"])]
    return lines
