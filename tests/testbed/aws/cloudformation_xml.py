# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The XML of the Query protocol's answers, from plain dictionaries."""

from __future__ import annotations

import uuid
from typing import Any
from xml.sax.saxutils import escape

_NAMESPACE = "http://cloudformation.amazonaws.com/doc/2010-05-15/"

Answer = tuple[int, dict[str, str], bytes]


def _render(value: Any) -> str:
    if isinstance(value, dict):
        return "".join(f"<{key}>{_render(item)}</{key}>" for key, item in value.items() if item is not None)
    if isinstance(value, (list, tuple)):
        return "".join(f"<member>{_render(item)}</member>" for item in value)
    if isinstance(value, bool):
        return str(value).lower()
    return escape(str(value))


def answer(action: str, result: dict[str, Any]) -> Answer:
    """A successful answer. Members that are None are left out, as AWS does for what is absent."""
    body = (
        f'<{action}Response xmlns="{_NAMESPACE}"><{action}Result>{_render(result)}</{action}Result>'
        f"<ResponseMetadata><RequestId>{uuid.uuid4()}</RequestId></ResponseMetadata></{action}Response>"
    )
    return 200, {"Content-Type": "text/xml"}, body.encode()


def error(code: str, message: str, status: int = 400) -> Answer:
    """A refusal; ``code`` is the one that botocore raises."""
    body = (
        f'<ErrorResponse xmlns="{_NAMESPACE}"><Error><Type>Sender</Type><Code>{code}</Code>'
        f"<Message>{escape(message)}</Message></Error><RequestId>{uuid.uuid4()}</RequestId></ErrorResponse>"
    )
    return status, {"Content-Type": "text/xml"}, body.encode()
