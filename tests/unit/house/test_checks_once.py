# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A check is written by hand in one file: what else names it is written from its declaration."""

from __future__ import annotations

import ast
import pathlib
import re
import typing as t

import pytest
import yaml

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health import checks as network
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.observations import CHECKS
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight import checks as prerequisites
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification import checks as verification
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification import vantage
from ansible_collections.gitpod.enterprise_runner.plugins.modules import runner_health_info

ROOT = pathlib.Path(__file__).parents[3]
PLUGINS = ROOT / "plugins"
WRITTEN = re.compile(r"^ *# [a-z ]+: written by docs/reference\.py$.*?^ *# end of [a-z ]+$", re.DOTALL | re.MULTILINE)
ALL: tuple[t.Any, ...] = (*verification.ALL, *network.ALL, *vantage.CHECKS)
# The runner's phase is what is waited for, and given up on, by its name.
NAMED_ELSEWHERE = {"runner.phase"}


def texts(path: pathlib.Path) -> str:
    """What a file says: of Python the strings, since C(endpoint.state) may also be an attribute."""
    text = path.read_text("utf-8")
    if path.suffix == ".yml":
        return text
    strings = [node.value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant)]
    return WRITTEN.sub("", "\n".join(value for value in strings if isinstance(value, str)))


TEXTS = {
    str(path.relative_to(PLUGINS)): texts(path) for path in sorted(PLUGINS.rglob("*")) if path.suffix in (".py", ".yml")
}


def by_hand(identifier: str) -> list[str]:
    """Files under plugins/ that name it, apart from what docs/reference.py wrote."""
    named = re.compile(rf"(?<![\w.]){re.escape(identifier)}(?![\w*])")
    return [path for path, text in TEXTS.items() if named.search(text)]


def test_a_check_of_the_verification_is_written_in_one_file() -> None:
    """The sample that says so by itself."""
    assert by_hand("targets.health") == ["module_utils/_verification/checks/targets.py"]


@pytest.mark.parametrize("identifier", sorted({check.id for check in ALL} - NAMED_ELSEWHERE))
def test_no_check_is_named_elsewhere(identifier: str) -> None:
    assert len(by_hand(identifier)) == 1, by_hand(identifier)


@pytest.mark.parametrize(("checks", "document"), [(ALL, "verification"), (prerequisites.ALL, "prerequisites")])
def test_every_check_stands_in_its_document_under_the_anchor_that_results_name(
    checks: tuple[t.Any, ...], document: str
) -> None:
    text = (ROOT / f"docs/{document}.md").read_text("utf-8")
    headings = re.findall(r"^#+ (\S+)$", text, re.MULTILINE)
    for check in checks:
        assert headings.count(check.id) == 1, check.id
        assert check.anchor == f"docs/{document}.md#{check.id.replace('.', '')}"
        assert check.asks.endswith("?"), check.id
        assert check.fix.endswith("."), check.id


def test_the_network_is_looked_at_group_by_group() -> None:
    assert tuple(dict.fromkeys(check.group for check in network.ALL)) == CHECKS
    assert yaml.safe_load(runner_health_info.DOCUMENTATION)["options"]["checks"]["choices"] == list(CHECKS)
