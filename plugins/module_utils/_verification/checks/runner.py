# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The runner, as the management plane has it.

Seen at the management plane, with an API token.
"""

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
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.unread import Unread
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.model import ACTIVE, Runner
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration import tokens
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification.check import check, has_endpoint
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification.model import Facts, Wanted
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification.runner import DASHBOARD, PHASE

ADVICE = f"{DASHBOARD}; or give an API token (gitpod_api_token, or GITPOD_API_KEY in the environment)."


def _unseen(facts: Facts) -> Finding | None:
    """What stands for a runner that was not read; C(None) for one that was."""
    if facts.runner is None:
        problem = facts.problems.get("runner")
        return unverifiable(problem.told if problem else "no API token is given.", ADVICE)
    if isinstance(facts.runner, Unread):
        return skipped("The runner could not be read.", f"See {PHASE}.")
    return None


def _seen(facts: Facts) -> Runner:
    return t.cast(Runner, facts.runner)


@check(
    PHASE,
    asks="Is the runner active?",
    why="It says itself, and the management plane shows it in the dashboard, whether it works.",
    fix="The runner's own words say what is wrong: an exchange token, no way to the management plane, or what its log"
    " tells.",
)
def phase(_wanted: Wanted, facts: Facts) -> Finding:
    """One that cannot be asked for, or is not known, has failed; without an API token nothing is known."""
    if isinstance(facts.runner, Unread):
        advice = f"{facts.runner.advice}." if facts.runner.advice else DASHBOARD
        return failed(facts.runner.message, advice)
    return _unseen(facts) or _phase(_seen(facts))


def _phase(found: Runner) -> Finding:
    evidence = {"id": found.id, "name": found.name, "phase": found.phase, "message": found.message}
    if found.phase == ACTIVE:
        return passed("The runner is ACTIVE.", evidence)
    told = f"The runner is {found.phase.upper() or 'without a phase'}. {found.message or 'It gives no reason.'}"
    log = f" ({found.log_url})" if found.log_url else ""
    advice = f"Check that the runner reaches the management plane (proxy, PrivateLink), and read its log{log}."
    if tokens.token_problem(found.message):
        advice = f"{tokens.NEXT_STEP}."
    return failed(told, advice, evidence)


@check(
    "runner.version",
    asks="Does the runner run the wanted version?",
    why="A runner updates itself, and one that tells no version has not started. Which one is wanted says"
    " `gitpod_verify_version`.",
    fix="Look again later; it may still update itself.",
)
def version(wanted: Wanted, facts: Facts) -> Finding:
    """As the management plane has it."""
    return _unseen(facts) or _version(wanted, _seen(facts).version)


def _version(wanted: Wanted, version: str) -> Finding:
    evidence = {"version": version, "wanted": wanted.version}
    if not version:
        return failed("The runner tells no version.", f"See {PHASE}.", evidence)
    if wanted.version and version != wanted.version:
        told = f"The runner has version {version}, not {wanted.version}."
        return warned(told, "It may still update itself; look again.", evidence)
    return passed(f"The runner has version {version}.", evidence)


@check(
    "runner.region",
    asks="Has the management plane the runner in this region?",
    why="A runner never moves: one of another region does not work here.",
    fix="Register one for this region, or name the right runner (`gitpod_runner_id`).",
)
def region(wanted: Wanted, facts: Facts) -> Finding:
    """As the management plane has it."""
    return _unseen(facts) or _region(wanted, _seen(facts).region)


def _region(wanted: Wanted, region: str) -> Finding:
    evidence = {"region": region, "wanted": wanted.region}
    if region != wanted.region:
        told = f"The management plane has the runner in {region or 'no region'}, not {wanted.region}."
        advice = "A runner never moves: register one for this region, or name the right runner (gitpod_runner_id)."
        return failed(told, advice, evidence)
    return passed(f"The management plane has the runner in {region}.", evidence)


@check(
    "runner.connection_type",
    asks="Is the runner's connection type Private?",
    why="The dashboard shows it; the management plane's API has no field for it, so no program can prove it.",
    fix="Look in the dashboard (Settings, Runners, the runner's details). The endpoint's checks and"
    " those of private DNS prove the same from AWS's side and from inside the VPC.",
    only_if=has_endpoint,
)
def connection_type(_wanted: Wanted, _facts: Facts) -> Finding:
    """Never seen."""
    return unverifiable(
        "the management plane's API has no field for the connection type.",
        f"{DASHBOARD}: Connection type has to be Private. The checks endpoint.* and private_dns.* prove "
        "the same from AWS's side and from inside the VPC.",
    )


CHECKS = (phase, version, region, connection_type)
