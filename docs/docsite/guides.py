# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which pages of docs/ the site has, in which order: what guides.yml declares, for the site and the README's table."""

from __future__ import annotations

import pathlib
import typing as t
from dataclasses import dataclass

import yaml

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]


@dataclass(frozen=True)
class Guide:
    """One page of docs/."""

    name: str
    title: str

    @property
    def path(self) -> str:
        """From the root of the checkout."""
        return f"docs/{self.name}.md"


@dataclass(frozen=True)
class Section:
    """Guides that belong to one task."""

    title: str
    wants: str
    """What a reader wants, as "You want to ..." goes on."""
    guides: tuple[Guide, ...]


def declared(root: pathlib.Path = ROOT) -> tuple[Section, ...]:
    """Every section, in order.

    :raises ValueError: a page is forgotten, declared twice or not there, with what to do.
    """
    entries = yaml.safe_load((root / "docs/docsite/guides.yml").read_text("utf-8"))
    names = [name for entry in entries for name in entry["guides"]]
    wrong = problems(names, {path.stem for path in (root / "docs").glob("*.md")})
    if wrong:
        raise ValueError("\n".join(wrong))
    return tuple(
        Section(entry["section"], entry["wants"], tuple(_guide(root, name) for name in entry["guides"]))
        for entry in entries
    )


def problems(names: t.Sequence[str], pages: t.AbstractSet[str]) -> list[str]:
    """What is wrong with a list of names, given the pages that there are."""
    file = "docs/docsite/guides.yml"
    return [
        *(
            f"docs/{name}.md stands in no section of {file}. Add its name to one."
            for name in sorted(pages - set(names))
        ),
        *(f"{file} names {name}, but there is no docs/{name}.md." for name in sorted(set(names) - pages)),
        *(f"{file} names {name} more than once." for name in sorted({n for n in names if names.count(n) > 1})),
    ]


def _guide(root: pathlib.Path, name: str) -> Guide:
    text = (root / "docs" / f"{name}.md").read_text("utf-8")
    return Guide(name, text.partition("\n")[0].removeprefix("# ").strip())


def table(sections: t.Iterable[Section]) -> str:
    """The README's table of what to read."""
    rows = ["| You want to | Read |", "|---|---|"]
    for section in sections:
        links = ", ".join(f"[{guide.title}]({guide.path})" for guide in section.guides)
        rows.append(f"| {section.wants} | {links} |")
    return "\n".join(rows)
