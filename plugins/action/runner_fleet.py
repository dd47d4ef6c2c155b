# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One read for the hosts of a batch, in one process at any number of forks."""

from __future__ import annotations

import time
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._acceptance import report as acceptance
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._certificate import desired as certificate
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import desired as stack
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.contract import describe
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.model import CONTRADICTORY, Problem
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints import (
    desired as network_endpoints,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink import desired as endpoint
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._rollout import several
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._terminal import channel
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._terminal.model import RUNNING, Event
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._terminal.tasks import READS as STAGES
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import clean, once
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values import results
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.earlier import Earlier
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification.report import (
    told,
    unseen_lines,
    verdict_of,
)
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils import control_node
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.action import ControlNodeAction
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.controller_job import in_slices, sliced
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.fleet import (
    Fleet,
    asked_for,
    batches_of,
    fleet_of,
    module_arguments,
    of_each,
    prerequisites,
    sizes_of,
)
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.precedence import variables_of
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.running import (
    Raw,
    Result,
    earlier,
    plain,
    run_module,
)
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.screen import board

READS = ("prerequisites", "status", "upgrade", "verification", "acceptance", "certificates", "started")
# What stands amid the writes, where a failure of the read itself may not take the report from anybody.
RESCUED = frozenset({"verification", "acceptance", "certificates", "started"})
# Of what an inventory keeps from being looked at, the contract says why.
CONTRACTED = frozenset({"status", "upgrade", "acceptance"})


def wants_look(task_vars: Raw) -> bool:
    """Whether the tags of the run ask for the prerequisites' look; the contract counts whatever the tags."""
    run, skipped = task_vars.get("ansible_run_tags") or ["all"], task_vars.get("ansible_skip_tags") or []
    return bool({"all", "prerequisites"} & set(run)) and "prerequisites" not in skipped


class ActionModule(ControlNodeAction):
    """Typed values of every host in, one module run, a result for each host out."""

    _VALID_ARGS = frozenset({"read", "hosts", "default_batches", "on_request"})

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> Result:
        """Run the module once; what cannot be read of a host is that host's failure alone."""
        result: Result = super().run(tmp, task_vars)
        _unused, arguments = self.validate_argument_spec(
            argument_spec={
                "read": {"type": "str", "required": True, "choices": list(READS)},
                "hosts": {"type": "list", "elements": "str"},
                "default_batches": {"type": "list", "elements": "str", "default": ["100%"]},
                "on_request": {"type": "bool", "default": False},
            }
        )
        variables = task_vars or {}
        hosts = hosts_of(arguments["hosts"], variables)
        fleet = fleet_of(self, variables, hosts)
        if arguments["read"] == "prerequisites":
            _begun("prerequisites", hosts)
            return {**result, **self._before_the_first_batch(fleet, variables, hosts, arguments["default_batches"])}
        fleet = Fleet(
            {host: own.with_deployed(results.deployed(variables, host)) for host, own in fleet.values.items()},
            fleet.problems,
        )
        failed = self._failed(fleet, variables) if arguments["read"] == "verification" else {}
        without = {host for host, standing in failed.items() if not standing}
        if arguments["read"] == "acceptance" and arguments["on_request"]:
            without = {host for host in hosts if not self._wants_proof(fleet, variables, host)}
        fleet = Fleet({host: fleet.values[host] for host in hosts if host not in without}, fleet.problems)
        _begun(arguments["read"], fleet.values)
        return {**result, **self._read(arguments["read"], fleet, variables, failed)}

    def _read(self, read: str, fleet: Fleet, variables: Raw, failed: t.Container[str]) -> Result:
        """What is read of the fleet.

        :param failed: hosts of which something has failed in this run, for a verification: nobody waits for them.
        """
        result: Result = {"changed": False, "runners": {}}
        left = {host: earlier(self, variables_of(self, variables, host), host) for host in fleet.values}
        module, options = OPTIONS[read](fleet, left)
        for runner in options["runners"]:
            if runner["host"] in failed:
                runner["values"].update(gitpod_verify_wait=0, gitpod_verify_phase_wait=0)
        if options["runners"]:
            found = run_module(self, module, options, variables)
            result.update(of_each(found, options["runners"]) if read in RESCUED else found)
        if read in CONTRACTED and not result.get("failed"):
            unsound = {host: _contract_failure(fleet, host) for host in fleet.values if not fleet.sound(host)}
            result["runners"] = {host: unsound.get(host) or result["runners"].get(host) or {} for host in fleet.values}
        if read == "verification" and not result.get("failed"):
            result.update(self._judged(fleet, plain(result["runners"]), self._told_before(variables)))
        if read == "acceptance":
            named = {values["gitpod_runner_name"]: result["runners"].get(host) for host, values in fleet.values.items()}
            for line in acceptance.told(plain(named)):
                self._display.display(clean(line))
        return result

    def _before_the_first_batch(self, fleet: Fleet, variables: Raw, hosts: list[str], sizes: list[str]) -> Result:
        """The look at everyone, and what the gate has to know; a slice of a controller's job has one batch."""
        if sliced(variables) and several(sizes_of(fleet.values[hosts[0]], sizes)):
            told = in_slices().split(" Nothing was changed. ")
            fleet = fleet.with_problem(Problem(CONTRADICTORY, "gitpod_rollout_batches", *told))
        found = prerequisites(self, fleet, variables, hosts, wants_look(variables))
        return {**found, **_for_the_gate(fleet, hosts, sizes)}

    def _wants_proof(self, fleet: Fleet, task_vars: Raw, host: str) -> bool:
        """Where the inventory or the tags ask for it, and nothing of the runner has failed in this run."""
        if not (fleet.values[host]["gitpod_acceptance"] or asked_for(task_vars)):
            return False
        return not results.stages(variables_of(self, task_vars, host), host)["failure"]

    def _failed(self, fleet: Fleet, task_vars: Raw) -> dict[str, bool]:
        """Hosts of which something has failed in this run, and whether a stack of theirs stands: without one there is
        nothing to verify, and the others of the fleet would wait for what cannot come."""
        found = {}
        for host in filter(fleet.sound, fleet.values):
            stages = results.stages(variables_of(self, task_vars, host), host)
            if stages["failure"]:
                found[host] = stands(stages["stack"])
        return found

    def _judged(self, fleet: Fleet, seen: dict[str, Result], before: t.Container[str]) -> Result:
        """Verdicts of those that no probe looks at besides; the others' probes look first.

        :param before: what was told of an earlier batch, and is the same of this one.
        """
        runners: dict[str, Result] = {}
        lines: dict[str, list[str]] = {}
        for host, found in seen.items():
            values = fleet.values[host]
            probes = values["gitpod_verify_probe_hosts"] if found.get("exists") else []
            verdict = {} if probes else verdict_of(found, values["gitpod_verify_required"], self._task.check_mode)
            runners[host] = {**verdict, "seen": found, "probe_hosts": probes}
            lines[values["gitpod_runner_name"]] = told(found, verdict)
        for line in once({name: [line for line in own if line not in before] for name, own in lines.items()}):
            self._display.display(clean(line))
        probing = [host for host, found in runners.items() if found["probe_hosts"]]
        unseen = {line for found in runners.values() if found.get("checks") for line in unseen_lines(found)}
        return {"runners": runners, "probing": probing, "unseen": sorted(unseen), "looked_at": time.time()}

    def _told_before(self, task_vars: Raw) -> frozenset[str]:
        """What an earlier batch of this play could not see; each of its hosts has that registered."""
        batch = set(map(str, task_vars.get("ansible_play_batch") or []))
        others = [host for host in map(str, task_vars.get("ansible_play_hosts_all") or []) if host not in batch]
        registered = (results.registered(variables_of(self, task_vars, host), results.VERIFICATION) for host in others)
        return frozenset(str(line) for own in registered for line in own.get("unseen") or [])


def stands(found: Raw) -> bool:
    """Whether there is a stack that was complete once, as far as a stage of this run knows.

    :param found: the stage's result, which may be a failure.
    """
    status = str((found.get("stack") or {}).get("status") or "")
    return status == "CREATE_COMPLETE" or status.startswith(("UPDATE_", "IMPORT_"))


def hosts_of(named: t.Sequence[str] | None, task_vars: Raw) -> list[str]:
    """The hosts that are named, which may be none at all, as of a batch that is not begun; else the task's own."""
    return [str(task_vars["inventory_hostname"])] if named is None else [str(host) for host in named]


def _begun(read: str, hosts: t.Iterable[str]) -> None:
    """A read of these hosts begins; of a wait, whoever waits tells."""
    if read in STAGES:
        channel.write(board(), *(Event(host, STAGES[read], RUNNING, "looking") for host in hosts))


def _for_the_gate(fleet: Fleet, hosts: t.Sequence[str], default_batches: t.Sequence[str]) -> Result:
    """What the gate needs besides: the batches, what is tolerated, and where files go."""
    values = fleet.values[hosts[0]]
    written = values["gitpod_prerequisites_artifacts"] and not control_node.directory(values, control_node.ARTIFACTS)
    return {
        "batches": batches_of(fleet, hosts, default_batches),
        "max_failures": values["gitpod_rollout_max_failures"],
        "directory": values[control_node.ARTIFACTS] if written else "",
    }


def _status(fleet: Fleet, _left: t.Mapping[str, Earlier]) -> tuple[str, Result]:
    return "runner_status_info", module_arguments(fleet, [host for host in fleet.values if fleet.sound(host)])


def _upgrade(fleet: Fleet, _left: t.Mapping[str, Earlier]) -> tuple[str, Result]:
    return "runner_upgrade_info", module_arguments(fleet, [host for host in fleet.values if fleet.sound(host)])


def _verification(fleet: Fleet, left: t.Mapping[str, Earlier]) -> tuple[str, Result]:
    return "runner_verification_info", _of_what_stands(fleet, left)


def _acceptance(fleet: Fleet, left: t.Mapping[str, Earlier]) -> tuple[str, Result]:
    return "runner_acceptance", _of_what_stands(fleet, left)


def _of_what_stands(fleet: Fleet, left: t.Mapping[str, Earlier]) -> Result:
    """What waits for an approval, or for records that somebody adds, has nothing to verify yet."""
    waiting = {host for host, found in left.items() if found.awaits_approval or found.awaits_records}
    hosts = [host for host in fleet.values if fleet.sound(host) and host not in waiting]
    options = module_arguments(fleet, hosts)
    for runner in options["runners"]:
        runner["earlier"] = plain(left[runner["host"]].public())
    return options


def _certificates(fleet: Fleet, left: t.Mapping[str, Earlier]) -> tuple[str, Result]:
    waiting = [
        host for host, found in left.items() if found.certificate.get("in_progress") and not found.awaits_records
    ]
    return "runner_fleet_wait", {
        "runners": [
            {**_where(fleet, host), "certificate": certificate.join(fleet.values[host].everything(), left[host])}
            for host in waiting
        ]
    }


def _started(fleet: Fleet, left: t.Mapping[str, Earlier]) -> tuple[str, Result]:
    """The stacks and endpoints on which something is going on."""
    runners = []
    for host, found in left.items():
        values, parts = fleet.values[host].everything(), {}
        if found.started.get("in_progress"):
            parts["stack"] = stack.join(values, found)
        if values["gitpod_network_endpoints"] and found.network_started.get("in_progress"):
            parts["network_endpoints"] = network_endpoints.join(values, found)
        if values["gitpod_privatelink_enabled"] and found.endpoint_started.get("in_progress"):
            parts["endpoint"] = endpoint.join(values, found)
        if parts:
            runners.append({**_where(fleet, host), **parts})
    intervals = [fleet.values[entry["host"]]["gitpod_stack_progress_interval"] for entry in runners]
    return "runner_fleet_wait", {"runners": runners, "progress_interval": min(intervals, default=10)}


def _contract_failure(fleet: Fleet, host: str) -> Result:
    return {"failed": True, "msg": describe(host, fleet.problems[host])}


def _where(fleet: Fleet, host: str) -> Result:
    values = fleet.values[host]
    return {"host": host, "region": values["gitpod_region"], "profile": values["gitpod_aws_profile"]}


OPTIONS: t.Mapping[str, t.Callable[[Fleet, t.Mapping[str, Earlier]], tuple[str, Result]]] = {
    "status": _status,
    "upgrade": _upgrade,
    "verification": _verification,
    "acceptance": _acceptance,
    "certificates": _certificates,
    "started": _started,
}
