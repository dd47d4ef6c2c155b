# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A batch begins: whether it may, a fresh look at its runners, and which of them have something to do."""

from __future__ import annotations

import time
import typing as t
import uuid

from ansible_collections.gitpod.enterprise_runner.plugins.action.runner_fleet import wants_look
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._gate.gate import gate
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._rollout import (
    batch_lines,
    not_first,
    several,
    unheeded,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._stage_plan import (
    BEFORE_THE_STACK,
    DEPLOYING,
    NEXT_STEPS,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values import results
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.action import ControlNodeAction
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.controller_job import in_slices, sliced
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.fleet import (
    fleet_of,
    prerequisites,
    sizes_of,
)
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.host_values import host_values
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.precedence import variables_of
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.running import Raw, Result, plain

# A look that is older says too little about a batch that begins now.
FRESH_SECONDS = 120


class ActionModule(ControlNodeAction):
    """Decides once for all hosts of the batch; nothing is changed."""

    _VALID_ARGS = frozenset({"default_batches", "look"})

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> Result:
        """Decide, show what begins, and return which hosts have work."""
        result: Result = super().run(tmp, task_vars)
        _unused, arguments = self.validate_argument_spec(
            argument_spec={
                "default_batches": {"type": "list", "elements": "str", "default": ["100%"]},
                "look": {"type": "bool", "default": True},
            }
        )
        variables = task_vars or {}
        batch, everyone = list(variables["ansible_play_batch"]), list(variables["ansible_play_hosts_all"])
        values = host_values(self, variables)
        # As the play has them: the contract tells of what is no size.
        sizes = sizes_of(values, arguments["default_batches"])
        refusal = (
            (in_slices() if several(sizes) and sliced(variables) else "")
            or _ignored(sizes, batch, everyone)
            or _not_heeded(values["gitpod_rollout_canary"] or "", batch, everyone)
        )
        lines = batch_lines(sizes, batch, everyone, int(variables.get("ansible_forks", 5)), self._tolerated(values))
        failed = [host for host in everyone if host not in batch and self._failed(variables, host)]
        if not arguments["look"] and len(batch) < len(everyone):
            failed += _unforeseen(variables)
        result.update(changed=False, failed_before=failed, held={}, refused={}, work=[], begun=[], idle={}, runners={})
        result.update(next_steps=[], prepares=False, id=uuid.uuid4().hex)
        if refusal or len(failed) > self._tolerated(values):
            message = refusal or _stopped(failed, self._tolerated(values))
            result.update(begins=False, held=dict.fromkeys(batch, message))
            return result
        if lines:
            self._display.rows(lines)
        result.update(begins=True)
        result.update(self._looked_at(variables, batch) if arguments["look"] else _foreseen(variables, batch))
        return result

    @staticmethod
    def _tolerated(values: t.Any) -> int:
        return int(values["gitpod_rollout_max_failures"])

    def _failed(self, variables: Raw, host: str) -> bool:
        """Whether a host failed in this run; one that was held back did not."""
        own = variables_of(self, variables, host)
        return bool(results.stages(own, host)["failure"]) and not results.not_begun(own, host)

    def _looked_at(self, variables: Raw, batch: list[str]) -> Result:
        """The fresh look and what it means; one that is fresh already is not repeated."""
        known = results.registered(variables, results.LOOK)
        age = time.time() - float(known.get("looked_at") or 0)
        fresh = age < FRESH_SECONDS or not wants_look(variables)
        if fresh and known.get("runners"):
            found = {"runners": {host: plain(known["runners"][host]) for host in batch}}
        else:
            found = prerequisites(self, fleet_of(self, variables, batch), variables, batch, wants_look(variables))
        if found.get("failed"):
            message = str(found.get("msg") or "The batch could not be looked at")
            return {"begins": False, "held": dict.fromkeys(batch, message)}
        now_refused = _refused(found["runners"], wants_look(variables))
        refused = {**now_refused, **self._refused_before(variables, batch)}
        told = {host: text for host, text in now_refused.items() if not fresh or not wants_look(variables)}
        if told:
            refusals = "\n".join(f"{host}: {text}" for host, text in sorted(told.items()))
            self._display.rows(refusals.split("\n"))
        begun = [host for host in batch if host not in refused]
        declared = {host: found["runners"][host].get("next_steps") or [] for host in begun}
        plans = {host: (found["runners"][host].get("look") or {}).get("plan") for host in begun}
        work = [host for host, plan in plans.items() if _needed(plan, DEPLOYING)]
        idle = {host: _idle(plan, declared[host]) for host, plan in plans.items()}
        return {
            **found,
            "refused": refused,
            "begun": begun,
            "work": work,
            "idle": idle,
            "next_steps": [host for host, plan in plans.items() if declared[host] and _needed(plan, NEXT_STEPS)],
            "prepares": any(BEFORE_THE_STACK.difference(idle[host]) for host in work),
        }

    @staticmethod
    def _refused_before(variables: Raw, batch: t.Iterable[str]) -> dict[str, str]:
        decision = results.registered(variables, results.GATE)
        held = {**(decision.get("refused") or {}), **(decision.get("held") or {})}
        return {host: held[host] for host in batch if host in held}


def _needed(plan: t.Sequence[Raw] | None, stages: t.Sequence[str]) -> bool:
    """Whether one of the stages has to run; without a plan, each may have to."""
    return plan is None or any(entry["needed"] for entry in plan if entry["stage"] in stages)


def _idle(plan: t.Sequence[Raw] | None, declared: t.Sequence[str]) -> list[str]:
    """The stages with nothing to do, and the next steps that nobody declares."""
    idle = [entry["stage"] for entry in plan or [] if not entry["needed"]]
    return [*idle, *(stage for stage in NEXT_STEPS if stage not in declared)]


def _foreseen(variables: Raw, batch: list[str]) -> Result:
    """An upgrade was decided on for each runner before the first batch; all of a batch are verified.

    It begins with the stack.
    """
    rows = (variables.get(results.UPGRADE) or {}).get("runners") or {}
    work = [host for host in batch if (rows.get(host) or {}).get("needed")]
    return {"begun": batch, "work": work, "idle": {host: sorted(BEFORE_THE_STACK) for host in work}}


def _unforeseen(variables: Raw) -> list[str]:
    """Who cannot be upgraded, and so is not in the play; in several batches one that has failed (as for the gate)."""
    foreseen = results.registered(variables, results.UPGRADE).get("runners") or {}
    return [str(host) for host, row in foreseen.items() if row.get("failure")]


def _refused(runners: t.Mapping[str, Raw], looked: bool) -> dict[str, str]:
    """Who may not go on, with the reason; without a look only the inventory tells."""
    if looked:
        return dict(gate(list(runners.values())).decision.refused)
    return {
        host: " ".join(f"{problem['id']}: {problem['summary']} -> {problem['remediation']}" for problem in found)
        for host, runner in runners.items()
        if (found := runner.get("problems"))
    }


def _ignored(sizes: t.Sequence[str], batch: t.Sequence[str], everyone: t.Sequence[str]) -> str:
    if not unheeded(sizes, batch, everyone):
        return ""
    return (
        f"gitpod_rollout_batches is {', '.join(map(str, sizes))}, but the first batch has {len(batch)} runners; nothing"
        " was changed. Ansible makes the batches before it reads the inventory, so give the variable as an extra"
        " variable (-e), in the job template, or where the playbook is imported."
    )


def _not_heeded(canary: str, batch: t.Sequence[str], everyone: t.Sequence[str]) -> str:
    if not not_first(canary, batch, everyone):
        return ""
    return (
        f"gitpod_rollout_canary is {canary}, but {batch[0]} would go first; nothing was changed. Ansible orders the"
        " runners before it reads the inventory, so give the variable as an extra variable (-e), in the job template,"
        " or where the playbook is imported."
    )


def _stopped(failed: t.Sequence[str], tolerated: int) -> str:
    return (
        f"Not begun, nothing was changed: {', '.join(failed)} failed before, and gitpod_rollout_max_failures is"
        f" {tolerated}. Remove the cause and run again; what is done stays done."
    )
