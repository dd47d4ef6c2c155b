# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One step of one stage for the task's host: options from typed values, the module that takes them, and its result."""

from __future__ import annotations

import dataclasses
import time
import typing as t

from ansible.plugins.action import ActionBase

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._certificate import desired as certificate
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import desired as stack
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.changes import describe
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns import desired as dns
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink import desired as endpoint
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration import desired as registration
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import clean
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values import results
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.earlier import Earlier
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification.desired import probe
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.host_values import host_values
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.running import (
    Raw,
    Result,
    earlier,
    plain,
    run_module,
)

Values = t.Mapping[str, t.Any]


def stack_status(variables: Raw) -> str:
    """The stack's status as the registration's own look has it."""
    looked = variables.get("__gitpod_registration_stack") or {}
    return str((looked.get("stack") or {}).get("status") or "")


@dataclasses.dataclass(frozen=True)
class Step:
    """How a stage takes a step.

    :param module: of the collection.
    :param options: from typed values (secrets included) and earlier results.
    :param idle: why there is nothing to do, or empty.
    :param finish: adds to the module's result what later steps need, and shows what a person wants to know.
    """

    module: str
    options: t.Callable[[Values, Earlier], dict[str, t.Any]]
    idle: t.Callable[[Values, Earlier], str] = lambda _values, _earlier: ""
    finish: t.Callable[[ActionBase, Result, Values, Raw], None] = lambda _action, _result, _values, _variables: None


def _no_certificate(values: Values, _earlier: Earlier) -> str:
    return "" if certificate.wanted(values) else "no certificate is asked for (gitpod_certificate_request)"


def _not_registered(values: Values, _earlier: Earlier) -> str:
    return "" if registration.wanted(values) else "the inventory has the runner's ID, or no API token"


def _no_endpoint(values: Values, _earlier: Earlier) -> str:
    return "" if values["gitpod_privatelink_enabled"] else "gitpod_privatelink_enabled is not set"


def _nothing_started(values: Values, found: Earlier) -> str:
    started = found.started
    return "nothing is going on" if started and not started.get("in_progress", True) else ""


def _endpoint_settled(values: Values, found: Earlier) -> str:
    started = found.endpoint_started
    settled = "nothing is going on" if started and not started.get("in_progress", True) else ""
    return _no_endpoint(values, found) or settled


def _stack_look(values: Values, found: Earlier) -> dict[str, t.Any]:
    return {**stack.connection(values), "name": found.stack_name or values["gitpod_stack_name"]}


def _records(values: Values, found: Earlier) -> dict[str, t.Any]:
    return dns.route53(values, found.load_balancer, joined_later=False)


def _hand_on(action: ActionBase, result: Result, values: Values, variables: Raw) -> None:
    """The registration without its token, and lines, because a result with a token is shown nowhere."""
    result["handed_on"] = registration.handed_on(plain(result), values, stack_status(variables))
    for line in result["handed_on"]["actions"]:
        action._display.display(clean(f"{values['gitpod_runner_name']}: {line}"))


def _whose_turn(action: ActionBase, result: Result, values: Values, _variables: Raw) -> None:
    if result.get("waiting_for_acceptance"):
        action._display.display(clean(f"{values['gitpod_runner_name']}: {result.get('waiting_for')}"))


def _awaits_approval(action: ActionBase, result: Result, values: Values, _variables: Raw) -> None:
    """The changes that wait for approval."""
    if result.get("operation") != "review":
        return
    told = ", ".join(result.get("actions") or [])
    lines = [
        f"{values['gitpod_runner_name']}: {told}; run again without gitpod_stack_review to execute exactly these"
        " changes"
    ]
    lines += [f"    {describe(plain(change))}" for change in result.get("changes") or []]
    action._display.display("\n".join(clean(line) for line in lines))


PROBE = Step("runner_health_info", lambda _values, _earlier: {})
STEPS: t.Mapping[tuple[str, str], Step] = {
    ("certificate", "start"): Step("runner_certificate", certificate.start, _no_certificate),
    ("certificate", "join"): Step("runner_certificate", certificate.join, _no_certificate),
    ("registration", "look"): Step("runner_stack_info", _stack_look, _not_registered),
    ("registration", "start"): Step("runner_registration", registration.start, _not_registered, _hand_on),
    ("privatelink", "start"): Step("runner_endpoint", endpoint.start, _no_endpoint, _whose_turn),
    ("privatelink", "join"): Step("runner_endpoint", endpoint.join, _endpoint_settled),
    ("privatelink", "absent"): Step("runner_endpoint", endpoint.absent),
    ("stack", "look"): Step("runner_stack_info", _stack_look),
    ("stack", "start"): Step("runner_stack", stack.start, finish=_awaits_approval),
    ("stack", "join"): Step("runner_stack", stack.join, _nothing_started),
    ("verify", "probe"): PROBE,
    ("dns", "route53"): Step("runner_dns", _records),
}


class ActionModule(ActionBase):
    """Runs the stage's module with the options that the inventory wants."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_diff = True
    _VALID_ARGS = frozenset({"stage", "step", "options"})

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> Result:
        """Run the module once, or skip where there is nothing to do."""
        result: Result = super().run(tmp, task_vars)
        _unused, arguments = self.validate_argument_spec(
            argument_spec={
                "stage": {"type": "str", "required": True, "choices": sorted({stage for stage, _step in STEPS})},
                "step": {"type": "str", "required": True},
                "options": {"type": "dict", "default": {}},
            }
        )
        step = STEPS[arguments["stage"], arguments["step"]]
        values = host_values(self, task_vars or {}).everything()
        found = earlier(self, task_vars or {})
        idle = step.idle(values, found)
        if idle:
            result.update(skipped=True, skip_reason=idle, changed=False)
            return result
        if step is PROBE:
            options = self._probe(values, task_vars or {})
        else:
            options = {**step.options(values, found), **arguments["options"]}
        if step.module == "runner_registration":
            options.setdefault("stack_status", stack_status(task_vars or {}))
        result.update(run_module(self, step.module, options, task_vars or {}))
        if not result.get("failed"):
            step.finish(self, result, values, task_vars or {})
        return result

    def _probe(self, values: Values, variables: Raw) -> Result:
        """The task is delegated to the probe; the values are those of the runner's host."""
        read = variables.get(results.VERIFICATION) or {}
        seen = plain(results.of_fleet(variables, results.VERIFICATION, str(variables["inventory_hostname"]))["seen"])
        elapsed = time.time() - float(read.get("looked_at") or time.time())
        return probe(values, seen, elapsed, bool(self._task.check_mode))
