# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The management plane, as far as this host reaches it."""

from __future__ import annotations

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.check import (
    Finding,
    failed,
    passed,
    skipped,
    warned,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.unread import known
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.client import DEFAULT_URL
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.model import DEGRADED, Runner
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight import registering
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.check import check
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import Facts
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.registering import named
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.wanted import Wanted
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration import tokens

NOT_ASKED = "No API token is given (gitpod_api_token)."


@check(
    "management_plane.reachable",
    asks="Does the management plane's API answer?",
    why="The runner is registered and watched through it. This is the way from where Ansible runs; the runner's own way"
    " is the group network's affair.",
    fix="Check `gitpod_api_endpoint`, this host's proxy settings and its certificate authorities.",
)
def reachable(wanted: Wanted, facts: Facts) -> Finding:
    """One request."""
    seen = facts.management_plane
    if seen is None:
        return skipped(NOT_ASKED)
    where = wanted.api_endpoint or DEFAULT_URL
    if not seen.reached:
        # Only the registration cannot do without the SDK.
        verdict = warned if not seen.installed and named(wanted) else failed
        return verdict(
            f"{where} cannot be asked: {seen.detail}.",
            seen.advice or "Check gitpod_api_endpoint, and this host's proxy settings and certificate authorities.",
        )
    return passed(f"{where} answers.")


@check(
    "management_plane.token",
    asks="Is the API token valid?",
    why="Registration and the runner's phase need it.",
    fix="Create a personal access token of a user who may manage runners (Settings, Personal access tokens).",
)
def token(_wanted: Wanted, facts: Facts) -> Finding:
    """Whether the API took it."""
    seen = facts.management_plane
    if seen is None or not seen.reached:
        return skipped(NOT_ASKED if seen is None else "The API does not answer.")
    if not seen.authenticated:
        return failed(
            f"The API refuses it: {seen.detail}.",
            seen.advice or "Create a new personal access token, and give it as gitpod_api_token.",
        )
    return passed("The API takes it.")


@check(
    "management_plane.runner",
    asks="Is the runner known, in this region?",
    why="Runners are regional and never move: one of another region does not work here, whatever the stack says.",
    fix="Correct `gitpod_runner_id`, or leave it out to have the runner registered.",
)
def runner(wanted: Wanted, facts: Facts) -> Finding:
    """By its ID, or by its name in the region as the registration finds it."""
    seen = facts.management_plane
    if seen is None or not seen.authenticated:
        return skipped(NOT_ASKED if seen is None else "The API was not asked.")
    if named(wanted):
        if not seen.runners:
            return failed(
                f"No runner {wanted.runner_id} is known: {seen.detail}.",
                "Correct gitpod_runner_id, or leave it out to have the runner registered.",
            )
        return _judged(seen.runners[0], wanted)
    try:
        found = registering.found(wanted, facts)
    except RunnerError as error:
        told = " ".join(f"{part.rstrip('.')}." for part in (error.what, error.why) if part)
        return failed(told.replace("; nothing was changed", ""), f"{error.next_step or 'Correct the inventory'}.")
    if found is None:
        return passed(f"No runner is named {wanted.name} in {wanted.region} yet; it will be registered.")
    return _judged(found, wanted)


def _judged(found: Runner, wanted: Wanted) -> Finding:
    name = found.name or found.id
    if found.region and found.region != wanted.region:
        return failed(
            f"{name} is a runner of {found.region}, the inventory says {wanted.region}.",
            "A runner's region cannot change: correct gitpod_region or gitpod_runner_id.",
        )
    if found.leaving:
        return failed(f"{name} is {found.phase}.", "Register another runner.")
    if found.phase == DEGRADED:
        return warned(f"{name} is degraded: {found.message or 'it gives no reason'}.", _next_step(found, wanted))
    return passed(f"{name} in {found.region or wanted.region}, {found.phase or 'known'}.")


def _next_step(found: Runner, wanted: Wanted) -> str:
    if not tokens.token_problem(found.message):
        return "The runner's log says more."
    if named(wanted):
        return "Create an exchange token in the dashboard and set gitpod_exchange_token, or leave gitpod_runner_id out."
    return "This run mints another exchange token and gives it to the stack."


@check(
    "management_plane.settings",
    asks="Can the runner's settings be as they are declared?",
    why="They are written after the deployment. An environment class never changes its configuration, and a group or a"
    " project may not be there, whether or not the runner is.",
    fix="Correct the entry of `gitpod_runner_settings_...` that is named, or allow a new class with its `replace`.",
)
def settings(_wanted: Wanted, facts: Facts) -> Finding:
    """As the next steps compare them with what is there. A runner that comes up makes environment classes itself."""
    found = known(facts.settings)
    if found is None:
        return skipped("None are declared, or the management plane was not asked.")
    return _faults(found, "Correct the entry, or leave it out.")


@check(
    "management_plane.acceptance",
    asks="Has the runner the environment class of the acceptance?",
    why="With `gitpod_acceptance` the run ends with an environment on the runner, and fails where none can be made.",
    fix="Correct `gitpod_acceptance_environment_class`, or enable a class.",
)
def acceptance(_wanted: Wanted, facts: Facts) -> Finding:
    """Of one that is there already, or that the inventory declares. A runner that comes up makes some itself."""
    found = known(facts.acceptance)
    if found is None:
        return skipped("None is asked for, or the runner is not deployed yet, or the management plane was not asked.")
    return _faults(found, "Correct gitpod_acceptance_environment_class.")


def _faults(found: tuple[tuple[str, str], ...], advice: str) -> Finding:
    """All of them in one finding.

    :param advice: where none of them has its own.
    """
    if not found:
        return passed("Nothing is in the way of what is declared.")
    told = " ".join(f"{what.rstrip('.')}." for what, _step in found)
    steps = dict.fromkeys(f"{step.rstrip('.')}." for _what, step in found if step)
    return failed(told, " ".join(steps) or advice)


CHECKS = (reachable, token, runner, settings, acceptance)
