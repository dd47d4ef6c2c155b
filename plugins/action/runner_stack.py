# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Show a stack's progress while the module waits for it.

The module runs once, where the task runs, and waits there. It leaves its progress in a file; a thread of this plugin
reads that file and prints a line when something changed. A read that fails is a line less and nothing else.
"""

from __future__ import annotations

import copy
import pathlib
import threading
import time
import typing as t

from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._progress import Pacer, Snapshot, line
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.template_file import with_template_body

DEFAULT_INTERVAL = 10
LOOK_EVERY = 1.0


class Watcher:
    """Prints progress from the file that C(read) reads until it is stopped."""

    def __init__(self, host: str, interval: float, read: t.Callable[[], str], show: t.Callable[[str], None]) -> None:
        self._host = host
        self._read = read
        self._show = show
        self._pacer = Pacer(interval)
        self._look_every = min(LOOK_EVERY, interval)
        self._finished = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Watcher:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._finished.set()
        self._thread.join(timeout=5)

    def _watch(self) -> None:
        while not self._finished.wait(self._look_every):
            try:
                snapshot = Snapshot.from_json(self._read())
            except Exception:  # noqa: S112 - a lost look must never end the wait; the next one tells
                continue
            if snapshot and self._pacer.lets_through(time.monotonic(), snapshot):
                self._show(line(self._host, snapshot))


class ActionModule(ActionBase):
    """The module of the same name, with live lines while it waits."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_diff = True

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Run the module once; show its progress when it waits and progress is wanted."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        arguments = with_template_body(self._task.args, self._find_needle)
        variables = task_vars or {}
        if self._wants_progress(arguments):
            self._make_tmp_path()
            arguments["progress_path"] = self._connection._shell.join_path(
                self._connection._shell.tmpdir, "runner_stack_progress.json"
            )
            interval = float(arguments.get("progress_interval") or DEFAULT_INTERVAL)
            host = str(variables.get("inventory_hostname", "stack"))
            with Watcher(host, interval, self._reader(arguments["progress_path"]), self._display.display):
                outcome = self._execute_module(module_args=arguments, task_vars=variables)
        else:
            outcome = self._execute_module(module_args=arguments, task_vars=variables)
        result.update(outcome)
        return result

    def _wants_progress(self, arguments: t.Mapping[str, t.Any]) -> bool:
        waits = boolean(arguments.get("wait", True), strict=False) or boolean(
            arguments.get("join", False), strict=False
        )
        interval = arguments.get("progress_interval", DEFAULT_INTERVAL)
        return bool(waits and not self._task.check_mode and float(interval or 0) > 0)

    def _reader(self, path: str) -> t.Callable[[], str]:
        """How to read the file where the module runs."""
        if self._connection.transport == "local":
            return lambda: pathlib.Path(path).read_text("utf-8")
        # The module occupies the connection; a copy of it has the same options and its own processes.
        connection = copy.copy(self._connection)
        command = f"cat {self._connection._shell.quote(path)}"

        def read() -> str:
            _code, output, _error = connection.exec_command(command, sudoable=False)
            return output.decode("utf-8", "replace") if isinstance(output, bytes) else str(output)

        return read
