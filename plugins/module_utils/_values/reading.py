# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what an inventory, an extra variable, a survey or a vault says to a value of the declared kind. Pure.

Evidence for what arrives: Ansible's C(-e name=value) gives text; a survey of AWX 24.6.1 gives text with blanks,
newlines and CRLF, and ansible-core 2.19 resolves it once more by YAML 1.1, so text may arrive as a number, a date, a
boolean or null (shared facts, awx.md). What cannot be turned back, because digits are lost, is refused.
"""

from __future__ import annotations

import difflib
import json
import math
import pathlib
import re
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.model import quoted
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.declaration import Variable

TRUE = frozenset({"true", "yes", "on", "y", "t", "1", "1.0"})
FALSE = frozenset({"false", "no", "off", "n", "f", "0", "0.0"})
_NAMES = {
    "bool": "true or false",
    "dict": "a dictionary",
    "json": "a dictionary",
    "mapping": "a dictionary of texts",
    "float": "a number",
    "int": "a whole number",
    "list": "a list",
    "path": "a path",
    "raw": "a value",
    "str": "text",
}


class UnusableError(ValueError):
    """A value that is not of the kind; C(summary) says what it is, C(remediation) what to write."""

    def __init__(self, summary: str, remediation: str) -> None:
        super().__init__(summary)
        self.summary, self.remediation = summary, remediation


def plain_text(value: str) -> str:
    """Text of ansible-core's own classes (tagged, vaulted) as an ordinary one."""
    return str.__str__(value) if isinstance(value, str) else str(value)


def is_unset(value: t.Any) -> bool:
    """Whether a value counts as not given: null, or nothing but blanks."""
    return value is None or (isinstance(value, str) and not value.strip())


def typed(variable: Variable, value: t.Any) -> t.Any:
    """The value of the declared kind, or C(None) when it is unset.

    :raises UnusableError: it is not of the kind, or outside its limits.
    """
    if is_unset(value):
        return None
    found = _READERS[variable.kind](variable, value)
    _within_limits(variable, found)
    return found


def _wrong(variable: Variable, value: t.Any, hint: str = "") -> UnusableError:
    wanted = _NAMES[variable.kind]
    shown = "its value" if variable.secret else quoted(value)
    return UnusableError(f"Must be {wanted}; {shown} is not.", hint or f"Write {wanted}: {variable.meaning}")


def _bool(variable: Variable, value: t.Any) -> bool:
    if isinstance(value, bool):
        return bool(value)
    if isinstance(value, (int, float)) and value in (0, 1):
        return bool(value)
    folded = value.strip().lower() if isinstance(value, str) else ""
    if folded in TRUE or folded in FALSE:
        return folded in TRUE
    raise _wrong(variable, value)


