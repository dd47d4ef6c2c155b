# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that an operation lists, however many pages AWS makes of it.

EC2 filters after it has cut a page, so that one may be empty and have a successor (EC2 developer guide, "Pagination").
Not every operation that has pages has a paginator in botocore (Route 53's ListHostedZonesByVPC); one way for all.
"""

from __future__ import annotations

import typing as t

# The member of an answer that leads to the next page, and the argument that asks for it (botocore's paginators).
_TOKENS = (("NextToken", "NextToken"), ("NextMarker", "Marker"))


def every(call: t.Callable[..., t.Mapping[str, t.Any]], key: str, **arguments: t.Any) -> list[t.Any]:
    """The entries of all pages.

    :param call: method of a client, such as C(ec2.describe_subnets).
    :param key: member of the answer that has the entries.
    :raises LookupError: an answer has no such member.
    """
    found: list[t.Any] = []
    more: dict[str, t.Any] = {}
    while True:
        page = call(**arguments, **more, aws_retry=True)
        found += page[key]
        more = next(({name: page[token]} for token, name in _TOKENS if page.get(token)), {})
        if not more:
            return found
