# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the DNS stage writes, and where: both names' records and their keeper; those in Route 53 are written at once."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import desired as stack
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.contract import (
    describe,
    of_what_is_set,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns import desired as dns
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.providers import registry
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.providers.declaration import (
    INTERFACE,
    Provider,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import InputError, RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._files import file_name
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.records import external_records
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import clean
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values import results
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.door import Values
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.earlier import Earlier
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.action import ControlNodeAction
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.host_values import host_values
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.running import Result, earlier, plain, run_module

BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
# What records point to that only the run itself makes.
NEW_BALANCER = "the load balancer that the stack creates"


class ActionModule(ControlNodeAction):
    """Typed values and what the stack's stage found in; the records in Route 53, or a plan for the role's tasks out."""

    _supports_diff = True
    _VALID_ARGS = frozenset({"validation", "unknown", "carry_out", "joined_later", "together"})

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> Result:
        """Decide, and fail where there is nothing that the domain can point to."""
        result: Result = super().run(tmp, task_vars)
        _unused, arguments = self.validate_argument_spec(
            argument_spec={
                "validation": {"type": "bool", "default": False},
                "unknown": {"type": "bool", "default": False},
                "carry_out": {"type": "bool", "default": False},
                "joined_later": {"type": "bool", "default": False},
                "together": {"type": "bool", "default": False},
            }
        )
        variables = task_vars or {}
        values = host_values(self, variables)
        # Where the role is used alone, nobody has told of them.
        problems = of_what_is_set(values)
        if problems:
            return {**result, "failed": True, "msg": describe(values.host, problems)}
        values = values.with_deployed(results.deployed(variables, values.host))
        try:
            if not values["gitpod_domain_name"]:
                raise InputError("The domain is not known", next_step="Set gitpod_domain_name")
            provider = registry.provider(values["gitpod_dns_provider"] or "")
            result.update(_told(values, provider, arguments["validation"]), changed=False, planned=[])
            if arguments["unknown"]:
                result.update(_foreseen(["the name that ACM chooses"], "the value that ACM chooses"))
            elif not arguments["validation"]:
                result.update(self._names(values, provider, variables, arguments))
        except RunnerError as error:
            result.update(failed=True, msg=error.message)
        return result

    def _names(self, values: Values, provider: Provider, variables: Result, arguments: t.Mapping[str, t.Any]) -> Result:
        """What becomes of both names; the stack is looked up where no stage of this run has seen it."""
        found, looked = earlier(self, variables), {}
        if not found.stack:
            looked = run_module(self, "runner_stack_info", plain(stack.whose(values.everything(), found)), variables)
            if looked.get("failed"):
                return looked
            found = dataclasses.replace(found, stack=looked)
        planned = self._records(values, found)
        if not planned.get("planned") or provider.compared != INTERFACE or not arguments["carry_out"]:
            own = {"looked_up_stack": plain(looked)} if looked else {}
            return {**planned, **own, **({} if planned else {"skipped": True})}
        options = dns.route53(values.everything(), found.load_balancer, arguments["joined_later"])
        together = arguments["joined_later"] and arguments["together"]
        done = plain(results.together(variables, "dns", values.host)) if together else {}
        written = done or run_module(self, "runner_dns", plain(options), variables)
        return {**written, "planned": [], **({"looked_up_stack": plain(looked)} if looked else {})}

    def _records(self, values: Values, found: Earlier) -> Result:
        """Both names' records; before there is a load balancer, a line that tells of them."""
        name, domain = values["gitpod_runner_name"], values["gitpod_domain_name"]
        target = found.load_balancer.get("dns_name")
        if target and not (self._task.check_mode and _replaced(found.started)):
            ttl, apex_alias = values["gitpod_dns_ttl"], values["gitpod_dns_apex_alias"]
            return {"planned": external_records(domain, target, ttl, apex_alias)}
        if self._task.check_mode or found.awaits_approval:
            line = f"{name}: {domain} and *.{domain} will point to {NEW_BALANCER}"
            self._display.display(clean(line))
            return _foreseen((domain, f"*.{domain}"), NEW_BALANCER) if self._task.check_mode else {}
        return {
            "failed": True,
            "msg": f"The stack {found.stack_name or values['gitpod_stack_name']} in {values['gitpod_region']} has no"
            f" load balancer, so there is nothing that {domain} can point to. Deploy the stack first (role"
            " gitpod_stack, tag stack).",
        }


def _replaced(started: t.Mapping[str, t.Any]) -> bool:
    """Whether the stack's update, as its change set tells it, gives the runner another load balancer."""
    kinds = [entry.get("type") for entry in started.get("changes") or [] if entry.get("replacement") == "True"]
    return BALANCER in kinds


def _foreseen(names: t.Iterable[str], target: str) -> Result:
    """In check mode, of what only the run itself makes: it counts the records that follow as a change.

    Whoever keeps the domain gets files that do not exist yet, or writes records that do not; those that do are told by
    the prerequisites, and point elsewhere.
    """
    pointing = "".join(f"{name} -> {target}\n" for name in names)
    header = "records"
    return {
        "changed": True,
        "diff": {"before": "", "after": pointing, "before_header": header, "after_header": header},
    }


def _told(values: Values, provider: Provider, validation: bool) -> Result:
    """Who keeps the records, how they are written, and where a user who does so finds them."""
    name, domain = values["gitpod_runner_name"], values["gitpod_domain_name"]
    directory = values["gitpod_artifact_directory"]
    file = f"{file_name(name)}{'-certificate' if validation else ''}"
    files = f"{directory}/{file}-dns"
    waits = f"waiting for them at most {values['gitpod_dns_wait']} s"
    if values["gitpod_dns_hand_over"]:
        waits = f"then run {'site' if validation else 'verify'}.yml"
    return {
        **provider.as_result(),
        "hands_over": provider.by_hand and values["gitpod_dns_hand_over"],
        "writes": provider.writes and provider.update is not None,
        "title": f"{name}: add these records where {domain} is kept (also in {files}.zone, .csv and .json); {waits}",
        "tasks_file": (values["gitpod_dns_tasks_file"] if provider.name == "tasks" else "") or "",
        "directory": directory,
        "file": file,
    }
