# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The board: events change it, and at every size it fits the terminal."""

from __future__ import annotations

import json
import pathlib
import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._fleet_wait.board import Board as WaitBoard
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._fleet_wait.event import event_of
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._progress import Snapshot
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._teller import Teller
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._terminal import channel, frame, layout
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._terminal.model import (
    FAILED,
    QUEUED,
    ROLLING_BACK,
    RUNNING,
    VERIFIED,
    Board,
    Event,
)
from tests.screen import Screen

STACK = Event("gitpod-eu-central-1", "stack", RUNNING, "StateCluster CREATE_IN_PROGRESS", 12, 44, 372.0)


def board_of(*events: Event, now: float = 100.0) -> Board:
    board = Board("Deploy and verify Gitpod Enterprise AWS Runners")
    for event in events:
        board = board.after(event, now)
    return board


def texts(board: Board, now: float = 100.0, columns: int = 80, height: int = 24) -> list[str]:
    return [line.text for line in layout.lines(board, now, columns, height)]


def fleet(count: int, state: str = RUNNING) -> list[Event]:
    return [
        Event(f"runner-{number:02}", "stack", state, "Service CREATE_IN_PROGRESS", 3, 44) for number in range(count)
    ]


def test_a_row_says_stage_share_seconds_and_what_is_going_on() -> None:
    head, row = texts(board_of(STACK))
    assert head.startswith("Deploy and verify Gitpod Enterprise AWS Runners  1 runner: 1 running")
    assert row == "gitpod-eu-central-1  stack  running  [##......]  6m12s  12/44 StateCluster C..."


def test_the_state_alone_is_coloured() -> None:
    line = layout.lines(board_of(STACK), 100.0, 80, 24)[1]
    assert line.painted(lambda word, state: f"<{state}:{word}>").count("<running:running>") == 1
    assert line.painted(lambda word, _state: word) == line.text


def test_seconds_run_while_a_stage_goes_on_and_stand_when_it_has_ended() -> None:
    board = board_of(Event("a", "dns", RUNNING, "Write"), now=10.0)
    assert board.rows["a"].elapsed(15.0) == 5.0
    board = board.after(Event("a", state=FAILED, doing="refused"), 17.0)
    assert board.rows["a"].elapsed(99.0) == 7.0
    assert board.after(Event("a", state=FAILED, doing="said again"), 50.0).rows["a"].elapsed(99.0) == 7.0
    again = board.after(Event("a", "verify", RUNNING), 60.0)
    assert (again.rows["a"].elapsed(61.0), again.rows["a"].doing) == (1.0, "")


def test_a_new_stage_forgets_the_share_of_the_one_before() -> None:
    board = board_of(STACK, Event(STACK.host, "dns", RUNNING, "Write"))
    assert (board.rows[STACK.host].done, board.rows[STACK.host].total) == (0, 0)
    assert "[" not in texts(board)[1]


@pytest.mark.parametrize("columns", [50, 60, 80, 100, 200])
@pytest.mark.parametrize("count", [1, 3, 16, 50])
@pytest.mark.parametrize("height", [5, 10, 24])
def test_no_line_is_wider_and_no_board_is_higher_than_the_terminal(columns: int, count: int, height: int) -> None:
    events = [*fleet(count), Event("", doing="12 of 16 verified, waiting for runner-03: dns.domain and 3 more " * 2)]
    found = texts(board_of(*events), columns=columns, height=height)
    assert found
    assert max(map(layout.columns_of, found)) < columns
    assert len(found) < height


def test_of_fifty_runners_those_that_failed_or_go_on_are_shown_and_the_rest_is_counted() -> None:
    events = [*fleet(50, QUEUED), *(Event(f"runner-{number:02}", state=RUNNING) for number in range(30, 42))]
    events += [Event("runner-49", state=FAILED), Event("runner-47", state=ROLLING_BACK)]
    found = texts(board_of(*events))
    assert len(found) == 19, "a few of the lines that stay are seen above it"
    named = [line.split()[0] for line in found[1:-1]]
    assert {"runner-49", "runner-47", *(f"runner-{number}" for number in range(30, 42))} <= set(named)
    assert named == sorted(named), "in the inventory's order"
    assert found[-1] == "and 33 more: 33 queued"


