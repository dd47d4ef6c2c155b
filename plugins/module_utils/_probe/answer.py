# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an instance answered, as observations. From outside: bounded, and refused unless it has the right shape."""

from __future__ import annotations

import base64
import binascii
import datetime
import json
import typing as t
import zlib

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.observations import (
    Answer,
    Certificate,
    Connection,
    Observations,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._probe.agent import MARK
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import brief, printable

# Bytes; what a look tells has some ten thousand.
LARGEST = 1_000_000
# Characters of a command's output that AWS keeps (GetCommandInvocation, StandardOutputContent).
KEPT = 24_000
CUT = f"AWS keeps {KEPT} characters of a command's output, and this one has more"
Raw = t.Mapping[str, t.Any]


class UnreadableError(RunnerError):
    """The instance answered something else than a look."""


def observations(output: str, now: datetime.datetime) -> Observations:
    """What the probe saw.

    :param output: what the command wrote.
    :param now: the time that it is judged at.
    :raises UnreadableError: nothing was looked at, or this is no answer of the probe.
    """
    raw = _unpacked(output)
    if raw.get("problem"):
        raise UnreadableError(brief(raw["problem"], 500))
    try:
        return Observations(
            tuple(_answer(entry) for entry in raw["answers"]),
            tuple(_connection(entry) for entry in raw["connections"]),
            tuple(_connection(entry) for entry in raw["http_connections"]),
            now,
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise _strange(f"it lacks {error}") from error


def _unpacked(output: str) -> Raw:
    lines = [line for line in output.splitlines() if line.startswith(MARK)]
    cut = len(output) >= KEPT
    if not lines:
        raise _strange(CUT if cut else f"it is {brief(output) or 'empty'}")
    try:
        packed = zlib.decompressobj()
        text = packed.decompress(base64.b64decode(lines[-1][len(MARK) :], validate=True), LARGEST)
        if not packed.eof:
            raise _strange(CUT if cut else f"it is cut off, or longer than {LARGEST} bytes")
        found = printable(json.loads(text))
    except (binascii.Error, zlib.error, ValueError, RecursionError) as error:
        raise _strange(CUT if cut else str(error)) from error
    if not isinstance(found, dict):
        raise _strange("it is no object")
    return found


def _strange(why: str) -> UnreadableError:
    return UnreadableError("The probe's answer cannot be read", why, "Run again; see what else writes to its output")


def _texts(values: t.Iterable[t.Any]) -> tuple[str, ...]:
    return tuple(str(value) for value in values)


def _answer(raw: Raw) -> Answer:
    return Answer(
        str(raw["name"]),
        str(raw["resolver"]),
        str(raw["outcome"]),
        _texts(raw["addresses"]),
        str(raw["canonical"]),
        brief(raw["detail"]),
    )


def _connection(raw: Raw) -> Connection:
    status, seconds = raw["status"], raw["seconds"]
    return Connection(
        str(raw["name"]),
        str(raw["address"]),
        str(raw["outcome"]),
        str(raw["trust"]),
        brief(raw["trust_detail"]),
        brief(raw["protocol"]),
        _certificate(raw["certificate"]) if raw["certificate"] else None,
        None if status is None else int(status),
        brief(raw["location"]),
        brief(raw["detail"]),
        None if seconds is None else float(seconds),
    )


def _certificate(raw: Raw) -> Certificate:
    ends = datetime.datetime.fromisoformat(raw["not_after"])
    if ends.tzinfo is None:
        raise ValueError("a time zone")
    return Certificate(_texts(raw["names"]), brief(raw["issuer"]), ends)