def _float(variable: Variable, value: t.Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise _wrong(variable, value)
    try:
        number = float(value)
    except (ValueError, OverflowError):
        raise _wrong(variable, value) from None
    if not math.isfinite(number):
        raise _wrong(variable, value)
    return number


def _int(variable: Variable, value: t.Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value)
    number = _float(variable, value)
    if number != int(number):
        raise _wrong(variable, value)
    return int(number)


def _str(variable: Variable, value: t.Any) -> str:
    if isinstance(value, str):
        text = plain_text(value).strip()
    elif _stands_for_digits(variable, value):
        text = str(int(value))
    else:
        raise _wrong(variable, value, _how_to_quote(variable, value))
    return variable.normalize(text) if variable.normalize else text


def _stands_for_digits(variable: Variable, value: t.Any) -> bool:
    """Digits that YAML took for a number and that can have lost nothing: octal would be shorter."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    return bool(variable.digits) and whole and len(str(value)) == variable.digits


def _how_to_quote(variable: Variable, value: t.Any) -> str:
    if isinstance(value, (list, tuple, dict)):
        return f"Write one text: {variable.meaning}"
    example = f" such as {variable.form}" if variable.form else ""
    return (
        f"YAML took what was written for {_yaml_kind(value)}, and digits may be lost. Put it in quotes{example}, and"
        " with -e give it as JSON"
    )


def _yaml_kind(value: t.Any) -> str:
    if isinstance(value, bool):
        return "true or false"
    return "a number" if isinstance(value, (int, float)) else f"a {type(value).__name__}"


def _path(variable: Variable, value: t.Any) -> str:
    return str(pathlib.Path(_str(variable, value)).expanduser())


def _list(variable: Variable, value: t.Any) -> list[t.Any]:
    items = _items(variable, value)
    of_kind = Variable(
        name=variable.name,
        description=variable.description,
        kind=variable.elements or "str",
        secret=variable.secret,
        normalize=variable.normalize,
        digits=variable.digits,
    )
    return [_READERS[of_kind.kind](of_kind, item) for item in items if not is_unset(item)]


def _items(variable: Variable, value: t.Any) -> t.Sequence[t.Any]:
    """A list, or a text: JSON, YAML's dashes, lines, or commas."""
    if isinstance(value, (list, tuple)):
        return value
    if isinstance(value, dict) and variable.elements == "dict":
        return [value]
    if not isinstance(value, str):
        if isinstance(value, (int, float)) and not isinstance(value, bool) and variable.elements in ("int", "float"):
            return [value]
        raise _wrong(variable, value)
    text = plain_text(value).strip()
    if text.startswith(("[", "{", "- ", "-\n")):
        found = _parsed(text)
        if isinstance(found, dict) and variable.elements == "dict":
            return [found]
        if not isinstance(found, list):
            raise _wrong(variable, value)
        return found
    return [part.strip() for part in re.split(r"[,\r\n]", text)]


def _parsed(text: str) -> t.Any:
    """JSON or YAML text as plain data; C(None) for anything else."""
    try:
        return json.loads(text)
    except ValueError:
        pass
    # The door reads on the control node, where ansible-core brings PyYAML; a module that imports this file has none.
    import yaml

    try:
        return yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - it makes texts, lists and dictionaries only
    except yaml.YAMLError:
        return None


def _dict(variable: Variable, value: t.Any) -> dict[str, t.Any]:
    if isinstance(value, str):
        text = plain_text(value).strip()
        found = _parsed(text) if text.startswith("{") else _lines(text)
    else:
        found = value
    if not isinstance(found, dict) or not all(isinstance(key, str) for key in found):
        hint = "Write each key as text" if isinstance(found, dict) else ""
        raise _wrong(variable, value, hint)
    return {plain_text(key): plain(item) for key, item in found.items()}


def _lines(text: str) -> t.Any:
    """C(team=x,cost=1), C(team: x) a line, or other YAML."""
    parts = [part.strip() for part in re.split(r"[,\r\n]", text) if part.strip()]
    if all(re.match(r"[^\s:={}\[\]\"']+\s*=", part) for part in parts):
        return {key.strip(): item.strip() for key, item in (part.split("=", 1) for part in parts)}
    return _parsed(text)


def _mapping(variable: Variable, value: t.Any) -> dict[str, str]:
    """Texts by text. A number or truth value is taken as YAML shows it; a value that is missing or nested is refused.

    What YAML read as a fraction may have lost a zero (1.10), so it is refused as well.
    """
    found = _dict(variable, value)
    texts = {}
    for key, item in found.items():
        if isinstance(item, bool):
            texts[key] = "true" if item else "false"
        elif isinstance(item, int):
            texts[key] = str(item)
        elif isinstance(item, str):
            texts[key] = item.strip()
        else:
            what = "has no value" if item is None else f"has the value {quoted(item)}"
            raise UnusableError(f"{quoted(key)} {what}.", f"Write its value as one text in quotes: {variable.meaning}")
    return texts


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


def _raw(_variable: Variable, value: t.Any) -> t.Any:
    return plain_text(value).strip() if isinstance(value, str) else plain(value)


def _within_limits(variable: Variable, value: t.Any) -> None:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        _within_range(variable, value)
    for item in value if isinstance(value, list) else [value]:
        if not isinstance(item, str):
            continue
        if variable.choices and item not in variable.choices:
            raise _not_a_choice(variable, item)
        if variable.pattern and not re.fullmatch(variable.pattern, item):
            shown = "The value" if variable.secret else quoted(item)
            raise UnusableError(f"{shown} has not the form of {variable.form}.", f"Write {variable.form}.")


def _within_range(variable: Variable, value: float) -> None:
    low, high = variable.minimum, variable.maximum
    if (low is not None and value < low) or (high is not None and value > high):
        limits = f"at least {low:g}" if high is None else f"from {low or 0:g} to {high:g}"
        raise UnusableError(f"{value:g} is out of range.", f"Write a number {limits}: {variable.meaning}")


def _not_a_choice(variable: Variable, value: str) -> UnusableError:
    listed = ", ".join(variable.choices)
    close = difflib.get_close_matches(value, variable.choices, n=1)
    suggestion = f"Did you mean {close[0]}? The choices are {listed}." if close else f"Choose one of {listed}."
    return UnusableError(f"{quoted(value)} is not one of the choices.", suggestion)


_READERS: dict[str, t.Callable[[Variable, t.Any], t.Any]] = {
    "bool": _bool,
    "dict": _dict,
    "json": _dict,
    "mapping": _mapping,
    "float": _float,
    "int": _int,
    "list": _list,
    "path": _path,
    "raw": _raw,
    "str": _str,
}
