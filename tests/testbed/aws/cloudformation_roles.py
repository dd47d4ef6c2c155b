# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CloudFormation's refusal of a service role that does not exist or that does not trust it.

Recorded: cloudformation/update_errors; hashicorp/terraform-provider-aws, which
tries again because a role that was just made is refused in the same words.
"""

from __future__ import annotations

from xml.sax.saxutils import escape

from . import roles
from .requests import Call, refusal

SERVICE = "cloudformation.amazonaws.com"


def refused(call: Call) -> tuple[int, str, bytes] | None:
    """The answer to a call with such a role, or None."""
    arn = str(call.parameters.get("RoleARN", "")) if call.service == "cloudformation" else ""
    if not arn or roles.trusts_service(arn, SERVICE):
        return None
    return refusal(call.service, "ValidationError", escape(f"Role {arn} is invalid or cannot be assumed"), 400)
