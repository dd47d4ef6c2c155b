# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with built pages: links and anchors that lead nowhere, templates that are shown as defaults.

Links to other sites are not followed.
"""

from __future__ import annotations

import html.parser
import pathlib
import typing as t
import urllib.parse
from dataclasses import dataclass, field

# Elements of antsibull-docs that show an option's default.
DEFAULTS = ("ansible-option-default", "ansible-option-default-bold")
# These have no end.
_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)


@dataclass(frozen=True)
class Page:
    """What a page has that others can link to, and where it links to."""

    anchors: frozenset[str]
    links: tuple[str, ...]
    templates: tuple[str, ...]
    """Defaults that are shown as a template."""


def read(text: str) -> Page:
    """A page's anchors and links."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return Page(frozenset(reader.anchors), tuple(reader.links), tuple(reader.templates))


def problems(site: pathlib.Path) -> list[str]:
    """Everything that is wrong with the site in a directory."""
    pages = {path: read(path.read_text("utf-8")) for path in sorted(site.rglob("*.html"))}
    if not pages:
        return [f"There is no page in {site}."]
    return [
        f"{path.relative_to(site)}: {problem}"
        for path, page in pages.items()
        for problem in _of_page(path, page, pages)
    ]


def _of_page(path: pathlib.Path, page: Page, pages: t.Mapping[pathlib.Path, Page]) -> t.Iterator[str]:
    yield from (f"a template is shown as a default: {text}" for text in page.templates)
    for link in sorted(set(page.links)):
        parts = urllib.parse.urlsplit(link)
        if parts.scheme or parts.netloc:
            continue
        meant = (path.parent / urllib.parse.unquote(parts.path)).resolve() if parts.path else path
        if not meant.is_file():
            yield f"{link} leads nowhere"
        elif parts.fragment and meant in pages and urllib.parse.unquote(parts.fragment) not in pages[meant].anchors:
            yield f"{link} names an anchor that is not there"


@dataclass
class _Reader(html.parser.HTMLParser):
    anchors: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    templates: list[str] = field(default_factory=list)
    within: list[bool] = field(default_factory=list)
    """For each element around the place, whether it shows a default."""

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.anchors += [given[name] for name in ("id", "name") if given.get(name)]
        self.links += [given[name] for name in ("href", "src") if given.get(name)]
        if tag not in _VOID:
            shown = any(name in DEFAULTS for name in given.get("class", "").split())
            self.within.append(shown or bool(self.within and self.within[-1]))

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID and self.within:
            self.within.pop()

    def handle_data(self, data: str) -> None:
        if self.within and self.within[-1] and "{{" in data:
            self.templates.append(data.strip())
