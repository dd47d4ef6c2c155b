# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the caller may do: the actions of the whole run, simulated by IAM."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.check import (
    Finding,
    failed,
    passed,
    skipped,
    unverifiable,
    warned,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.unread import Unread, known
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._permissions.actions import Action
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight import simulating
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.check import check
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import Caller, Decision, Facts
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.wanted import Wanted

GUIDE = "docs/permissions.md has the policy of each playbook."
LONGEST_LIST = 12


def _decisions(facts: Facts, actions: t.Sequence[Action]) -> dict[str, Decision]:
    found = known(facts.simulation) or {}
    return {action.name: found[action.name] for action in actions if action.name in found}


def denied(facts: Facts, actions: t.Sequence[Action]) -> list[str]:
    """Those of the actions that the simulation does not allow, with what refuses them."""
    refused = {name: one for name, one in _decisions(facts, actions).items() if not (one.allowed or one.open)}
    return [f"{name} (by {one.by})" if one.by else name for name, one in refused.items()]


def undecided(facts: Facts, actions: t.Sequence[Action]) -> list[str]:
    """Those of the actions that depend on condition keys which the simulation could not give."""
    seen = {name: one for name, one in _decisions(facts, actions).items() if one.open}
    return [f"{name} ({', '.join(one.missing)})" for name, one in seen.items()]


def unanswered(facts: Facts, actions: t.Sequence[Action]) -> list[str]:
    """Those of the actions of which IAM said nothing: neither allowed nor denied."""
    decisions = known(facts.simulation) or {}
    return [action.name for action in actions if action.name not in decisions]


def not_simulated(facts: Facts) -> Finding | None:
    """Why nothing was simulated, or C(None)."""
    if known(facts.simulation) is not None:
        return None
    caller = facts.caller
    if isinstance(caller, Caller) and caller.is_root:
        return skipped("The root user may do everything, and IAM does not simulate it.")
    return unverifiable("IAM has no policies to simulate for this principal.", f"Check them by hand: {GUIDE}")


def _listed(names: t.Sequence[str]) -> str:
    more = f" and {len(names) - LONGEST_LIST} more" if len(names) > LONGEST_LIST else ""
    return f"{', '.join(names[:LONGEST_LIST])}{more}"


def _open(facts: Facts, actions: t.Sequence[Action]) -> Finding | None:
    """What is neither allowed nor denied; C(None) where nothing is."""
    depending = undecided(facts, actions)
    if depending:
        return warned(
            f"Allowed or not by condition keys that a simulation cannot give: {_listed(depending)}.",
            f"See whether the policies' conditions hold for this run. {GUIDE}",
        )
    missing = unanswered(facts, actions)
    if missing:
        return unverifiable(f"IAM decided nothing on {_listed(missing)}.", f"Check them by hand: {GUIDE}")
    return None


@check(
    "permissions.needed",
    asks="May the caller do everything that the stages of this run do?",
    why="A refusal in the middle of a run leaves half of it done. IAM simulates the principal's own policies, its"
    " permissions boundary and the organization's service control policies, with the resources and tags of this run."
    " What a bucket's, a key's or a secret's own policy allows or forbids is not simulated, nor a session's policy.",
    fix="Attach the policies of docs/permissions.md to the principal.",
)
def needed(wanted: Wanted, facts: Facts) -> Finding:
    """Every action of the registry that this inventory brings in, for the resource that it is for."""
    reason = not_simulated(facts)
    if reason:
        return reason
    actions = [action for action in simulating.simulated(wanted) if not action.optional]
    refused = denied(facts, actions)
    if refused:
        return failed(f"Not allowed: {_listed(refused)}.", f"Allow them. {GUIDE}")
    return _open(facts, actions) or passed(f"All {len(actions)} actions are allowed.")


@check(
    "permissions.looking",
    asks="May the caller look at everything that is checked?",
    why="A check whose calls are refused is skipped: what it would have found shows later.",
    fix="Attach the policy of the stage prerequisites of docs/permissions.md.",
)
def looking(wanted: Wanted, facts: Facts) -> Finding:
    """The actions without which the run goes on, with less to say."""
    reason = not_simulated(facts)
    if reason:
        return reason
    actions = [action for action in simulating.simulated(wanted) if action.optional]
    refused = denied(facts, actions)
    if refused:
        return warned(f"Not allowed, so left out: {_listed(refused)}.", f"Allow them. {GUIDE}")
    return _open(facts, actions) or passed("Everything can be looked at.")


@check(
    "permissions.template",
    asks="What has whoever creates the template's resources to be allowed?",
    why="CloudFormation creates them with the caller's permissions, or with those of its service role. Which actions"
    " that takes is the template's affair, so this part is named and not proven.",
    fix="Give a service role that may manage these services (`gitpod_stack_service_role_arn`), or the caller.",
)
def template(wanted: Wanted, facts: Facts) -> Finding:
    """The services of the template's resource types."""
    seen = None if isinstance(facts.template, Unread) else facts.template
    if seen is None:
        return skipped("The template is not known.")
    who = f"The service role {wanted.service_role_arn}" if wanted.service_role_arn else "The caller"
    return skipped(f"{who} creates resources of {', '.join(services(seen.resource_types))}; not proven here.")


def services(resource_types: t.Iterable[str]) -> list[str]:
    """The services of resource types such as C(AWS::EC2::Subnet)."""
    return sorted({kind.split("::")[1] for kind in resource_types if kind.startswith("AWS::")} - {"CloudFormation"})


CHECKS = (needed, looking, template)