def test_a_name_with_wide_characters_takes_its_columns() -> None:
    found = texts(board_of(Event("東京のランナー" * 6, "stack", RUNNING, "x" * 90, 1, 9)))
    assert max(map(layout.columns_of, found)) < 80


def test_texts_from_outside_move_no_cursor() -> None:
    found = texts(board_of(Event("a\x1b[2J", "stack", RUNNING, "evil\x1b[1A\nnext", 1, 2), Event("", doing="\x1b[H")))
    assert all(line.isprintable() for line in found)


@pytest.mark.parametrize(("columns", "height"), [(49, 24), (40, 10), (80, 4), (80, 2)])
def test_a_terminal_with_little_room_has_the_counts_alone(columns: int, height: int) -> None:
    assert texts(board_of(STACK), columns=columns, height=height) == ["1 runner: 1 running  1m40s"]


@pytest.mark.parametrize(("columns", "height"), [(19, 24), (80, 1), (0, 0)])
def test_a_terminal_without_room_has_no_board(columns: int, height: int) -> None:
    assert texts(board_of(STACK), columns=columns, height=height) == []


@pytest.mark.parametrize("columns", [50, 60, 80])
@pytest.mark.parametrize(
    "name", ["runner-{}", "{}", "gitpod-enterprise-runner-of-the-payments-platform-in-{}-for-production-use"]
)
def test_two_rows_never_look_like_one_runner(columns: int, name: str) -> None:
    regions = ("us-east-1", "us-west-1", "us-east-2", "eu-central-1", "eu-north-1")
    events = [Event(name.format(region), "prerequisites", RUNNING, "looking", 1, 9) for region in regions]
    rows = texts(board_of(*events), columns=columns)[1:]
    assert len({row.split("  ")[0] for row in rows}) == len(regions), rows


def test_a_stack_that_is_complete_takes_no_more_time_while_the_others_go_on() -> None:
    board = board_of(STACK).after(Event(STACK.host, "stack", QUEUED, "complete", 44, 44), 100.0)
    assert board.rows[STACK.host].elapsed(900.0) == 372.0
    assert texts(board, 900.0)[1] == "gitpod-eu-central-1  stack  queued  [########]  6m12s  44/44 complete"


def test_a_frame_replaces_the_one_before_and_is_taken_off_without_a_trace() -> None:
    screen = Screen(20, 8)
    screen.feed("kept\r\n")
    shown: list[str] = []
    for lines in (["one", "two", "three"], ["uno"], ["eins", "zwei"]):
        screen.feed(frame.draw(len(shown), lines).replace("\n", "\r\n"))
        shown = lines
        assert screen.text == "\n".join(["kept", *lines, ""])
    screen.feed(frame.erase(len(shown)).replace("\n", "\r\n") + "said\r\n")
    assert screen.text == "kept\nsaid\n"


def test_a_board_at_the_top_of_the_screen_is_never_erased_as_a_screen() -> None:
    screen = Screen(20, 4)
    screen.feed(frame.draw(0, ["one", "two", "three"]).replace("\n", "\r\n"))
    screen.feed(frame.erase(3).replace("\n", "\r\n"))
    assert screen.text.strip() == ""
    screen.feed(frame.draw(0, ["one", "two", "three"]).replace("\n", "\r\n"))
    screen.feed(frame.draw(3, []).replace("\n", "\r\n") + "said")
    assert screen.text.strip() == "said"


def test_lines_that_are_the_same_are_not_written_again() -> None:
    screen = Screen(20, 8)
    old, new = ["head 1s", "a", "b", "c"], ["head 2s", "a", "B", "c"]
    screen.feed(frame.draw(0, old).replace("\n", "\r\n"))
    again = frame.draw(len(old), new, old)
    assert again.count("\x1b[K") == 2
    screen.feed(again.replace("\n", "\r\n"))
    assert screen.text == "\n".join([*new, ""])


def test_a_terminal_that_became_narrower_has_wrapped_the_board_unless_it_is_one_that_cuts() -> None:
    assert frame.height([79, 10, 0], 80) == 3
    assert frame.height([79, 10, 0], 40) == 4
    assert frame.height([79, 10, 0], 40, wrapping=False) == 3


