# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the stdout callback C(fleet) does with Ansible's events. For callbacks."""

from __future__ import annotations

import contextlib
import pathlib
import shutil
import sys
import typing as t

from ansible import constants, context

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._terminal import channel, tasks
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._terminal.colours import painted_parts
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._terminal.model import Event
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import block, brief, clean
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.interruption import before_it_is_told, calm_end
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.screen import TERMINAL, fleet_directory, wrapped
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.terminal import Terminal, is_terminal

T = t.TypeVar("T")


class Conductor:
    """Says of each event whether it has shown what there is to show.

    :param callback: an instance of Ansible's default callback, whose display and options count.
    """

    def __init__(self, callback: t.Any) -> None:
        self._callback = callback
        self._terminal: Terminal | None = None
        self._directory: pathlib.Path | None = None
        self._given_up = False
        self._report: list[str] = []
        self._changes: list[tuple[str, str]] = []
        # Failures of which only the beginning was told.
        self._cut: list[str] = []
        self.in_own_play = False

    @property
    def _display(self) -> t.Any:
        return self._callback._display

    def guarded(self, hook: t.Callable[..., bool], *arguments: t.Any, **named: t.Any) -> bool:
        """A hook's answer; after a fault, which is told once, everything is Ansible's."""
        if self._given_up or self._display.verbosity > 0:
            return False
        try:
            return hook(*arguments, **named)
        except Exception as error:
            self._give_up(f"{type(error).__name__}: {error}")
            return False

    def _give_up(self, fault: str) -> None:
        """Nothing in here may break a run, or keep anything from whoever looks on."""
        self._given_up = True
        with contextlib.suppress(Exception):
            self._end()
            self._tell_changes()
            self._display.warning(
                clean(
                    f"The callback gitpod.enterprise_runner.fleet had a fault ({brief(fault)}); from here on Ansible's"
                    " default callback shows the run. Nothing else is affected."
                )
            )
            self._show_report()

    def run_started(self) -> bool:
        """Make the place in which a run's actions see that their lines are arranged here."""
        self._directory = fleet_directory()
        self._directory.mkdir(parents=True, exist_ok=True)
        live = self._callback.get_option("live") and is_terminal(sys.stdout)
        if live:
            path = self._directory / channel.EVENTS
            path.touch()
            self._terminal = Terminal(self._display, channel.Reader(path))
            self._terminal.open()
            before_it_is_told.append(self._terminal.close)
            calm_end()
        return False

    def _end(self) -> None:
        terminal, self._terminal = self._terminal, None
        if terminal:
            terminal.close()
            with contextlib.suppress(ValueError):
                before_it_is_told.remove(terminal.close)
        if self._directory:
            shutil.rmtree(self._directory, ignore_errors=True)

    def play_started(self, play: t.Any) -> bool:
        """A play of the collection's own has no banner; its name is the board's."""
        self.in_own_play = tasks.own(str(play.get_path() or ""))
        self._callback._play = play
        if self._terminal:
            self._terminal.begin(clean(play.get_name()).strip())
        return self.in_own_play

    def _tell_changes(self) -> None:
        """The task has ended on all hosts."""
        changes, self._changes = self._changes, []
        for line in tasks.folded(changes):
            self._line(line, constants.COLOR_CHANGED)

    def own(self, task: t.Any) -> bool:
        """Whether a task stands in the collection's playbooks or roles, wherever it is used."""
        return tasks.own(str(task.get_path() or ""))

    def _task(self, task: t.Any) -> tasks.Task:
        return tasks.Task(
            clean(task.get_name()).rpartition(" : ")[2].strip(),
            tasks.short(str(task.resolved_action or task.action)),
            {key: value for key, value in (task.args or {}).items() if isinstance(value, str)},
        )

    def _happened(self, events: list[Event]) -> None:
        if self._terminal:
            self._terminal.happened(events)

    def task_started(self, task: t.Any) -> bool:
        """No banner; should a result be Ansible's to show, it has one then."""
        TERMINAL.look()
        self._tell_changes()
        if not self.own(task):
            return False
        self._callback._last_task_name = None
        return True

    def started(self, host: t.Any, task: t.Any) -> bool:
        """A row moves on."""
        if not self.own(task):
            return False
        if self._terminal:
            self._terminal.started(host.get_name(), tasks.started(self._task(task), host.get_name()))
        return True

    def ok(self, result: t.Any) -> bool:
        """A row moves on; of a change a line stays."""
        if not self.own(result.task):
            return False
        task, host, found = self._task(result.task), result.host.get_name(), result.result
        self._callback._handle_warnings(found)
        if task.action == "runner_report":
            self._report = [str(line) for line in found.get("table") or []]
        self._happened(tasks.ended(task, host, found))
        line = tasks.changed_line(task, host, found, bool(result.task.check_mode))
        self._changes += [(host, line)] if line else []
        return True

    def skipped(self, result: t.Any) -> bool:
        """Nothing to show but warnings."""
        if not self.own(result.task):
            return False
        self._callback._handle_warnings(result.result)
        if self._terminal:
            self._terminal.skipped(result.host.get_name())
        return True

    def failed(self, result: t.Any, ignore_errors: bool) -> bool:
        """One line, unless it was told already."""
        if not self.own(result.task):
            return False
        task, host, found = self._task(result.task), result.host.get_name(), result.result
        self._callback._handle_warnings(found)
        if ignore_errors:
            return True
        self._happened(tasks.failed(task, host, found))
        # Without a report in the run, what fails it is told here or nowhere.
        told = task.of == "run" and not self._report
        if told:
            self._line(f"{host}: {brief(found.get('msg') or '')}", constants.COLOR_ERROR)
        else:
            self._failed_line(task, host, found)
        return True

    def _failed_line(self, task: tasks.Task, host: str, found: dict[str, t.Any]) -> None:
        line, whole = (tasks.failed_line(task, host, found, longest) for longest in (tasks.LONGEST, tasks.WHOLE))
        self._cut += [whole] if whole != line else []
        self._line(line, constants.COLOR_ERROR)

    def item_failed(self, result: t.Any) -> bool:
        """The task's own result says only that one of its items failed."""
        if not self.own(result.task):
            return False
        self._failed_line(self._task(result.task), result.host.get_name(), result.result)
        return True

    def retried(self, result: t.Any) -> bool:
        """The row says so."""
        if not self.own(result.task):
            return False
        task, found = self._task(result.task), result.result
        left = int(found.get("retries", 0)) - int(found.get("attempts", 0))
        self._happened([Event(result.host.get_name(), task.stage, doing=f"{task.name}, {left} more tries")])
        return True

    def included(self, included_file: t.Any) -> bool:
        """Of the collection's own files and roles nothing is shown; a role that is included is told by its name."""
        named = str(included_file._filename)
        return tasks.own(named) or named.startswith(tasks.COLLECTION)

    def diff(self, result: t.Any) -> bool:
        """The difference, below whose it is."""
        if not self.own(result.task) or result.task.loop:
            return False
        found = result.result
        text = self._callback._get_diff(found["diff"]) if found.get("diff") and found.get("changed") else ""
        if text:
            self._line(f"{result.host.get_name()}: {self._task(result.task).name}", "")
            self._display.display(block(text.split("\n")))
        return True

    def run_ended(self, stats: t.Any) -> bool:
        """The recap, and below it the report."""
        TERMINAL.look()
        self._tell_changes()
        self._end()
        self._recap(stats)
        self._show_report()
        return True

    def _recap(self, stats: t.Any) -> None:
        hosts = sorted(stats.processed)
        self._display.banner("PLAY RECAP")
        for line, counters in tasks.recap_lines({host: stats.summarize(host) for host in hosts}):
            bad = counters.get("failures") or counters.get("unreachable")
            changed = constants.COLOR_CHANGED if counters.get("changed") else constants.COLOR_OK
            self._line(line, constants.COLOR_ERROR if bad else changed)
        custom = {key: value for key, value in (stats.custom or {}).items() if value}
        if custom and self._callback.get_option("show_custom_stats"):
            self._display.banner("CUSTOM STATS: ")
            for key in sorted(custom):
                name = "RUN" if key == "_run" else key
                told = self._callback._dump_results(custom[key], indent=1).replace("\n", "")
                self._display.display(clean(f"{name}: {told}"))
        if context.CLIARGS.get("check") and self._callback.get_option("check_mode_markers"):
            self._display.banner("DRY RUN")

    def _show_report(self) -> None:
        report, self._report = self._report, []
        cut, self._cut = self._cut, []
        for line in [] if report else cut:
            self._display.display(block([""]))
            self._line(line, constants.COLOR_ERROR)
        if report:
            text = wrapped(block(["", *report]), TERMINAL.columns)
            for part, colour in painted_parts(text):
                self._display.display(block(part.split("\n")), color=getattr(constants, colour) if colour else None)

    def _line(self, text: str, colour: str) -> None:
        if text:
            told = wrapped(clean(text), TERMINAL.columns)
            self._display.display(block(told.split("\n")), color=colour or None)
