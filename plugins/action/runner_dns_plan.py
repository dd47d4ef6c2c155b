# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the DNS stage writes, and where: both names' records and their keeper; no process is started."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.providers import registry
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.providers.declaration import Provider
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._files import file_name
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report import external_records
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import clean
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.door import Values
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.earlier import Earlier
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
        values = host_values(self, variables)
        try:
            provider = registry.provider(values["gitpod_dns_provider"] or "")
        except RunnerError as error:
            result.update(failed=True, msg=error.message)
            return result
        result.update(_told(values, provider, arguments["validation"]), changed=False, records=[])
        if not arguments["validation"]:
            result.update(self._records(values, earlier(self, variables)))
        return result

    def _records(self, values: Values, found: Earlier) -> Result:
        """Both names' records; before there is a load balancer, a line that tells of them."""
        name, domain = values["gitpod_runner_name"], values["gitpod_domain_name"]
        target = found.load_balancer.get("dns_name")
        if target:
            ttl, apex_alias = values["gitpod_dns_ttl"], values["gitpod_dns_apex_alias"]
            return {"records": external_records(domain, target, ttl, apex_alias)}
        if self._task.check_mode or found.awaits_approval:
            line = f"{name}: {domain} and *.{domain} will point to the load balancer that the stack creates"
            self._display.display(clean(line))
            return _foreseen(domain) if self._task.check_mode else {}
        return {
            "failed": True,
            "msg": f"The stack {found.stack_name or values['gitpod_stack_name']} in {values['gitpod_region']} has no"
            f" load balancer, so there is nothing that {domain} can point to. Deploy the stack first (role"
            " gitpod_stack, tag stack).",
        }


def _foreseen(domain: str) -> Result:
    """In check mode, of a stack that is not there yet: the run itself counts its records as a change.

    Whoever keeps the domain gets files that do not exist yet, or writes records that do not; those that do are told by
    the prerequisites, and point elsewhere.
    """
    pointing = "".join(f"{name} -> the load balancer that the stack creates\n" for name in (domain, f"*.{domain}"))
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
    return {
        **provider.as_result(),
        "writes": provider.writes and provider.update is not None,
        "title": f"{name}: add these records where {domain} is kept (also in {files}.zone, .csv and .json); waiting for"
        f" them at most {values['gitpod_dns_wait']} s",
        "tasks_file": (values["gitpod_dns_tasks_file"] if provider.name == "tasks" else "") or "",
        "directory": directory,
        "file": file,
    }
