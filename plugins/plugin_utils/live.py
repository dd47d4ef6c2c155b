# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows the lines that a module leaves in a file while it waits. For action plugins."""

from __future__ import annotations

import copy
import pathlib
import threading
import typing as t

from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase

LOOK_EVERY = 1.0
SHOW_EVERY = 5


def reader(connection: t.Any, path: str) -> t.Callable[[], str]:
    """How to read a file where the module runs."""
    if connection.transport == "local":
        return lambda: pathlib.Path(path).read_text("utf-8")
    # The module occupies the connection; a copy of it has the same options and its own processes.
    other = copy.copy(connection)
    command = f"cat {other._shell.quote(path)}"

    def read() -> str:
        code, output, _error = other.exec_command(command, sudoable=False)
        text = output.decode("utf-8", "replace") if isinstance(output, bytes) else str(output)
        return "" if code else text

    return read


class Lines:
    """Shows a line when it is new, every few looks; a look that fails is a line less and nothing else.

    :param host: whose line it is, or empty when the line says it itself.
    """

    def __init__(self, host: str, read: t.Callable[[], str], show: t.Callable[[str], None]) -> None:
        self._host, self._read, self._show = host, read, show
        self._finished = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Lines:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._finished.set()
        self._thread.join(timeout=5)

    def _watch(self) -> None:
        last, pause = "", 0
        while not self._finished.wait(LOOK_EVERY):
            pause -= 1
            try:
                text = "".join(character for character in self._read() if character.isprintable()).strip()
            except Exception:  # noqa: S112 - the module has not begun, or ended; the next look tells
                continue
            if text and text != last and pause <= 0:
                self._show(f"{self._host}: {text}" if self._host else text)
                last, pause = text, SHOW_EVERY


class ActionModule(ActionBase):
    """Runs the module of the task's name; its option C(progress_path) is set when it waits."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_diff = True

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Run the module once, with its lines while it waits."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        arguments, variables = dict(self._task.args), task_vars or {}
        if not self.waits(arguments) or boolean(self._task.check_mode):
            result.update(self._execute_module(module_args=arguments, task_vars=variables))
            return result
        self._make_tmp_path()
        shell = self._connection._shell
        arguments["progress_path"] = shell.join_path(shell.tmpdir, "runner_progress.txt")
        with Lines(
            self.speaker(variables), reader(self._connection, arguments["progress_path"]), self._display.display
        ):
            result.update(self._execute_module(module_args=arguments, task_vars=variables))
        return result

    def waits(self, arguments: t.Mapping[str, t.Any]) -> bool:
        """Whether the module waits, by its options."""
        return bool(float(arguments.get("wait_timeout") or 0))

    def speaker(self, variables: t.Mapping[str, t.Any]) -> str:
        """Whose lines these are; empty when they say it themselves."""
        return str(variables.get("inventory_hostname", "runner"))
