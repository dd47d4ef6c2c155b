# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The raw side of the door: what Ansible knows of a host, with its templates filled in. For action plugins.

Nothing else in the collection reads a raw C(gitpod_*) variable.
"""

from __future__ import annotations

import contextlib
import pathlib
import typing as t

from ansible.template import Templar

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.door import Untemplated, Values, read
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.reading import is_unset
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.registry import variables
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.results import handed_on

if t.TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX = "gitpod_"
Raw = t.Mapping[str, t.Any]


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
        if key.startswith(PREFIX) and (key in variables() or not handed_on(key))
    }
    return read(name, str(pathlib.Path.cwd()), variables(), given)


def fleet_values(action: t.Any, task_vars: Raw, hosts: t.Iterable[str]) -> dict[str, Values]:
    """The typed values of several hosts."""
    return {host: host_values(action, task_vars, host) for host in hosts}


def variables_of(action: t.Any, task_vars: Raw, host: str) -> Raw:
    """All variables of a host by Ansible's precedence, but extra variables that say nothing hide no other.

    AWX hands every survey answer on as an extra variable, one that was left out as an empty text (AWX 24.6.1).
    """
    manager = getattr(task_vars.get("hostvars"), "_variable_manager", None)
    own = host == str(task_vars["inventory_hostname"])
    if manager is None:
        return task_vars if own else task_vars["hostvars"].raw_get(host)
    silent = {name for name, value in manager._extra_vars.items() if name.startswith(PREFIX) and is_unset(value)}
    if own and not silent:
        return task_vars
    with _without_extra(manager, silent):
        found: Raw = manager.get_vars(
            play=_play(action._task), host=manager._inventory.get_host(host), task=action._task
        )
    return found


@contextlib.contextmanager
def _without_extra(manager: t.Any, names: t.Collection[str]) -> Iterator[None]:
    """Extra variables without some; Ansible runs actions in a process of their own, which keeps this to itself."""
    everything = manager._extra_vars
    manager._extra_vars = {name: value for name, value in everything.items() if name not in names}
    try:
        yield
    finally:
        manager._extra_vars = everything


def _play(task: t.Any) -> t.Any:
    """The play of a task, whose own variables count too (those of import_playbook among them)."""
    parent = task._parent
    while parent is not None:
        play = getattr(parent, "_play", None)
        if play is not None:
            return play
        parent = getattr(parent, "_parent", None)
    return None


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
