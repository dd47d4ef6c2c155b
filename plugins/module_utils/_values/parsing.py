# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text as data: JSON, YAML, C(key=value) lines; and data of ansible-core's own classes as ordinary data. Pure."""

from __future__ import annotations

import json
import re
import textwrap
import typing as t

# PyYAML reads some 500,000 characters a second; JSON has no such limit, and no answer is that long.
LONGEST_YAML = 65_536
# Brackets within brackets. PyYAML's time grows with the square of that number, and no option has so many.
DEEPEST = 64


class DoubledKeyError(Exception):
    """A dictionary that says a key twice, of which one value would be lost without a word.

    :param key: as it is written.
    """

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def once(pairs: t.Iterable[tuple[str, t.Any]]) -> dict[str, t.Any]:
    """A dictionary of these pairs.

    :raises DoubledKeyError: a key stands twice.
    """
    found: dict[str, t.Any] = {}
    for key, value in pairs:
        if key in found:
            raise DoubledKeyError(key)
        found[key] = value
    return found


def block_of(text: str) -> str:
    """Text of several lines without what indents all of them, as in somebody's file."""
    lined = plain_text(text).replace("\r\n", "\n")
    return (textwrap.dedent(lined) if "\n" in lined else lined).strip()


def plain_text(value: str) -> str:
    """Text of ansible-core's own classes (tagged, vaulted) as an ordinary one."""
    return str.__str__(value) if isinstance(value, str) else str(value)


def plain(value: t.Any) -> t.Any:
    """Containers and texts of ansible-core's own classes as ordinary data, at every depth."""
    if isinstance(value, str):
        return plain_text(value)
    if isinstance(value, dict):
        return {plain(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, bool) or value is None:
        return value if value is None else bool(value)
    if isinstance(value, int):
        return int(value)
    return float(value) if isinstance(value, float) else str(value)


def parsed(text: str) -> t.Any:
    """JSON or YAML text as plain data; C(None) for anything else.

    :raises DoubledKeyError: it says a key twice.
    """
    if _is_deep(text):
        return None
    try:
        return json.loads(text, parse_constant=_no_number, object_pairs_hook=once)
    except ValueError:
        pass
    if len(text) > LONGEST_YAML:
        return None
    # The door reads on the control node, where ansible-core brings PyYAML; a module that imports this file has none.
    import yaml

    try:
        if "*" in text and any(
            isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=yaml.BaseLoader)
        ):
            # An answer that repeats itself grows without end, or contains itself.
            return None
        return _loaded(yaml, text)
    except yaml.YAMLError:
        return None


def _loaded(yaml: t.Any, text: str) -> t.Any:
    """Texts, lists and dictionaries only."""
    loader = yaml.BaseLoader(text)
    try:
        node = loader.get_single_node()
        _without_doubles(yaml, node)
        return None if node is None else loader.construct_document(node)
    finally:
        loader.dispose()


def _without_doubles(yaml: t.Any, node: t.Any) -> None:
    if isinstance(node, yaml.MappingNode):
        once((str(key.value), None) for key, _value in node.value if isinstance(key, yaml.ScalarNode))
        for _key, value in node.value:
            _without_doubles(yaml, value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _without_doubles(yaml, item)


def _is_deep(text: str) -> bool:
    if text.count("[") + text.count("{") <= DEEPEST:
        return False
    depth = deepest = 0
    for sign in re.findall(r"[\[\]{}]", text):
        depth += 1 if sign in "[{" else -1
        deepest = max(deepest, depth)
    return deepest > DEEPEST


def _no_number(name: str) -> t.NoReturn:
    """JSON has no NaN and no Infinity, though Python reads them."""
    raise ValueError(name)


def lines(text: str) -> t.Any:
    """C(team=x,cost=1), C(team: x) a line, or other YAML."""
    parts = [part.strip() for part in re.split(r"[,\r\n]", text) if part.strip()]
    if all(re.match(r"[^\s:={}\[\]\"']+\s*=", part) for part in parts):
        return once((key.strip(), item.strip()) for key, item in (part.split("=", 1) for part in parts))
    return parsed(text)


def dashes(text: str) -> str:
    """A list of YAML with each entry at the line's beginning: of one that was indented, answers keep what they like."""
    entries = [line.strip() for line in text.splitlines() if line.strip()]
    return "\n".join(entries) if all(re.match(r"-(\s|$)", entry) for entry in entries) else text
