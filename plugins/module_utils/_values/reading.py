# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what an inventory, an extra variable, a survey or a vault says to a value of the declared kind. Pure.

Evidence for what arrives: Ansible's C(-e name=value) gives text; a survey of AWX 24.6.1 gives text with blanks,
newlines and CRLF, and ansible-core 2.19 resolves it once more by YAML 1.1, so text may arrive as a number, a date, a
boolean or null (shared facts, awx.md). What cannot be turned back, because digits are lost, is refused.

Whatever arrives, the outcome is a value of the kind, unset, or C(UnusableError): nothing else is raised.
"""

from __future__ import annotations

import dataclasses
import datetime
import math
import pathlib
import re
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.model import nearest, quoted
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.declaration import Variable
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.parsing import (
    DoubledKeyError,
    block_of,
    dashes,
    lines,
    once,
    parsed,
    plain,
    plain_text,
)

# Numbers beyond it are no seconds, ports or counts that anything takes, and are not computed with.
LARGEST_NUMBER = 2**63 - 1
# CloudFormation takes 4,096 bytes of a parameter, and servers some 8,000 of a header; no text that is meant has more.
LONGEST_TEXT = 16_384
_QUOTES = ("'", '"')
_KEYS = "Write each key as text, in quotes where YAML takes it for something else"
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


def is_unset(value: t.Any) -> bool:
    """Whether a value counts as not given: null, or nothing but blanks."""
    return value is None or (isinstance(value, str) and not value.strip())


def typed(variable: Variable, value: t.Any) -> t.Any:
    """The value of the declared kind, or C(None) when it is unset.

    :raises UnusableError: it is not of the kind, or outside its limits.
    """
    if is_unset(value):
        return None
    try:
        found = _READERS[variable.kind](variable, value)
    except RecursionError:
        raise UnusableError(
            "The value contains itself, or is nested too deep.", f"Write {_NAMES[variable.kind]}."
        ) from None
    _within_limits(variable, found)
    return found


def _wrong(variable: Variable, value: t.Any, hint: str = "") -> UnusableError:
    wanted = _NAMES[variable.kind]
    # In a dictionary of anything there may be a secret: the template hides parameters that the inventory does not.
    shown = "its value" if variable.secret or variable.kind == "dict" else quoted(value)
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
        number = float(_unquoted(value) if isinstance(value, str) else value)
    except (ValueError, OverflowError):
        raise _wrong(variable, value) from None
    if not math.isfinite(number) or abs(number) > LARGEST_NUMBER:
        raise _wrong(variable, value)
    return number


def _int(variable: Variable, value: t.Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST_NUMBER:
        return int(value)
    number = _float(variable, value)
    if number != int(number):
        raise _wrong(variable, value)
    return int(number)


def _str(variable: Variable, value: t.Any) -> str:
    if isinstance(value, str):
        text = _unquoted(plain_text(value))
    elif _stands_for_digits(variable, value):
        text = str(int(value))
    else:
        raise _wrong(variable, value, _how_to_quote(variable, value))
    _one_line(variable, text)
    meant = variable.normalize(text) if variable.normalize else text
    if not meant:
        # Such as the release "v", or nothing but quotes: taken for unset, it would deploy a default.
        raise UnusableError(f"{_shown(variable, value)} says nothing.", f"Write {variable.form or variable.meaning}")
    return meant


def _unquoted(text: str) -> str:
    """Without blanks around it, and without quotes that a survey's answer has to have so that YAML leaves it alone."""
    text = text.strip()
    while len(text) > 1 and text[0] == text[-1] and text[0] in _QUOTES and text[0] not in text[1:-1]:
        text = text[1:-1].strip()
    return text


def _one_line(variable: Variable, text: str) -> None:
    """Few texts of an inventory have lines, and none may move a cursor, end a header or forge a line that is shown.

    Half of a surrogate pair, which JSON can say, is no character: it can be written nowhere.
    """
    if len(text) > LONGEST_TEXT:
        summary = f"{_shown(variable, text)} has {len(text):,} characters, more than {LONGEST_TEXT:,}."
        raise UnusableError(summary, f"Write one text: {variable.meaning}")
    visible = text.replace("\r\n", "").replace("\n", "") if variable.lines else text
    strange = next((character for character in visible if not character.isprintable()), "")
    if strange:
        what = "a line break" if strange in "\r\n" else f"the character U+{ord(strange):04X}"
        remediation = f"Write it in one line of visible characters: {variable.meaning}"
        raise UnusableError(f"{_shown(variable, text)} has {what} in it.", remediation)


