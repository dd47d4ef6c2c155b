# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an existing stack has of values that other stages need too, where the inventory leaves them out."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import parameters, status
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.labels import LABELS
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.shared import bare_name

if t.TYPE_CHECKING:
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.api import Api
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import Parameter, Stack

# What stages besides the stack's own work with; the switches for which the last two are needed.
DOMAIN, VPC, SUBNETS = "gitpod_domain_name", "gitpod_vpc_id", "gitpod_ec2_subnet_ids"
SHARED = (DOMAIN, VPC, SUBNETS)
_IN_THE_VPC = ("gitpod_privatelink_enabled", "gitpod_status_privatelink_enabled", "gitpod_network_endpoints")
_LABELS = {variable: label for label, variable in LABELS.items() if variable in SHARED}


def missing(values: t.Mapping[str, t.Any]) -> list[str]:
    """Which of these variables the runner needs and its inventory leaves out."""
    needed = SHARED if any(values.get(name) for name in _IN_THE_VPC) else (DOMAIN,)
    return [name for name in needed if not values.get(name)]


def made_good(api: Api, stack: Stack, values: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """What the stack has of them, by variable; nothing is asked for when nothing is missing, or without a stack.

    :raises RunnerError: the stack's template cannot be read, by whose labels its parameters are known.
    """
    names = missing(values)
    if not names or not status.exists(stack.status):
        return {}
    template = api.template({"StackName": stack.id})
    found = {name: _present(stack, parameters.find(_LABELS[name], template.parameters)) for name in names}
    return {name: spelled(name, text) for name, text in found.items() if text}


def spelled(name: str, value: str | t.Sequence[str]) -> t.Any:
    """A parameter's value as its variable has it."""
    if name == SUBNETS:
        parts = value.split(",") if isinstance(value, str) else value
        return [part.strip() for part in parts if part.strip()]
    text = str(value).strip()
    return bare_name(text) if name == DOMAIN else text


def _present(stack: Stack, meant: t.Sequence[Parameter]) -> str:
    """A parameter's value; what is hidden is not known."""
    text = stack.parameters.get(meant[0].key, "") if len(meant) == 1 else ""
    return "" if set(text) == {"*"} else text
