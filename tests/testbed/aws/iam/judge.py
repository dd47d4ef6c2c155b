# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulator of IAM that decides: `@cloud-copilot/iam-simulate` in one Node process, started when first asked.

It is of other people's making, so that it does not share this project's misunderstandings; tests/iam pins it, and
`make` installs it into .venv/iam. The process ends with its standard input, so also when the test bed is killed.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import pathlib
import shutil
import typing as t

if t.TYPE_CHECKING:
    from .principals import Principal

ROOT = pathlib.Path(__file__).resolve().parents[4]
PROGRAM = ROOT / "tests/iam/judge.mjs"
PACKAGES = ROOT / ".venv/iam"
_LONGEST_LINE = 1 << 26
_STOP_TIMEOUT = 5.0


class Check(t.TypedDict):
    """One question: may this action be carried out on this resource, where these condition keys have these values?"""

    action: str
    resource: str
    context: dict[str, str | list[str]]


class Decision(t.TypedDict):
    """What the simulator says, see tests/iam/judge.mjs."""

    decision: str
    blockedBy: list[str]
    missing: list[str]
    matched: list[dict[str, t.Any]]
    organizations: bool | None
    boundary: bool | None
    error: t.NotRequired[str]


@functools.cache
def available() -> bool:
    """Whether the simulator is installed; without Node the test bed enforces nothing."""
    return shutil.which("node") is not None and (PACKAGES / "node_modules/@cloud-copilot/iam-simulate").is_dir()


class Judge:
    """The one process, and what it has said: the same question is asked once."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()
        self._known: dict[str, Decision] = {}

    @property
    def process_id(self) -> int | None:
        """Of the simulator, once it has been asked."""
        return self._process.pid if self._process else None

    async def decide(self, principal: Principal, checks: t.Sequence[Check]) -> list[Decision]:
        """A decision for each check.

        :raises RuntimeError: the simulator is not installed, or it has ended.
        """
        who = principal.question()
        whose = json.dumps(who, sort_keys=True)
        keys = [whose + json.dumps(check, sort_keys=True) for check in checks]
        unknown = {key: check for key, check in zip(keys, checks, strict=True) if key not in self._known}
        if unknown:
            answered = await self._ask({"principal": who, "checks": list(unknown.values())})
            self._known.update(zip(unknown, answered, strict=True))
        return [self._known[key] for key in keys]

    async def _ask(self, question: dict[str, t.Any]) -> list[Decision]:
        async with self._turn:
            process = self._process = self._process or await self._started()
            assert process.stdin
            assert process.stdout
            process.stdin.write(json.dumps({"id": 0, **question}).encode() + b"\n")
            await process.stdin.drain()
            line = await process.stdout.readline()
        if not line:
            raise RuntimeError("the simulator of IAM has ended; its own words are on standard error")
        found: list[Decision] = json.loads(line)["results"]
        return found

    async def _started(self) -> asyncio.subprocess.Process:
        if not available():
            raise RuntimeError(f"no simulator of IAM in {PACKAGES}: run `make .venv/iam/.ready` (it takes Node)")
        pipe = asyncio.subprocess.PIPE
        return await asyncio.create_subprocess_exec(
            "node", str(PROGRAM), str(PACKAGES), stdin=pipe, stdout=pipe, limit=_LONGEST_LINE
        )

    async def stop(self) -> None:
        """End the process by closing its input; after a while, kill it."""
        process, self._process = self._process, None
        if not process:
            return
        assert process.stdin
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), _STOP_TIMEOUT)
        except asyncio.TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
