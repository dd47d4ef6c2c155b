# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the house's action plugins have in common: running a module, and what earlier stages left behind."""

from __future__ import annotations

import contextlib
import json
import sys
import typing as t

from ansible import constants
from ansible.playbook.play_context import PlayContext
from ansible.plugins.loader import connection_loader

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values import results
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.earlier import Earlier
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.interruption import end_with_the_run

COLLECTION = "gitpod.enterprise_runner"
Result = dict[str, t.Any]
Raw = t.Mapping[str, t.Any]


def make_ready(action: t.Any, modules: t.Iterable[str], task_vars: Raw) -> None:
    """Have Ansible put together what it runs of modules that come later, while there is time.

    It does so once a run for each module, by reading every file that the module imports, for half a second or more;
    whoever needs it later finds it in Ansible's cache of the run. Where that does not work, nothing is lost.

    :param modules: names of the collection's modules.
    """
    for module in modules:
        with contextlib.suppress(Exception):
            action._configure_module(f"{COLLECTION}.{module}", {}, task_vars)


def run_module(action: t.Any, module: str, arguments: t.Mapping[str, t.Any], task_vars: Raw) -> Result:
    """Run a module of the collection as a task would, with the action plugin of its name where there is one.

    :param action: the action plugin whose task and check mode count.
    """
    end_with_the_run()
    name = f"{COLLECTION}.{module}"
    variables = on_the_control_node(action, task_vars)
    # Ansible's own lines (-vvv) do not name a module that comes by standard input.
    action._display.vvv(f"RUN {name}", host=str(task_vars.get("inventory_hostname") or ""))
    task = action._task.copy()
    task.action, task.args = name, dict(arguments)
    plugin = action._shared_loader_obj.action_loader.get(
        name,
        task=task,
        connection=action._connection,
        play_context=action._play_context,
        loader=action._loader,
        templar=action._templar,
        shared_loader_obj=action._shared_loader_obj,
    )
    if plugin is None:
        found: Result = action._execute_module(module_name=name, module_args=dict(arguments), task_vars=variables)
        return found
    try:
        result: Result = plugin.run(task_vars=variables)
    finally:
        # Ansible itself only cleans up after the task's own action plugin.
        plugin.cleanup()
    return result


def on_the_control_node(action: t.Any, task_vars: Raw) -> Result:
    """Have an action run its modules here, with the Python that Ansible runs with, and return the variables for it.

    A runner's host is no machine to log in to, so C(ansible_connection), C(ansible_become) and the like do not count,
    wherever they come from: an inventory's, a fact and an extra variable are stronger than what a play says. A task
    that is delegated to another host stays there.

    :param action: gets another connection.
    """
    variables, elsewhere = dict(task_vars), action._task.delegate_to
    interpreter = {"ansible_python_interpreter": sys.executable}
    if elsewhere and elsewhere not in constants.LOCALHOST:
        return variables
    if elsewhere:
        own = variables.get("ansible_delegated_vars") or {}
        variables["ansible_delegated_vars"] = {**own, elsewhere: {**own.get(elsewhere, {}), **interpreter}}
    action._play_context = PlayContext()
    action._play_context.remote_addr = str(task_vars.get("inventory_hostname") or "")
    action._connection = _local(action._play_context)
    return {**variables, **interpreter}


def _local(context: t.Any) -> t.Any:
    """To here. A module comes by standard input, so that a run that is killed leaves no file with what it was given."""
    connection = connection_loader.get("ansible.builtin.local", context)
    connection.set_options(direct={"pipelining": True})
    # Where the user wants to look at what was run, it stays where Ansible usually has it.
    directory = {} if constants.DEFAULT_KEEP_REMOTE_FILES else {"remote_tmp": constants.DEFAULT_LOCAL_TMP}
    connection._shell.set_options(direct=directory)
    return connection


def earlier(action: t.Any, task_vars: Raw, host: str = "") -> Earlier:
    """What earlier stages left behind, on the task's host or on another."""
    own = host or str(task_vars["inventory_hostname"])
    stages = results.stages(task_vars, own)
    minted = task_vars.get("__gitpod_registration_runner")
    return Earlier(
        registration=stages["registration"],
        exchange_token=str(minted.get("exchange_token") or "") if isinstance(minted, dict) else "",
        certificate=stages["certificate"],
        settled_release=str(results.of_fleet(task_vars, results.UPGRADE, own).get("to") or ""),
        resolved_release=_resolved(task_vars, own),
        running_release=str(
            results.of_fleet(task_vars, results.UPGRADE, own).get("running")
            or (results.look(task_vars, own).get("release") or {}).get("running")
            or ""
        ),
        stack=stages["stack"],
        started=stages["stack_started"],
        network=stages["network_endpoints"],
        network_started=stages["network_endpoints_started"],
        endpoint=stages["endpoint"],
        endpoint_started=stages["endpoint_started"],
        dns=stages["dns"],
    )


def _resolved(task_vars: Raw, host: str) -> str:
    """The newest of the channel as the look before the first batch saw it; empty where no channel was asked for."""
    found = (results.of_fleet(task_vars, results.LOOK, host).get("look") or {}).get("release") or {}
    return str(found.get("target") or "") if found.get("channel") else ""


def plain(value: t.Any) -> t.Any:
    """Templated values may be lazy containers of ansible-core; from here on it is plain data."""
    return json.loads(json.dumps(value, default=str))
