# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests steer the test bed with: JSON over HTTP below /_testbed/ on the port of the simulated AWS."""

from __future__ import annotations

import json
import typing as t
import urllib.parse

Handler = t.Callable[[str, dict[str, t.Any], dict[str, t.Any]], dict[str, t.Any]]
PREFIX = "/_testbed/"
_handlers: dict[str, Handler] = {}


class Refusal(Exception):  # noqa: N818 - an answer, not a mistake
    """An answer that is no JSON, with its status."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


def register(path: str, handler: Handler) -> None:
    """Answer requests for this path and below it.

    :param handler: is given the method, the JSON body and the query; what follows the path stands in the query as
        C(rest). Its dictionary is the answer; a ValueError becomes a 400, a Refusal what it says.
    """
    _handlers[path] = handler


def answer(method: str, path: str, query: str, body: bytes) -> tuple[int, bytes]:
    """Status and JSON of the answer."""
    found = max((known for known in _handlers if path == known or path.startswith(f"{known}/")), key=len, default="")
    if not found:
        return 404, json.dumps({"error": f"nothing at {path}", "paths": sorted(_handlers)}).encode()
    values: dict[str, t.Any] = dict(urllib.parse.parse_qsl(query))
    values["rest"] = path[len(found) + 1 :]
    try:
        return 200, json.dumps(_handlers[found](method, json.loads(body or b"{}"), values), default=str).encode()
    except Refusal as refusal:
        return refusal.status, str(refusal).encode()
    except (ValueError, KeyError, TypeError) as error:
        return 400, json.dumps({"error": f"{type(error).__name__}: {error}"}).encode()
