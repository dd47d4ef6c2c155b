# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible's own inventory, variables and loader, in this process: what an action plugin is given, without a play."""

from __future__ import annotations

import pathlib
import typing as t
from types import SimpleNamespace

import yaml
from ansible import context
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.play import Play
from ansible.utils.context_objects import CLIArgs
from ansible.utils.vars import load_extra_vars
from ansible.vars.hostvars import HostVars
from ansible.vars.manager import VariableManager

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.door import Values
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.host_values import host_values

HOST = "runner-1"


def typed_values(directory: pathlib.Path, inventory: dict[str, t.Any], extra: str, host_vars: str = "") -> Values:
    """One host's values through the door, as its action plugins read them.

    :param inventory: the host's variables.
    :param extra: text of a file of extra variables, as C(-e @file).
    :param host_vars: text of a file of the host's variables, besides.
    """
    hosts = directory / "hosts.yml"
    hosts.write_text(yaml.safe_dump({"gitpod_runners": {"hosts": {HOST: inventory}}}), "utf-8")
    if host_vars:
        (directory / "host_vars").mkdir(exist_ok=True)
        (directory / "host_vars" / f"{HOST}.yml").write_text(host_vars, "utf-8")
    file = directory / "extra.yml"
    file.write_text(extra or "{}", "utf-8")
    before = context.CLIARGS
    # Ansible keeps the extra variables of a process at this function.
    remembered = load_extra_vars.__dict__.pop("extra_vars", None)
    try:
        context.CLIARGS = CLIArgs({"extra_vars": (f"@{file}",)})
        loader = DataLoader()
        return _through_the_door(loader, str(hosts))
    finally:
        context.CLIARGS = before
        load_extra_vars.__dict__.pop("extra_vars", None)
        if remembered is not None:
            load_extra_vars.extra_vars = remembered


def _through_the_door(loader: DataLoader, source: str) -> Values:
    manager = InventoryManager(loader, [source])
    variables = VariableManager(loader=loader, inventory=manager)
    HostVars(inventory=manager, variable_manager=variables, loader=loader)
    tasks = [{"name": "Look", "action": "ansible.builtin.debug"}]
    play = Play.load({"name": "A play", "hosts": "all", "tasks": tasks}, variable_manager=variables, loader=loader)
    (task,) = [task for block in play.get_tasks() for task in block if task.name == "Look"]
    found = variables.get_vars(play=play, host=manager.get_host(HOST), task=task)
    return host_values(SimpleNamespace(_loader=loader, _task=task), found)
