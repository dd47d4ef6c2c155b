# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text of others is fit to be shown wherever it is shown, and one cleaner makes it so."""

from __future__ import annotations

import ast
import json
import pathlib
import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _modules
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import ApiError, RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._gate.document import documents
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._gate.gate import gate
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._gate.model import Runner
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.markdown import markdown
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.messages import message, summary
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.model import Fleet
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.screen import fleet_lines
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.summary import runner_summary
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_page.page import page
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._teller import shortened
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import block, clean, once, printable
from tests import reports
from tests.gate_samples import host, look

ROOT = pathlib.Path(__file__).parents[3]
# C0 with escape sequences, C1, line ends of every kind, marks of direction, halves of surrogate pairs.
HOSTILE = (
    "\x1b[2J\x1b]0;title\x07",
    "\x9b2J",
    "\x85next line",
    "\nPLAY RECAP ***\r",
    "\u2028\u2029",
    "\u202e\u2066\u200f",
    "\ud800",
    "\x00\x08\x7f\x0b\x0c",
    "\ufeff\u00ad",
)
EVERYTHING = "".join(HOSTILE)
SHOWING = {"block", "clean", "shown"}


def fit(text: str, lines: bool = True) -> bool:
    """Whether nothing in it moves a cursor or turns text around."""
    return all(line.isprintable() for line in (text.split("\n") if lines else [text]))


def calls(name: str) -> t.Iterator[tuple[str, ast.Call]]:
    """Calls of methods of that name in what runs on the control node."""
    for path in sorted([*(ROOT / "plugins/action").glob("*.py"), *(ROOT / "plugins/plugin_utils").glob("*.py")]):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == name:
                yield f"{path.name}:{node.lineno}", node


def test_every_line_on_screen_goes_through_the_cleaner() -> None:
    found = list(calls("display"))
    assert len(found) > 10
    bare = [
        where
        for where, call in found
        if not (
            isinstance(call.args[0], ast.Call)
            and isinstance(call.args[0].func, ast.Name)
            and call.args[0].func.id in SHOWING
        )
        # Ansible's display in other clothes hands on what it is given.
        and not where.startswith("screen.py")
    ]
    assert bare == []


@pytest.mark.parametrize("text", [*HOSTILE, EVERYTHING])
def test_a_line_is_one_printable_line(text: str) -> None:
    for found in (clean(text), shortened(text), block(once({text: [text], "b": ["other"]})[:1])):
        assert fit(found, lines=False)
    assert block([f"a{text}", f"b{text}"]).count("\n") == 1
    assert clean(f"PLAY{text}RECAP").startswith("PLAY ")


@pytest.mark.parametrize("text", [*HOSTILE, EVERYTHING])
def test_what_a_module_returns_is_printable_at_every_depth(text: str) -> None:
    class Module:
        left: t.ClassVar[dict[str, t.Any]] = {}

        def exit_json(self, **result: t.Any) -> None:
            self.left.update(result)
            raise SystemExit

        fail_json = exit_json

    def failing(error: Exception) -> t.Callable[[t.Any], dict[str, t.Any]]:
        def operation(_module: t.Any) -> dict[str, t.Any]:
            raise error

        return operation

    def found(operation: t.Callable[[t.Any], dict[str, t.Any]]) -> dict[str, t.Any]:
        module = Module()
        module.left.clear()
        with pytest.raises(SystemExit):
            _modules.run(module, operation)
        return dict(module.left)

    results = [
        found(lambda _module: {text: [{"a": (text, 1, None, True)}], "diff": {"before": f"a\n{text}"}}),
        found(failing(RunnerError(f"a{text}", f"b{text}", f"c{text}", {"problems": [text]}))),
        found(failing(ApiError("a", f"b{text}", code=text))),
        found(failing(ValueError(text))),
    ]
    for result in results:
        assert fit(json.dumps(result, ensure_ascii=False)), result
    assert results[0]["diff"]["before"].startswith("a\n")
    assert all("\n" not in result["msg"] for result in results[1:])
    assert "fault of the collection" in results[3]["msg"]
    same = {"a": [1, None, "text\nof lines"]}
    assert printable(same) == same


@pytest.mark.parametrize("text", [*HOSTILE, EVERYTHING])
def test_reports_tables_and_messages_are_printable(text: str) -> None:
    spoiled = json.loads(json.dumps(reports.broken("us-east-1")), object_hook=lambda found: _spoiled(found, text))
    runner = runner_summary(spoiled, f"gitpod{text}", f"us-east-1{text}")
    fleet = Fleet.of([runner], f"Run{text}", "2026-11-24T17:30:00Z")
    texts = {
        "table": "\n".join(fleet_lines(fleet)),
        "page": page(fleet),
        "markdown": markdown(fleet),
        "slack": json.dumps(message(summary(fleet), "slack", "hooks.slack.com"), ensure_ascii=False),
    }
    evil = {"id": f"a{text}", "status": "fail", "summary": f"b{text}", "remediation": f"c{text}"}
    entry = host(f"one{text}", f"us-west-2{text}", look(), evil)
    texts["gate"] = block(gate([entry], [[entry["host"]]], 0, True).lines(120, True))
    texts |= {name: content for name, content in documents(Runner.of(entry), "one").items() if name.endswith(".md")}
    assert [name for name, content in texts.items() if not fit(content)] == []
    assert "PLAY RECAP" not in [line.strip() for content in texts.values() for line in content.split("\n")]


def _spoiled(found: dict[str, t.Any], text: str) -> dict[str, t.Any]:
    """Every text of others with hostile characters in it; what a program reads stays."""
    read = {"status", "state", "id", "stage", "operation", "start", "end", "not_after", "type", "logical_id"}
    spoilt = {key: isinstance(value, str) and key not in read for key, value in found.items()}
    return {key: f"{value}{text}" if spoilt[key] else value for key, value in found.items()}
