# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that an operation lists, however many pages AWS makes of it.

EC2 filters after it has cut a page, so that one may be empty and have a successor (EC2 developer guide, "Pagination").
Not every operation that has pages has a paginator in botocore (Route 53's ListHostedZonesByVPC); one way for all.
"""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import ApiError

MOST_PAGES = 5000
# The member of an answer that leads to the next page, and the argument that asks for it (botocore's paginators).
_TOKENS = (("NextToken", "NextToken"), ("NextMarker", "Marker"))


def every(call: t.Callable[..., t.Mapping[str, t.Any]], key: str, **arguments: t.Any) -> list[t.Any]:
    """The entries of all pages; never fewer than there are.

    :param call: method of a client, such as C(ec2.describe_subnets).
    :param key: member of the answer that has the entries.
    :raises LookupError: an answer has no such member.
    :raises ApiError: the list does not end.
    """
    found: list[t.Any] = []
    more: dict[str, t.Any] = {}
    seen: set[str] = set()
    while True:
        page = call(**arguments, **more, aws_retry=True)
        found += page[key]
        more = next(({name: page[token]} for token, name in _TOKENS if page.get(token)), {})
        if not more:
            return found
        token = str(*more.values())
        if token in seen or len(seen) >= MOST_PAGES:
            raise _endless(key, len(seen))
        seen.add(token)


def _endless(key: str, pages: int) -> ApiError:
    """As botocore's paginators refuse a token that comes again; what answers so is hardly AWS."""
    return ApiError(
        f"Could not list {key}",
        f"The list does not end: after {pages + 1} pages another is promised, or one of them again",
        "Run again; if it stays, see what answers in the place of AWS (HTTPS_PROXY)",
        "endless_list",
    )
