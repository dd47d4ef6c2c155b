# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stdout callback on a display of its own: what is shown, and that a fault in it is nobody else's."""

from __future__ import annotations

import os
import pathlib
import signal
import sys
import types
import typing as t

import pytest
from ansible import constants

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._terminal import channel
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._terminal.model import RUNNING, Event
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils import (
    fleet_callback,
    interruption,
    screen,
    terminal,
)
from tests.screen import Screen

OWN = "/x/ansible_collections/gitpod/enterprise_runner/playbooks/tasks/stages.yml:12"


class Display:
    """Ansible's display, as far as it is used."""

    def __init__(self, write: t.Callable[[str], t.Any]) -> None:
        self.verbosity = 0
        self.write = write
        self.logged = ""

    def display(
        self,
        text: str,
        color: str | None = None,
        stderr: bool = False,
        screen_only: bool = False,
        log_only: bool = False,
        newline: bool = True,
    ) -> None:
        if not screen_only:
            self.logged += f"{text}\n"
        if not log_only:
            self.write(text + ("\n" if newline else ""))

    def banner(self, text: str) -> None:
        self.display(f"\n{text} ***")

    def warning(self, text: str) -> None:
        self.display(f"[WARNING]: {text}")

    def prompt_until(self, question: str) -> str:
        self.write(question)
        return "answer"

    def do_var_prompt(self, name: str) -> str:
        return name


def callback(display: Display) -> t.Any:
    return types.SimpleNamespace(
        _display=display, get_option=lambda _name: True, _handle_warnings=lambda _result: None, _get_diff=str
    )


def task(action: str = "runner_stage", path: str = OWN, **arguments: str) -> t.Any:
    return types.SimpleNamespace(
        get_path=lambda: path,
        get_name=lambda: "gitpod_stack : Start the stack",
        resolved_action=f"gitpod.enterprise_runner.{action}",
        action=action,
        args=arguments or {"stage": "stack", "step": "start"},
        check_mode=False,
        loop=None,
    )


def result(host: str, own: t.Any, **found: t.Any) -> t.Any:
    return types.SimpleNamespace(task=own, host=types.SimpleNamespace(get_name=lambda: host), result=found)


@pytest.fixture
def conductor(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> tuple[t.Any, list[str]]:
    """Without a terminal, and what it has shown."""
    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(tmp_path))
    monkeypatch.setattr(fleet_callback, "is_terminal", lambda _stream: False)
    shown: list[str] = []
    found = fleet_callback.Conductor(callback(Display(shown.append)))
    found.run_started()
    return found, shown


def test_of_the_collections_own_tasks_changes_and_failures_stay(conductor: tuple[t.Any, list[str]]) -> None:
    own, shown = conductor
    assert own.task_started(task()) is True
    assert own.ok(result("a", task(), changed=False)) is True
    assert own.skipped(result("a", task())) is True
    assert shown == []
    own.ok(result("a", task(), changed=True, actions=["create the stack x"]))
    own.failed(result("b", task(), failed=True, msg="No capacity"), False)
    own.task_started(task())
    assert "".join(shown) == "b: Start the stack failed: No capacity\na: create the stack x\n"


