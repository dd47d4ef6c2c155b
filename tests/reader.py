# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Somebody who types commands of the documentation into one shell, word for word, one after the other.

What a command leaves in the shell is there for the next one: exported variables, the directory, a virtual environment.
"""

from __future__ import annotations

import dataclasses
import functools
import os
import pathlib
import shlex
import signal
import subprocess
import sys
import typing as t

from tests import documented, executed

PROGRAMS = pathlib.Path(sys.executable).parent
# The AWS CLI of the tests: `make` installs it there (tests/requirements/aws.txt).
AWS_CLI = pathlib.Path(os.environ.get("TESTS_AWS_CLI") or documented.ROOT / ".venv/aws")


@functools.cache
def _shown() -> frozenset[executed.Words]:
    return frozenset(tuple(command.words) for command in documented.commands())


@dataclasses.dataclass(frozen=True)
class Answer:
    """What a command did.

    :param output: both streams together.
    """

    code: int
    output: str


class Reader:
    """A person with a shell of their own.

    :param directory: where they begin.
    :param environment: what their shell has at first.
    """

    def __init__(self, directory: pathlib.Path, environment: t.Mapping[str, str]) -> None:
        self.directory = directory
        path = environment.get("PATH", os.environ["PATH"])
        self.environment = {**environment, "PATH": f"{directory / 'bin'}{os.pathsep}{PROGRAMS}{os.pathsep}{path}"}
        # Added to each ansible-playbook, such as C(-e @testbed.json).
        self.laid_over = ""
        self._kept = directory / ".kept-by-the-shell"
        self._last = ""

    def has_the_aws_cli(self) -> None:
        """Give them the program C(aws)."""
        program = self.directory / "bin/aws"
        program.parent.mkdir(exist_ok=True)
        program.write_text(
            f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(AWS_CLI))} exec {shlex.quote(sys.executable)} -m awscli "$@"\n',
            "utf-8",
        )
        program.chmod(0o755)

    def types(self, text: str, *, entered: str = "", **filled: str) -> Answer:
        """Run a command that a page shows, as it stands there.

        :param entered: what they type when the command asks.
        :param filled: their own values, in the place of what the page says they shall replace, such as C(PORT).
        """
        done = subprocess.run(
            ["bash", "-c", self._script(text, filled)],
            cwd=self.directory,
            env=self.environment,
            input=entered,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
        return Answer(done.returncode, done.stdout)

    def succeeds(self, text: str, *, entered: str = "", **filled: str) -> str:
        """The same; what it printed.

        :raises AssertionError: it failed.
        """
        answer = self.types(text, entered=entered, **filled)
        assert answer.code == 0, f"{text}\n{answer.output}"
        return answer.output

    def exported(self) -> dict[str, str]:
        """What the next command finds in its environment."""
        shown = subprocess.run(
            ["bash", "-c", f". {shlex.quote(str(self._kept))}; env -0"], capture_output=True, text=True, check=True
        )
        return dict(entry.split("=", 1) for entry in shown.stdout.split("\0") if entry)

    def begins(self, text: str, output: t.Any, **filled: str) -> subprocess.Popen[str]:
        """Start a command that goes on; end it with C(ends)."""
        return subprocess.Popen(
            ["bash", "-c", self._script(text, filled)],
            cwd=self.directory,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def _script(self, text: str, filled: t.Mapping[str, str]) -> str:
        """The command in the shell that the earlier ones have left.

        :raises ValueError: no page shows it.
        """
        if executed.words_of(text) not in _shown():
            raise ValueError(f"no page shows {text}")
        executed.ran(text)
        command = f"{self._last} {text.removeprefix('...')}" if text.startswith("... ") else text
        for name, value in filled.items():
            command = command.replace(PLACEHOLDERS[name], value)
        self._last = command
        if command.startswith("ansible-playbook "):
            command = f"{' '.join(executed.words_of(command)) if '#' in command else command} {self.laid_over}"
        kept = shlex.quote(str(self._kept))
        keep = f'{{ echo "cd $(printf %q "$PWD")"; export -p; }} > {kept}'
        return f"if [ -e {kept} ]; then . {kept}; fi\n{command}\ncode=$?\n{keep}\nexit $code\n"


# What a page says that readers shall put in their own value for.
PLACEHOLDERS = {"port": "PORT", "host": "<host>", "controller": "https://awx.example.com", "value": "=..."}


def ends(process: subprocess.Popen[str]) -> None:
    """End what C(begins) started, with everything that it started."""
    os.killpg(process.pid, signal.SIGTERM)
    process.communicate(timeout=60)
