# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The door: what an inventory says of one host becomes typed values, and what is wrong with single values is told.

Nothing behind the door reads a raw variable. Pure; the action plugins bring the raw values.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.model import MALFORMED, Problem, quoted
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.rules_secrets import bare_reference
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import clean
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.declaration import Context, Variable
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.reading import (
    UnusableError,
    is_unset,
    typed,
)

LONGEST_REASON = 200


@dataclasses.dataclass(frozen=True)
class Untemplated:
    """A raw value whose template could not be filled in.

    :param text: as the inventory has it.
    :param reason: Ansible's words, such as C('company_groups' is undefined).
    """

    text: str
    reason: str


@dataclasses.dataclass(frozen=True)
class Values:
    """One host's typed values.

    :param host: the inventory's name of it.
    :param given: what the inventory sets, typed; of several declared names only those that are set and usable.
    :param problems: of single values.
    :param unknown: C(gitpod_*) names that nobody declares.
    """

    host: str
    directory: str
    declared: t.Mapping[str, Variable]
    given: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict, repr=False)
    problems: tuple[Problem, ...] = ()
    unknown: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> t.Any:
        """The value, that of its first fallback that is set, or the default; C(None) or empty where nothing holds."""
        found = self._set_value(name)
        variable = self.declared[name]
        if found is None and variable.computed:
            found = variable.computed(Context(self.host, self.directory))
        if found is None:
            found = variable.default
        if found is None:
            defaults = (self[fallback] for fallback in variable.fallback)
            found = next((value for value in defaults if value not in (None, [], {})), None)
        return variable.empty() if found is None else found

    def _set_value(self, name: str) -> t.Any:
        own = self.given.get(name)
        # An empty list is one, but where another variable stands in for what is not said: such a list says nothing.
        if name in self.given and not (self.declared[name].fallback and own in ([], {})):
            return own
        fallbacks = (self._set_value(fallback) for fallback in self.declared[name].fallback)
        return next((value for value in fallbacks if value is not None), None)

    def with_deployed(self, deployed: t.Mapping[str, t.Any]) -> Values:
        """The same with what the runner's stack has (C(results.deployed)), which wins: that is where the runner is.

        What falls back to one of these follows.
        """
        return dataclasses.replace(self, given={**self.given, **deployed}) if deployed else self

    def public(self) -> dict[str, t.Any]:
        """Every value but the secrets, by name."""
        return {name: self[name] for name, variable in self.declared.items() if not variable.secret}

    def secrets(self) -> dict[str, t.Any]:
        """The secrets that are set, by name."""
        return {name: self[name] for name, variable in self.declared.items() if variable.secret and self[name]}

    def everything(self) -> dict[str, t.Any]:
        """Every value by name, secrets included."""
        return {name: self[name] for name in self.declared}


def read(host: str, directory: str, declared: t.Mapping[str, Variable], raw: t.Mapping[str, t.Any]) -> Values:
    """The typed values of a host.

    :param directory: where the run was started.
    :param raw: the host's C(gitpod_*) variables with their templates filled in, or C(Untemplated).
    """
    given: dict[str, t.Any] = {}
    problems: list[Problem] = []
    for name in sorted(set(raw) & set(declared)):
        variable = declared[name]
        try:
            value = _usable(variable, raw[name])
        except UnusableError as error:
            problems.append(Problem(MALFORMED, name, error.summary, error.remediation))
            continue
        if value is not None:
            given[name] = value
    unknown = tuple(sorted(set(raw) - set(declared)))
    return Values(host, directory, declared, given, tuple(problems), unknown)


def _usable(variable: Variable, value: t.Any) -> t.Any:
    if isinstance(value, Untemplated):
        raise _template_problem(variable, value)
    return None if is_unset(value) else typed(variable, value)


def _template_problem(variable: Variable, value: Untemplated) -> UnusableError:
    reference = bare_reference(value.text)
    if reference:
        shown = f", such as {quoted(reference)}" if not variable.secret else ""
        return UnusableError(
            "Its braces are CloudFormation's, and Ansible takes them for a template of its own.",
            f"Write the reference without braces and without the word resolve{shown}; the collection adds them.",
        )
    # Ansible's words may be long, and repeat data that a filter could not take; of a secret they may be the secret.
    told = clean(value.reason)[:LONGEST_REASON].rstrip(". ")
    if variable.secret and not told.endswith("is undefined"):
        told = "Ansible's own message (ansible -m debug) may hold it, and is not shown"
    return UnusableError(
        f"Its template cannot be filled in: {told}.",
        "Define what is undefined, correct the template, or give the vault's password. A value that may be missing is"
        " written with | default(omit).",
    )