def test_a_line_that_stays_fits_the_terminal(
    conductor: tuple[t.Any, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    own, shown = conductor
    monkeypatch.setattr(screen.TERMINAL, "columns", 80)
    own.ok(result("a", task(), changed=True, actions=[f"share the runner with the group {name}" for name in "abc"]))
    own.task_started(task())
    lines = "".join(shown).rstrip("\n").split("\n")
    assert len(lines) > 1
    assert max(map(len, lines)) <= 80
    assert " ".join(line.strip() for line in lines).count("share the runner") == 3


def test_other_tasks_are_ansibles_to_show(conductor: tuple[t.Any, list[str]]) -> None:
    own, shown = conductor
    theirs = task(path="/home/me/dns.yml:3")
    answers = [
        own.task_started(theirs),
        own.ok(result("a", theirs, changed=True)),
        own.failed(result("a", theirs, msg="x"), False),
        own.skipped(result("a", theirs)),
    ]
    assert answers == [False] * 4
    assert shown == []


@pytest.mark.parametrize(
    ("name", "own"),
    [
        (OWN.partition(":")[0], True),
        ("gitpod.enterprise_runner.gitpod_registration", True),
        ("/home/me/dns.yml", False),
        ("my.dns", False),
    ],
)
def test_of_what_is_included_ones_own_files_are_shown(conductor: tuple[t.Any, list[str]], name: str, own: bool) -> None:
    found, _shown = conductor
    assert found.included(types.SimpleNamespace(_filename=name)) is own


def test_the_report_comes_last_and_once(conductor: tuple[t.Any, list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    own, shown = conductor
    monkeypatch.setattr(fleet_callback.context, "CLIARGS", {})
    assert screen.report_comes_last()
    own.ok(result("a", task("runner_report", hosts="a"), table=["the table", "", "2 runners: 2 failed"]))
    # Its failures are in the report.
    own.failed(result("a", task("runner_outcome", of="run"), msg="Failed: the report has all of it"), False)
    assert shown == []
    stats = types.SimpleNamespace(processed={"a": 1}, summarize=lambda _host: {"ok": 1, "failures": 1}, custom={})
    own.run_ended(stats)
    assert "".join(shown) == ("\nPLAY RECAP ***\na : ok=1   changed=0   failed=1\n\nthe table\n\n2 runners: 2 failed\n")
    assert not screen.report_comes_last()


def test_without_a_report_what_fails_a_host_is_told(conductor: tuple[t.Any, list[str]]) -> None:
    own, shown = conductor
    own.failed(result("a", task("runner_outcome", of="run"), msg="Failed: look"), False)
    assert "".join(shown) == "a: Failed: look\n"


def test_a_long_failure_is_whole_where_no_report_follows(
    conductor: tuple[t.Any, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    own, shown = conductor
    monkeypatch.setattr(fleet_callback.context, "CLIARGS", {})
    words = " ".join(f"word{number}" for number in range(100))
    own.failed(result("a", task(), msg=f"{words} and what to do"), False)
    assert "what to do" not in "".join(shown)
    stats = types.SimpleNamespace(processed={"a": 1}, summarize=lambda _host: {"failures": 1}, custom={})
    own.run_ended(stats)
    assert "".join(shown).endswith("and what to do\n")
    assert "".join(shown).count("what to do") == 1


def test_lines_that_stay_fit_the_terminal(conductor: tuple[t.Any, list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    own, shown = conductor
    monkeypatch.setattr(screen.TERMINAL, "columns", 60)
    own.failed(result("runner-eu-central-1", task(), msg="one word after another " * 8), False)
    lines = "".join(shown).splitlines()
    assert len(lines) > 2
    assert max(map(len, lines)) <= 60


def test_a_fault_is_told_once_and_from_then_on_all_is_ansibles(conductor: tuple[t.Any, list[str]]) -> None:
    own, shown = conductor
    own.ok(result("a", task("runner_report", hosts="a"), table=["the table"]))
    assert own.guarded(lambda: True) is True

    def broken() -> bool:
        raise RuntimeError("an Ansible of tomorrow \x1b[2J")

    assert own.guarded(broken) is False
    assert own.guarded(lambda: True) is False
    told = "".join(shown)
    assert (
        told.count("[WARNING]: The callback gitpod.enterprise_runner.fleet had a fault (RuntimeError: an Ansible") == 1
    )
    assert "the table" in told, "what was held back is not lost"
    assert "\x1b" not in told
    assert not screen.report_comes_last(), "the report's action shows it itself again"


def test_whoever_wants_details_has_ansibles(conductor: tuple[t.Any, list[str]]) -> None:
    own, _shown = conductor
    own._callback._display.verbosity = 1
    assert own.guarded(lambda: True) is False


def test_texts_stand_above_the_board_and_a_question_is_asked_without_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    seen = Screen(60, 12)
    display = Display(lambda text: seen.feed(text.replace("\n", "\r\n")))
    monkeypatch.setattr(terminal.os, "get_terminal_size", lambda _descriptor: os.terminal_size((60, 12)))
    monkeypatch.setattr(sys, "stdout", types.SimpleNamespace(fileno=lambda: 1, flush=lambda: None))
    path = tmp_path / "events"
    path.touch()
    own = terminal.Terminal(display, channel.Reader(path), clock=lambda: 10.0)
    monkeypatch.setattr(terminal, "REDRAW_EVERY", 3600.0)
    own.open()
    own.begin("Deploy")
    own.started("a", [Event("a", "privatelink", RUNNING, "Start the endpoint")])
    display.display("first")
    assert seen.text.split("\n")[0] == "first"
    assert "a             privatelink  running" in seen.text
    own.started("a", [Event("a", "stack", RUNNING, "Start the stack")])
    own.skipped("a")
    display.display("second")
    assert seen.text.split("\n")[:2] == ["first", "second"]
    assert "privatelink  running" in seen.text
    monkeypatch.setattr(display, "write", lambda text: seen.feed(text.replace("\n", "\r\n")))
    assert display.prompt_until("sure? ") == "answer"
    assert seen.text == "first\nsecond\nsure?"
    seen.feed("\r\n")
    display.display("third")
    own.close()
    own.close()
    assert seen.text == "first\nsecond\nsure?\nthird\n"
    display.display("fourth")
    assert seen.text.endswith("third\nfourth\n")
    assert "display" not in vars(display), "Ansible's own method is back"
    assert display.logged == "first\nsecond\nthird\nfourth\n", "nothing of the board is logged"


@pytest.mark.parametrize("term", ["", "dumb"])
def test_a_terminal_that_moves_no_cursor_is_none(monkeypatch: pytest.MonkeyPatch, term: str) -> None:
    stream = types.SimpleNamespace(fileno=lambda: 1, isatty=lambda: True)
    monkeypatch.setattr(terminal.os, "get_terminal_size", lambda _descriptor: os.terminal_size((80, 24)))
    monkeypatch.setenv("TERM", "xterm")
    assert terminal.is_terminal(stream)
    monkeypatch.setenv("TERM", term)
    assert not terminal.is_terminal(stream)


def test_long_lines_are_broken_between_words_and_commands_are_not() -> None:
    arn = "arn:aws:cloudformation:eu-central-1:123456789012:stack/gitpod-eu-central-1/0b9a2f00"
    found = screen.wrapped(f"  The stack {arn} failed, because somebody removed it", 60).split("\n")
    assert found == ["  The stack", f"    {arn}", "    failed, because somebody removed it"]
    assert screen.wrapped(f"    {arn}", 40) == f"    {arn}", "what is too long stays where it is"
    command = f"  ansible-playbook site --limit {'runner-a,' * 20}"
    assert screen.wrapped(command, 60) == command
    record = f"    *.apac.gitpod.example.net.  300  IN  CNAME  {'a' * 60}."
    document = f'    [{{"name": "a.example.com", "value": "{"b" * 60}"}}]'
    assert [screen.wrapped(line, 60) for line in (record, document)] == [record, document], "what is copied is whole"
    assert screen.wrapped("x " * 99, None) == "x " * 99


def test_a_run_that_is_told_to_end_takes_its_board_off_before_anything_else(monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    monkeypatch.setattr(interruption, "before_it_is_told", [lambda: order.append("taken off")])
    before = signal.signal(signal.SIGTERM, lambda _signum, _frame: order.append("ended"))
    try:
        interruption.calm_end()
        interruption.calm_end()
        os.kill(os.getpid(), signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert order == ["taken off", "ended"]
