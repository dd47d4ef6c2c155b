# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inventory values to template parameters, by label; the template's logical IDs change between releases."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.labels import (
    LABELS,
    SECRET_LABELS,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import (
    HIDDEN,
    Parameter,
    Template,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._custom_ca import shown
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import InputError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._urls import without_secrets

# The guide spells it "Loadbalance Subnets"; a corrected label must not break the match.
ALIASES: t.Mapping[str, tuple[str, ...]] = {
    "loadbalancesubnets": ("loadbalancersubnets", "loadbalancersubnet"),
    "ec2instancessubnet": ("ec2instancessubnets", "ec2instancesubnets", "ec2subnets"),
    "vpc": ("vpcid",),
    "exchangetoken": ("runnerexchangetoken",),
}


def folded(name: str) -> str:
    """Letters and digits only, in lower case."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def text_of(value: t.Any) -> str:
    """A value as CloudFormation takes it: lists joined by commas, booleans in lower case, never Python's text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return ",".join(text_of(item) for item in value)
    return str(value)


YES, NO = ("true", "yes", "1"), ("false", "no", "0")


def spelled(parameter: Parameter, text: str) -> str:
    """The value as the template spells it: V(true) becomes its V(True) or V(yes), V(Internal) its V(internal)."""
    if text in parameter.allowed:
        return text
    meanings = next((words for words in (YES, NO) if text.lower() in words), (text.lower(),))
    same_meaning = [allowed for allowed in parameter.allowed if allowed.lower() in meanings]
    return same_meaning[0] if len(same_meaning) == 1 else text


def find(name: str, parameters: t.Sequence[Parameter]) -> list[Parameter]:
    """The parameters that a name can mean: by exact logical ID, by label, by folded logical ID, by alias; the first
    of these that matches anything counts."""
    names = (folded(name), *ALIASES.get(folded(name), ()))
    ways: tuple[t.Callable[[Parameter], bool], ...] = (
        lambda parameter: parameter.key == name,
        lambda parameter: folded(parameter.label) == names[0],
        lambda parameter: folded(parameter.key) == names[0],
        lambda parameter: folded(parameter.label) in names[1:] or folded(parameter.key) in names[1:],
    )
    for way in ways:
        found = [parameter for parameter in parameters if way(parameter)]
        if found:
            return found
    return []


def variable_of(parameter: Parameter) -> str:
    """The inventory variable that sets the parameter, or empty: then gitpod_stack_parameters does."""
    for label, variable in (*LABELS.items(), *SECRET_LABELS.items()):
        if find(label, (parameter,)):
            return variable
    return ""


def _needed(parameter: Parameter) -> str:
    """That a value is missing, in the words of the inventory."""
    variable = variable_of(parameter)
    if not variable:
        return f"{parameter.label} ({parameter.key}) needs a value in gitpod_stack_parameters"
    hint = ""
    if variable in SECRET_LABELS.values():
        hint = "; an environment variable that is not set gives an empty text"
    return f"{variable} is not set, which {parameter.label} ({parameter.key}) needs{hint}"


def _named(parameter: Parameter) -> str:
    """The parameter in a message, by its variable where it has one."""
    variable = variable_of(parameter)
    return f"{variable} ({parameter.label})" if variable else parameter.label


def resolve(
    template: Template, wanted: t.Mapping[str, t.Any], secrets: t.Mapping[str, t.Any], kept: t.Collection[str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Values by logical ID: open ones and secret ones.

    :param kept: logical IDs that the existing stack has a value for; they need none.
    :raises InputError: with every problem: unknown or ambiguous names, values that are not allowed, missing values.
    """
    problems: list[str] = []
    values = _matched(template, wanted, problems)
    hidden = _matched(template, secrets, problems)
    for parameter in template.parameters:
        given = values.get(parameter.key, hidden.get(parameter.key))
        if given is None and parameter.default is None and parameter.key not in kept:
            problems.append(_needed(parameter))
        elif given is not None:
            problems += _misfits(parameter, given, parameter.no_echo or parameter.key in hidden)
    if problems:
        raise InputError(
            "The values do not fit the template's parameters; nothing was changed",
            "; ".join(problems),
            _next_step(template, wanted, secrets),
            {"problems": problems},
        )
    # A value that the template itself hides is a secret, whoever gave it.
    for parameter in template.parameters:
        if parameter.no_echo and parameter.key in values:
            hidden[parameter.key] = values.pop(parameter.key)
    return values, hidden


def _next_step(template: Template, wanted: t.Mapping[str, t.Any], secrets: t.Mapping[str, t.Any]) -> str:
    """The template's labels help where a name was written that it does not have; elsewhere the problem says it all."""
    if all(len(find(name, template.parameters)) == 1 for name in (*wanted, *secrets)):
        return "Correct what is named in the inventory"
    listed = "; ".join(f"{parameter.label} ({parameter.key})" for parameter in template.parameters)
    return f"The template's parameters are: {listed}"


# How the values of AWS-specific parameter types begin. Source: CloudFormation user guide, "CloudFormation-supplied
# parameter types"; types whose values have no form of their own are left out.
ID_PREFIXES: t.Mapping[str, str] = {
    "AWS::EC2::Image::Id": "ami-",
    "AWS::EC2::Instance::Id": "i-",
    "AWS::EC2::SecurityGroup::Id": "sg-",
    "AWS::EC2::Subnet::Id": "subnet-",
    "AWS::EC2::Volume::Id": "vol-",
    "AWS::EC2::VPC::Id": "vpc-",
}


def _misfits(parameter: Parameter, given: str, secret: bool) -> list[str]:
    """Why a value does not fit its parameter, without the value when it is secret; empty when it does."""
    if parameter.allowed and given not in parameter.allowed:
        shown = HIDDEN if secret else repr(given)
        return [f"{_named(parameter)} does not allow {shown}, only {', '.join(map(repr, parameter.allowed))}"]
    kind = parameter.kind.removeprefix("List<").removesuffix(">")
    items = [item.strip() for item in given.split(",")] if parameter.kind.startswith("List<") else [given]
    if kind == "Number" and not all(_is_number(item) for item in items):
        return [f"{_named(parameter)} {'must be a number' if kind == parameter.kind else 'takes numbers'}"]
    # A dynamic reference or an empty optional value has no form to check.
    strange = [item for item in items if item and "{{" not in item and not item.startswith(ID_PREFIXES.get(kind, ""))]
    if strange:
        shown = HIDDEN if secret else ", ".join(map(repr, strange))
        return [f"{_named(parameter)} takes IDs that begin with {ID_PREFIXES[kind]}, not {shown}"]
    return []


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _not_text(parameter: Parameter, value: t.Any) -> str:
    """Why a value of a play has no text that was surely meant, the end of a sentence; empty where it has."""
    items = value if isinstance(value, (list, tuple)) else (value,)
    if any(isinstance(item, (dict, list, tuple)) for item in items):
        return "takes a text or a list of texts"
    if any(isinstance(item, float) for item in items) and "Number" not in parameter.kind:
        return "is a number with a fraction, whose last zeros YAML has taken away; write it in quotes"
    return ""


def _matched(template: Template, wanted: t.Mapping[str, t.Any], problems: list[str]) -> dict[str, str]:
    values: dict[str, str] = {}
    for name, value in wanted.items():
        found = find(name, template.parameters)
        if len(found) == 1 and (fault := _not_text(found[0], value)):
            problems.append(f"{_named(found[0])} {fault}")
        elif len(found) == 1:
            values[found[0].key] = spelled(found[0], text_of(value))
        elif found:
            problems.append(f"{name!r} can mean {' or '.join(parameter.key for parameter in found)}")
        elif text_of(value):
            problems.append(f"the template has no parameter {name!r}")
    return values


def request(
    template: Template,
    values: t.Mapping[str, str],
    secrets: t.Mapping[str, str],
    existing: t.Collection[str],
    renew: bool = False,
) -> list[dict[str, t.Any]]:
    """The request's Parameters; what an existing stack has and nobody gives keeps its value.

    :param renew: whether secrets are sent to an existing stack too.
    """
    listed: list[dict[str, t.Any]] = []
    for parameter in template.parameters:
        key = parameter.key
        if key in values:
            listed.append({"ParameterKey": key, "ParameterValue": values[key]})
        elif key in secrets and (renew or key not in existing):
            listed.append({"ParameterKey": key, "ParameterValue": secrets[key]})
        elif key in existing:
            listed.append({"ParameterKey": key, "UsePreviousValue": True})
    return listed


def same(kind: str, left: str, right: str) -> bool:
    """Whether two values of a parameter mean the same: spaces around the items of a list do not count."""
    if left == right:
        return True
    if kind.startswith("List<") or kind == "CommaDelimitedList":
        return [item.strip() for item in left.split(",")] == [item.strip() for item in right.split(",")]
    return False


def template_changes(template: Template, present: t.Mapping[str, str]) -> list[str]:
    """In sentences, parameters that the template has and the stack has not yet, and the other way round."""
    keys = {parameter.key for parameter in template.parameters}
    added = [
        f"the template adds the parameter {parameter.label}"
        + (f", which gets its default {parameter.default!r}" if parameter.default and not parameter.no_echo else "")
        for parameter in template.parameters
        if parameter.key not in present
    ]
    return added + [f"the template no longer has the parameter {key}" for key in sorted(set(present) - keys)]


def _shown(value: str) -> str:
    return shown(without_secrets(value))


def differences(
    template: Template, values: t.Mapping[str, str], present: t.Mapping[str, str]
) -> dict[str, tuple[str, str]]:
    """Label to (before, after) of what differs, as it is shown; secrets are never compared.

    Somebody may have given the stack a proxy with its password, which the template does not hide.
    """
    return {
        parameter.label: (_shown(present.get(parameter.key, "")), _shown(values[parameter.key]))
        for parameter in template.parameters
        if parameter.key in values
        and not (parameter.key in present and same(parameter.kind, present[parameter.key], values[parameter.key]))
    }