def _shown(variable: Variable, value: t.Any) -> str:
    """The value as a message may begin with it."""
    return "The value" if variable.secret else quoted(value)


def _stands_for_digits(variable: Variable, value: t.Any) -> bool:
    """Digits that YAML took for a number and that can have lost nothing: octal would be shorter."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    return bool(variable.digits) and whole and 10 ** (variable.digits - 1) <= value < 10**variable.digits


def _how_to_quote(variable: Variable, value: t.Any) -> str:
    if isinstance(value, (list, tuple, dict)):
        return f"Write one text: {variable.meaning}"
    example = f", for example {variable.form}" if variable.form else ""
    # ansible-core reads a survey's answer as YAML once more (AWX 24.6.1, awx.md), so quotes count there too.
    return (
        f"YAML took what was written for {_yaml_kind(value)}, and digits may be lost. Write it in quotes{example}; a"
        " survey's answer with the quotes, and with -e as JSON"
    )


def _yaml_kind(value: t.Any) -> str:
    if isinstance(value, bool):
        return "true or false"
    return "a number" if isinstance(value, (int, float)) else f"a {type(value).__name__}"


def _path(variable: Variable, value: t.Any) -> str:
    text = _str(variable, value)
    try:
        return str(pathlib.Path(text).expanduser())
    except RuntimeError:
        # ~name of somebody whom this machine does not know.
        summary = f"{_shown(variable, text)} begins with the home of a user that is not known here."
        raise UnusableError(summary, "Write the whole path.") from None


def _list(variable: Variable, value: t.Any) -> list[t.Any]:
    of_kind = dataclasses.replace(variable, kind=variable.elements or "str", elements="")
    found = []
    for number, item in enumerate(_items(variable, value), 1):
        try:
            found += [] if is_unset(item) else [_READERS[of_kind.kind](of_kind, item)]
        except UnusableError as error:
            where = f"Entry {number}: " if of_kind.kind == "dict" else ""
            raise UnusableError(f"{where}{error.summary}", error.remediation) from None
    return found


def _items(variable: Variable, value: t.Any) -> t.Sequence[t.Any]:
    """A list, or a text: JSON, YAML's dashes, lines, or commas."""
    if isinstance(value, (list, tuple)):
        return value
    if isinstance(value, dict) and variable.elements == "dict":
        return [value]
    if not isinstance(value, str):
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if number and variable.elements in ("int", "float", "raw"):
            return [value]
        raise _wrong(variable, value, "" if isinstance(value, dict) else _how_to_quote(variable, value))
    text = block_of(value)
    if text.startswith(("[", "{", "- ", "-\n")):
        found = _parsed(variable, parsed, text if variable.elements == "dict" else dashes(text))
        if isinstance(found, dict) and variable.elements == "dict":
            return [found]
        if not isinstance(found, list):
            raise _wrong(variable, value)
        return found
    return [part.strip() for part in re.split(r"[,\r\n]", text)]


def _dict(variable: Variable, value: t.Any) -> dict[str, t.Any]:
    if isinstance(value, str):
        text = block_of(value)
        found = _parsed(variable, parsed if text.startswith("{") else lines, text)
    else:
        found = value
    if not isinstance(found, dict) or not all(isinstance(key, str) for key in found):
        raise _wrong(variable, value, _KEYS if isinstance(found, dict) else "")
    pairs = ((_sayable(variable, key).strip(), _data(variable, item)) for key, item in found.items())
    data = _parsed(variable, once, pairs)
    if variable.kind == "dict":
        # Parameters of a template: a token or an ARN from a file has the file's last line end.
        data = {key: _bare(item) for key, item in data.items()}
    return data if variable.options is None else _of_options(variable, data)


def _bare(value: t.Any) -> t.Any:
    """A text, or each of a list, without blanks and line ends around it."""
    if isinstance(value, list):
        return [_bare(item) for item in value]
    return value.strip() if isinstance(value, str) else value


def _parsed(variable: Variable, how: t.Callable[[t.Any], t.Any], what: t.Any) -> t.Any:
    try:
        return how(what)
    except DoubledKeyError as error:
        twice = "A name" if variable.secret else quoted(error.key)
        raise UnusableError(f"{twice} stands in it twice.", "Keep one of them.") from None


