# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the inventory wants of the endpoint, as options of M(gitpod.enterprise_runner.runner_endpoint). Pure."""

from __future__ import annotations

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.desired import (
    Options,
    Values,
    connection,
    tags,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.declared import VARIABLES
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.declaration import module_options
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.earlier import Earlier


def security_group_name(values: Values) -> str:
    """Of the group that the stage keeps where the inventory names none."""
    return f"{values['gitpod_runner_name']}-management-plane"


def _endpoint(values: Values, earlier: Earlier) -> Options:
    runner_id = earlier.runner_id(values)
    return {
        **connection(values),
        "name": values["gitpod_runner_name"],
        "vpc_id": values.get("gitpod_vpc_id") or "",
        **({"runner_id": runner_id} if runner_id else {}),
    }


def start(values: Values, earlier: Earlier) -> Options:
    """Options that create or change the endpoint and its group, without waiting."""
    groups = values["gitpod_privatelink_security_group_ids"]
    own = {
        "security_group_name": security_group_name(values),
        "source_subnet_ids": values["gitpod_privatelink_source_subnet_ids"],
    }
    return {
        **module_options(VARIABLES, values),
        **_endpoint(values, earlier),
        **({"security_group_ids": groups} if groups else own),
        "tags": tags(values, "gitpod_privatelink_tags", earlier),
        "wait": False,
    }


def join(values: Values, earlier: Earlier) -> Options:
    """Options that wait for what was started."""
    wanted = ("service_name", "service_region", "private_dns_enabled", "timeout")
    handed_on = module_options(VARIABLES, values)
    return {**{name: handed_on[name] for name in wanted}, **_endpoint(values, earlier), "join": True}


def absent(values: Values, earlier: Earlier) -> Options:
    """Options that remove the endpoint and its group, as far as they are this runner's."""
    service = values["gitpod_privatelink_service_name"]
    group = security_group_name(values)
    return {**_endpoint(values, earlier), "service_name": service, "security_group_name": group, "state": "absent"}
