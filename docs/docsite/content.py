# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the collection has, read from its files: plugins with whether they are internal, roles, playbooks."""

from __future__ import annotations

import ast
import pathlib
import re
import typing as t
from dataclasses import dataclass

import yaml

INTERNAL = "gitpod.enterprise_runner.attributes.internal"
COLLECTION = "gitpod.enterprise_runner"
# Kinds of plugins that have documentation, by their directories.
KINDS = {"modules": "module", "filter": "filter", "callback": "callback", "inventory": "inventory", "lookup": "lookup"}


@dataclass(frozen=True)
class Plugin:
    """A plugin, or a role as what a play can name as well."""

    kind: str
    """As antsibull-docs names its page: C(module), C(role), C(filter) ..."""
    name: str
    short_description: str
    internal: bool = False

    @property
    def page(self) -> str:
        """Name of the page that antsibull-docs writes."""
        return f"{self.name}_{self.kind}"


@dataclass(frozen=True)
class Playbook:
    """A playbook of the collection."""

    name: str
    about: str
    """The first paragraph of the comment above its first play."""
    roles: tuple[str, ...]
    """Those that it imports or includes, in its order; the files of tasks that it includes count."""
    of_runners: bool
    """Whether its hosts are runners of an inventory, and not the control node alone."""


def plugins(root: pathlib.Path) -> list[Plugin]:
    """Every documented plugin, by kind and name."""
    found = []
    for directory, kind in KINDS.items():
        for path in sorted((root / "plugins" / directory).glob("*.*")):
            if path.suffix in (".py", ".yml") and (documentation := documentation_of(path)):
                internal = INTERNAL in documentation.get("extends_documentation_fragment", [])
                found.append(Plugin(kind, path.stem, documentation["short_description"], internal))
    return found


def documentation_of(path: pathlib.Path) -> dict[str, t.Any]:
    """A plugin's DOCUMENTATION, from its source or from the YAML beside it; empty where it has none."""
    text = path.read_text("utf-8")
    if path.suffix == ".yml":
        return t.cast("dict[str, t.Any]", yaml.safe_load(text)["DOCUMENTATION"])
    return t.cast("dict[str, t.Any]", yaml.safe_load(_constant(ast.parse(text), "DOCUMENTATION")) or {})


def notice(root: pathlib.Path) -> str:
    """What the documentation of internal plugins says, as their fragment has it."""
    tree = ast.parse((root / "plugins/doc_fragments/attributes.py").read_text("utf-8"))
    (fragment,) = (node for node in tree.body if isinstance(node, ast.ClassDef))
    (sentence,) = yaml.safe_load(_constant(fragment, "INTERNAL"))["notes"]
    return str(sentence)


def _constant(scope: ast.Module | ast.ClassDef, name: str) -> str:
    """A text that is assigned there; empty where none is."""
    for node in scope.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and _names(node) == [name]:
            return str(node.value.value)
    return ""


def _names(node: ast.Assign) -> list[str]:
    return [target.id for target in node.targets if isinstance(target, ast.Name)]


def roles(root: pathlib.Path) -> list[Plugin]:
    """Every role by name."""
    found = []
    for path in sorted((root / "roles").iterdir()):
        specification = yaml.safe_load((path / "meta/argument_specs.yml").read_text("utf-8"))["argument_specs"]
        found.append(Plugin("role", path.name, specification["main"]["short_description"]))
    return found


def playbooks(root: pathlib.Path) -> list[Playbook]:
    """Every playbook, the main one first, then by name."""
    return [_playbook(path) for path in sorted((root / "playbooks").glob("*.yml"), key=_main_first)]


def _main_first(path: pathlib.Path) -> tuple[bool, str]:
    return path.stem != "site", path.stem


def _playbook(path: pathlib.Path) -> Playbook:
    text = path.read_text("utf-8")
    comment = re.match(r"---\n((?:#.*\n)*)", text)
    lines = [line.lstrip("# ") for line in (comment[1] if comment else "").splitlines()]
    about = "\n".join(lines).split("\n\n")[0]
    if not about:
        raise ValueError(f"{path.name} does not begin with a comment that says what it does.")
    of_runners = re.search(r"^  hosts: localhost$", text, re.MULTILINE) is None
    return Playbook(path.stem, " ".join(about.split()), tuple(dict.fromkeys(_roles(path))), of_runners)


def _roles(path: pathlib.Path) -> t.Iterator[str]:
    """Roles that a file of plays or tasks names, as it is read from top to bottom."""
    for line in path.read_text("utf-8").splitlines():
        if role := re.search(rf"{re.escape(COLLECTION)}\.(gitpod_\w+)", line):
            yield role[1]
        elif included := re.search(r"(?:(?:include|import)_tasks|\bfile): \"?(tasks/)?(.+?)\"?$", line):
            folder = path.parent / (included[1] or "")
            # A template chooses among names in quotes.
            for name in re.findall(r"'(\w+)'", included[2]) or [pathlib.Path(included[2]).stem]:
                if (folder / f"{name}.yml").is_file():
                    yield from _roles(folder / f"{name}.yml")
