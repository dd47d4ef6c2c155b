# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Validate the host's gitpod_* variables on the control node, without starting a process."""

from __future__ import annotations

import pathlib
import typing as t

from ansible.module_utils.common.yaml import yaml_load
from ansible.plugins.action import ActionBase

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.specification import (
    PREFIX,
    known_options,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.validation import (
    an_existing_stack_suffices,
    describe,
    validate,
)

ROLES = pathlib.Path(__file__).resolve().parents[2] / "roles"


def role_specifications(roles: pathlib.Path) -> list[dict[str, t.Any]]:
    """The argument specifications of all roles of the collection.

    Ansible's C(yaml_load) is the safe loader in C: each host of a fleet reads them anew.
    """
    return [yaml_load(path.read_text("utf-8")) for path in sorted(roles.glob("*/meta/argument_specs.yml"))]


class ActionModule(ActionBase):
    """Compare the inventory with the roles' argument specifications and the guide's rules."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _VALID_ARGS = frozenset({"missing_is_failure"})

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Fail with every problem, or return those that an existing stack makes good."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        _unused, arguments = self.validate_argument_spec(
            argument_spec={"missing_is_failure": {"type": "bool", "default": False}}
        )
        variables = task_vars or {}
        options = known_options(role_specifications(ROLES))
        values = {name: self._value(name, variables) for name in variables if name.startswith(PREFIX)}
        problems = validate(values, options)
        result.update(changed=False, problems=[problem.as_check() for problem in problems])
        host = str(variables.get("inventory_hostname", "the host"))
        if problems and (arguments["missing_is_failure"] or not an_existing_stack_suffices(problems)):
            result.update(failed=True, msg=describe(host, problems))
        return result

    def _value(self, name: str, variables: t.Mapping[str, t.Any]) -> t.Any:
        """The templated value; one that refers to a later stage's result, and so cannot be templated yet, is unset."""
        try:
            return self._templar.template(variables[name])
        except Exception:
            return None
