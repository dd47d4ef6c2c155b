# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""IAM policies of what a template's resources need, none larger than a managed policy may be. Pure.

IAM's own actions are limited to roles, policies and instance profiles of the stack's names, passing a role to the
services that get one, service-linked roles to those of the services; everything else to the region.
"""

from __future__ import annotations

import itertools
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._permissions.needs import (
    PASS_ROLE,
    SERVICE_LINKED_ROLE,
    Needs,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._permissions.place import WORLDWIDE, Place
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._permissions.policy import (
    LARGEST,
    VERSION,
    Document,
    size,
)

IAM_KINDS = ("role", "policy", "instance-profile")
# Actions of IAM that name no resource (Service Authorization Reference, IAM).
UNLIMITED = frozenset(f"iam:List{things}" for things in ("InstanceProfiles", "Policies", "Roles", "Users", "Groups"))
# Actions in one statement at most, so that statements fit into what is left of a document.
MOST = 40


def documents(needs: Needs, place: Place) -> list[Document]:
    """The policies, each at most C(LARGEST) characters as IAM counts them; none for a template that needs nothing."""
    found: list[Document] = []
    for statement in _statements(needs, place):
        if found and size({**found[-1], "Statement": [*found[-1]["Statement"], statement]}) <= LARGEST:
            found[-1]["Statement"].append(statement)
        else:
            found.append({"Version": VERSION, "Statement": [statement]})
    return found


def _statements(needs: Needs, place: Place) -> t.Iterator[Document]:
    own = [action for action in needs.actions if action not in (PASS_ROLE, SERVICE_LINKED_ROLE)]
    for service, several in itertools.groupby(own, _service):
        actions = list(several)
        if service == "iam":
            yield from _of_iam(actions, place)
            continue
        here: Document = {} if service in WORLDWIDE else {"StringEquals": {"aws:RequestedRegion": place.region}}
        yield from _split(service, actions, "*", here)
    if PASS_ROLE in needs.actions:
        to = place.receivers(needs.passed_to)
        yield from _split(
            "pass-role", [PASS_ROLE], place.owned("role"), {"StringEquals": {"iam:PassedToService": to}} if to else {}
        )
    if SERVICE_LINKED_ROLE in needs.actions:
        services = list(needs.linked)
        roles = [place.linked_role(service) for service in services] or [place.linked_role("*")]
        condition: Document = {"StringEquals": {"iam:AWSServiceName": services}} if services else {}
        yield from _split("service-linked-roles", [SERVICE_LINKED_ROLE], roles, condition)


def _of_iam(actions: list[str], place: Place) -> t.Iterator[Document]:
    limited = [action for action in actions if action not in UNLIMITED]
    own = [arn for kind in IAM_KINDS for arn in place.owned(kind)]
    yield from _split("iam", limited, own, {})
    yield from _split("iam-lists", [action for action in actions if action in UNLIMITED], "*", {})


def _split(name: str, actions: list[str], resource: str | list[str], condition: Document) -> t.Iterator[Document]:
    """Statements of the same limits; C(Sid) has letters and digits only."""
    sid = "".join(part.capitalize() for part in name.split("-"))
    for number, begin in enumerate(range(0, len(actions), MOST), 1):
        statement: Document = {
            "Sid": f"{sid}{number}",
            "Effect": "Allow",
            "Action": actions[begin : begin + MOST],
            "Resource": resource,
        }
        yield {**statement, **({"Condition": condition} if condition else {})}


def _service(action: str) -> str:
    return action.partition(":")[0]
