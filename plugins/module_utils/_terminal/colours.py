# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which lines are shown in a colour: those in which something failed, and those that warn. Pure.

The words tell the same without colours; whether there are any, and which, Ansible's settings say.
"""

from __future__ import annotations

import re

ERROR, WARN = "COLOR_ERROR", "COLOR_WARN"
_FAILED = re.compile(r"\b(FAIL|FAILED|failed|refused|REFUSED)\b|_FAILED\b|\bROLLBACK_\w+")
_WARNED = re.compile(r"\b(WARN|WARNING|warnings?|rolling back|unverified)\b")


def colour_of(line: str) -> str:
    """The name of Ansible's setting, or empty; the head of a table names both words and is neither."""
    failed, warned = _FAILED.search(line), _WARNED.search(line)
    if failed and warned and "  " in line[min(failed.start(), warned.start()) :]:
        return ""
    return ERROR if failed else WARN if warned else ""


def painted_parts(text: str) -> list[tuple[str, str]]:
    """A text in as few parts as there are changes of colour, each with its colour's setting.

    Blank lines begin the part that follows: of one that ends with a line feed, Ansible's display drops that.
    """
    found: list[tuple[str, str]] = []
    blank = ""
    for line in text.split("\n"):
        if not line:
            blank += "\n"
            continue
        colour = colour_of(line)
        if found and found[-1][1] == colour:
            found[-1] = (f"{found[-1][0]}\n{blank}{line}", colour)
        else:
            found.append((f"{blank}{line}", colour))
        blank = ""
    if not found:
        return [(text, "")]
    return [*found[:-1], (f"{found[-1][0]}{blank}", found[-1][1])]
