# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Survey questions from the declarations of the variables that they set, so that both cannot differ. Pure.

A question is optional and has no answer filled in, and its type is one in which a blank says nothing: AWX hands an
answer on as an extra variable, which hides the inventory's value (shared facts, awx.md). A default that is filled in
would do so at every launch, AWX refuses a blank whole number, and a blank multiple selection is an empty list, which is
a value. So the default is told in the question's description instead, and numbers and lists are texts, which the
collection reads itself (docs/values.md). Only a question that has to be answered has the stricter types.
"""

from __future__ import annotations

import json
import re
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.declaration import Variable

Question = dict[str, t.Any]
TRUTH = ("true", "false")
# What is written in several lines.
_LINES = ("list", "dict", "mapping", "json")
_NUMBERS = {"int": "integer", "float": "float"}
# Abbreviations in names of variables, as a person writes them.
_WORDS = {
    "api": "API",
    "arn": "ARN",
    "aws": "AWS",
    "ca": "CA",
    "dns": "DNS",
    "ec2": "EC2",
    "http": "HTTP",
    "https": "HTTPS",
    "id": "ID",
    "ids": "IDs",
    "iam": "IAM",
    "scm": "SCM",
    "sha256": "SHA-256",
    "ttl": "TTL",
    "url": "URL",
    "vpc": "VPC",
}


def survey(title: str, description: str, variables: t.Iterable[Variable]) -> dict[str, t.Any]:
    """A survey as AWX takes it (C(survey_spec)); empty without variables, which removes one.

    :param title: shown by no page of AWX, but demanded by its API.
    """
    questions = [question(variable) for variable in variables]
    return {"name": title, "description": description, "spec": questions} if questions else {}


def question(variable: Variable, required: bool = False) -> Question:
    """One question.

    :param required: whether a launch without an answer is refused; a schedule then has to bring the answer.
    """
    kind = kind_of(variable, required)
    found: Question = {
        "question_name": title(variable.name),
        "question_description": explanation(variable),
        "variable": variable.name,
        "type": kind,
        "required": required,
        "default": "",
    }
    if kind in ("multiplechoice", "multiselect"):
        found["choices"] = list(TRUTH if variable.kind == "bool" else variable.choices)
    if kind in _NUMBERS.values():
        # AWX takes whole numbers as limits, whatever the question's type is.
        limits = {"min": variable.minimum, "max": variable.maximum}
        found |= {name: int(limit) for name, limit in limits.items() if limit is not None and limit == int(limit)}
    return found


def kind_of(variable: Variable, required: bool = False) -> str:
    """The question's type, one of AWX's seven."""
    if variable.secret:
        return "password"
    if variable.kind == "bool" or (variable.choices and variable.kind != "list"):
        return "multiplechoice"
    if required and variable.kind in _NUMBERS:
        return _NUMBERS[variable.kind]
    if required and variable.choices:
        return "multiselect"
    return "textarea" if variable.kind in _LINES or variable.lines else "text"


def title(name: str) -> str:
    """C(gitpod_stack_release_version) as C(Stack release version)."""
    words = [_WORDS.get(word, word) for word in name.removeprefix("gitpod_").split("_")]
    return " ".join([words[0][0].upper() + words[0][1:], *words[1:]])


def explanation(variable: Variable) -> str:
    """The declaration's sentences, what an answer looks like, and what holds without one."""
    sentences = [_plain(sentence) for sentence in variable.sentences]
    if variable.kind == "list":
        sentences.append("One a line.")
    if variable.kind in ("dict", "mapping", "json"):
        sentences.append("One name: value a line.")
    if variable.kind == "list" and variable.choices:
        sentences.append(f"Of {', '.join(variable.choices)}.")
    if variable.kind in _NUMBERS:
        sentences.append(_limits(variable))
    if variable.form:
        sentences.append(f"Such as {variable.form.removeprefix('a ')}.")
    return " ".join([*(sentence for sentence in sentences if sentence), _otherwise(variable)])


def _limits(variable: Variable) -> str:
    kind = "A whole number" if variable.kind == "int" else "A number"
    if variable.maximum is not None:
        return f"{kind} from {variable.minimum or 0} to {variable.maximum}."
    return f"{kind}, at least {variable.minimum}." if variable.minimum is not None else f"{kind}."


def _otherwise(variable: Variable) -> str:
    if variable.default is None or variable.secret:
        return "Blank keeps what the inventory says."
    default = variable.default if isinstance(variable.default, str) else json.dumps(variable.default)
    return f"Blank keeps what the inventory says, else {default}."


def _plain(text: str) -> str:
    """Without semantic markup."""
    return " ".join(re.sub(r"\b[A-Z]\(([^)]*)\)", r"\1", text).split())
