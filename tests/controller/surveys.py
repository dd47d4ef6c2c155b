# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What AWX 24.6.1 demands of a survey's specification, and of the answers that a launch brings.

From AWX's behaviour as its API refuses (awx/api/views/__init__.py, JobTemplateSurveySpec; awx/main/models/mixins.py).
"""

from __future__ import annotations

import typing as t

TYPES: dict[str, type | tuple[type, ...]] = {
    "text": str,
    "textarea": str,
    "password": str,
    "multiplechoice": str,
    "multiselect": str,
    "integer": int,
    "float": (float, int),
}
DEMANDED = {"type": str, "question_name": str, "variable": str, "required": bool}


def fault(spec: t.Any) -> str:
    """Why the specification is refused, or empty."""
    for field, kind in (("name", str), ("description", str), ("spec", list)):
        if field not in spec:
            return f"Field '{field}' is missing from survey spec."
        if not isinstance(spec[field], kind):
            return f"Expected {kind.__name__} for field '{field}'."
    if not spec["spec"]:
        return "'spec' doesn't contain any items."
    names: set[str] = set()
    for number, item in enumerate(spec["spec"]):
        found = _demanded(item) or _of_type(item)
        if found:
            return f"{found} (survey question {number})"
        if item["variable"] in names:
            return f"'variable' '{item['variable']}' duplicated in survey question {number}."
        names.add(item["variable"])
    return ""


def _demanded(item: t.Any) -> str:
    if not isinstance(item, dict):
        return "It is not a json object."
    for field, kind in DEMANDED.items():
        if field not in item:
            return f"'{field}' missing."
        if not isinstance(item[field], kind):
            return f"'{field}' expected to be {kind.__name__}."
    return "" if item["type"] in TYPES else f"'{item['type']}' is not one of the allowed question types."


def _of_type(item: dict[str, t.Any]) -> str:
    default = item.get("default", "")
    if default != "" and (not isinstance(default, TYPES[item["type"]]) or isinstance(default, bool)):
        return f"Default value {default} has another type than the question."
    for limit in ("min", "max"):
        if item.get(limit) is not None and not isinstance(item[limit], int):
            return f"The {limit} limit expected to be integer."
    if isinstance(default, str) and default.startswith("$encrypted$"):
        return "$encrypted$ is a reserved keyword."
    return _of_choices(item, default) if item["type"] in ("multiplechoice", "multiselect") else ""


def _of_choices(item: dict[str, t.Any], default: t.Any) -> str:
    if "choices" not in item:
        return "It must specify choices."
    defaults = [line for line in str(default).splitlines() if line.strip()]
    if item["type"] == "multiplechoice" and len(defaults) > 1:
        return "Multiple Choice (Single Select) can only have one default value."
    if any(line not in choices(item) for line in defaults):
        return "Default choice must be answered from the choices listed."
    return ""


def choices(item: dict[str, t.Any]) -> list[str]:
    """A question's choices, which may be written as lines."""
    listed = item["choices"]
    return [line for line in listed.splitlines() if line.strip()] if isinstance(listed, str) else list(listed)


def unanswered(spec: dict[str, t.Any], answers: t.Mapping[str, t.Any]) -> list[str]:
    """Required questions without an answer: their default is not applied where the API launches."""
    return [item["variable"] for item in spec.get("spec", []) if item["required"] and item["variable"] not in answers]


def left_out(spec: dict[str, t.Any]) -> dict[str, t.Any]:
    """What a job is given of questions that nobody answers: their defaults, where they are valid answers.

    So a blank text arrives as an empty text, and hides the template's own extra variable of the name; a choice without
    a default does not arrive at all (awx/main/models/mixins.py, _update_unified_job_kwargs).
    """
    defaults = {item["variable"]: item["default"] for item in spec.get("spec", []) if item.get("default") is not None}
    return {name: value for name, value in defaults.items() if not refused(spec, {name: value})}


def refused(spec: dict[str, t.Any], answers: t.Mapping[str, t.Any]) -> list[str]:
    """Answers that have another type than their question, or are none of its choices."""
    found = []
    for item in spec.get("spec", []):
        if item["variable"] not in answers:
            continue
        answer, kind = answers[item["variable"]], item["type"]
        if kind == "multiselect":
            right = isinstance(answer, list) and all(one in choices(item) for one in answer)
        elif kind == "multiplechoice":
            right = answer in choices(item)
        else:
            right = isinstance(answer, TYPES[kind]) and not isinstance(answer, bool)
        found += [] if right else [item["variable"]]
    return found
