# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples of docs/upgrades.md, rotation.md and capacity.md hold: variables, commands, and what a run prints."""

from __future__ import annotations

import pathlib
import re
import shlex
import typing as t

import pytest
import yaml

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import desired, effects
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.contract import of_host
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.door import read
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.registry import variables

ROOT = pathlib.Path(__file__).parents[3]
TEXTS = {name: (ROOT / f"docs/{name}.md").read_text("utf-8") for name in ("upgrades", "rotation", "capacity")}
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
EXAMPLES = [(name, block) for name, text in TEXTS.items() for kind, block in _BLOCK.findall(text) if kind == "yaml"]
COMMANDS = [command for text in TEXTS.values() for command in re.findall(r"^ {4}(ansible-playbook .*)$", text, re.M)]
RUNNER = {"gitpod_region": "eu-central-1", "gitpod_runner_name": "eu"}


def typed(given: t.Mapping[str, t.Any]) -> t.Any:
    values = read("eu", "/", variables(), {**RUNNER, **given})
    problems = [problem for problem in of_host(values) if problem.variable in given]
    assert problems == []
    return values.everything()


@pytest.mark.parametrize(("name", "block"), EXAMPLES)
def test_each_example_is_an_inventory_without_problems(name: str, block: str) -> None:
    given = yaml.safe_load(block)
    assert typed(given)
    assert all(re.match(r"gitpod_\w+$", variable) for variable in given), name


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_runs_a_playbook_with_variables_that_there_are(command: str) -> None:
    _program, playbook, *arguments = shlex.split(command)
    assert (ROOT / f"playbooks/{playbook.rpartition('.')[2]}.yml").is_file()
    given = dict(text.split("=", 1) for option, text in zip(arguments, arguments[1:]) if option == "-e")
    assert typed(given)


def test_what_a_run_prints_is_what_the_guide_shows() -> None:
    shown = [line for kind, block in _BLOCK.findall(TEXTS["rotation"]) if kind == "text" for line in block.splitlines()]
    assert shown == [*effects.effects(["HTTPS Proxy"]), effects.effects(["Custom CA Certificate"])[-1]]


def test_the_table_of_what_is_deployed_holds() -> None:
    nothing = typed({})
    assert (desired.template(nothing), desired.keeps_release(nothing)) == ({"release_channel": "stable"}, True)
    for given, keeps in (
        ({"gitpod_stack_release_channel": "latest"}, True),
        ({"gitpod_stack_release_version": "v20260105.12"}, False),
        ({"gitpod_stack_template_url": "https://templates.s3.amazonaws.com/t.json"}, False),
        ({"gitpod_stack_template_file": "/srv/t.json"}, False),
    ):
        values = typed(given)
        assert list(desired.template(values).values()) == [value.removeprefix("v") for value in given.values()]
        assert desired.keeps_release(values) is keeps
