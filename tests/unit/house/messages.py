# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What code says, as it stands in the sources: each text with C(...) where something is filled in."""

from __future__ import annotations

import ast
import bisect
import dataclasses
import functools
import pathlib
import re
import typing as t

ROOT = pathlib.Path(__file__).parents[3]
FILLED = "..."
# What ends a task, or keeps it from beginning: which argument says what happened, by the class's name.
_ERRORS = {"AnsibleActionFail", "AnsibleFilterError", "AnsibleParserError", "ApiError", "ConflictError", "InputError"}
_ERRORS |= {"NotFoundError", "OperationFailedError", "RefusedError", "RunnerError", "TimeoutExceededError"}
FAILURES: t.Mapping[str, int] = {**dict.fromkeys(_ERRORS | {"UnusableError"}, 0), "Problem": 2}
_PLACE = re.compile(r"\{\w*(![rs])?\}|%[sd]")
_HINT = re.compile(r"undef\(hint=((?:\s*'[^']*')+)\s*\)")
_Scope = t.Mapping[str, t.Sequence[str]]


@dataclasses.dataclass(frozen=True)
class Said:
    """A text of the code.

    :param text: with C(...) for each value that is filled in.
    :param where: file and line.
    :param ends: whether it is what happened, of an error that ends a task.
    """

    text: str
    where: str
    ends: bool = False


def _one(text: str) -> str:
    """With one C(...) for values that are filled in side by side."""
    return re.sub(r"(\.\.\.)(\s*\.\.\.)+(?!\.)", _kept, text)


def _kept(found: re.Match[str]) -> str:
    return found[0] if " " in found[0] else FILLED


def texts(node: ast.AST | None, scope: _Scope | None = None) -> list[str]:
    """The texts that an expression can be; one that is known only at run time is C(...)."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [_PLACE.sub(FILLED, node.value)]
    if isinstance(node, ast.JoinedStr):
        parts = (part.value if isinstance(part, ast.Constant) else FILLED for part in node.values)
        return [_one("".join(map(str, parts)))]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return [_one(left + right) for left in texts(node.left, scope) for right in texts(node.right, scope)]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        return texts(node.left, scope)
    if isinstance(node, ast.IfExp):
        return [*texts(node.body, scope), *texts(node.orelse, scope)]
    if isinstance(node, ast.Name) and scope and node.id in scope:
        return list(scope[node.id])
    return [FILLED]


def of_file(path: pathlib.Path) -> list[Said]:
    """Everything that a Python file may say: no docstrings, and no parts of a text."""
    nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
    passed_over = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    for node in nodes:
        if isinstance(node, ast.JoinedStr):
            passed_over |= {id(part) for part in node.values}
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            passed_over |= {id(node.left), id(node.right)}
    found = []
    for node in nodes:
        if isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp) and id(node) not in passed_over:
            where = f"{path.name}:{node.lineno}"
            found += [Said(text, where) for text in texts(node) if _words(text)]
    functions = [node for node in nodes if isinstance(node, ast.FunctionDef)] if any(map(_is_failure, nodes)) else []
    return found + _failures(functions, path)


def _is_failure(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FAILURES


def _failures(functions: t.Iterable[ast.FunctionDef], path: pathlib.Path) -> list[Said]:
    """What happened, of each error; a variable of the same function is followed."""
    found: dict[Said, None] = {}
    functions = list(functions)
    returned = {function.name: _first_of_what_is_returned(function) for function in functions}
    for function in functions:
        nodes = list(ast.walk(function))
        calling = {_name(node): _name(node.value) for node in nodes if isinstance(node, ast.Assign)}
        calls = [node for node in nodes if isinstance(node, ast.Call) and _is_failure(node)]
        scope: dict[str, list[str]] = {}
        for node in nodes if calls else ():
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                scope.setdefault(node.targets[0].id, []).extend(texts(node.value))
        for call in calls:
            for argument in call.args[FAILURES[t.cast(ast.Name, call.func).id] :][:1]:
                named = returned.get(calling.get(_name(argument), ""), []) if isinstance(argument, ast.Starred) else []
                said = (text for text in (*named, *texts(argument, scope)) if _words(text))
                found |= {Said(text, f"{path.name}:{call.lineno}", ends=True): None for text in said}
    return list(found)


def _name(node: ast.AST) -> str:
    """Of a name, of a call, of what is assigned to, or of what is given with an asterisk."""
    if isinstance(node, ast.Assign):
        return _name(node.targets[0])
    inner = node.func if isinstance(node, ast.Call) else node.value if isinstance(node, ast.Starred) else node
    return inner.id if isinstance(inner, ast.Name) else ""


def _first(value: ast.Tuple) -> list[str]:
    return texts(value.elts[0]) if value.elts else []


def _first_of_what_is_returned(function: ast.FunctionDef) -> list[str]:
    """Texts of the first place of the tuples that it returns: what happened, before what to do."""
    returns = [node.value for node in ast.walk(function) if isinstance(node, ast.Return)]
    return [text for value in returns if isinstance(value, ast.Tuple) for text in _first(value)]


def _words(text: str) -> int:
    """Letters that the code itself says."""
    return sum(character.isalpha() for character in text.replace(FILLED, ""))


@functools.cache
def everything() -> tuple[Said, ...]:
    """What the collection's own code and playbooks say."""
    found = [said for path in sorted((ROOT / "plugins").rglob("*.py")) for said in of_file(path)]
    for path in [*(ROOT / "playbooks").rglob("*.yml"), *(ROOT / "roles").rglob("*.yml")]:
        for hint in _HINT.findall(path.read_text("utf-8")):
            found.append(Said("".join(re.findall(r"'([^']*)'", hint)), path.name))
    return tuple(found)


def shortened(quoted: str) -> str:
    """A quotation without the C(...) at which it stops in the midst of a text."""
    return re.sub(r"\s*\.\.\.$", "", quoted.strip())


def begins(said: str, quoted: str) -> bool:
    """Whether a text of the code begins as a page quotes it: letter for letter, and C(...) where C(...) is.

    A quotation of few letters has to be the whole text.
    """
    stopped = shortened(quoted)
    if not stopped:
        return False
    return said.strip() in (quoted.strip(), stopped) or (said.strip().startswith(stopped) and _words(stopped) >= LEAST)


class Book:
    """Texts, in an order in which one is found quickly."""

    def __init__(self, said: t.Iterable[Said]) -> None:
        self._texts = sorted({entry.text.strip() for entry in said})

    def says(self, quoted: str) -> bool:
        """Whether one of the texts begins so."""
        place = bisect.bisect_left(self._texts, shortened(quoted))
        near = (text for text in self._texts[place:] if shortened(quoted))
        # What begins so stands together; the whole with its C(...) stands right behind the shortened one.
        for text in near:
            if begins(text, quoted):
                return True
            if not text.startswith(shortened(quoted)):
                return False
        return False


# Letters of a quotation that is not a whole text: fewer are the beginning of too much.
LEAST = 12
