# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""IAM policies of stages and of playbooks, with placeholders in angle brackets. Pure."""

from __future__ import annotations

import json
import re
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import InputError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._permissions.actions import SCOPES, Action
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._permissions.stages import PLAYBOOKS, STAGES

Document = dict[str, t.Any]
VERSION = "2012-10-17"
# Characters of a managed policy, blanks aside (IAM user guide, "IAM and AWS STS quotas").
LARGEST = 6144
_PLACEHOLDER = re.compile(r"<[a-z' ]+>")


def policy(stage: str) -> Document:
    """The least-privilege policy of a stage.

    An action is limited to its resource; those of an option stand in statements of their own, so that they can be left
    out. C(Sid) says which option.
    """
    return {"Version": VERSION, "Statement": _statements(STAGES[stage])}


def policies_of_playbook(playbook: str, settings: t.Collection[str] | None = None) -> list[Document]:
    """The policies of all its stages together, none larger than IAM takes.

    :param settings: conditions that hold; without it, every option is in.
    """
    every = [action for stage in PLAYBOOKS[playbook] for action in STAGES[stage]]
    wanted = [action for action in every if settings is None or not action.when or action.when in settings]
    documents: list[Document] = []
    for statement in _statements(wanted):
        roomy = (one for one in documents if size({**one, "Statement": [*one["Statement"], statement]}) <= LARGEST)
        document = next(roomy, None)
        if document is None:
            document = {"Version": VERSION, "Statement": []}
            documents.append(document)
        document["Statement"].append(statement)
    return documents


def size(document: t.Any) -> int:
    """Its characters as IAM counts them."""
    return len(re.sub(r"\s", "", json.dumps(document)))


def _statements(actions: t.Iterable[Action]) -> list[Document]:
    found: dict[tuple[str, str], set[str]] = {}
    for action in actions:
        for scope in action.scopes:
            found.setdefault((action.when, scope), set()).add(action.name)
    always = {(scope, name) for (when, scope), names in found.items() if not when for name in names}
    statements: list[Document] = []
    counted: dict[str, int] = {}
    for (when, scope), names in sorted(found.items(), key=lambda entry: entry[0][0]):
        # What is always needed is not said again by an option.
        own = sorted(name for name in names if not when or (scope, name) not in always)
        if own:
            sid = _sid(when)
            counted[sid] = counted.get(sid, 0) + 1
            statements.append(_statement(f"{sid}{counted[sid]}", own, scope))
    return statements


def _statement(sid: str, names: list[str], scope: str) -> Document:
    limits = SCOPES[scope]
    resource = limits.resources[0] if len(limits.resources) == 1 else list(limits.resources)
    found: Document = {"Sid": sid, "Effect": "Allow", "Action": names, "Resource": resource}
    if limits.condition:
        found["Condition"] = {operator: dict(keys) for operator, keys in limits.condition.items()}
    return found


def _sid(when: str) -> str:
    """The option in letters and digits, as IAM has it."""
    if not when:
        return "Always"
    words = re.findall(r"[A-Za-z0-9]+", when.replace("gitpod_", ""))
    return "With" + "".join(word[:1].upper() + word[1:] for word in words)


def placeholders(document: t.Any) -> list[str]:
    """What has to be filled in, each once and sorted."""
    return sorted(set(_PLACEHOLDER.findall(json.dumps(document))))


def filled(document: Document, values: t.Mapping[str, str]) -> Document:
    """The policy with its placeholders filled in.

    :param values: by placeholder, without the angle brackets.
    :raises InputError: a value is missing.
    """

    def value(found: re.Match[str]) -> str:
        name = found[0][1:-1]
        if name not in values:
            raise InputError(f"The policy needs a value for {found[0]}", next_step=f"Give {name}")
        return json.dumps(values[name])[1:-1]

    done: Document = json.loads(_PLACEHOLDER.sub(value, json.dumps(document)))
    return done
