# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the management plane refuses before a service sees a request: bad tokens, bad values, and calls by rule.

The values that a field may have are those that the API itself declares (buf.validate options of the SDK's messages).
"""

from __future__ import annotations

import dataclasses
import re
import typing as t
import uuid

from buf.validate import validate_pb2
from connectrpc.code import Code
from connectrpc.errors import ConnectError

_TOKEN = re.compile(r"Bearer (\S+)")


@dataclasses.dataclass
class Fault:
    """Refuse calls of a method.

    :param method: such as C(CreateRunner), or empty for all.
    :param code: Connect's code.
    :param times: how often, or None for always.
    :param after: whether the call is carried out first and only its answer is lost.
    """

    method: str = ""
    code: str = "unavailable"
    message: str = "try again later"
    times: int | None = None
    after: bool = False

    def matches(self, method: str) -> bool:
        """Whether the rule is about this call."""
        return self.method in ("", method) and self.times != 0

    def error(self) -> ConnectError:
        """The refusal; one is used up."""
        if self.times is not None:
            self.times -= 1
        return ConnectError(Code(self.code), self.message)


class Gate:
    """Stands before every method of every service."""

    def __init__(self, api_token: t.Callable[[], str]) -> None:
        self._api_token = api_token
        self.faults: list[Fault] = []
        self.calls: list[str] = []

    async def intercept_unary(self, call_next: t.Any, request: t.Any, ctx: t.Any) -> t.Any:
        """Token, faults, values; then the service."""
        method = ctx.method.name
        self.calls.append(method)
        found = _TOKEN.fullmatch(ctx.request_headers.get("authorization", ""))
        if not found or found[1] != self._api_token():
            raise ConnectError(Code.UNAUTHENTICATED, "invalid or missing token")
        fault = next((rule for rule in self.faults if rule.matches(method)), None)
        if fault and not fault.after:
            raise fault.error()
        problems = violations(request)
        if problems:
            raise ConnectError(Code.INVALID_ARGUMENT, "; ".join(problems))
        answer = await call_next(request, ctx)
        if fault:
            raise fault.error()
        return answer


def violations(message: t.Any, path: str = "") -> list[str]:
    """Every value of a message that its declared rules do not allow."""
    found = []
    for field in message.DESCRIPTOR.fields:
        name = f"{path}{field.name}"
        rules = field.GetOptions().Extensions[validate_pb2.field]
        value = getattr(message, field.name)
        repeated = field.label == field.LABEL_REPEATED
        present = message.HasField(field.name) if field.has_presence else bool(value)
        if repeated:
            found += _repeated(name, value, rules.repeated)
        elif field.message_type is None and not (field.has_presence and not present):
            lenient = rules.ignore == validate_pb2.IGNORE_IF_UNPOPULATED and not present
            found += [] if lenient else _scalar(name, value, rules, field)
        own = field.message_type is not None and field.message_type.full_name.startswith("gitpod.")
        # A map's entries are messages too; the API declares no rules for those of texts.
        if own and present and not field.message_type.GetOptions().map_entry:
            children = value if repeated else [value]
            found += [problem for child in children for problem in violations(child, f"{name}.")]
    return found


def _repeated(name: str, values: t.Sequence[t.Any], rules: t.Any) -> list[str]:
    found = []
    if rules.HasField("max_items") and len(values) > rules.max_items:
        found.append(f"{name}: must have at most {rules.max_items} items")
    if len(values) < rules.min_items:
        found.append(f"{name}: must have at least {rules.min_items} items")
    for value in values:
        if rules.items.string.uuid and not _is_uuid(value):
            found.append(f"{name}: must be UUIDs")
    return found


def _scalar(name: str, value: t.Any, rules: t.Any, field: t.Any) -> list[str]:
    text, number = rules.string, rules.int32
    checks = (
        (text.HasField("min_len") and len(value) < text.min_len, f"must have at least {text.min_len} characters"),
        (text.HasField("max_len") and len(value) > text.max_len, f"must have at most {text.max_len} characters"),
        (text.uuid and not _is_uuid(value), "must be a UUID"),
        (number.HasField("lte") and value > number.lte, f"must be at most {number.lte}"),
        (number.HasField("gte") and value < number.gte, f"must be at least {number.gte}"),
        (
            rules.enum.defined_only and value not in field.enum_type.values_by_number if field.enum_type else False,
            "is no value of the enumeration",
        ),
    )
    return [f"{name}: {problem}" for wrong, problem in checks if wrong]


def _is_uuid(value: t.Any) -> bool:
    try:
        uuid.UUID(str(value))
    except ValueError:
        return False
    return True
