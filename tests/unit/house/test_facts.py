# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/facts.md: every fact about AWS names its evidence and tests that exist."""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs/facts.md"
CELLS = 3


def facts() -> list[tuple[str, str, list[str]]]:
    """Fact, evidence and tests of each line of the page's tables."""
    found = []
    for line in PAGE.read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")] if line.startswith("| ") else []
        if cells and cells[0] != "Fact":
            assert len(cells) == CELLS, line
            found.append((cells[0], cells[1], re.findall(r"`([^`]+)`", cells[2])))
    return found


@functools.cache
def functions_of(path: Path) -> frozenset[str]:
    """The test functions of a file."""
    nodes = ast.walk(ast.parse(path.read_text("utf-8")))
    return frozenset(node.name for node in nodes if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"))


@pytest.mark.parametrize(("fact", "evidence", "tests"), facts())
def test_every_fact_has_evidence_and_tests_that_exist(fact: str, evidence: str, tests: list[str]) -> None:
    assert fact
    assert evidence
    assert tests, f"nothing shows: {fact}"
    for test in tests:
        path, _colons, name = test.partition("::")
        file = ROOT / path if path.startswith("tests/") else ROOT / "tests/unit" / path
        assert file.is_file(), test
        assert name in functions_of(file), test


def test_the_page_is_read() -> None:
    """A table that is written otherwise would hold nothing."""
    assert len(facts()) > 40
    assert len({fact for fact, _evidence, _tests in facts()}) == len(facts())
