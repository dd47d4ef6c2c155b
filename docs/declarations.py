# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What derives from the declarations of the inventory's variables: argument specifications, defaults, and tables."""

from __future__ import annotations

import json
import pathlib
import re
import textwrap
import typing as t

import yaml

WIDTH = 118
GENERATED = "# Generated from the declarations in plugins/module_utils (make docs); edit those."


def stated_default(variable: t.Any) -> bool:
    """Whether the default is one for Ansible: a constant that no fallback can take the place of."""
    return variable.default is not None and not variable.fallback and variable.computed is None


def _scalar(value: t.Any) -> str:
    """A value in YAML's flow style, on one line."""
    if (
        isinstance(value, str)
        and re.fullmatch(r"[A-Za-z_/][\w./:-]*", value)
        and value not in ("true", "false", "null")
    ):
        return value
    return json.dumps(value, ensure_ascii=False)


def _text(key: str, text: str, indent: int) -> list[str]:
    """C(key: text), folded where the line would be too long."""
    line = f"{' ' * indent}{key} {text}"
    plain = not re.search(r": |^[\"'{\[&*!|>%@`#-]| #|^$|:$", text)
    if plain and len(line) <= WIDTH:
        return [line]
    if len(line) + 2 <= WIDTH and '"' not in text and "\\" not in text:
        return [f'{" " * indent}{key} "{text}"']
    inner = " " * (indent + 2)
    folded = textwrap.wrap(text, WIDTH - indent - 2, break_long_words=False, break_on_hyphens=False)
    return [f"{' ' * indent}{key} >-", *(inner + part for part in folded)]


def _value(key: str, shown: str, value: t.Any, indent: int) -> list[str]:
    """C(key: value), a list that is too long for a line one element a line.

    :param shown: the value on one line.
    """
    line = f"{' ' * indent}{key} {shown}"
    if len(line) <= WIDTH or not isinstance(value, (list, tuple)):
        return [line]
    return [f"{' ' * indent}{key}", *(f"{' ' * indent}  - {_scalar(item)}" for item in value)]


def option_lines(name: str, variable: t.Any, indent: int, with_default: bool) -> list[str]:
    """One option of an argument specification or of a module's documentation."""
    pad = " " * (indent + 2)
    lines = [f"{' ' * indent}{name}:"]
    sentences = variable.sentences
    if len(sentences) == 1:
        lines += _text("description:", sentences[0], indent + 2)
    else:
        lines.append(f"{pad}description:")
        for sentence in sentences:
            lines += _text("-", sentence, indent + 4)
    lines.append(f"{pad}type: {variable.type}")
    if variable.elements:
        lines.append(f"{pad}elements: {variable.elements}")
    if variable.choices:
        lines += _value("choices:", f"[{', '.join(map(_scalar, variable.choices))}]", variable.choices, indent + 2)
    if variable.required and with_default:
        lines.append(f"{pad}required: true")
    if variable.secret and with_default:
        lines.append(f"{pad}no_log: true")
    if with_default and stated_default(variable):
        lines += _value("default:", _scalar(variable.default), variable.default, indent + 2)
    return lines


def specification(text: str, options: t.Sequence[tuple[t.Any, bool]]) -> str:
    """A role's argument specification with its options anew; what it says of the role and its entry points stays.

    :param options: the variables, and whether each is the role's own.
    """
    entries = yaml.safe_load(text)["argument_specs"]
    lines = ["---", GENERATED, "# What is said of the role and its entry points is written by hand.", "argument_specs:"]
    for number, (entry, content) in enumerate(entries.items()):
        lines.append(f"  {entry}:")
        lines += _text("short_description:", content["short_description"], 4)
        lines.append(f"    version_added: {content['version_added']}")
        lines.append("    author:")
        lines += [f"      - {author}" for author in content["author"]]
        lines.append("    description:")
        for sentence in content["description"]:
            lines += _text("-", " ".join(sentence.split()), 6)
        if number:
            lines.append("    options: *options")
            continue
        lines.append("    options: &options" if len(entries) > 1 else "    options:")
        for variable, own in options:
            lines += option_lines(variable.name, variable, 6, own or variable.required)
    return "\n".join(lines) + "\n"


def _default(role: str, variable: t.Any) -> list[str]:
    # A variable that several roles and the inventory share has the collection's prefix, not one role's.
    first, *rest = _value(f"{variable.name}:", _scalar(variable.default), variable.default, 0)
    own = variable.name.startswith(f"{role}_")
    return [first if own else f"{first}  # noqa: var-naming[no-role-prefix]", *rest]


def defaults(role: str, own: t.Sequence[t.Any]) -> str:
    """A role's defaults."""
    lines = ["---", GENERATED]
    stated = [variable for variable in own if stated_default(variable) and variable.name != "gitpod_hosts"]
    lines += [line for variable in stated for line in _default(role, variable)]
    return "\n".join(lines if stated else [*lines, "{}"]) + "\n"


def documents(root: pathlib.Path, registry: t.Any) -> dict[pathlib.Path, str]:
    """Every generated file of the roles with its content."""
    found = {}
    everything = registry.variables()
    for role, own in registry.DOCUMENTED.items():
        meta = root / "roles" / role / "meta/argument_specs.yml"
        uses = [(everything[name], False) for name in registry.USES.get(role, ())]
        found[meta] = specification(meta.read_text("utf-8"), [*uses, *((variable, True) for variable in own)])
        found[root / "roles" / role / "defaults/main.yml"] = defaults(role, own)
    return found
