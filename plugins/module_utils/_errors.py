# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one exception family of the collection.

Every layer raises C(RunnerError); it becomes C(fail_json) in one place, `_modules.run`. A message has three parts:
what happened, why, and what to do next (docs/architecture.md, "Errors").
"""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import brief

# Characters of each part of a message, whoever says them.
LONGEST_PART = 16_000
# AWS's codes for a call that the caller has no permission for, as its services spell them.
DENIED_CODES = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})


class RunnerError(Exception):
    """Something that a person has to act on.

    :param what: what happened, in one sentence without a trailing period.
    :param why: the cause as far as it is known, usually AWS's own words; empty when there is none.
    :param next_step: what the reader can do now.
    :param details: plain data for automation, returned as additional keys of the failed task's result.
    """

    def __init__(
        self, what: str, why: str = "", next_step: str = "", details: t.Mapping[str, t.Any] | None = None
    ) -> None:
        # What others say stands in all three: a name, AWS's or a server's own words.
        self.what, self.why, self.next_step = (brief(part, LONGEST_PART) for part in (what, why, next_step))
        self.details: dict[str, t.Any] = dict(details or {})
        super().__init__(self.message)

    @property
    def message(self) -> str:
        """The three parts as consecutive sentences."""
        parts = [self.what, self.why, self.next_step]
        return " ".join(part.rstrip().rstrip(".") + "." for part in parts if part.strip())


class InputError(RunnerError):
    """An option or inventory value is wrong; nothing was read from or written to AWS because of it."""


class ApiError(RunnerError):
    """An AWS API refused or failed a call.

    :param code: the service's error code, such as C(AccessDenied); empty when no answer arrived.
    :param tried: what the call was for, as an infinitive; empty where C(what) says something else than that it failed.
    """

    def __init__(self, what: str, why: str = "", next_step: str = "", code: str = "", tried: str = "") -> None:
        super().__init__(what, why, next_step, {"error_code": code} if code else None)
        self.code = code
        self.tried = tried


class NotFoundError(ApiError):
    """The named resource does not exist."""


class TimeoutExceededError(RunnerError):
    """A bounded wait ended before the wanted state was seen; the operation itself goes on."""
