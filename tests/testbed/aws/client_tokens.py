# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests that EC2 has carried out before: the same token gets the same endpoint, with other parameters a refusal.

Source: EC2 API reference, "Ensuring idempotency in Amazon EC2 API requests".
"""

from __future__ import annotations

import typing as t

from ministack.services import ec2


def asked(params: t.Mapping[str, t.Any]) -> dict[str, str]:
    """What makes two requests the same."""
    return {key: str(ec2._p(dict(params), key)) for key in sorted(params)}


def answer(params: t.Mapping[str, t.Any], records: t.Iterable[dict[str, t.Any]]) -> t.Any:
    """The record that an earlier request with this token made, a refusal, or None for a token that is new."""
    token, request = ec2._p(dict(params), "ClientToken"), asked(params)
    for record in records:
        if token and record.get("_request", {}).get("ClientToken") == token:
            if record["_request"] == request:
                return record
            message = f"Arguments on this idempotent request are inconsistent with arguments used with {token}"
            return ec2._error("IdempotentParameterMismatch", message, 400)
    return None
