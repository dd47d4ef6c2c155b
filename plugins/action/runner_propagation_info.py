# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Show who still answers what while the module waits for DNS records.

The module leaves its progress in a file; a thread of this plugin reads it and prints a line when its sentences changed,
or an interval has passed. On a delegated host the wait is silent, and the result tells everything.
"""

from __future__ import annotations

import pathlib
import threading
import time
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import clean
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.action import RunnerAction
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.interruption import end_with_the_run
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.live import seconds

DEFAULT_INTERVAL = 30.0
LOOK_EVERY = 0.5


class LineWatcher:
    """Prints the line that C(read) reads, until it is stopped."""

    def __init__(self, host: str, interval: float, read: t.Callable[[], str], show: t.Callable[[str], None]) -> None:
        self._host = host
        self._interval = interval
        self._read = read
        self._show = show
        self._shown, self._shown_at = "", float("-inf")
        self._finished = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> LineWatcher:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._finished.set()
        self._thread.join(timeout=5)

    def _watch(self) -> None:
        while not self._finished.wait(LOOK_EVERY):
            try:
                line = self._read()
            except (OSError, ValueError):
                continue
            self.offer(line, time.monotonic())

    def offer(self, line: str, now: float) -> None:
        """Print it when it says something new; times and counters alone do not."""
        said = "".join(character for character in line if not character.isdigit())
        if line and (said != self._shown or now - self._shown_at >= self._interval):
            self._shown, self._shown_at = said, now
            self._show(clean(f"{self._host}: {line}"))


class ActionModule(RunnerAction):
    """The module of the same name, with live lines while it waits."""

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Run the module once; show its progress when it waits on the control node."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        end_with_the_run()
        arguments = dict(self._task.args)
        variables = task_vars or {}
        interval = seconds(arguments.get("progress_interval", DEFAULT_INTERVAL))
        waits = seconds(arguments.get("wait_timeout")) > 0
        if not (waits and interval > 0 and self._connection.transport == "local"):
            result.update(self._execute_module(module_args=arguments, task_vars=variables))
            return result
        self._make_tmp_path()
        path = self._connection._shell.join_path(self._connection._shell.tmpdir, "runner_propagation_progress.txt")
        host = str(variables.get("inventory_hostname", "dns"))
        with LineWatcher(host, interval, lambda: pathlib.Path(path).read_text("utf-8"), self._display.display):
            arguments["progress_path"] = path
            result.update(self._execute_module(module_args=arguments, task_vars=variables))
        return result
