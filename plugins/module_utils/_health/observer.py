# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a look needs of the network, as types: Python 3.7, which instances may have, lacks C(t.Protocol)."""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from collections.abc import Callable

    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.server import Server
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.observations import (
        Answer,
        Connection,
    )

T = t.TypeVar("T")


class Threads(t.Protocol):
    """What takes calls side by side: an executor, or the pool that many looks share."""

    def submit(self, work: Callable[..., T], *arguments: t.Any) -> t.Any:
        """Begin a call; what is returned has C(result())."""


class Observer(t.Protocol):
    """Everything that touches the network."""

    def threads(self) -> t.ContextManager[t.Any]:
        """What makes the calls of one look."""

    def resolve(self, name: str, server: Server | None) -> Answer:
        """Ask one server, or the system's resolver, for the addresses of a name."""

    def connect(self, name: str, address: str) -> Connection:
        """Connect to one address under one name."""

    def reach(self, address: str, port: int) -> Connection:
        """Connect to one address with TCP alone."""
