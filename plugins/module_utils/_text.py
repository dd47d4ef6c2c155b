# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text of others, made fit to be shown."""

from __future__ import annotations

import typing as t


def clean(text: t.Any) -> str:
    """One line of printable text.

    Control characters, line ends and marks of direction in names and messages from outside would move the reader's
    cursor, forge lines or turn the text around; each becomes a blank.
    """
    return "".join(character if character.isprintable() else " " for character in str(text))


def brief(text: t.Any, most: int = 200) -> str:
    """The same, cut where it is longer than C(most) characters: whoever answers decides how much it says."""
    line = clean(str(text)[: most + 1]).strip()
    return line if len(line) <= most else f"{line[:most].rstrip()} ..."


def once(lines: t.Mapping[str, t.Sequence[str]], most_names: int = 3) -> list[str]:
    """What is said of several, said once: C(3 runners (a, b, c): ...), or C(a: ...) of one alone.

    :param lines: by name of the runner, in the order in which they are shown.
    """
    names: dict[str, list[str]] = {}
    for name, own in lines.items():
        for line in own:
            names.setdefault(line, []).append(name)
    return [f"{_listed(who, most_names)}: {line}" for line, who in names.items()]


def _listed(names: t.Sequence[str], most: int) -> str:
    if len(names) == 1:
        return names[0]
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{len(names)} runners ({', '.join(names[:most])}{more})"
