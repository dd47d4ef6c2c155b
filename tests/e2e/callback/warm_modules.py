# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules of a local connection run in forks of the Python that C(tests/e2e/warm_python.py) keeps.

Only what Ansible has packed for this very Python goes there; every other command runs as it would. Without the server,
or where TESTS_WARM_PYTHON names none, everything does.
"""

from __future__ import annotations

import json
import os
import pathlib
import shlex
import signal
import socket
import sys
import tempfile
import typing as t

from ansible.plugins.callback import CallbackBase
from ansible.plugins.loader import connection_loader

DOCUMENTATION = """
name: warm_modules
type: aggregate
short_description: Run modules without a start of Python for each
description: Has modules run in forks of the server at the socket that TESTS_WARM_PYTHON names.
"""


def module_of(command: str, piped: bytes | None) -> tuple[bytes, list[str], dict[str, str]] | None:
    """The script, arguments and additions to the environment of a command that runs a packed module."""
    shell = shlex.split(command)
    if shell[:2] != ["/bin/sh", "-c"] or len(shell) != 3:
        return None
    words = shlex.split(shell[2].removesuffix(" && sleep 0"))
    added: dict[str, str] = {}
    while words and "=" in words[0]:
        name, _, value = words.pop(0).partition("=")
        added[name] = value
    if any(name.startswith(("PYTHON", "LC_", "LANG")) for name in added):
        # What Python reads at its start.
        return None
    if not words or pathlib.Path(words[0]).parent != pathlib.Path(sys.executable).parent:
        return None
    if len(words) == 1 and piped and b"_ANSIBALLZ_WRAPPER = True" in piped[:4096]:
        return piped, [], added
    if len(words) == 2 and pathlib.Path(words[1]).name.startswith("AnsiballZ_") and not piped:
        return pathlib.Path(words[1]).read_bytes(), words[1:], added
    return None


def answer(
    address: str, directory: str, script: bytes, arguments: list[str], added: dict[str, str]
) -> tuple[int, bytes, bytes] | None:
    """Exit code, output and errors of the module that runs in a directory; nothing when nobody listens."""
    umask = os.umask(0o077)
    os.umask(umask)
    environment = {**os.environ, **added}
    request = {"arguments": arguments, "environment": environment, "directory": directory, "umask": umask}
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection,
        tempfile.TemporaryFile() as asked,
        tempfile.TemporaryFile() as file,
        tempfile.TemporaryFile() as output,
        tempfile.TemporaryFile() as errors,
    ):
        for written, content in (asked, json.dumps(request).encode()), (file, script):
            written.write(content)
            written.flush()
        descriptors = [entry.fileno() for entry in (asked, file, output, errors)]
        try:
            connection.connect(address)
            socket.send_fds(connection, [b"?"], descriptors)
        except OSError:
            return None
        # As a shell tells of a process that a signal has ended.
        code = int(connection.recv(16) or -signal.SIGKILL)
        output.seek(0)
        errors.seek(0)
        return code if code >= 0 else 128 - code, output.read(), errors.read()


class CallbackModule(CallbackBase):
    """Does its work when it is loaded, before the first task."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "warm_modules"

    def __init__(self) -> None:
        super().__init__()
        address = os.environ.get("TESTS_WARM_PYTHON")
        if not address:
            return
        local: t.Any = connection_loader.get("local", class_only=True)
        start = local.exec_command

        def exec_command(
            self: t.Any, cmd: str, in_data: bytes | None = None, sudoable: bool = True
        ) -> tuple[int, bytes, bytes]:
            module = module_of(cmd, in_data)
            directory = os.fsdecode(self.cwd or pathlib.Path.cwd())
            found = answer(address, directory, *module) if module and not self.become else None
            ended: tuple[int, bytes, bytes] = found or start(self, cmd, in_data=in_data, sudoable=sudoable)
            return ended

        local.exec_command = exec_command
