# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an operation on the endpoint did, or in check mode would do, and when it looks again after an error."""

from __future__ import annotations

import contextlib
import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import ApiError, NotFoundError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.group import Group
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import Endpoint, Service
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Clock
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._writes import is_refused, may_be_done

# Somebody else was quicker, or AWS is still at work on what is to be changed.
# "You can't run simultaneous commands to modify a tag for a specific resource", and a route that there is already, such
# as that of a gateway endpoint (EC2 API reference, "Error codes").
CONFLICT_CODES = frozenset(
    {
        "DuplicateSubnetsInSameZone",
        "InvalidGroup.Duplicate",
        "IncorrectState",
        "ConcurrentTagAccess",
        "RouteAlreadyExists",
    }
)


@dataclasses.dataclass(frozen=True)
class Mode:
    """How to carry out.

    :param timeout: longest wait in seconds.
    :param observe: is told the endpoint's state at every look.
    """

    check: bool
    wait: bool
    timeout: float
    clock: Clock = dataclasses.field(default_factory=Clock)
    observe: t.Callable[[str], None] = lambda _state: None


@dataclasses.dataclass(frozen=True)
class State:
    """The endpoint and its security group at one moment; C(None) for what is not there, or not kept."""

    endpoint: Endpoint | None = None
    group: Group | None = None

    def as_diff(self) -> dict[str, t.Any]:
        """Both as one side of a difference."""
        found = self.endpoint.as_result() if self.endpoint else {}
        return {**found, "security_group": self.group.as_result()} if self.group else found


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What was done, or in check mode would be.

    :param now: what there is.
    :param after: what there will be, in check mode.
    :param group_created: whether the security group was made now.
    :param left_out: subnets in zones that the service does not have.
    :param left_alone: what stays as it is because others need it, in words.
    """

    now: State
    before: State
    after: State | None = None
    service: Service | None = None
    changed: bool = False
    in_progress: bool = False
    actions: tuple[str, ...] = ()
    group_created: bool = False
    left_out: tuple[str, ...] = ()
    left_alone: tuple[str, ...] = ()


class Journal:
    """The steps that were taken, in words, also those whose answer was lost.

    :ivar group_id: of a security group that was made; empty when none was.
    :ivar group_lost: whether one may have been made, whose ID was in an answer that did not come.
    """

    def __init__(self) -> None:
        self._done: dict[str, None] = {}
        self.group_id = ""
        self.group_lost = False

    @property
    def done(self) -> tuple[str, ...]:
        """Each once, in the order of the first time."""
        return tuple(self._done)

    @contextlib.contextmanager
    def step(self, *sentences: str) -> t.Iterator[None]:
        """One call that changes something."""
        try:
            yield
        except ApiError as error:
            if may_be_done(error):
                self._done.update(dict.fromkeys(sentences))
            raise
        self._done.update(dict.fromkeys(sentences))


def is_taken(error: ApiError) -> bool:
    """Whether another endpoint of the VPC has the private name."""
    return error.code == "InvalidParameter" and "conflicting dns domain" in error.why.lower()


def look_again(error: ApiError, journal: Journal) -> bool:
    """Whether another look may show that all is well, or what is left to do.

    The SDK may have sent a call twice, of which the second is refused (C(_writes)). What was just made may not be found
    for a moment (EC2 API reference, "Eventual consistency"). Another runner may have removed the endpoint meanwhile.
    """
    if is_refused(error):
        return False
    if may_be_done(error) or is_taken(error) or error.code in CONFLICT_CODES:
        return True
    missing = isinstance(error, NotFoundError) or error.code.endswith("NotFound")
    return missing and (bool(journal.done) or "VpcEndpoint" in error.code)
