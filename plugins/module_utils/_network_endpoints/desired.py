# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the inventory wants, as options of M(gitpod.enterprise_runner.runner_network_endpoints). Pure."""

from __future__ import annotations

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.desired import (
    Options,
    Values,
    connection,
    tags,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.declared import VARIABLES
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.declaration import module_options
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.earlier import Earlier


def _whose(values: Values, earlier: Earlier) -> Options:
    runner_id = earlier.runner_id(values)
    return {
        **connection(values),
        "name": values["gitpod_runner_name"],
        "vpc_id": values.get("gitpod_vpc_id") or "",
        "timeout": values["gitpod_network_endpoints_timeout"],
        **({"runner_id": runner_id} if runner_id else {}),
    }


def start(values: Values, earlier: Earlier) -> Options:
    """Options that create what is missing, without waiting."""
    return {
        **module_options(VARIABLES, values),
        **_whose(values, earlier),
        "subnet_ids": values["gitpod_ec2_subnet_ids"] or [],
        "tags": tags(values, "gitpod_network_endpoints_tags", earlier),
        "wait": False,
    }


def join(values: Values, earlier: Earlier) -> Options:
    """Options that wait for what was started."""
    whose = _whose(values, earlier)
    return {**whose, "join": True}


def absent(values: Values, earlier: Earlier) -> Options:
    """Options that remove the endpoints, as far as they are this runner's alone."""
    return {**_whose(values, earlier), "state": "absent"}
