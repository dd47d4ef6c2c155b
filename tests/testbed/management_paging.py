# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages of the management plane's lists, and what it says of an unknown ID."""

from __future__ import annotations

import base64
import hashlib
import typing as t

from connectrpc.code import Code
from connectrpc.errors import ConnectError

PAGE_SIZE = 25


def page(request: t.Any, found: list[t.Any], response: t.Any, field: str) -> t.Any:
    """Fill a page; its token works for the same filter only."""
    # Some lists have no filter, but belong to one thing.
    asked = request.filter if hasattr(request, "filter") else type(request)(runner_id=request.runner_id)
    digest = hashlib.sha256(asked.SerializeToString(deterministic=True)).hexdigest()[:12]
    start = 0
    if request.pagination.token:
        try:
            start_text, of_filter = base64.urlsafe_b64decode(request.pagination.token).decode().split(":")
            start = int(start_text)
        except ValueError as error:
            raise ConnectError(Code.INVALID_ARGUMENT, "invalid pagination token") from error
        if of_filter != digest:
            raise ConnectError(Code.INVALID_ARGUMENT, "the pagination token belongs to another filter")
    size = request.pagination.page_size or PAGE_SIZE
    getattr(response, field).extend(found[start : start + size])
    if start + size < len(found):
        response.pagination.next_token = base64.urlsafe_b64encode(f"{start + size}:{digest}".encode()).decode()
    return response


def not_found(kind: str, key: str) -> ConnectError:
    """What is answered for an unknown ID."""
    return ConnectError(Code.NOT_FOUND, f"{kind} {key} not found")
