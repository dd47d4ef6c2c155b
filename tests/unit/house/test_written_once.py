# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A variable of a stage is written by hand in few files: everything else derives from its declaration."""

from __future__ import annotations

import pathlib
import re

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values import registry

ROOT = pathlib.Path(__file__).parents[3]
PLACES = ("plugins", "roles", "playbooks", "extensions", "meta")
GENERATED = "# Generated from the declarations"
# A variable that only its stage uses; a check that judges it as well is a file of its own.
SAMPLE = "skip_resources"
MOST_FILES = 4


def naming(word: str) -> list[str]:
    """The files that somebody writes by hand and that name it, but the docs."""
    files = [path for place in PLACES for path in sorted((ROOT / place).rglob("*")) if path.suffix in (".py", ".yml")]
    texts = {path: path.read_text("utf-8") for path in files}
    pattern = re.compile(rf"\b(gitpod_stack_)?{word}\b")
    return [
        str(path.relative_to(ROOT)) for path, text in texts.items() if pattern.search(text) and GENERATED not in text
    ]


def test_a_stack_variable_is_written_by_hand_in_at_most_four_files() -> None:
    found = naming(SAMPLE)
    assert "plugins/module_utils/_cloudformation/declared.py" in found
    assert len(found) <= MOST_FILES, found


@pytest.mark.parametrize("role", sorted(registry.DOCUMENTED))
def test_the_roles_files_are_generated(role: str) -> None:
    for name in ("meta/argument_specs.yml", "defaults/main.yml"):
        assert GENERATED in (ROOT / "roles" / role / name).read_text("utf-8")


@pytest.mark.parametrize("role", sorted(registry.DOCUMENTED))
def test_a_role_is_a_screen_of_tasks(role: str) -> None:
    for path in sorted((ROOT / "roles" / role / "tasks").glob("*.yml")):
        assert len(path.read_text("utf-8").splitlines()) <= 60, path
