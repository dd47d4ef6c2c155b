# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs on an instance: one look at the network, with the code that looks from everywhere else, told on one line.

Sent by C(payload), which brings along what it imports; Python 3.7 and the standard library suffice.
"""

from __future__ import annotations

import base64
import dataclasses
import datetime
import json
import platform
import sys
import typing as t
import zlib

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import InputError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.connecting import Client
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.looking import NetworkObserver, observe
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.observations import Request

# Before what is told: an instance's shell may write lines of its own.
MARK = "gitpod-probe:"


def main(text: str) -> None:
    """Look, and write what was seen.

    :param text: JSON with the fields of C(Request) and of C(Client).
    """
    sys.stdout.write(f"\n{MARK}{told(seen(json.loads(text)))}\n")


def seen(asked: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """What was seen as plain data, or C(problem) where nothing could be looked at."""
    fields: dict[str, t.Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in asked["request"].items()
    }
    request, client = Request(**fields), Client(**asked["client"])
    try:
        if client.validate_certificates:
            client.check_authorities()
    except InputError as error:
        return {"problem": error.message}
    found = observe(NetworkObserver(client.connect, client.timeout), request)
    return {**dataclasses.asdict(found), "seen_from": platform.node(), "python": platform.python_version()}


def told(data: t.Mapping[str, t.Any]) -> str:
    """One line that AWS does not cut: it keeps the first 24,000 characters (GetCommandInvocation)."""
    text = json.dumps(data, default=_plain, separators=(",", ":"))
    return base64.b64encode(zlib.compress(text.encode(), 9)).decode()


def _plain(value: t.Any) -> str:
    """A time as text; there is nothing else that JSON has not."""
    return value.isoformat() if isinstance(value, datetime.datetime) else str(value)
