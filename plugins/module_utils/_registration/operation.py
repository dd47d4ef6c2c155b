# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carrying out a registration: having the runner as it is wanted, or having none."""

from __future__ import annotations

import contextlib
import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import InputError, NotFoundError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.api import Api
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.client import (
    Client,
    Connection,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.model import Runner
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._ownership import Runner as Owner
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._ownership import of_registration
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration import creating, tokens
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration.model import Wanted
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration.plan import (
    Permissions,
    actions,
    as_text,
    check_place,
    choose,
    plan,
    refuse_losses,
    twins,
)

# Seconds between looks at two runners of one name, until they are told as such.
PATIENCE = (1.0, 2.0, 4.0, 0.0)
# What check mode returns for an exchange token, so that what it is handed on to can be checked.
STAND_IN = "minted-when-it-is-needed"
# For a diff, of what is write-only.
SENT = "metrics password: (sent)\n"
FORCED = (
    "The runner {name} is deleted by force: its environments are deleted with it, without regard to what they hold, "
    "and work that was not pushed is lost."
)


def api_of(module: t.Any) -> Api:
    """The calls with a module's connection."""
    return Api(Client(Connection.of(module.params)))


def run(module: t.Any) -> dict[str, t.Any]:
    """What the module runner_registration does."""
    options = module.params
    wanted = Wanted.of(options)
    api = api_of(module)
    if options["state"] == "absent":
        allowed = Permissions(
            with_environments=options["delete_with_environments"],
            with_stack=options["delete_with_stack"],
            force=options["force"] is True,
            stack_exists=options["stack_exists"],
        )
        return absent(api, wanted, allowed, module)
    if options["force"] is True:
        raise InputError("force belongs to state absent; nothing was changed", next_step="Leave it out")
    asked = Asked(options["exchange_token"], options["stack_status"] or "")
    return present(api, wanted, asked, module.check_mode)


def find(api: Api, wanted: Wanted) -> Runner | None:
    """The runner that is meant: by its ID, or by name and region; C(None) when there is none by that name.

    :raises NotFoundError: there is none with the ID that is given.
    """
    if wanted.runner_id:
        return api.runner(wanted.runner_id)
    for pause in PATIENCE:
        found = api.runners()
        if not twins(found, wanted):
            break
        # Another run that registered the same name at the same time deletes its own again in a moment.
        api.clock.sleep(pause)
    return choose(found, wanted)


@dataclasses.dataclass(frozen=True)
class Asked:
    """Whether an exchange token is asked for; with the stack's status, only where the stack or the runner needs it."""

    token: bool
    stack_status: str = ""

    def reason(self, before: Runner | None) -> str:
        """Why one is returned, or an empty text."""
        if not self.token:
            return ""
        return tokens.exchange_token_reason(self.stack_status, before) if self.stack_status else "it is asked for"


def present(api: Api, wanted: Wanted, asked: Asked, check_mode: bool) -> dict[str, t.Any]:
    """Have the runner as it is wanted, and an exchange token when one is asked for.

    A runner that is created brings a first token. Minting another changes nothing that is declared, so it does not
    count as a change.
    """
    before = find(api, wanted)
    if before is not None and before.leaving:
        raise NotFoundError(
            f"The runner {before.id} is {before.phase}; nothing was changed",
            next_step="Leave gitpod_runner_id out, and a new one is registered",
            code="not_found",
        )
    todo = plan(before, wanted)
    runner, token = todo.after, ""
    if todo.changed and not check_mode:
        before, runner, token = _carry_out(api, before, wanted)
        todo = plan(before, wanted)
    reason = asked.reason(before)
    result: dict[str, t.Any] = {
        "changed": todo.changed,
        "created": todo.create,
        "runner": runner.as_result(),
        "actions": actions(before, todo),
    }
    if todo.changed:
        result["diff"] = _diff(before, todo.after, SENT if todo.send_password else "")
    if asked.token:
        result["exchange_token_reason"] = reason
    if reason:
        result["exchange_token"] = STAND_IN if check_mode else token or api.exchange_token(runner.id)
    return result


def _carry_out(api: Api, before: Runner | None, wanted: Wanted) -> tuple[Runner | None, Runner, str]:
    """What was there before, the runner as it is then, and the exchange token that a creation brings.

    What was there before may be another run's, which registered it at the same moment.
    """
    todo = plan(before, wanted)
    if before is None:
        runner, token, own = creating.create(api, wanted, todo.after.configuration)
        if own:
            return None, runner, token
        before, todo = runner, plan(runner, wanted)
        if not todo.changed:
            return before, runner, ""
    # The password never comes back, so it goes along whenever the settings around it are sent.
    password = wanted.metrics_password if "metrics" in todo.changes or todo.send_password else ""
    api.update_runner(before.id, todo.rename, todo.changes, password)
    found = api.runner(before.id)
    return before, dataclasses.replace(found, configuration=todo.after.configuration, name=todo.after.name), ""


def absent(api: Api, wanted: Wanted, allowed: Permissions, module: t.Any) -> dict[str, t.Any]:
    """Have no such runner."""
    try:
        runner = find(api, wanted)
    except NotFoundError:
        runner = None
    gone: dict[str, t.Any] = {"changed": False, "created": False, "runner": None, "actions": [], "reason": ""}
    if runner is None or runner.leaving:
        return {**gone, "runner": runner.as_result() if runner else None}
    check_place(runner, wanted)
    refuse_losses(runner, api.environments(runner.id), allowed)
    force = " by force" if allowed.force else ""
    if allowed.force:
        module.warn(FORCED.format(name=runner.name))
    if not module.check_mode:
        # A try whose answer was lost has deleted it.
        with contextlib.suppress(NotFoundError):
            api.delete_runner(runner.id, allowed.force)
    return {
        **gone,
        "changed": True,
        "actions": [f"delete the runner {runner.name} ({runner.id}){force}"],
        "reason": of_registration(Owner(wanted.name, wanted.runner_id), wanted.region, runner.as_result()).reason,
        "diff": _diff(runner, None),
    }


def _diff(before: Runner | None, after: Runner | None, sent: str = "") -> dict[str, str]:
    header = f"runner {(after or before or Runner('', '')).name}"
    return {
        "before": as_text(before),
        "after": as_text(after) + sent,
        "before_header": header,
        "after_header": header,
    }
