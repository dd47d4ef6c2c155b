# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text of others, made fit to be shown."""

from __future__ import annotations

import re
import typing as t

# What stands for a runner's own where several are told of at once.
RUNNER, DOMAIN, REGION = "<runner>", "<domain>", "<region>"
# Shorter names may be words of a sentence.
SHORTEST_OWN = 4
BOTH = 2


def clean(text: t.Any) -> str:
    """One line of printable text.

    Control characters (C0, C1, and so every escape sequence), line ends (U+2028 among them), marks of direction and
    halves of surrogate pairs in names and messages from outside would move the reader's cursor, forge lines, turn the
    text around or end the run that writes them; each becomes a blank.
    """
    shown = str(text)
    return shown if shown.isprintable() else "".join(map(_shown, shown))


def block(lines: t.Iterable[t.Any]) -> str:
    """Lines as they are displayed: each stays one line."""
    return "\n".join(map(clean, lines))


def printable(value: t.Any) -> t.Any:
    """Data with printable texts at every depth, keys among them; line feeds stay, as documents have them.

    For what a module returns: callbacks show parts of it as they are, JSON leaves C1 and marks of direction alone, and
    one half of a surrogate pair ends a callback that writes UTF-8.
    """
    if isinstance(value, str):
        return value if value.isprintable() else block(value.split("\n"))
    if isinstance(value, dict):
        return {printable(key): printable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [printable(item) for item in value]
    return value


def _shown(character: str) -> str:
    return character if character.isprintable() else " "


def brief(text: t.Any, most: int = 200) -> str:
    """The same, cut where it is longer than C(most) characters: whoever answers decides how much it says."""
    line = clean(str(text)[: most + 1]).strip()
    return line if len(line) <= most else f"{line[:most].rstrip()} ..."


def once(lines: t.Mapping[str, t.Sequence[str]], most_names: int = 3) -> list[str]:
    """What is said of several, said once: C(all 16 runners: ...), C(3 runners (a, b, c): ...), or C(a: ...).

    :param lines: by name of the runner, in the order in which they are shown.
    """
    names: dict[str, list[str]] = {}
    for name, own in lines.items():
        for line in own:
            names.setdefault(line, []).append(name)
    return [f"{_listed(who, most_names, len(lines))}: {line}" for line, who in names.items()]


def every_runner(count: int) -> str:
    """How a fleet of more than one is called."""
    return "both runners" if count == BOTH else f"all {count} runners"


def _listed(names: t.Sequence[str], most: int, all_of_them: int) -> str:
    if len(names) == 1:
        return names[0]
    if len(names) == all_of_them:
        return every_runner(len(names))
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{len(names)} runners ({', '.join(names[:most])}{more})"


def anyones(text: str, own: t.Mapping[str, str]) -> str:
    """A text with C(<runner>), C(<domain>) and C(<region>) in place of a runner's own, so that it fits others too.

    :param own: what stands for it, by the name; one that holds another goes first.
    """
    for name in sorted(own, key=len, reverse=True):
        if len(name) >= SHORTEST_OWN:
            text = re.sub(rf"(?<![\w-]){re.escape(name)}(?![\w-])", own[name], text)
    return text
