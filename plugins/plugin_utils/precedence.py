# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host's variables by Ansible's precedence, without what does not count. For action plugins.

Ansible runs actions in a process of their own, which keeps to itself what is changed here for a moment.
"""

from __future__ import annotations

import contextlib
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.reading import is_unset

if t.TYPE_CHECKING:
    from collections.abc import Iterator

Raw = t.Mapping[str, t.Any]
PREFIXES = ("gitpod_", "__gitpod_")
# On which the playbooks run, unless gitpod_hosts says otherwise.
_GROUP = "gitpod_runners"


def play_of(task: t.Any) -> t.Any:
    """The play of a task, whose own variables count too (those of import_playbook among them); None without one."""
    parent = getattr(task, "_parent", None)
    while parent is not None:
        play = getattr(parent, "_play", None)
        if play is not None:
            return play
        parent = getattr(parent, "_parent", None)
    return None


def variables_of(action: t.Any, task_vars: Raw, host: str) -> Raw:
    """All variables of a host, but extra variables that say nothing, and facts of an earlier run, hide no other.

    AWX hands every survey answer on as an extra variable, one that was left out as an empty text (AWX 24.6.1).
    """
    manager = _manager(task_vars)
    own = host == str(task_vars["inventory_hostname"])
    if manager is None:
        return task_vars if own else task_vars["hostvars"].raw_get(host)
    silent = {name for name, value in manager._extra_vars.items() if name.startswith(PREFIXES) and is_unset(value)}
    stale = _stale(manager, host)
    if own and not silent and not stale:
        return task_vars
    with _without(manager, silent, stale):
        found: Raw = manager.get_vars(
            play=play_of(action._task), host=manager._inventory.get_host(host), task=action._task
        )
    return found


def left_out(task_vars: Raw, hosts: t.Collection[str]) -> dict[str, Raw]:
    """What the inventory says of the hosts of the playbooks' group that a run leaves out (C(--limit)).

    Extra variables and those of the play say nothing of them: they are meant for the hosts of the run.

    :param hosts: of the run.
    """
    manager = _manager(task_vars)
    if manager is None:
        return {}
    named = task_vars.get("gitpod_hosts")
    group = named if isinstance(named, str) and named in manager._inventory.groups else _GROUP
    found: dict[str, Raw] = {}
    there = manager._inventory.groups.get(group)
    for host in there.get_hosts() if there else ():
        if host.name not in hosts:
            with _without(manager, set(manager._extra_vars), _stale(manager, host.name)):
                found[host.name] = manager.get_vars(host=host, include_hostvars=False)
    return found


def forget_earlier_runs(action: t.Any, task_vars: dict[str, t.Any]) -> None:
    """Take from a task's variables what a fact cache has kept of an earlier run.

    With hash_behaviour=merge that would even be merged into what this run has registered.
    """
    manager, host = _manager(task_vars), str(task_vars.get("inventory_hostname") or "")
    stale = _stale(manager, host) if manager is not None and host else set()
    if not stale:
        return
    found = variables_of(action, task_vars, host)
    for name in stale:
        task_vars.pop(name, None)
        if name in found:
            task_vars[name] = found[name]


def _manager(task_vars: Raw) -> t.Any:
    return getattr(task_vars.get("hostvars"), "_variable_manager", None)


def _stale(manager: t.Any, host: str) -> set[str]:
    """Names of ours that a fact cache has. What a task of this run has set stands elsewhere too, and is not lost."""
    # The one in memory begins empty with each run.
    if not getattr(manager._fact_cache, "_persistent", True):
        return set()
    try:
        cached = manager._fact_cache.get(host)
    except KeyError:
        return set()
    return {str(name) for name in cached or {} if str(name).startswith(PREFIXES)}


class _Fewer:
    """A fact cache without some facts."""

    def __init__(self, cache: t.Any, names: t.Collection[str]) -> None:
        self._cache, self._names = cache, names

    def get(self, host: str) -> dict[str, t.Any]:
        """As the cache does it: a host that it does not know is a KeyError."""
        return {name: value for name, value in self._cache.get(host).items() if name not in self._names}


@contextlib.contextmanager
def _without(manager: t.Any, extra: t.Collection[str], facts: t.Collection[str]) -> Iterator[None]:
    everything, cache = manager._extra_vars, manager._fact_cache
    manager._extra_vars = {name: value for name, value in everything.items() if name not in extra}
    manager._fact_cache = _Fewer(cache, facts)
    try:
        yield
    finally:
        manager._extra_vars, manager._fact_cache = everything, cache
