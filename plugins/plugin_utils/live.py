# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows the lines that a module leaves in a file while it waits (module_utils/_teller.py). For action plugins.

The module runs once, where the task runs, and waits there. A thread of this plugin reads on in its file and shows what
is new. A look that fails is a line later and nothing else.
"""

from __future__ import annotations

import copy
import pathlib
import threading
import typing as t
import uuid

from ansible.module_utils.parsing.convert_bool import boolean

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._teller import shortened
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._terminal import channel
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._terminal.model import Event
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.action import RunnerAction
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.interruption import end_with_the_run
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.screen import board

LOOK_EVERY = 1.0

Read = t.Callable[[int], bytes]
Result = dict[str, t.Any]


def seconds(option: t.Any) -> float:
    """An option of a play that the module has not judged yet: what is no number is none, and the module says so."""
    try:
        return float(option or 0)
    except (TypeError, ValueError, OverflowError):
        return 0.0


def reader(connection: t.Any, path: str) -> Read:
    """How to read a file where the module runs: what comes after so many bytes."""
    if connection.transport == "local":
        return lambda offset: pathlib.Path(path).read_bytes()[offset:]
    # The module occupies the connection; a copy of it has the same options and its own processes.
    other = copy.copy(connection)
    quoted = other._shell.quote(path)

    def read(offset: int) -> bytes:
        code, output, _error = other.exec_command(f"tail -c +{offset + 1} {quoted}", sudoable=False)
        content = output if isinstance(output, bytes) else str(output).encode()
        return b"" if code else content

    return read


class Watcher:
    """Shows every line of a file once, from its beginning to its end, until it is stopped.

    :param read: what comes after so many bytes of the file; may fail.
    :param prefix: stands before each line.
    """

    def __init__(
        self, read: Read, show: t.Callable[[str], t.Any], prefix: str = "", look_every: float = LOOK_EVERY
    ) -> None:
        self._read, self._show, self._prefix = read, show, prefix
        self._look_every = look_every
        self._offset = 0
        self._finished = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Watcher:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._finished.set()
        self._thread.join(timeout=5)
        if not self._thread.is_alive():
            # What the module said last.
            self._look()

    def _watch(self) -> None:
        while not self._finished.wait(self._look_every):
            self._look()

    def _look(self) -> None:
        try:
            content = self._read(self._offset)
        except Exception:
            return
        whole = content[: content.rfind(b"\n") + 1]
        self._offset += len(whole)
        for line in whole.decode("utf-8", "replace").split("\n"):
            if line.strip():
                self._show(shortened(f"{self._prefix}{line}"))


class ActionModule(RunnerAction):
    """Runs the module of the task's name; its option C(progress_path) is set when it waits."""

    _supports_diff = True

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> Result:
        """Run the module once, with its lines while it waits."""
        result: Result = super().run(tmp, task_vars)
        end_with_the_run()
        arguments, variables = self.arguments(), task_vars or {}
        if boolean(self._task.check_mode) or not self.waits(arguments):
            result.update(self._execute_module(module_args=arguments, task_vars=variables))
            return result
        self.before_waiting(variables)
        self._make_tmp_path()
        shell = self._connection._shell
        arguments["progress_path"] = shell.join_path(shell.tmpdir, f"progress-{uuid.uuid4().hex}.txt")
        prefix = self.prefix(str(variables.get("inventory_hostname", "runner")))
        events = board()
        show = self.shown_by(events, arguments, prefix)
        with Watcher(reader(self._connection, arguments["progress_path"]), show, "" if events else prefix):
            result.update(self._execute_module(module_args=arguments, task_vars=variables))
        return result

    def arguments(self) -> dict[str, t.Any]:
        """The module's options."""
        return dict(self._task.args)

    def waits(self, arguments: t.Mapping[str, t.Any]) -> bool:
        """Whether the module waits, and lines are wanted."""
        return seconds(arguments.get("wait_timeout")) > 0

    def before_waiting(self, variables: dict[str, t.Any]) -> None:
        """What is done while AWS works anyway, before the module waits for it."""

    def shown_by(self, events: str, arguments: dict[str, t.Any], prefix: str) -> t.Callable[[str], t.Any]:
        """What takes the lines: the screen, or a board that shows the latest of them.

        :param events: the file of a board's events; empty where there is none.
        :param arguments: the module's, which may be told of a board.
        :param prefix: names the host that they are about; empty where they are about several.
        """
        if not events:
            return t.cast("t.Callable[[str], t.Any]", self._display.display)
        return lambda line: channel.write(events, Event(prefix.strip().removesuffix(":"), doing=line))

    def prefix(self, host: str) -> str:
        """What stands before each line."""
        return f"{host}: "
