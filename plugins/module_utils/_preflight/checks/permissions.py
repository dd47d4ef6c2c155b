# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the caller may do: the actions of the whole run, simulated by IAM."""

from __future__ import annotations

import dataclasses
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
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._permissions.needs import Needs
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight import simulating, template_needs
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.check import check
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import Caller, Decision, Facts
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.wanted import Wanted

GUIDE = "docs/permissions.md has the policy of each playbook."
POLICIES = "<artifacts>/policies"
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
    asks="May whoever creates the template's resources do what they need?",
    why="CloudFormation creates, changes and deletes them with the caller's permissions, or with those of the stack's"
    " service role. What that takes is computed from the template's own resource types: the CloudFormation registry"
    " names the permissions of each. It names those of every feature of a type, so this is never more than a warning.",
    fix="Attach the policies that the playbook prerequisites writes (`<artifacts>/policies/<runner>-template-*.json`)"
    " to the service role (`gitpod_stack_service_role_arn`), or to the principal.",
)
def template(wanted: Wanted, facts: Facts) -> Finding:
    """The actions of the types' handlers, simulated for the service role or the caller."""
    if isinstance(facts.template, Unread) or facts.template is None:
        return skipped("The template is not known.")
    needs = known(facts.template_needs)
    if needs is None:
        return skipped("The template is not known.")
    role = template_needs.deployer(wanted, facts.stack)
    who = f"The service role {role}" if role else "The caller"
    unread = facts.template_simulation
    if role and isinstance(unread, Unread) and (unread.decided or unread.code == "NoSuchEntity"):
        return warned(
            f"{who} does not exist: {unread.message.rstrip('.')}.",
            "Create it, or correct gitpod_stack_service_role_arn.",
        )
    decisions = known(facts.template_simulation)
    if decisions is None and template_needs.is_there(facts.stack):
        return skipped("The stack exists; this is looked at before one is created.")
    if decisions is None:
        return not_simulated(dataclasses.replace(facts, simulation=None)) or skipped("Nothing was simulated.")
    return _of_resources(who, needs, decisions)


def _of_resources(who: str, needs: Needs, decisions: t.Mapping[str, Decision]) -> Finding:
    """By what is refused, then by what depends on more, then by what nobody could say."""
    refused = [
        name for name in _by_importance(needs, decisions) if not (decisions[name].allowed or decisions[name].open)
    ]
    if refused:
        told = [_told(name, needs, decisions[name]) for name in refused]
        return warned(
            f"{who} may not do {_listed(told)}.",
            f"Attach the policies of the template, which the playbook prerequisites writes ({POLICIES}).",
            {"not_allowed": refused},
        )
    depending = [f"{name} ({', '.join(one.missing)})" for name, one in decisions.items() if one.open]
    if depending:
        return warned(
            f"{who} may or may not do {_listed(depending)}: a simulation cannot give these condition keys.",
            "See whether the policies' conditions hold for CloudFormation's calls.",
        )
    answered = {name.partition(" ")[0] for name in decisions}
    silent = [action for action in needs.actions if action not in answered]
    strange = [f"{name} ({reason})" for name, reason in needs.unknown.items()]
    if silent or strange:
        what = f"what {_listed(strange)} needs" if strange else f"whether {who} may do {_listed(silent)}"
        return unverifiable(f"{what} is not known.", "Check that by hand; everything else is allowed.")
    return passed(f"{who} may do all {len(needs.actions)} actions of {len(needs.types)} resource types.")


def _by_importance(needs: Needs, decisions: t.Mapping[str, Decision]) -> list[str]:
    """What creating needs first, and there the types' own services before what only features of theirs call."""
    services = {_folded(kind.split("::")[1]) for kind in needs.types if kind.count("::") > 1}

    def rank(name: str) -> tuple[bool, bool, str]:
        action = name.partition(" ")[0]
        return action not in needs.create, _folded(action.partition(":")[0]) not in services, name

    return sorted(decisions, key=rank)


def _folded(service: str) -> str:
    """A service as types spell it and as actions do."""
    return service.lower().replace("-", "").removesuffix("v2")


def _told(name: str, needs: Needs, decision: Decision) -> str:
    """An action with what refuses it, or the type that asks for it."""
    action = name.partition(" ")[0]
    types = needs.create.get(action) or needs.later.get(action) or ()
    detail = f"refused by {decision.by}" if decision.by else types[0] if types else ""
    return f"{name} ({detail})" if detail else name


CHECKS = (needed, looking, template)
