# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the inventory wants of the registration, as options of M(gitpod.enterprise_runner.runner_registration). Pure."""

from __future__ import annotations

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.desired import Options, Values
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration.declared import VARIABLES
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.declaration import module_options


def wanted(values: Values) -> bool:
    """Whether the runner is found or created at the management plane: with a token, and without its ID."""
    return bool(values.get("gitpod_api_token") and not values.get("gitpod_runner_id"))


def connection(values: Values) -> Options:
    """How the management plane is reached."""
    found = {
        "api_url": values.get("gitpod_api_endpoint"),
        "api_token": values.get("gitpod_api_token"),
        "ca_path": values.get("gitpod_api_ca_path"),
    }
    return {option: value for option, value in found.items() if value}


def start(values: Values, stack_status: str) -> Options:
    """Options that have the runner, and mint a token where the stack needs one."""
    return {
        **module_options(VARIABLES, values),
        **connection(values),
        "name": values["gitpod_runner_name"],
        "region": values["gitpod_region"],
        "exchange_token": True,
        "stack_status": stack_status,
    }


def absent(values: Values) -> Options:
    """Options that remove the registration of a runner whose stack is gone; one in use is refused."""
    runner_id = values.get("gitpod_runner_id")
    return {
        **connection(values),
        **({"runner_id": runner_id} if runner_id else {}),
        "name": values["gitpod_runner_name"],
        "region": values["gitpod_region"],
        # One of the same name in another region is another runner.
        "same_name_elsewhere": True,
        "state": "absent",
        "stack_exists": False,
        "force": values["gitpod_teardown_delete_environments"],
    }
