# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What botocore's models say of a service and its answers. Pure."""

from __future__ import annotations

import typing as t


def protocol(service_model: t.Any) -> str:
    """In which the SDK speaks to the service; of several that a service has, it chooses (CloudWatch: JSON)."""
    return str(getattr(service_model, "resolved_protocol", "") or service_model.metadata["protocol"])


def in_body(model: t.Any) -> list[str]:
    """Members of an operation's answer that are in its body, not in headers."""
    shape = model.output_shape
    if shape is None:
        return []
    return [name for name, member in shape.members.items() if member.serialization.get("location") is None]
