# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Have a DNS provider keep records: one run of its module for each, with options from typed values."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.providers import registry
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.providers.declaration import Provider
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.providers.telling import told
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._propagation.deciding import refused
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import clean, printable
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.action import ControlNodeAction
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.host_values import host_values
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.running import Result, on_the_control_node, plain

Record = t.Mapping[str, t.Any]


class ActionModule(ControlNodeAction):
    """Writes or removes; check mode and diff mode are those of the provider's module."""

    _supports_diff = True
    _VALID_ARGS = frozenset({"records", "provider", "state", "replaced_addresses", "former_records"})

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> Result:
        """Addresses that stand in the way first, because nothing can stand beside a CNAME (RFC 1034)."""
        result: Result = super().run(tmp, task_vars)
        _unused, arguments = self.validate_argument_spec(
            argument_spec={
                "records": {"type": "list", "elements": "dict", "required": True},
                "provider": {"type": "str"},
                "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
                "replaced_addresses": {"type": "list", "elements": "str", "default": []},
                "former_records": {"type": "list", "elements": "dict", "default": []},
            }
        )
        values = host_values(self, task_vars or {}).everything()
        variables = on_the_control_node(self, task_vars or {})
        state, records = arguments["state"], plain(arguments["records"])
        try:
            provider = registry.provider(arguments["provider"] or values["gitpod_dns_provider"] or "")
        except RunnerError as error:
            return {**result, "failed": True, "msg": error.message}
        addresses: list[Record] = []
        if values["gitpod_dns_overwrite"] is True:
            addresses = [
                {"name": name, "type": kind} for name in arguments["replaced_addresses"] for kind in ("A", "AAAA")
            ]
        found = [self._kept(provider, values, record, "absent", variables) for record in addresses]
        if not any(entry.get("failed") for entry in found):
            found += [self._kept(provider, values, record, state, variables) for record in records]
        return {**result, **_together(found, provider, state, arguments["former_records"])}

    def _kept(self, provider: Provider, values: Record, record: Record, state: str, variables: Record) -> Result:
        if provider.update is None:
            return {"failed": True, "msg": f"The collection does not write to {provider.name}"}
        options = provider.update(values, record, state)
        answer = self._execute_module(module_name=provider.actions[0], module_args=options, task_vars=dict(variables))
        # The module is another's, and returns what a server says as it is.
        found: Result = printable(plain(answer))
        if found.get("failed") or not provider.succeeded(found):
            return {**found, "failed": True, "msg": told(provider, found)}
        return found


def _together(found: t.Sequence[Result], provider: Provider, state: str, former: t.Sequence[Record]) -> Result:
    """One result: changed where any record is, failed with all that was refused."""
    failures = [entry for entry in found if entry.get("failed")]
    result: Result = {"changed": any(entry.get("changed") for entry in found), "results": list(found)}
    diffs = [diff for entry in found for diff in _diffs(entry)]
    if diffs:
        result["diff"] = diffs
    if failures and state == "absent" and former:
        names = [str(record["name"]) for record in former]
        result.update(failed=True, msg=refused(provider, names, {"results": failures}))
    elif failures:
        result.update(failed=True, msg="; ".join(dict.fromkeys(clean(entry.get("msg") or "") for entry in failures)))
    return result


def _diffs(entry: Result) -> list[t.Any]:
    diff = entry.get("diff") or []
    return diff if isinstance(diff, list) else [diff]
