# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is waited for, and how far each is."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._progress import Snapshot

CERTIFICATE, ENDPOINT, NETWORK, STACK = "certificate", "endpoint", "network_endpoints", "stack"
# In the order in which they are told.
KINDS = (STACK, NETWORK, ENDPOINT, CERTIFICATE)
# As a person calls them, one and several.
NOUNS: t.Mapping[str, tuple[str, str]] = {
    **{kind: (kind, f"{kind}s") for kind in (STACK, ENDPOINT, CERTIFICATE)},
    NETWORK: ("set of network endpoints", "sets of network endpoints"),
}
GOING, DONE, FAILED = "going", "done", "failed"


@dataclasses.dataclass(frozen=True)
class Part:
    """One thing of one runner that is waited for, as far as it is known.

    :param host: the runner's name in the inventory.
    :param kind: one of C(KINDS).
    :param outcome: C(going), C(done) or C(failed).
    :param state: of an endpoint or a certificate, as AWS spells it; empty until the first look.
    :param snapshot: of a stack, from the last look.
    :param reached_at: seconds since the stack's operation began when C(snapshot.done) changed last.
    :param cause: why it failed.
    """

    host: str
    kind: str
    outcome: str = GOING
    state: str = ""
    snapshot: Snapshot | None = None
    reached_at: float = 0.0
    cause: str = ""

    def looked_at(self, snapshot: Snapshot) -> Part:
        """The stack after another look."""
        moved = self.snapshot is None or self.snapshot.done != snapshot.done
        reached = snapshot.elapsed if moved else self.reached_at
        return dataclasses.replace(self, snapshot=snapshot, reached_at=reached)


@dataclasses.dataclass(frozen=True)
class Course:
    """How a stack of this fleet that is complete got there.

    :param operation: C(CREATE) or C(UPDATE).
    :param ends: when each resource was complete, in seconds since the operation began, ascending.
    """

    operation: str
    ends: tuple[float, ...]

    @classmethod
    def of(cls, result: t.Mapping[str, t.Any]) -> Course | None:
        """From a stack's result; C(None) where it has no timeline."""
        ends = sorted(entry["end"] for entry in result.get("timeline") or [] if entry["status"].endswith("_COMPLETE"))
        return cls(operation_of(result["stack"]["status"]), tuple(ends)) if ends else None

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.ends[-1]

    def reached(self, done: int) -> float:
        """When so many resources were complete."""
        return self.ends[min(done, len(self.ends)) - 1] if done > 0 else 0.0


def operation_of(status: str) -> str:
    """Of a stack's status."""
    return status.partition("_")[0]
