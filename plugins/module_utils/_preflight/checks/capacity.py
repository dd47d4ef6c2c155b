# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The runner's size, judged by the vendor's table, and the classes of its environments."""

from __future__ import annotations

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _address_ranges as address_ranges
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.check import (
    Finding,
    failed,
    passed,
    skipped,
    unverifiable,
    warned,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.unread import Unread, known
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import parameters, status
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import Stack
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight import registering
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.capacity import (
    LARGE,
    LARGE_NEEDS,
    SIZE_PARAMETER,
    SIZES,
    SMALL,
    needs_large,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.check import check
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.checks.network import named_subnets
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.checks.stack import (
    exists,
    known_template,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import Facts
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.wanted import Wanted
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import AVAILABLE, stage

GROW = f"Set gitpod_stack_parameters: {{{SIZE_PARAMETER}: {LARGE}}}, with {LARGE_NEEDS}"
METRICS = "managed metrics"


def size_of(wanted: Wanted, facts: Facts) -> str:
    """The size that the runner will have: the inventory's, the stack's present one, or the template's default.

    Empty where the template has no such parameter, or is not known.
    """
    template = known_template(facts)
    found = parameters.find(SIZE_PARAMETER, template.parameters) if template else []
    if template is None or len(found) != 1:
        return ""
    for name, value in wanted.parameters.items():
        if parameters.find(name, template.parameters) == found:
            return parameters.text_of(value).strip().lower()
    stack = facts.stack if isinstance(facts.stack, Stack) and status.exists(facts.stack.status) else None
    present = stack.parameters.get(found[0].key) if stack else None
    return (present or found[0].default or "").lower()


@check(
    "capacity.size",
    asks="Is the runner's size meant for so many environments?",
    why=f"A small runner is for up to {SIZES[SMALL].environments:,} environments in all, stopped ones too, of which up"
    f" to {SIZES[SMALL].running} run at one time; beyond that, a large one is meant (vendor's documentation, Capacity"
    " planning; docs/capacity.md). The size can be changed later by an update of the stack.",
    fix=f"Set `{SIZE_PARAMETER}: {LARGE}` in `gitpod_stack_parameters`, or share the environments out among runners.",
)
def size(wanted: Wanted, facts: Facts) -> Finding:
    """By what is expected (gitpod_expected_environments, gitpod_expected_running_environments)."""
    if facts.template is None or isinstance(facts.template, Unread):
        return skipped("The template is not known.")
    total, running = wanted.expected_environments, wanted.running_environments
    numbers, found = f"{total:,} environments in all, {running:,} at one time", size_of(wanted, facts)
    evidence = {"size": found, "environments": total, "running": running}
    if found == LARGE and not needs_large(total, running):
        return passed(f"{LARGE}, for {numbers}; {SMALL} would do.", evidence)
    if found in (SMALL, "") and needs_large(total, running):
        limits = f"up to {SIZES[SMALL].environments:,} in all and {SIZES[SMALL].running} at one time"
        told = (
            f"{SMALL} is for {limits}" if found else f"the template has no {SIZE_PARAMETER}, and a runner of {limits}"
        )
        return warned(f"{numbers} are expected, and {told}.", f"{GROW}, or share them out among runners.", evidence)
    if not found:
        return skipped(f"The template has no parameter {SIZE_PARAMETER}.", evidence=evidence)
    if found not in SIZES:
        return skipped(f"The vendor's table of sizes that this collection knows has no {found}.", evidence=evidence)
    return passed(f"{found}, for {numbers}.", evidence)


@check(
    "capacity.large",
    asks="Has a large runner what the vendor requires for it?",
    why=f"The vendor's table asks for {LARGE_NEEDS}.",
    fix=f"Add what is missing, or deploy `{SIZE_PARAMETER}: {SMALL}` where that is enough.",
)
def large(wanted: Wanted, facts: Facts) -> Finding:
    """A new stack is not begun without it; of one that exists it is said."""
    found = size_of(wanted, facts)
    if found != LARGE:
        return skipped(f"The runner is {found or 'of no known size'}.")
    metrics = _managed_metrics(wanted, facts)
    missing = _missing(wanted, facts) + ([METRICS] if metrics is False else [])
    narrow = [f"{subnet.id} ({subnet.cidr})" for subnet in named_subnets(wanted, facts)[0] if _narrow(subnet.cidr)]
    if missing:
        summary = f"A large runner lacks {', '.join(missing)}."
        return (
            warned(summary, f"It needs {LARGE_NEEDS}.")
            if exists(facts)
            else failed(summary, f"It needs {LARGE_NEEDS}.")
        )
    if narrow:
        return warned(
            f"The table has EC2 subnets of /{SIZES[LARGE].prefix}; smaller are {', '.join(narrow)}.",
            "Name larger ones, for example of a secondary range such as 100.64.0.0/16.",
        )
    if metrics is None:
        return unverifiable(
            f"whether the runner has {METRICS} is the management plane's to say.",
            "Set gitpod_registration_metrics: {managed: true} with gitpod_api_token, or look at the runner's page.",
        )
    return passed("Three zones, subnets of their size, PrivateLink and managed metrics.")


def _narrow(cidr: str) -> bool:
    net = address_ranges.network(cidr)
    return net is not None and net.prefixlen > SIZES[LARGE].prefix


def _missing(wanted: Wanted, facts: Facts) -> list[str]:
    """What can be seen from AWS and the inventory."""
    count = len(set(wanted.availability_zones))
    missing = [f"a third zone ({count} named)"] if count and count < SIZES[LARGE].zones else []
    if not wanted.privatelink_enabled and not any(
        entry.endpoint.service_name == wanted.privatelink_service_name and stage(entry.endpoint.state) == AVAILABLE
        for entry in known(facts.endpoints) or ()
    ):
        missing.append("PrivateLink to the management plane")
    return missing


def _managed_metrics(wanted: Wanted, facts: Facts) -> bool | None:
    """As the inventory declares them, or as the runner has them; C(None) where neither is known."""
    declared = (wanted.registration_metrics or {}).get("managed")
    if declared is not None:
        return bool(declared)
    try:
        runner = registering.found(wanted, facts)
    except RunnerError:
        return None
    if runner is None:
        # Of a new one, what is not declared is off.
        return None if wanted.registration_metrics is None else False
    return runner.configuration.metrics.managed


@check(
    "capacity.classes",
    asks="Has the region the instance types of the environment classes that are declared?",
    why="An environment of a class whose instance type the region does not have never starts.",
    fix="Correct the class's configuration in `gitpod_runner_settings_environment_classes`.",
)
def classes(wanted: Wanted, facts: Facts) -> Finding:
    """By EC2's own list."""
    if not wanted.instance_types:
        return skipped("No class with an instance type is declared (gitpod_runner_settings_environment_classes).")
    offered = known(facts.instance_types) or {}
    absent = [
        f"{entry.instance_type} ({entry.name})"
        for entry in wanted.environment_classes
        if entry.instance_type and entry.instance_type not in offered
    ]
    if absent:
        return failed(f"{wanted.region} does not have {', '.join(absent)}.", "Choose types that the region has.")
    told = ", ".join(f"{name} ({offered[name]} vCPUs)" for name in wanted.instance_types)
    return passed(f"{told}.")


CHECKS = (size, large, classes)
