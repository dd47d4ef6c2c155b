# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One read for many hosts, in one module process: typed values in, a result for each host out. For action plugins."""

from __future__ import annotations

import dataclasses
import time
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.contract import needs_a_stack, of_fleet
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.model import Problem
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._rollout import batch_sizes, serial
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._runner_settings.desired import declared
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.door import Values
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.registry import variables
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils import control_node
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.host_values import (
    fleet_values,
    left_out_values,
)
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.running import Raw, Result, run_module

PREREQUISITES = "runner_preflight_info"
# Of what one runner waits for (runner_fleet_wait).
PARTS = ("stack", "network_endpoints", "endpoint", "certificate")
COSTED = (
    "gitpod_acceptance",
    "gitpod_vpc_id",
    "gitpod_privatelink_enabled",
    "gitpod_privatelink_subnet_ids",
    "gitpod_ec2_subnet_ids",
    "gitpod_availability_zones",
)


@dataclasses.dataclass(frozen=True)
class Fleet:
    """Hosts of the play, in its order, with what their inventory says and what is wrong with it."""

    values: t.Mapping[str, Values]
    problems: t.Mapping[str, t.Sequence[Problem]]

    def sound(self, host: str) -> bool:
        """Whether the host may be looked at: nothing is wrong but what an existing stack makes good."""
        return needs_a_stack(self.problems[host], variables())

    def with_problem(self, problem: Problem) -> Fleet:
        """The same with one more that every host has."""
        return Fleet(self.values, {host: [*found, problem] for host, found in self.problems.items()})


def fleet_of(action: t.Any, task_vars: Raw, hosts: t.Sequence[str]) -> Fleet:
    """The typed values of hosts, and every problem of their inventory."""
    values = fleet_values(action, task_vars, hosts)
    known = task_vars.get("hostvars") or {}
    identified = any(own.given.get("gitpod_runner_id") for own in values.values())
    found = of_fleet(values, left_out_values(action, task_vars, hosts) if identified else None)
    proxied = control_node.has_own_proxies(action._task.environment)
    return Fleet(
        values,
        {host: [*found[host], *control_node.problems(own, known, proxied)] for host, own in values.items()},
    )


def asked_for(task_vars: Raw) -> bool:
    """Whether the run's tags ask for an acceptance, whatever the inventory says."""
    return "acceptance" in (task_vars.get("ansible_run_tags") or [])


def accepts(declared: bool, task_vars: Raw) -> bool:
    """Whether this run has an acceptance of a runner, as its tags are."""
    run, skipped = task_vars.get("ansible_run_tags") or ["all"], task_vars.get("ansible_skip_tags") or []
    return "acceptance" not in skipped and (asked_for(task_vars) or (declared and "all" in run))


def module_arguments(fleet: Fleet, hosts: t.Iterable[str]) -> Result:
    """What a module takes that reads many hosts: public values, and apart from them the secrets."""
    chosen = list(hosts)
    return {
        "runners": [{"host": host, "values": fleet.values[host].public()} for host in chosen],
        "secrets": {host: fleet.values[host].secrets() for host in chosen},
    }


def of_each(found: Result, runners: t.Iterable[t.Mapping[str, t.Any]]) -> Result:
    """A read's result, and where the read itself failed, that failure as each runner's own.

    A task with run_once that fails has Ansible give up all other hosts too, past any rescue: they would be missing in
    the report (ansible-core, plugins/strategy/linear.py).

    :param runners: as the module was given them, each with its C(host) and perhaps the parts that are waited for.
    """
    if not found.get("failed"):
        return found
    failure = {"failed": True, "msg": str(found.get("msg") or "The read failed without a message")}
    parts = {runner["host"]: [part for part in PARTS if part in runner] for runner in runners}
    failures = {host: dict.fromkeys(named, failure) if named else failure for host, named in parts.items()}
    return {**found, "failed": False, "changed": False, "runners": failures}


def prerequisites(action: t.Any, fleet: Fleet, task_vars: Raw, hosts: t.Sequence[str], look: bool = True) -> Result:
    """The contract of every host, and one look at those whose inventory is sound.

    :param look: whether to look at all; the contract counts whatever the tags.
    """
    sound = [host for host in hosts if fleet.sound(host)]
    found: Result = {"runners": {}}
    if look and sound:
        arguments = module_arguments(fleet, sound)
        for runner in arguments["runners"]:
            # Of an acceptance that the run's tags leave out, nothing is asked.
            runner["values"]["gitpod_acceptance"] = accepts(bool(runner["values"].get("gitpod_acceptance")), task_vars)
        found = run_module(action, PREREQUISITES, arguments, task_vars)
    if found.get("failed"):
        return found
    runners = {host: _described(fleet, host, found["runners"].get(host, {})) for host in hosts}
    for runner in runners.values():
        runner["values"]["gitpod_acceptance"] = accepts(runner["values"]["gitpod_acceptance"], task_vars)
    return {"changed": False, "runners": runners, "looked_at": time.time() if look else 0.0}


def sizes_of(values: Values, default: t.Sequence[str]) -> list[str]:
    """Sizes of the batches, as the play's C(serial) has them.

    :param default: where the inventory asks for none.
    """
    return serial(values["gitpod_rollout_batches"], default, values["gitpod_rollout_canary"])


def batches_of(fleet: Fleet, hosts: t.Sequence[str], default: t.Sequence[str]) -> list[list[str]]:
    """The hosts of each batch, as Ansible will make them; the contract tells of sizes that are none.

    :param default: sizes where the inventory asks for none.
    """
    split, begin = [], 0
    for size in batch_sizes(sizes_of(fleet.values[hosts[0]], default), len(hosts)):
        split.append(list(hosts[begin : begin + size]))
        begin += size
    return split


def _described(fleet: Fleet, host: str, look: t.Mapping[str, t.Any]) -> Result:
    """What is known of a host: its name, its problems that count, and the look's result."""
    values, problems = fleet.values[host], fleet.problems[host]
    # What is left out is a problem where there is no stack that has it.
    counts = [problem for problem in problems if not (fleet.sound(host) and look.get("stack_exists"))]
    return {
        "host": host,
        "name": values["gitpod_runner_name"],
        "region": values["gitpod_region"] or "",
        "problems": [problem.as_check() for problem in counts] if look or not fleet.sound(host) else [],
        "look": dict(look),
        "next_steps": list(declared(values.everything())),
        # What the gate counts costs from; the whole inventory would be in every result.
        "values": {name: values[name] for name in COSTED},
    }
