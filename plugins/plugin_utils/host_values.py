# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The raw side of the door: what Ansible knows of a host, with its templates filled in. For action plugins.

Nothing else in the collection reads a raw C(gitpod_*) variable.
"""

from __future__ import annotations

import pathlib
import typing as t

from ansible.template import Templar

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.door import Untemplated, Values, read
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.registry import OF_CONTROLLERS, variables
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.results import handed_on
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.precedence import Raw, left_out, variables_of

PREFIX = "gitpod_"
_OF_CONTROLLERS = {variable.name: variable for declared in OF_CONTROLLERS.values() for variable in declared}


def host_values(action: t.Any, task_vars: Raw, host: str = "") -> Values:
    """The typed values of the task's host, or of another one of the inventory.

    :param action: the action plugin, whose task and play count for precedence.
    """
    name = host or str(task_vars["inventory_hostname"])
    raw = variables_of(action, task_vars, name)
    templar = Templar(loader=action._loader, variables=raw)
    given = {
        key: _filled_in(templar, raw[key])
        for key in raw
        if key.startswith(PREFIX) and key not in _OF_CONTROLLERS and (key in variables() or not handed_on(key))
    }
    return read(name, str(pathlib.Path.cwd()), variables(), given)


def controller_values(action: t.Any, task_vars: Raw, prefix: str) -> Values:
    """The typed values of the variables that describe a controller and no runner.

    :param prefix: of their names.
    """
    name = str(task_vars["inventory_hostname"])
    raw = variables_of(action, task_vars, name)
    templar = Templar(loader=action._loader, variables=raw)
    given = {key: _filled_in(templar, raw[key]) for key in raw if key.startswith(prefix)}
    return read(name, str(pathlib.Path.cwd()), _OF_CONTROLLERS, given)


def fleet_values(action: t.Any, task_vars: Raw, hosts: t.Iterable[str]) -> dict[str, Values]:
    """The typed values of several hosts."""
    return {host: host_values(action, task_vars, host) for host in hosts}


# What tells whether a host is a copy of another one; nothing else of a host outside the run is read.
_IDENTITY = ("gitpod_runner_id", "gitpod_runner_name")


def left_out_values(action: t.Any, task_vars: Raw, hosts: t.Collection[str]) -> dict[str, Values]:
    """Who the runners are that the inventory has besides and C(--limit) leaves out.

    :param hosts: of the run.
    """
    found = {}
    for host, raw in left_out(task_vars, hosts).items():
        templar = Templar(loader=action._loader, variables=raw)
        given = {key: _filled_in(templar, raw[key]) for key in _IDENTITY if key in raw}
        found[host] = read(host, str(pathlib.Path.cwd()), variables(), given)
    return found


def _filled_in(templar: Templar, value: t.Any) -> t.Any:
    try:
        found = templar.template(value)
    except Exception as error:
        # ansible-core 2.19 and later raise for default(omit); before, a placeholder text is the result.
        if type(error).__name__ == "AnsibleValueOmittedError":
            return None
        return Untemplated(_written(value), reason(error))
    placeholder = templar.available_variables.get("omit")
    return None if isinstance(found, str) and found == placeholder else found


def _written(value: t.Any) -> str:
    """As the inventory has it; what a vault keeps has no text without its password, and asking for it raises."""
    try:
        return str(value)
    except Exception:
        return ""


def reason(error: BaseException) -> str:
    """Ansible's innermost words, such as C('company_groups' is undefined), in one line."""
    words, seen = [str(error)], [error]
    cause = error.__cause__ or error.__context__
    while cause is not None and cause not in seen:
        seen.append(cause)
        words.append(str(cause))
        cause = cause.__cause__ or cause.__context__
    undefined = [text for text in words if "is undefined" in text or "has no attribute" in text]
    text = min(undefined or words[:1], key=len)
    return " ".join(text.split()).rpartition(": ")[2] if undefined else " ".join(text.split())