@pytest.mark.parametrize(
    ("environment", "wrapping"),
    [
        ({"TERM": "xterm-256color"}, True),
        ({"TERM": "xterm-256color", "XTERM_VERSION": "XTerm(390)"}, False),
        ({"TERM": "tmux-256color", "XTERM_VERSION": "XTerm(390)", "TMUX": "default,1,0"}, True),
        ({"TERM": "xterm-256color", "XTERM_VERSION": "XTerm(390)", "VTE_VERSION": "7800"}, True),
        ({"TERM": "screen", "STY": "1.pts-0.host"}, False),
        ({"TERM": "linux"}, False),
    ],
)
def test_which_terminals_wrap_lines_anew(environment: dict[str, str], wrapping: bool) -> None:
    assert frame.wraps_again(environment) is wrapping


def test_events_pass_through_a_file_and_what_is_none_is_left_out(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "events"
    channel.write(path, STACK)
    assert not path.exists(), "nobody looks"
    path.touch()
    reader = channel.Reader(path)
    channel.write(str(path), STACK, Event("b", doing="token s3cr3t"), mask=lambda text: text.replace("s3cr3t", "***"))
    with path.open("a") as stream:
        stream.write(
            '{"host": 1}\n[]\nno JSON\n{"host": "c", "total": "many"}\n{"host": "d", "unheard": 1}\n{"host": "e"'
        )
    assert reader.read() == [STACK, Event("b", doing="token ***")]
    with path.open("a") as stream:
        stream.write("}\n")
    assert reader.read() == [Event("e")]
    channel.write("", STACK)
    channel.write(tmp_path / "nowhere" / "events", STACK)


def test_a_wait_tells_the_board_of_each_runner(tmp_path: pathlib.Path) -> None:
    seen: list[Event] = []
    keys = [("a", "stack"), ("a", "endpoint"), ("b", "endpoint")]
    board = WaitBoard(keys, Teller(None), lambda part: seen.append(event_of(part)))
    board.state(("a", "endpoint"), "pending")
    assert seen == [], "a runner has one row, and its stack says more"
    board.state(("b", "endpoint"), "pending")
    board.stack(("a", "stack"), Snapshot("CREATE_IN_PROGRESS", 3, 9, "Cache", "CREATE_IN_PROGRESS", 5.0))
    board.stack(("a", "stack"), Snapshot("ROLLBACK_IN_PROGRESS", 1, 9, elapsed=7.0, rolling_back=True))
    cause = {"logical_id": "Cluster", "status": "CREATE_FAILED", "reason": "No role"}
    board.ended(("a", "stack"), {"failed": True, "msg": "x", "root_cause": cause}, 8.0)
    board.ended(("b", "endpoint"), {}, 8.0)
    assert [(event.host, event.stage, event.state) for event in seen] == [
        ("b", "privatelink", RUNNING),
        ("a", "stack", RUNNING),
        ("a", "stack", ROLLING_BACK),
        ("a", "stack", FAILED),
        ("b", "privatelink", QUEUED),
    ]
    assert (seen[1].doing, seen[1].done, seen[1].total) == ("Cache CREATE_IN_PROGRESS", 3, 9)
    assert seen[3].doing == "Cluster CREATE_FAILED: No role", "the row says why"
    path = tmp_path / "events"
    path.touch()
    channel.write(path, *seen)
    assert [json.loads(line)["host"] for line in path.read_text().splitlines()] == [event.host for event in seen]


def test_every_state_has_a_colour_of_ansible() -> None:
    from ansible import constants

    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._terminal import model
    from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.terminal import COLOURS

    assert set(COLOURS) == set(model.STATES)
    assert all(getattr(constants, name) for name in COLOURS.values())


def test_counts_come_in_the_order_of_attention() -> None:
    events: list[t.Any] = [Event("a", state=VERIFIED), Event("b", state=FAILED), Event("c", state=VERIFIED)]
    assert list(board_of(*events).counts().items()) == [(FAILED, 1), (VERIFIED, 2)]
