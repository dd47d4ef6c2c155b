# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way of a line from a module to the screen: none lost, none twice, not too often, and nothing hostile."""

from __future__ import annotations

import pathlib
import threading
import time
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._teller import LONGEST_LINE, Teller
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.live import Watcher, reader


class Local:
    transport = "local"


def watcher(path: pathlib.Path, lines: list[str], prefix: str = "eu: ", every: float = 0.005) -> Watcher:
    return Watcher(reader(Local(), str(path)), lines.append, prefix, every)


def wait_for(lines: list[str], count: int) -> None:
    deadline = time.monotonic() + 5
    while len(lines) < count and time.monotonic() < deadline:
        time.sleep(0.005)


def test_every_line_is_shown_once_with_its_prefix_while_the_module_runs(tmp_path: pathlib.Path) -> None:
    path, lines = tmp_path / "progress.txt", list[str]()
    teller = Teller(str(path))
    with watcher(path, lines):
        for number in range(3):
            teller.say(f"line {number}")
            wait_for(lines, number + 1)
    assert lines == ["eu: line 0", "eu: line 1", "eu: line 2"]


def test_what_a_module_says_last_is_shown_after_its_end(tmp_path: pathlib.Path) -> None:
    path, lines = tmp_path / "progress.txt", list[str]()
    with watcher(path, lines, every=60):
        Teller(str(path)).say("done")
    assert lines == ["eu: done"]


def test_half_a_line_waits_for_its_end_and_a_lost_look_loses_nothing() -> None:
    answers: list[t.Any] = [OSError("not there yet"), b"one\ntw", b"tw", OSError("lost"), b"two\n"]
    asked: list[int] = []

    def read(offset: int) -> bytes:
        asked.append(offset)
        answer = answers.pop(0) if answers else b""
        if isinstance(answer, Exception):
            raise answer
        return bytes(answer)

    lines: list[str] = []
    with Watcher(read, lines.append, look_every=0.005):
        wait_for(lines, 2)
    assert lines == ["one", "two"]
    assert asked[:6] == [0, 0, 4, 4, 4, 8]


def test_a_file_elsewhere_is_read_from_where_it_was_left() -> None:
    commands: list[str] = []

    class Remote:
        transport = "ssh"

        class _shell:  # noqa: N801 - Ansible's name
            quote = staticmethod(repr)

        def exec_command(self, command: str, sudoable: bool) -> tuple[int, bytes, bytes]:
            commands.append(command)
            return (0, b"new\n", b"") if len(commands) == 1 else (1, b"tail: no such file\n", b"")

    read = reader(Remote(), "/var/x y")
    assert (read(7), read(8)) == (b"new\n", b"")
    assert commands == ["tail -c +8 '/var/x y'", "tail -c +9 '/var/x y'"]


def test_nothing_hostile_reaches_the_screen(tmp_path: pathlib.Path) -> None:
    path, lines = tmp_path / "progress.txt", list[str]()
    with watcher(path, lines, prefix="eu\x1b[2J: "):
        Teller(str(path)).say("a\nforged: line\r\x1b[1A\u202e" + "x" * 500)
    assert len(lines) == 1
    assert lines[0].isprintable()
    assert lines[0].startswith("eu [2J: a forged: line")
    assert len(lines[0]) == LONGEST_LINE


def test_no_thread_is_left() -> None:
    before = threading.active_count()
    with Watcher(lambda _offset: b"", print, look_every=0.005):
        pass
    assert threading.active_count() == before


def test_how_things_stand_is_told_on_change_and_not_too_often(tmp_path: pathlib.Path) -> None:
    path, now = tmp_path / "progress.txt", [0.0]
    teller = Teller(str(path), 10, lambda: now[0])

    def told(at: float, line: str, essence: t.Hashable = None) -> bool:
        before = path.read_text("utf-8") if path.exists() else ""
        now[0] = at
        teller.tell(line, essence)
        return (path.read_text("utf-8") if path.exists() else "") != before

    assert told(0, "1 of 3, 5s", 1)
    assert not told(20, "1 of 3, 25s", 1)
    assert told(21, "2 of 3, 26s", 2)
    assert not told(40, "2 of 3, 26s", "what nobody sees")
    assert told(41, "2 of 3, 46s", "seen")
    assert not told(45, "3 of 3, 50s", 3)
    teller.say("something happened")
    assert told(51, "3 of 3, 36s", 3)
    assert path.read_text("utf-8").splitlines()[3] == "something happened"


def test_the_longer_it_takes_the_more_rarely_it_is_told(tmp_path: pathlib.Path) -> None:
    """Something changes every second of a stack's 25 minutes."""
    now = 0.0
    file = tmp_path / "lines"
    told = Teller(str(file), 10, lambda: now)
    for second in range(1500):
        now = float(second)
        told.tell(f"resource {second}")
    seconds = [int(line.split()[1]) for line in file.read_text("utf-8").splitlines()]
    pauses = [after - before for before, after in zip(seconds, seconds[1:], strict=False)]
    assert len(seconds) <= 45
    assert (pauses[0], max(pauses)) == (10, 60)


def test_without_a_path_or_with_an_interval_of_nothing_nothing_is_told(tmp_path: pathlib.Path) -> None:
    Teller(None).say("x")
    quiet = Teller(str(tmp_path / "p"), 0)
    quiet.tell("x")
    assert not (tmp_path / "p").exists()
    broken = Teller(str(tmp_path / "no such directory" / "p"))
    broken.say("a disk that is full costs a line and not the wait")


def test_lines_of_many_threads_stay_whole(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "progress.txt"
    teller = Teller(str(path))
    threads = [
        threading.Thread(target=lambda name=name: [teller.say(name * 50) for time in range(20)]) for name in "abcdefgh"
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(path.read_text("utf-8").split()) == sorted(name * 50 for name in "abcdefgh" for time in range(20))
