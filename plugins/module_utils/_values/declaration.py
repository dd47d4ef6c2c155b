# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How an inventory variable is declared: once, in its stage's package. Everything else derives from the declaration.

From it come the role's defaults, argument specification and README, the module's argument specification and
documentation, and what the door (C(_values.door)) accepts.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

# The kinds of values. C(mapping) is a dictionary of texts, such as tags; C(dict) is any dictionary; C(json) is one that
# a module takes as JSON text too; C(raw) is taken as it is, without blanks around it.
KINDS = ("str", "path", "bool", "int", "float", "list", "dict", "mapping", "json", "raw")
# Seconds: more than a week is a mistake (milliseconds, say), and clocks and timers overflow somewhere beyond.
LONGEST_WAIT = 604_800
# What a kind is called in argument specifications.
SPECIFICATION_TYPES = {"mapping": "dict", "json": "dict"}


@dataclasses.dataclass(frozen=True)
class Context:
    """What defaults are computed from.

    :param host: name of the inventory's host.
    :param directory: where the run was started.
    """

    host: str
    directory: str = "."


@dataclasses.dataclass(frozen=True)
class Variable:
    """One inventory variable.

    :param name: as the inventory has it, C(gitpod_...).
    :param description: sentences, with semantic markup; other variables stand in them as C(C(gitpod_...)).
    :param kind: one of C(KINDS).
    :param elements: kind of a list's elements.
    :param choices: what a text, or each element, has to be.
    :param default: what holds when neither it nor a fallback is set; C(None) where nothing does.
    :param fallback: variables whose values hold when it is not set, the first that is set.
    :param computed: the default where it depends on the host or on where the run was started.
    :param shown_default: how the computed default is told.
    :param required: whether every stage needs it.
    :param needed_for_a_new_stack: whether it may only be left out when the stack exists.
    :param secret: whether it may be shown nowhere.
    :param option: the option of the stage's module that takes it, if it is handed on as it is.
    :param options: of a dictionary, or of each element of a list of dictionaries, as in argument specifications.
    :param module_default: whether the default is the module option's too.
    :param minimum: smallest number.
    :param maximum: largest number.
    :param pattern: a regular expression that the text, or each element, matches as a whole.
    :param form: the pattern in words, such as C(a VPC ID such as vpc-0a7d5c3e1f9b80246).
    :param digits: whether a whole number of that many digits is taken for the text that was meant.
    :param lines: whether the text may have lines, as a file's content has.
    :param normalize: brings a text into the form that is compared and stored.
    """

    name: str
    description: str | tuple[str, ...]
    kind: str = "str"
    elements: str = ""
    choices: tuple[str, ...] = ()
    default: t.Any = None
    fallback: tuple[str, ...] = ()
    computed: t.Callable[[Context], t.Any] | None = None
    shown_default: str = ""
    required: bool = False
    needed_for_a_new_stack: bool = False
    secret: bool = False
    option: str = ""
    options: t.Mapping[str, t.Any] | None = None
    module_default: bool = True
    minimum: float | None = None
    maximum: float | None = None
    pattern: str = ""
    form: str = ""
    digits: int = 0
    lines: bool = False
    normalize: t.Callable[[str], str] | None = None

    @property
    def sentences(self) -> tuple[str, ...]:
        """The description, always several texts."""
        return (self.description,) if isinstance(self.description, str) else self.description

    @property
    def type(self) -> str:
        """The type in argument specifications."""
        return SPECIFICATION_TYPES.get(self.kind, self.kind)

    @property
    def meaning(self) -> str:
        """The first sentence, without semantic markup."""
        return re.sub(r"\b[A-Z]\(([^)]*)\)", r"\1", self.sentences[0])

    def empty(self) -> t.Any:
        """What an unset value is: C(None), or an empty container."""
        return [] if self.kind == "list" else {} if self.kind in ("dict", "mapping", "json") else None

    def specification(self) -> dict[str, t.Any]:
        """The variable as an option of a module's argument specification."""
        found: dict[str, t.Any] = {"type": "json" if self.kind == "json" else self.type}
        if self.elements:
            found["elements"] = self.elements
        if self.choices:
            found["choices"] = list(self.choices)
        if self.options is not None:
            # Which of them is secret, they say themselves.
            found["options"] = dict(self.options)
        elif self.secret:
            found["no_log"] = True
        elif re.search(r"key|token|secret|password", self.option):
            # Ansible warns of an option of such a name that does not say so.
            found["no_log"] = False
        default = [] if self.kind == "list" and self.default is None else self.default
        if default is not None and self.module_default:
            found["default"] = default
        return found


def module_specification(variables: t.Iterable[Variable]) -> dict[str, dict[str, t.Any]]:
    """The options that a module takes from the inventory as they are, for its argument specification."""
    return {variable.option: variable.specification() for variable in variables if variable.option}


def module_options(variables: t.Iterable[Variable], values: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The same options with their values; what is unset is left out.

    :param values: by variable name, secrets included.
    """
    return {
        variable.option: values[variable.name]
        for variable in variables
        if variable.option and values.get(variable.name) is not None
    }
