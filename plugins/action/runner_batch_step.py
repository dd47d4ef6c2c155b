# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One step of the hosts of a batch, in one process; what it did, changed or failed at, each host's own task tells."""

from __future__ import annotations

import contextlib
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._terminal import channel
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._terminal.model import RUNNING, Event
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import brief, clean
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values import results
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.action import ControlNodeAction
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.batch_steps import STEPS, Standing
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.fleet import fleet_of
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.precedence import variables_of
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.running import (
    Raw,
    Result,
    earlier,
    plain,
    run_module,
)
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.screen import board

MODULE = "runner_together"
# One runner alone takes its step by itself, for as much.
AT_LEAST = 2
LONGEST = 500
DOING = {"stack": "starting", "dns": "pointing the names"}


class ActionModule(ControlNodeAction):
    """Takes the step for those of which it is sure; the others' own tasks find nothing here, and take it themselves."""

    _VALID_ARGS = frozenset({"stage"})

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> Result:
        """Run the module once; what fails of a host is that host's failure alone."""
        result: Result = super().run(tmp, task_vars)
        _unused, arguments = self.validate_argument_spec(
            argument_spec={"stage": {"type": "str", "required": True, "choices": sorted(STEPS)}}
        )
        variables, stage = task_vars or {}, arguments["stage"]
        batch = results.registered(variables, results.BATCH)
        result.update(changed=False, runners={}, batch=batch.get("id") or "")
        runners = self._runners(stage, variables)
        if len(runners) < AT_LEAST:
            return result
        channel.write(board(), *(Event(runner["host"], stage, RUNNING, DOING[stage]) for runner in runners))
        options = {"module": STEPS[stage].module, "runners": runners}
        named = ", ".join(runner["host"] for runner in runners)
        result["msg"] = f"{named}: their own tasks tell what was done; whoever is not named takes the step by itself"
        return {**result, **of_all(run_module(self, MODULE, options, variables))}

    def _runners(self, stage: str, variables: Raw) -> list[Result]:
        """Each with the module's options, where the step is due and nothing of the host has failed."""
        batch = results.registered(variables, results.BATCH)
        due = [host for host in map(str, batch.get("work") or []) if stage not in (batch["idle"].get(host) or [])]
        if len(due) < AT_LEAST:
            return []
        fleet, found = fleet_of(self, variables, due), []
        for host in due:
            if not fleet.sound(host):
                continue
            # What is wrong with a host its own task says, and fails alone.
            with contextlib.suppress(Exception):
                own = variables_of(self, variables, host)
                values = fleet.values[host].with_deployed(results.deployed(own, host) if stage != "stack" else {})
                idle = frozenset(batch["idle"].get(host) or [])
                standing = Standing(values, earlier(self, own, host), own, idle, bool(self._task.check_mode))
                found += _runner(host, STEPS[stage].options(standing))
        return found


def of_all(found: Result) -> Result:
    """What is kept of the module's result; what was changed, the hosts' own tasks count.

    Where the module itself failed, those attach to what was begun, and say what is wrong.
    """
    told = {name: found[name] for name in ("warnings", "deprecations") if found.get(name)}
    if not found.get("failed"):
        return {**told, "runners": found["runners"]}
    cause = clean(str(found.get("msg") or found.get("module_stderr") or "no message"))
    lost = f"The step was not taken for all hosts together, each takes it by itself: {brief(cause, LONGEST)}"
    return {**told, "runners": {}, "warnings": [*(told.get("warnings") or []), lost]}


def _runner(host: str, options: Result) -> list[Result]:
    """An entry of the module, or none."""
    if not options:
        return []
    where = {"host": host, "region": options.pop("region"), "profile": options.pop("profile", None)}
    return [plain({**where, "options": options})]
