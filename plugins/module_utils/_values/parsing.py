# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text as data: JSON, YAML, C(key=value) lines; and data of ansible-core's own classes as ordinary data. Pure."""

from __future__ import annotations

import json
import re
import typing as t

# PyYAML reads some 500,000 characters a second; JSON has no such limit, and no answer is that long.
LONGEST_YAML = 65_536
# Brackets within brackets. PyYAML's time grows with the square of that number, and no option has so many.
DEEPEST = 64


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
    """JSON or YAML text as plain data; C(None) for anything else."""
    if _is_deep(text):
        return None
    try:
        return json.loads(text, parse_constant=_no_number)
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
        return yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - it makes texts, lists and dictionaries only
    except yaml.YAMLError:
        return None


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
        return {key.strip(): item.strip() for key, item in (part.split("=", 1) for part in parts)}
    return parsed(text)
