# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines that fit a terminal: names are never broken, no line is longer than a log takes. Pure."""

from __future__ import annotations

import textwrap
import typing as t

# Job logs and syslog cut longer lines.
MOST_BYTES = 1000
MOST_NAMES = 6
_DOTS = "..."


def wrapped(text: str, width: int, first: str = "", following: str | None = None) -> list[str]:
    """Lines of at most C(width) columns; a word that is longer, such as an ARN, stays whole, so that it can be copied.

    :param first: what the first line begins with.
    :param following: what the others begin with; as wide as C(first) unless given.
    """
    return textwrap.wrap(
        text,
        width,
        initial_indent=first,
        subsequent_indent=" " * len(first) if following is None else following,
        break_long_words=False,
        break_on_hyphens=False,
    ) or [first.rstrip()]


def shortened(text: str, most: int = MOST_BYTES) -> str:
    """The text in at most so many bytes of UTF-8."""
    raw = text.encode()
    return text if len(raw) <= most else raw[: most - len(_DOTS)].decode(errors="ignore") + _DOTS


def cut(text: str, width: int) -> str:
    """A cell of at most so many columns; the end of a name tells more than its middle, so both ends are kept."""
    if len(text) <= width:
        return text
    kept = width - len(_DOTS)
    return text[: kept - kept // 2] + _DOTS + text[len(text) - kept // 2 :]


def listed(names: t.Sequence[str], most: int = MOST_NAMES) -> str:
    """Names with commas, and how many more there are."""
    if len(names) <= most:
        return ", ".join(names)
    return f"{', '.join(names[: most - 1])} and {len(names) - most + 1} more"
