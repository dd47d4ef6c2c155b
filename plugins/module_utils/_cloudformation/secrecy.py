# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which values of parameters are secret: those whose parameter the template hides (C(NoEcho)), however they are given.

AWS itself shows such a value nowhere, but a resource that fails may quote it in its reason. Pure.
"""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import Template
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.parameters import (
    find,
    folded,
    text_of,
)

Given = t.Mapping[str, t.Any]
# What is shorter and only has the name of a secret is a number or a switch: masked, it would tear holes into ARNs.
SHORTEST_LIKELY = 8
# Where no template tells: parts of names that are given to secrets, and to little else.
_TELLING = (
    "token",
    "secret",
    "password",
    "passwd",
    "passphrase",
    "credential",
    "apikey",
    "accesskey",
    "privatekey",
    "licensekey",
    "signingkey",
    "encryptionkey",
)


def looks_secret(name: str) -> bool:
    """Whether a parameter's name is that of a secret, for as long as no template is known."""
    return any(part in folded(name) for part in _TELLING)


def hidden_names(given: Given, template: Template) -> list[str]:
    """The names, as they are given, of what the template hides; of a name that can mean several, any of them counts.

    What the template does not have is misspelled, and a secret where its name is that of one.
    """
    found = {name: find(name, template.parameters) for name in given}
    return [
        name
        for name, meant in found.items()
        if any(parameter.no_echo for parameter in meant) or (not meant and looks_secret(name))
    ]


def texts(value: t.Any) -> set[str]:
    """Every text by which a value could be shown: each part of a container, and the whole as CloudFormation has it."""
    if value is None or isinstance(value, bool):
        return set()
    if isinstance(value, dict):
        return {text for item in value.values() for text in texts(item)} | {str(value)}
    if isinstance(value, (list, tuple)):
        return {text for item in value for text in texts(item)} | {text_of(value)}
    found = str(value)
    # Whoever trims it quotes it without its blanks.
    return {text for text in (found, found.strip()) if text}


def secret_texts(given: Given, template: Template | None = None) -> set[str]:
    """The texts that may be shown nowhere.

    :param template: tells which parameters are hidden; without one, their names do.
    """
    if template is not None:
        return {text for name in hidden_names(given, template) for text in texts(given[name])}
    likely = {text for name, value in given.items() if looks_secret(name) for text in texts(value)}
    return {text for text in likely if len(text) >= SHORTEST_LIKELY}


def hidden(given: Given, known: t.Collection[str] | None) -> dict[str, t.Any]:
    """What of the parameters may be shown nowhere.

    :param known: names of those that the template hides; C(None) where nobody has read it.
    """
    if known is not None:
        return {name: value for name, value in given.items() if name in known}
    return {name: value for name, value in given.items() if secret_texts({name: value})}
