# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a problem of the inventory is, and what the rules see."""

from __future__ import annotations

import dataclasses
import difflib
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import clean
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._urls import without_secrets

MISSING = "missing"
UNKNOWN = "unknown"
MALFORMED = "malformed"
CONTRADICTORY = "contradictory"
BOOLEANS_TRUE_TEXTS = ("true", "yes", "on", "y", "t", "1", "1.0")
# Characters of a value, and entries of a list, that a message repeats.
LONGEST_QUOTE = 80
# Characters of it in which a password is looked for.
LONGEST_LOOK = 4096
MOST_ENTRIES = 5


def quoted(value: t.Any) -> str:
    """A value in a message, in quotes, cut to a length that can be read.

    Without control characters, and without what a URL in it keeps secret, whichever variable it was written into.
    """
    if isinstance(value, str):
        text = repr(without_secrets(str.__str__(value)[:LONGEST_LOOK])[: LONGEST_QUOTE + 1])
    else:
        text = without_secrets(as_text(value)[:LONGEST_LOOK])
    text = clean(text)
    return text if len(text) <= LONGEST_QUOTE else f"{text[: LONGEST_QUOTE - 4]} ..."


def shown(name: str) -> str:
    """A variable's name in a message; one that nobody declares may be anything."""
    return clean(name if len(name) <= LONGEST_QUOTE else f"{name[: LONGEST_QUOTE - 4]} ...")


def as_text(value: t.Any) -> str:
    """A value's text; a number that is too long to be written is none (Python: 4,300 digits)."""
    try:
        return str(value)
    except (ValueError, RecursionError):
        return f"a {type(value).__name__} that cannot be shown"


def nearest(word: str, known: t.Collection[str]) -> str:
    """What was perhaps meant, or empty; of a long text the beginning is compared, because comparing takes its time."""
    return next(iter(difflib.get_close_matches(word[:LONGEST_QUOTE], list(known), n=1)), "")


def listed(values: t.Collection[t.Any]) -> str:
    """Several values in a message, each cut, and how many more there are."""
    shown = [quoted(value) for value in list(values)[:MOST_ENTRIES]]
    more = len(values) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


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
    """The gitpod_* variables of one host that are set; C(None), C('') and empty containers count as unset.

    :param values: typed values by variable name; whatever else stands there breaks no rule.
    :param host: the host's name in the inventory, which names the runner when nothing else does; empty is unknown.
    """

    values: t.Mapping[str, t.Any]
    host: str = ""

    @classmethod
    def of(cls, variables: t.Mapping[str, t.Any], host: str = "") -> Inventory:
        """Keep what is set."""
        return cls({name: value for name, value in variables.items() if value not in (None, "", [], {})}, host)

    def without(self, names: t.Iterable[str]) -> Inventory:
        """The same without these variables."""
        left_out = set(names)
        kept = {name: value for name, value in self.values.items() if name not in left_out}
        return dataclasses.replace(self, values=kept)

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
            return tuple(as_text(part).strip() for part in value)
        return ()

    def mapping(self, name: str) -> t.Mapping[t.Any, t.Any]:
        """The value as a dictionary, or an empty one."""
        value = self.values.get(name)
        return value if isinstance(value, dict) else {}

    @property
    def runner_name(self) -> str:
        """The runner's name, by default the host's."""
        return self.text("gitpod_runner_name") or self.host

    @property
    def stack_name(self) -> str:
        """The stack's name, by default the runner's."""
        return self.text("gitpod_stack_name") or self.runner_name
