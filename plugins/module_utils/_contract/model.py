# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a problem of the inventory is, and what the rules see."""

from __future__ import annotations

import dataclasses
import typing as t

MISSING = "missing"
UNKNOWN = "unknown"
MALFORMED = "malformed"
CONTRADICTORY = "contradictory"
BOOLEANS_TRUE_TEXTS = ("true", "yes", "on", "y", "t", "1", "1.0")


@dataclasses.dataclass(frozen=True)
class Problem:
    """One thing wrong with the inventory.

    :param kind: one of the four above.
    :param variable: the variable that the reader has to change.
    :param summary: what is wrong; never a secret's value.
    :param remediation: what to write instead.
    """

    kind: str
    variable: str
    summary: str
    remediation: str

    def as_check(self) -> dict[str, str]:
        """The problem in the shape that every check of the collection has, with a stable id."""
        return {
            "id": f"contract.{self.variable}",
            "kind": self.kind,
            "status": "fail",
            "summary": self.summary,
            "remediation": self.remediation,
        }


@dataclasses.dataclass(frozen=True)
class Inventory:
    """The gitpod_* variables of one host that are set; C(None), C('') and empty lists count as unset (AWX surveys)."""

    values: t.Mapping[str, t.Any]

    @classmethod
    def of(cls, variables: t.Mapping[str, t.Any]) -> Inventory:
        """Keep what is set."""
        return cls({name: value for name, value in variables.items() if value not in (None, "", [], {})})

    def without(self, names: t.Iterable[str]) -> Inventory:
        """The same without these variables."""
        left_out = set(names)
        return Inventory({name: value for name, value in self.values.items() if name not in left_out})

    def text(self, name: str) -> str:
        """The value as text, or an empty text; anything but a text is left to the rule of types."""
        value = self.values.get(name)
        return value.strip() if isinstance(value, str) else ""

    def switch(self, name: str) -> bool:
        """Whether a switch is on, as Ansible reads it; anything but a truth value is left to the rule of types."""
        return str(self.values.get(name, "")).lower() in BOOLEANS_TRUE_TEXTS

    def items(self, name: str) -> tuple[str, ...]:
        """The value as a list; a text separated by commas or newlines counts as one, as it does in Ansible."""
        value = self.values.get(name)
        if isinstance(value, str):
            return tuple(part.strip() for part in value.replace("\n", ",").split(",") if part.strip())
        if isinstance(value, (list, tuple)):
            return tuple(str(part).strip() for part in value)
        return ()
