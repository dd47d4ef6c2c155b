# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands in AWS as the inventory's variables, without secrets. Pure."""

from __future__ import annotations

import re
import typing as t
import urllib.parse

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _custom_ca
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _ownership as ownership
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import parameters
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.labels import LABELS
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import (
    HIDDEN,
    Parameter,
    Stack,
    Template,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract import rules
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.model import Inventory
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._ownership import OURS, Runner, by_tags
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import Endpoint
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._route53.records import Record
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._tags import RUNNER_ID_TAG, RUNNER_NAME_TAG

# Variables of LABELS whose values are lists.
LISTS = frozenset(
    {"gitpod_availability_zones", "gitpod_ec2_subnet_ids", "gitpod_load_balancer_subnet_ids", "gitpod_no_proxy"}
)
# Without these a stack is not a runner's.
TELLING_LABELS = ("Runner ID", "Domain Name", "Certificate ARN", "EC2 Instances Subnet")
TELLING_OUTPUTS = ("LoadBalancerDNS", "EnvironmentRoleArn", "InstanceProfileNameOutput")
BRACES = "{} has braces, which are Jinja2 in an inventory; the stack keeps its value"
_PROXIES = ("gitpod_http_proxy", "gitpod_https_proxy")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_REFERENCE = re.compile(r"\{\{resolve:((ssm|secretsmanager):[^{}]+)\}\}")


def is_template(text: str) -> bool:
    """Whether Ansible would take a text for a template: expressions, statements, and comments, which vanish."""
    return any(begin in text for begin in ("{{", "{%", "{#"))


def is_candidate(stack: Stack) -> bool:
    """Whether reading the stack's template is worth a call: it has the guide's outputs, or a UUID among its values."""
    outputs = sum(name in stack.outputs for name in TELLING_OUTPUTS)
    return outputs >= 2 or any(_UUID.fullmatch(value) for value in stack.parameters.values())  # noqa: PLR2004


def is_runner(template: Template) -> bool:
    """Whether the template has the parameters of a runner's, by their labels."""
    return all(len(parameters.find(label, template.parameters)) == 1 for label in TELLING_LABELS)


def is_managed(stack: Stack) -> bool:
    """Whether this collection has it already, for whichever runner."""
    owner = Runner(stack.tags.get(RUNNER_NAME_TAG, ""), stack.tags.get(RUNNER_ID_TAG, ""))
    return by_tags(stack.tags, owner).relation == OURS


def names_of(stack: Stack) -> dict[str, str]:
    """By which name the runner's things are known: its tags', or the stack's, which is then taken over as it is."""
    if not is_managed(stack):
        return {"gitpod_stack_take_over": stack.name}
    name = stack.tags.get(RUNNER_NAME_TAG, "")
    if not name or name == stack.name:
        return {}
    return {"gitpod_runner_name": name, "gitpod_stack_name": stack.name}


def of_stack(stack: Stack, template: Template) -> tuple[dict[str, t.Any], list[str]]:
    """Variables from the stack's parameters, and what a person has to know.

    What hides in the template (NoEcho), and what could be a secret elsewhere, is left out: the stack keeps its value.
    """
    found: dict[str, t.Any] = {}
    notes: list[str] = []
    known: set[str] = set()
    for label, variable in LABELS.items():
        for parameter in parameters.find(label, template.parameters):
            known.add(parameter.key)
            value = _value(variable, parameter, stack.parameters.get(parameter.key, ""), notes)
            if value:
                found[variable] = value
    others = {}
    for parameter in template.parameters:
        value = stack.parameters.get(parameter.key, "")
        if parameter.key not in known and value not in ("", parameter.default) and not _hidden(parameter, value):
            if is_template(value):
                notes.append(BRACES.format(parameter.label))
            else:
                # A logical ID is letters and digits; a label may be anything.
                others[parameter.key if is_template(parameter.label) else parameter.label] = value
    if others:
        found["gitpod_stack_parameters"] = others
    return found, notes + _drop_refused(found)


def _drop_refused(found: dict[str, t.Any]) -> list[str]:
    """Leave out what the inventory's rules would refuse, because the stack keeps it; what was left out and why.

    A stack made by hand may be other than the guide asks, and a proxy that is left out leaves its exceptions alone.
    """
    notes: list[str] = []
    while True:
        inventory = Inventory.of(found)
        problems = [*rules.identifiers(inventory), *(entry for rule in rules.RULES for entry in rule(inventory))]
        refused = {problem.variable: problem.summary for problem in problems}
        before = len(found)
        if not refused:
            return notes
        for variable, summary in refused.items():
            # Entries that are missing cannot be left out; then the proxies are.
            for name in (variable,) if variable in found else _PROXIES:
                if found.pop(name, None) is not None:
                    notes.append(f"{name} is left out, the stack keeps its value: {summary.rstrip('.')}")
        if len(found) == before:
            return notes


def _hidden(parameter: Parameter, value: str) -> bool:
    return parameter.no_echo or value == HIDDEN


def _value(variable: str, parameter: Parameter, text: str, notes: list[str]) -> t.Any:
    """The parameter's value as its variable is written; empty when it is left out."""
    if _hidden(parameter, text) or text == "":
        return ""
    if variable == "gitpod_custom_ca":
        if _custom_ca.kind_of(text) in (_custom_ca.PEM, _custom_ca.URL):
            return text
        match = _REFERENCE.fullmatch(text)
        if not match:
            notes.append("The custom CA is not a reference that the inventory can state; the stack keeps its value")
        return match[1] if match else ""
    if is_template(text):
        notes.append(BRACES.format(parameter.label))
        return ""
    if variable in ("gitpod_http_proxy", "gitpod_https_proxy") and _has_password(text):
        notes.append(f"{parameter.label} holds a user or a password and is left out; the stack keeps its value")
        return ""
    if variable in LISTS:
        return [item.strip() for item in text.split(",") if item.strip()]
    return text


def _has_password(url: str) -> bool:
    try:
        parts = urllib.parse.urlsplit(url)
    except ValueError:
        return True
    return bool(parts.username or parts.password) or "@" in url


def of_records(
    domain: str,
    target: str,
    zones: t.Sequence[tuple[str, bool, t.Sequence[Record]]],
    elsewhere: t.Mapping[str, str] | None = None,
) -> tuple[dict[str, t.Any], list[str]]:
    """Variables of the DNS stage.

    :param target: DNS name of the load balancer.
    :param zones: ID, whether private, and the records of both names, of every zone that holds the domain.
    :param elsewhere: the variables of the account that keeps the zones, when it is another one.
    """
    ours = [
        (zone_id, private, record)
        for zone_id, private, records in zones
        for record in records
        if ownership.of_records(record.target, target).relation == OURS
    ]
    if not ours:
        note = "no record in this account's Route 53 points to the load balancer (gitpod_dns_aws_profile and"
        note += " gitpod_dns_role_arn name another account)"
        return {"gitpod_dns_provider": "manual"}, [f"{note}; the DNS stage then waits for records kept elsewhere"]
    zone_id, private, first = ours[0]
    found: dict[str, t.Any] = {"gitpod_dns_provider": "route53", **(elsewhere or {})}
    notes = []
    if first.alias:
        if not first.evaluate:
            notes.append("the alias does not evaluate the target's health; the DNS stage switches that on")
    else:
        found["gitpod_dns_record_type"] = "cname"
        found["gitpod_dns_ttl"] = first.ttl
    if private:
        found["gitpod_dns_private_zone"] = True
    if len({entry[0] for entry in zones}) > 1:
        found["gitpod_dns_hosted_zone_id"] = zone_id
    if len({entry[2].name for entry in ours if entry[0] == zone_id}) < 2:  # noqa: PLR2004
        notes.append(f"only one of {domain} and *.{domain} points to the load balancer; the DNS stage adds the other")
    if len({entry[0] for entry in ours}) > 1:
        notes.append("records point to the load balancer in several zones; only one of them is named here")
    return found, notes


def of_endpoint(endpoint: Endpoint) -> dict[str, t.Any]:
    """Variables of the PrivateLink stage: the endpoint as it is, with the groups that it has."""
    return {
        "gitpod_privatelink_enabled": True,
        "gitpod_privatelink_subnet_ids": list(endpoint.subnet_ids),
        "gitpod_privatelink_security_group_ids": list(endpoint.security_group_ids),
        "gitpod_privatelink_private_dns_enabled": endpoint.private_dns,
    }
