# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the house's action plugins have in common: running a module, and what earlier stages left behind."""

from __future__ import annotations

import json
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values import results
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.earlier import Earlier
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.interruption import end_with_the_run

COLLECTION = "gitpod.enterprise_runner"
Result = dict[str, t.Any]
Raw = t.Mapping[str, t.Any]


def run_module(action: t.Any, module: str, arguments: t.Mapping[str, t.Any], task_vars: Raw) -> Result:
    """Run a module of the collection as a task would, with the action plugin of its name where there is one.

    :param action: the action plugin whose task, connection and check mode count.
    """
    end_with_the_run()
    name = f"{COLLECTION}.{module}"
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
        found: Result = action._execute_module(module_name=name, module_args=dict(arguments), task_vars=dict(task_vars))
        return found
    result: Result = plugin.run(task_vars=dict(task_vars))
    return result


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
        stack=stages["stack"],
        started=stages["stack_started"],
        endpoint=stages["endpoint"],
        endpoint_started=stages["endpoint_started"],
        dns=stages["dns"],
    )


def plain(value: t.Any) -> t.Any:
    """Templated values may be lazy containers of ansible-core; from here on it is plain data."""
    return json.loads(json.dumps(value, default=str))