def _data(variable: Variable, value: t.Any) -> t.Any:
    """What stands in a dictionary, at any depth, as JSON can say it; a date as it was written."""
    if isinstance(value, dict):
        return {_key(variable, key): _data(variable, item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_data(variable, item) for item in value]
    strange = isinstance(value, (int, float)) and not abs(value) <= LARGEST_NUMBER
    # A time of day would be written otherwise than it was; a date has one form.
    strange = strange or isinstance(value, datetime.datetime)
    if strange or not (value is None or isinstance(value, (str, int, float, datetime.date))):
        raise _wrong(variable, value, f"Write texts, numbers, lists and dictionaries: {variable.meaning}")
    return _sayable(variable, value) if isinstance(value, str) else plain(value)


def _sayable(variable: Variable, value: str) -> str:
    """A text inside of a dictionary, which may have lines, but nothing that no request can carry."""
    text = plain_text(value)
    if all(character.isprintable() or character in "\r\n\t" for character in text):
        return text
    raise _wrong(variable, value, f"Write it in visible characters: {variable.meaning}")


def _key(variable: Variable, key: t.Any) -> str:
    if not isinstance(key, str):
        raise _wrong(variable, key, _KEYS)
    return _sayable(variable, key)


def _of_options(variable: Variable, given: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """A dictionary whose names are declared: each value of its own kind, and none that nothing reads."""
    options = variable.options or {}
    unknown = next((name for name in given if name not in options), None)
    if unknown is not None:
        close = nearest(unknown, options)
        hint = f"Did you mean {close}?" if close else f"The names are {', '.join(options)}."
        # Of a secret's dictionary a name is told only where it is one of ours with a slip in it.
        what = quoted(unknown) if close or not variable.secret else "A name"
        raise UnusableError(f"{what} in it is read by nothing.", hint)
    found = {}
    for name, value in given.items():
        try:
            typed_value = typed(_option(variable, name), value)
        except UnusableError as error:
            raise UnusableError(f"{name}: {error.summary}", error.remediation) from None
        if typed_value is not None:
            found[name] = typed_value
    missing = [name for name, option in options.items() if option.get("required") and name not in found]
    if missing:
        raise UnusableError(f"It has no {' and no '.join(missing)}.", "Set what is missing.")
    return found


def _option(variable: Variable, name: str) -> Variable:
    """One name of such a dictionary, as if it were a variable."""
    option = (variable.options or {})[name]
    return Variable(
        name=variable.name,
        description=variable.sentences[0],
        kind=option["type"],
        elements=option.get("elements", ""),
        choices=tuple(option.get("choices", ())),
        options=option.get("options"),
        secret=bool(variable.secret or option.get("no_log")),
    )


def _mapping(variable: Variable, value: t.Any) -> dict[str, str]:
    """Texts by text. A number or truth value is taken as YAML shows it; a value that is missing or nested is refused.

    What YAML read as a fraction may have lost a zero (1.10), so it is refused as well.
    """
    found = _dict(variable, value)
    texts = {}
    for key, item in found.items():
        if variable.secret and isinstance(item, (bool, int, float)):
            raise UnusableError(f"{quoted(key)} is no text.", _how_to_quote(variable, item))
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


def _raw(variable: Variable, value: t.Any) -> t.Any:
    return plain_text(value).strip() if isinstance(value, str) else _data(variable, value)


def _within_limits(variable: Variable, value: t.Any) -> None:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        _within_range(variable, value)
    for item in value if isinstance(value, list) else [value]:
        if not isinstance(item, str):
            continue
        if variable.choices and item not in variable.choices:
            raise _not_a_choice(variable, item)
        if variable.pattern and not re.fullmatch(variable.pattern, item, re.ASCII):
            raise UnusableError(
                f"{_shown(variable, item)} has not the form of {variable.form}.", f"Write {variable.form}."
            )


def _within_range(variable: Variable, value: float) -> None:
    low, high = variable.minimum, variable.maximum
    if (low is not None and value < low) or (high is not None and value > high):
        limits = f"at least {low}" if high is None else f"from {low or 0} to {high}"
        raise UnusableError(f"{value} is out of range.", f"Write a number {limits}: {variable.meaning}")


def _not_a_choice(variable: Variable, value: str) -> UnusableError:
    listed = ", ".join(variable.choices)
    close = nearest(value, variable.choices)
    suggestion = f"Did you mean {close}? The choices are {listed}." if close else f"Choose one of {listed}."
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
