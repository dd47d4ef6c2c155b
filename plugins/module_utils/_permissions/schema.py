# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What whoever deploys has to be allowed for a resource type, from its schema in the CloudFormation registry. Pure.

Source: CloudFormation CLI user guide, "Resource type definition schema": C(handlers) by name, each with C(permissions),
and C(tagging) with those that tags take.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

CREATE = "create"
# A handler that lists serves imports and other tools; a stack's operation does not call it.
LATER = ("read", "update", "delete")
_ACTION = re.compile(r"[a-z0-9-]+:[A-Za-z0-9*]+")


@dataclasses.dataclass(frozen=True)
class Handlers:
    """IAM actions of a type.

    :param create: those of creating it.
    :param later: the further ones of reading, updating and deleting it.
    """

    create: frozenset[str]
    later: frozenset[str] = frozenset()


def of_schema(schema: t.Any) -> Handlers | None:
    """The actions; C(None) where the schema names no handlers, as of types that the registry only knows by name.

    :param schema: as JSON has it, from outside: whatever is not shaped as an action is left out.
    """
    handlers = schema.get("handlers") if isinstance(schema, dict) else None
    if not isinstance(handlers, dict) or not handlers:
        return None
    # The stack's tags go to every resource that takes some.
    create = _actions(handlers.get(CREATE)) | _actions(schema.get("tagging"))
    later = frozenset[str]().union(*(_actions(handlers.get(name)) for name in LATER))
    return Handlers(create, later - create)


def _actions(part: t.Any) -> frozenset[str]:
    named = part.get("permissions") if isinstance(part, dict) else None
    return frozenset(name for name in named or () if isinstance(name, str) and _ACTION.fullmatch(name))


def shipped(text: str) -> dict[str, Handlers]:
    """The types of C(HANDLERS)."""
    found: dict[str, Handlers] = {}
    for paragraph in re.split(r"\n(?=\S)", text.strip()):
        name, _blank, actions = paragraph.partition(" ")
        create, _bar, later = actions.partition("|")
        found[name] = Handlers(frozenset(_spelled(create)), frozenset(_spelled(later)))
    return found


def _spelled(text: str) -> t.Iterator[str]:
    service = ""
    for word in text.split():
        own, colon, name = word.rpartition(":")
        service = own if colon else service
        yield f"{service}:{name}"
