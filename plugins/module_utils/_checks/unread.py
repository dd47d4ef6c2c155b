# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What could not be read, in one shape wherever facts are gathered."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import (
    DENIED_CODES,
    ApiError,
    RunnerError,
)

T = t.TypeVar("T")


@dataclasses.dataclass(frozen=True)
class Unread:
    """A fact that could not be read, for want of permission or another reason.

    :param action: what was tried: the IAM action of the call, such as C(ec2:DescribeSubnets), or an infinitive such as
        C(read the release manifest).
    :param message: the service's own words.
    :param code: the service's error code, or empty when no answer arrived.
    :param advice: what to do about it, or empty.
    :param final: whether another look would see the same.
    :param decided: whether AWS was read, and what it said leaves no such fact; otherwise nothing is known of it.
    """

    action: str
    message: str
    code: str = ""
    advice: str = ""
    final: bool = False
    decided: bool = False

    @classmethod
    def of(cls, error: RunnerError, action: str = "") -> Unread:
        """What an exception tells.

        :param action: what was tried; without it, what the exception itself says of that.
        """
        code, tried = (error.code, error.tried) if isinstance(error, ApiError) else ("", "")
        # What was tried is told by the action already.
        parts = [error.why] if tried and error.why else [error.what.rstrip().rstrip("."), error.why]
        message = ". ".join(filter(None, parts))
        decided = not isinstance(error, ApiError)
        return cls(action or tried, message, code, error.next_step, decided=decided)

    @property
    def forbidden(self) -> bool:
        """Whether permission was refused; otherwise the call failed."""
        return self.code in DENIED_CODES

    @property
    def permission(self) -> str:
        """The IAM action to allow; empty where that would not help."""
        return self.action if self.forbidden else ""

    @property
    def told(self) -> str:
        """What was tried, why it failed and what to do, as sentences."""
        parts = (f"Could not {self.action}" if self.action else "", self.message, self.advice)
        return " ".join(part.rstrip().rstrip(".") + "." for part in parts if part.strip())

    @property
    def remedy(self) -> str:
        """What to do about it, as a sentence: the permission, or the service's own next step; or empty."""
        if self.permission:
            return f"Allow {self.permission} (docs/permissions.md), or check this by hand."
        return f"{self.advice.rstrip('.')}." if self.advice else ""

    def __str__(self) -> str:
        said = self.message.rstrip().rstrip(".")
        return f"{self.action} {'is not allowed' if self.forbidden else 'failed'}: {said}"


class UnreadError(Exception):
    """A check asked for a fact that could not be read."""

    def __init__(self, unread: Unread) -> None:
        super().__init__(str(unread))
        self.unread = unread


def known(fact: T | Unread) -> T:
    """The fact.

    :raises UnreadError: it could not be read; the check is then skipped, with the reason.
    """
    if isinstance(fact, Unread):
        raise UnreadError(fact)
    return fact
