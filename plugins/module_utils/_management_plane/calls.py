# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all calls of the management plane have in common: pages that end, and answers that hold what was asked for."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import ApiError

if t.TYPE_CHECKING:
    from collections.abc import Callable

    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.client import Client
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Clock

PAGE_SIZE = 100
# More pages, bytes and seconds than any organization's list takes: one that never ends must not keep a module for ever.
MOST_PAGES = 1000
LARGEST_LIST = 64 * 1024 * 1024
LONGEST_LIST = 600.0
Changes = t.Mapping[str, t.Any]


class Calls:
    """One connection, and how lists and creations are asked for."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @property
    def clock(self) -> Clock:
        """By which calls wait."""
        return self._client.clock

    def _pages(self, rpc: Callable[[t.Any], t.Any], request: t.Any, what: str) -> t.Iterator[t.Any]:
        """Every page; never a shorter list than there is.

        :raises ApiError: the list does not end.
        """
        began, tokens, size = self.clock.now(), {""}, 0
        for _page in range(MOST_PAGES):
            answer = self._client.call(rpc, request, what)
            yield answer
            token, size = answer.pagination.next_token, size + answer.ByteSize()
            if not token:
                return
            if token in tokens or size > LARGEST_LIST or self.clock.now() - began > LONGEST_LIST:
                break
            tokens.add(token)
            request.pagination.token = token
        why = f"The list does not end: after {len(tokens)} pages another is promised, or one of them again"
        raise ApiError(f"Could not {what}", why, "Run again; if it stays, show this to Gitpod", "endless_list")

    @staticmethod
    def _each(entries: t.Iterable[t.Any], key: str = "id") -> list[t.Any]:
        """Each thing of a list once: one that changes while its pages are read may have it on two of them."""
        found = {getattr(raw, key) or number: raw for number, raw in enumerate(entries)}
        return list(found.values())

    def _identifier(self, rpc: Callable[[t.Any], t.Any], request: t.Any, what: str, done: Callable[[], t.Any]) -> str:
        """The ID of something new; an answer without one is looked up like one that was lost."""
        answer = self._client.call(rpc, request, what, done)
        found = answer if answer.id else done()
        if found is None:
            raise empty(what)
        return str(found.id)


def empty(what: str) -> ApiError:
    """The failure of a call whose answer holds nothing."""
    why = "The management plane's answer does not hold what was asked for"
    return ApiError(f"Could not {what}", why, "Run again; if it stays, show this to Gitpod", "empty_answer")
