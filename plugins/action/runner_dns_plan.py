# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the DNS stage writes, and where: both names' records and their keeper; no process is started."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.providers import registry
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._files import file_name
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report import external_records
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import clean
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.action import ControlNodeAction
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.host_values import host_values
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.running import Result, earlier


class ActionModule(ControlNodeAction):
    """Typed values and what the stack's stage found in, a plan for the role's tasks out."""

    _VALID_ARGS = frozenset({"validation"})

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> Result:
        """Decide, and fail where there is nothing that the domain can point to."""
        result: Result = super().run(tmp, task_vars)
        _unused, arguments = self.validate_argument_spec(
            argument_spec={"validation": {"type": "bool", "default": False}}
        )
        variables = task_vars or {}
        values, found = host_values(self, variables), earlier(self, variables)
        try:
            provider = registry.provider(values["gitpod_dns_provider"] or "")
        except RunnerError as error:
            result.update(failed=True, msg=error.message)
            return result
        name, domain = values["gitpod_runner_name"], values["gitpod_domain_name"]
        directory, suffix = values["gitpod_artifact_directory"], "-certificate" if arguments["validation"] else ""
        file = f"{file_name(name)}{suffix}"
        files = f"{directory}/{file}-dns"
        title = (
            f"{name}: add these records where {domain} is kept (also in {files}.zone, .csv and .json); waiting for them"
            f" at most {values['gitpod_dns_wait']} s"
        )
        tasks_file = values["gitpod_dns_tasks_file"] if provider.name == "tasks" else ""
        writes = provider.writes and provider.update is not None
        result.update(
            {**provider.as_result(), "writes": writes, "title": title, "tasks_file": tasks_file or ""},
            directory=directory,
            file=file,
            changed=False,
            records=[],
        )
        if arguments["validation"]:
            return result
        target = found.load_balancer.get("dns_name")
        if target:
            records = external_records(domain, target, values["gitpod_dns_ttl"], values["gitpod_dns_apex_alias"])
            result["records"] = records
        elif self._task.check_mode or found.awaits_approval:
            line = f"{name}: {domain} and *.{domain} will point to the load balancer that the stack creates"
            self._display.display(clean(line))
        else:
            result.update(
                failed=True,
                msg=f"The stack {found.stack_name or values['gitpod_stack_name']} in {values['gitpod_region']} has no"
                f" load balancer, so there is nothing that {domain} can point to. Deploy the stack first (role"
                " gitpod_stack, tag stack).",
            )
        return result
