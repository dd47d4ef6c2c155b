# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is expected, who is asked, and what was answered; plain values."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.names import folded, kept, listed
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.server import Server, is_address

RIGHT = "right"
# NXDOMAIN, or the name is there without the record.
MISSING = "missing"
# It leads elsewhere.
OTHER = "other"
# No answer, SERVFAIL or REFUSED: this server says nothing about the record.
SILENT = "silent"
WILDCARD = "*."


@dataclasses.dataclass(frozen=True)
class Expected:
    """A record that shall answer.

    :param name: as it is written in the zone, folded; perhaps with an asterisk.
    :param value: the name that it leads to, folded.
    """

    name: str
    value: str

    @classmethod
    def of(cls, raw: t.Mapping[str, t.Any]) -> Expected:
        """From a record as the roles pass it."""
        return cls(folded(raw["name"]), folded(raw["value"]))

    def question(self, label: str) -> str:
        """The name to ask for: below a wildcard one that only the wildcard answers, and that nobody has cached."""
        return f"{label}.{self.name[len(WILDCARD) :]}" if self.name.startswith(WILDCARD) else self.name


@dataclasses.dataclass(frozen=True)
class Answer:
    """What a server said of one expected record.

    :param leads_to: the name or the addresses that it gave.
    :param ttl: seconds for which a cache keeps to it.
    """

    server: Server
    expected: Expected
    outcome: str
    leads_to: tuple[str, ...] = ()
    ttl: int = 0
    detail: str = ""

    @property
    def has_addresses(self) -> bool:
        """Whether it leads to addresses, and not to a name."""
        return bool(self.leads_to) and is_address(self.leads_to[0])

    def as_line(self) -> str:
        """One sentence for progress and errors."""
        later = f", for {self.ttl} s more" if self.ttl and not self.server.authoritative else ""
        texts = {
            RIGHT: f"answers {self.expected.name} rightly",
            MISSING: f"does not know {self.expected.name}{later}",
            OTHER: f"still answers {self.expected.name} with {listed(self.leads_to)}{later}",
            SILENT: f"says nothing about {self.expected.name} ({self.detail})",
        }
        return f"{self.server} {texts[self.outcome]}"

    def as_result(self) -> dict[str, t.Any]:
        """Plain data for a module's result."""
        return {
            "server": str(self.server),
            "authoritative": self.server.authoritative,
            "name": self.expected.name,
            "outcome": self.outcome,
            "leads_to": kept(self.leads_to),
            "ttl": self.ttl,
            "detail": self.detail,
        }
