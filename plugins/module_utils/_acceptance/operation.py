# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module runner_acceptance does: every runner in a thread of its own, and none ends the others."""

from __future__ import annotations

import functools
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _lifetime
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._acceptance import custody, model, ours
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._acceptance.classes import choose
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._acceptance.custody import Custody
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._acceptance.looking import Eye
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._acceptance.model import Step, Wanted
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._acceptance.proof import Means, Proof
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.clients import FleetConnections
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.fleet import Fleet, Host
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.module import Connected, looked
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.client import (
    Client,
    Connection,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.environments import (
    EnvironmentApi,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.model import (
    CREATED,
    INACTIVE,
    Runner,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration import operation as registration
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration.desired import connection
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration.model import (
    Wanted as WantedRegistration,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification.here import Network
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Clock

Result = dict[str, t.Any]


def run(module: t.Any, connected: Connected = FleetConnections) -> Result:
    """Accept every runner; the result of each by its host.

    :raises InputError: two runners have one name.
    """
    keep = Custody()
    with _lifetime.ending_with(keep.close, custody.SECONDS):
        found = looked(module, functools.partial(look, keep), "through the acceptance", connected)
    return {**found, "changed": any(result.get("changed") for result in found["runners"].values())}


def look(keep: Custody, fleet: Fleet, host: Host) -> Result:
    """One runner's part.

    :raises RunnerError: nothing was begun, because something is wrong with the inventory or with the runner.
    """
    clock = Clock()
    began = clock.now()
    wanted, name = Wanted.of(host.values), str(host.values["gitpod_runner_name"])
    means = _means(keep, fleet, host, wanted, clock)
    proof, failure, order = Proof(means, wanted, name), None, None
    result: Result = {"accepted": None, "changed": False, "environment": {}}
    try:
        with proof.step(model.CLASS) as detail:
            runner = _runner(means.api, host)
            result["runner"] = {"id": runner.id, "phase": runner.phase, "version": runner.version}
            chosen = choose(means.api.environment_classes(runner.id), wanted.environment_class, name)
            detail.append(chosen.name)
        order = ours.order(runner.id, name, chosen.id, wanted.repository, wanted.longest, means.now)
        result["environment"] = {"name": order.name, "class": chosen.name, "repository": wanted.shown_repository}
        if fleet.check:
            proof.steps += _planned(wanted, chosen.name)
        else:
            proof.remove_leftovers(runner.id)
            proof.prove(order)
            result["accepted"] = True
    except RunnerError as error:
        failure = error
    result.update(
        changed=proof.removed > 0,
        warnings=proof.warnings,
        seconds=round(clock.now() - began, 1),
        steps=[step.as_result() for step in _in_order(proof.steps)],
    )
    return _with_failure(result, failure, fleet.check) if failure else result


def _means(keep: Custody, fleet: Fleet, host: Host, wanted: Wanted, clock: Clock) -> Means:
    """What an acceptance of this runner works with.

    :raises RunnerError: the management plane cannot be asked.
    """
    eye = Eye(Network(host).parameters({}, 0), fleet.network) if wanted.look else None
    return Means(
        _api(fleet, host.values),
        clock,
        keep,
        lambda what: fleet.board.waits(host.name, what),
        eye.look if eye else None,
    )


def _with_failure(result: Result, failure: RunnerError, check: bool) -> Result:
    """The result of an acceptance that failed, or would fail as things stand."""
    if check:
        # What would have come before, a deployment say, is not there.
        return {**result, "warnings": [f"As things stand the acceptance would fail: {failure.message}"]}
    told = {"msg": failure.message, "next_step": failure.next_step, **failure.details}
    return {**result, "failed": True, "accepted": False, **told}


def _in_order(steps: t.Sequence[Step]) -> list[Step]:
    """Every step, also those that were not reached."""
    done = {step.name: step for step in steps}
    return [done.get(name) or Step(name, model.LEFT_OUT, 0.0, "not reached") for name in model.STEPS]


def _planned(wanted: Wanted, class_name: str) -> list[Step]:
    """What check mode would do; it looks for nothing that an earlier run has left, because it removes nothing."""
    said = {
        model.LEFTOVERS: "would remove what an earlier acceptance has left",
        model.CREATE: f"would create an environment of the class {class_name}"
        + (f" and the repository {wanted.shown_repository}" if wanted.repository else ""),
        model.RUN: f"would wait {wanted.timeout:g} s at most",
        model.URL: f"would look for {wanted.url_timeout:g} s at most",
        model.STOP: "would stop it",
        model.DELETE: "would delete it",
    }
    if not wanted.look:
        del said[model.URL]
    return [Step(name, model.PLANNED, 0.0, detail) for name, detail in said.items()]


def _api(fleet: Fleet, values: t.Mapping[str, t.Any]) -> EnvironmentApi:
    """One connection for all runners that have the same.

    :raises RunnerError: the token is missing, or the SDK.
    """
    options = Connection.of(connection(values))
    try:
        return fleet.pool.once(("environments", options), lambda: EnvironmentApi(Client(options)))
    except ImportError as error:
        raise RunnerError(f"The SDK is missing: {error}", next_step="Install gitpod-sdk") from error


def _runner(api: EnvironmentApi, host: Host) -> Runner:
    """The runner, as the registration finds it, and able to run an environment.

    :raises RunnerError: there is none, or it cannot.
    """
    values = host.values
    name, region = str(values["gitpod_runner_name"]), values["gitpod_region"]
    runner_id = host.earlier.runner_id(values)
    found = registration.find(api, WantedRegistration(name, region, runner_id))
    if found is None:
        raise RunnerError(
            f"The management plane knows no runner {name} in {region}",
            next_step="Deploy it (site.yml), or name the right one (gitpod_runner_id)",
        )
    if found.phase in (CREATED, INACTIVE) or found.leaving:
        raise RunnerError(
            f"The runner {name} is {found.phase}, so no environment can run on it",
            found.message,
            "Bring it up first: site.yml deploys and verifies it, status.yml tells what it lacks",
        )
    return found
