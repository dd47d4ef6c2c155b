# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No function that does not fit on a screen, and no file that is several; documentation may be long (DESIGN.md)."""

from __future__ import annotations

import ast
import pathlib

import pytest

ROOT = pathlib.Path(__file__).parents[3]
SOURCES = sorted((ROOT / "plugins").rglob("*.py"))
LONGEST_FILE, LONGEST_FUNCTION = 400, 40
# What a module's file has of its documentation, which Ansible reads there.
DOCUMENTATION = ("DOCUMENTATION", "EXAMPLES", "RETURN")


def lines(node: ast.stmt) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def is_documentation(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and any(
        isinstance(target, ast.Name) and target.id in DOCUMENTATION for target in node.targets
    )


@pytest.fixture(scope="module")
def trees() -> dict[pathlib.Path, ast.Module]:
    found = {path: ast.parse(path.read_text("utf-8")) for path in SOURCES}
    assert len(found) > 300
    return found


def test_no_file_is_longer_than_four_hundred_lines(trees: dict[pathlib.Path, ast.Module]) -> None:
    long = {}
    for path, tree in trees.items():
        length = len(path.read_text("utf-8").splitlines()) - sum(map(lines, filter(is_documentation, tree.body)))
        if length > LONGEST_FILE:
            long[str(path.relative_to(ROOT))] = length
    assert long == {}


def test_no_function_is_longer_than_forty_lines(trees: dict[pathlib.Path, ast.Module]) -> None:
    long = {
        f"{path.relative_to(ROOT)}: {node.name}": lines(node)
        for path, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and lines(node) > LONGEST_FUNCTION
    }
    assert long == {}
