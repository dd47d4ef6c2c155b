# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The management plane, as far as this host reaches it."""

from __future__ import annotations

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.check import (
    Finding,
    check,
    failed,
    passed,
    skipped,
    warned,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import Facts
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.wanted import Wanted

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
    where = wanted.api_endpoint or "https://app.gitpod.io/api"
    if not seen.reached:
        return failed(
            f"{where} cannot be reached: {seen.detail}.",
            "Check gitpod_api_endpoint, and this host's proxy settings and certificate authorities.",
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
            "Create a new personal access token, and give it as gitpod_api_token.",
        )
    return passed("The API takes it.")


@check(
    "management_plane.runner",
    asks="Is the runner known, in this region?",
    why="Runners are regional and never move: one of another region does not work here, whatever the stack says.",
    fix="Correct `gitpod_runner_id`, or leave it out to have the runner registered.",
)
def runner(wanted: Wanted, facts: Facts) -> Finding:
    """By its ID."""
    seen = facts.management_plane
    if seen is None or not seen.authenticated:
        return skipped(NOT_ASKED if seen is None else "The API was not asked.")
    if not wanted.runner_id:
        return skipped("The inventory names no runner (gitpod_runner_id); it is found or created by its name.")
    if not seen.runner_found:
        return failed(
            f"No runner {wanted.runner_id} is known: {seen.detail}.",
            "Correct gitpod_runner_id, or leave it out to have the runner registered.",
        )
    if seen.runner_region and seen.runner_region != wanted.region:
        return failed(
            f"{seen.runner_name or wanted.runner_id} is a runner of {seen.runner_region}, the inventory says"
            f" {wanted.region}.",
            "A runner's region cannot change: correct gitpod_region or gitpod_runner_id.",
        )
    phase = seen.runner_phase.rpartition("_")[2].lower()
    if phase in ("deleting", "deleted"):
        return failed(f"{seen.runner_name or wanted.runner_id} is {phase}.", "Register another runner.")
    if phase == "degraded":
        return warned(f"{seen.runner_name or wanted.runner_id} is degraded.", "The dashboard shows why.")
    return passed(
        f"{seen.runner_name or wanted.runner_id} in {seen.runner_region or wanted.region}, {phase or 'known'}."
    )


CHECKS = (reachable, token, runner)
