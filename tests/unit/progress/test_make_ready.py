# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a batch runs after its wait is put together before it, and a wait never fails by that."""

from __future__ import annotations

import pathlib
import typing as t

import pytest
from ansible.plugins.action import ActionBase

from ansible_collections.gitpod.enterprise_runner.plugins.action import runner_fleet_wait
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.running import make_ready

MODULES = pathlib.Path(runner_fleet_wait.__file__).parents[1] / "modules"


class Action:
    """Notes which modules are put together, and cannot have one of them."""

    def __init__(self) -> None:
        self.made: list[tuple[t.Any, ...]] = []

    def _configure_module(self, *arguments: t.Any) -> None:
        self.made.append(arguments)
        if arguments[0].endswith("runner_together"):
            raise OSError("the disk is full")


def test_what_cannot_be_put_together_now_is_left_to_the_task_that_needs_it() -> None:
    action = Action()
    make_ready(action, runner_fleet_wait.NEXT, {"a": 1})
    assert [name for name, _arguments, _variables in action.made] == [
        "gitpod.enterprise_runner.runner_together",
        "gitpod.enterprise_runner.runner_dns",
        "gitpod.enterprise_runner.runner_verification_info",
    ]
    assert {(str(arguments), str(variables)) for _name, arguments, variables in action.made} == {("{}", "{'a': 1}")}


@pytest.mark.parametrize("module", runner_fleet_wait.NEXT)
def test_each_of_them_is_a_module_and_ansible_puts_modules_together_so(module: str) -> None:
    assert (MODULES / f"{module}.py").is_file()
    names = ActionBase._configure_module.__code__.co_varnames
    assert names[:4] == ("self", "module_name", "module_args", "task_vars")
