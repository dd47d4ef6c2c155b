# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Links between files of the checkout, as links of the site.

The pages are written for GitHub, where a link is a path from the file. On the site a page stands elsewhere, and what
is no page of it stays on GitHub.
"""

from __future__ import annotations

import os.path
import pathlib
import posixpath
import re
import typing as t
from dataclasses import dataclass

_FENCE = re.compile(r"^ {0,3}(```+|~~~+)")
# The text may be a picture with brackets of its own, of which only the last one is looked at.
_LINK = re.compile(r"(?P<text>[^\[\]]*)\]\((?P<link>[^()\s]+)\)")


@dataclass(frozen=True)
class Site:
    """What links need to know of the site."""

    pages: t.Mapping[str, str]
    """The site's source of each file of the checkout that is on the site."""
    titles: t.Mapping[str, str]
    """By the names of files, such as C(dns.md)."""
    root: pathlib.Path
    repository: str
    """URL of the checkout's repository."""


def for_site(text: str, path: str, site: Site) -> str:
    """A page's text with the links of the site. A link that shows the name of a page's file shows its title there.

    :param path: of the page in the checkout, such as C(docs/dns.md).
    :raises ValueError: a link leads nowhere.
    """

    def moved(found: re.Match[str]) -> str:
        text = site.titles.get(found["text"].removeprefix("docs/"), found["text"])
        return f"{text}]({target(found['link'], path, site)})"

    lines, fence = [], ""
    for line in text.splitlines(keepends=True):
        mark = _FENCE.match(line)
        if mark and not fence:
            fence = mark[1]
        elif mark and mark[1].startswith(fence):
            fence = ""
        lines.append(line if fence or mark else _LINK.sub(moved, line))
    return "".join(lines)


def target(link: str, path: str, site: Site) -> str:
    """Where a link of the page leads on the site."""
    if re.match(r"[a-z][a-z+.-]*:|#", link):
        return link
    name, mark, anchor = link.partition("#")
    meant = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
    if meant in site.pages:
        return os.path.relpath(site.pages[meant], posixpath.dirname(site.pages[path]) or ".") + mark + anchor
    if not (site.root / meant).exists():
        raise ValueError(f"{path} links to {link}, and there is no {meant}.")
    kind = "tree" if (site.root / meant).is_dir() else "blob"
    return f"{site.repository}/{kind}/main/{meant}{mark}{anchor}"
