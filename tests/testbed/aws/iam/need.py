# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a call takes: actions, each on one resource, with the condition keys that AWS fills from the request.

Source: Service Authorization Reference, held against C(iam-data) by the judge, which refuses an action or an ARN that
there is not.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ..requests import Call

Context = dict[str, str | list[str]]
Tags = t.Mapping[str, str]


@dataclasses.dataclass(frozen=True)
class Need:
    """One action on one resource.

    :param resource: a concrete ARN, or C(*) where the action takes none.
    :param told: the resource as the refusal spells it; empty for C(resource), C(-) for a refusal that names none.
    :param performed: the action that the refusal says was tried, where it is another than the one that is missing.
    :param refusal: how the call answers where it is not with its service's own error: C(template), C(parameter),
        C(dependency).
    """

    action: str
    resource: str = "*"
    context: Context = dataclasses.field(default_factory=dict)
    told: str = ""
    performed: str = ""
    refusal: str = ""

    @property
    def named(self) -> str:
        """The resource in the refusal's words, or empty."""
        return "" if self.told == "-" or (self.resource == "*" and not self.told) else self.told or self.resource


@dataclasses.dataclass(frozen=True)
class Request:
    """A call with what its ARNs are made of."""

    call: Call
    account: str
    partition: str = "aws"

    @property
    def parameters(self) -> t.Mapping[str, t.Any]:
        """The call's, as its protocol spells them."""
        return self.call.parameters

    @property
    def region(self) -> str:
        """Where the call goes to."""
        return self.call.region

    def arn(self, service: str, rest: str, region: str | None = None, account: str | None = None) -> str:
        """An ARN in the call's region and the caller's account, unless others are named."""
        where = self.region if region is None else region
        return f"arn:{self.partition}:{service}:{where}:{self.account if account is None else account}:{rest}"

    def text(self, name: str) -> str:
        """A parameter, or empty."""
        return str(self.parameters.get(name, "") or "")

    def texts(self, name: str) -> list[str]:
        """The values of a list of the query protocols: C(Name.1) or C(Name.member.1)."""
        found = []
        for number in range(1, len(self.parameters) + 1):
            value = self.parameters.get(f"{name}.{number}", self.parameters.get(f"{name}.member.{number}"))
            if value is None:
                break
            found.append(str(value))
        return found

    def structures(self, name: str) -> list[dict[str, str]]:
        """The structures of a list of the query protocols, each with its fields' names."""
        found: list[dict[str, str]] = []
        for number in range(1, len(self.parameters) + 1):
            heads = (f"{name}.{number}.", f"{name}.member.{number}.")
            fields = {
                key[len(head) :]: str(value)
                for key, value in self.parameters.items()
                for head in heads
                if key.startswith(head)
            }
            if not fields:
                break
            found.append(fields)
        return found


def tags_of(entries: t.Iterable[t.Mapping[str, t.Any]]) -> dict[str, str]:
    """Tags as a mapping."""
    return {str(entry["Key"]): str(entry.get("Value", "")) for entry in entries}


def asked_tags(tags: Tags) -> Context:
    """Condition keys of the tags in a request."""
    if not tags:
        return {}
    return {**{f"aws:RequestTag/{key}": value for key, value in tags.items()}, "aws:TagKeys": list(tags)}


def present_tags(tags: Tags, service: str = "") -> Context:
    """Condition keys of the tags that a resource has."""
    found: Context = {f"aws:ResourceTag/{key}": value for key, value in tags.items()}
    if service:
        found |= {f"{service}:ResourceTag/{key}": value for key, value in tags.items()}
    return found
