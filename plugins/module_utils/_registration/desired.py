# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the inventory wants of the registration, as options of M(gitpod.enterprise_runner.runner_registration). Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import status
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.desired import Options, Values
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration.declared import VARIABLES
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.declaration import module_options
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.earlier import Earlier

DEFAULT_API_URL = "https://app.gitpod.io/api"


# What is declared of a runner's settings; the other variables say how it is found.
SETTINGS = tuple(variable for variable in VARIABLES if variable.option != "same_name_elsewhere")


def wanted(values: Values) -> bool:
    """Whether the runner is found or created at the management plane: with a token, and without its ID."""
    return bool(values.get("gitpod_api_token") and not values.get("gitpod_runner_id"))


def kept(values: Values) -> bool:
    """Whether the settings of a runner that the inventory names by its ID are kept, whoever registered it."""
    return bool(values.get("gitpod_api_token") and values.get("gitpod_runner_id") and module_options(SETTINGS, values))


def connection(values: Values) -> Options:
    """How the management plane is reached."""
    found = {
        "api_url": values.get("gitpod_api_endpoint"),
        "api_token": values.get("gitpod_api_token"),
        "ca_path": values.get("gitpod_api_ca_path"),
    }
    return {option: value for option, value in found.items() if value}


def start(values: Values, _earlier: Earlier) -> Options:
    """Options that have the runner, and mint a token where the stack needs one; its status is added by the caller.

    A runner that the inventory names by its ID keeps its name, and its token is the inventory's.
    """
    renewal = {"renew_metrics_password": True} if values.get("gitpod_renew_secrets") else {}
    if values.get("gitpod_runner_id"):
        settings = {**module_options(SETTINGS, values), **connection(values), **renewal}
        return {**settings, "runner_id": values["gitpod_runner_id"], "region": values["gitpod_region"]}
    return {
        **renewal,
        **module_options(VARIABLES, values),
        **connection(values),
        "name": values["gitpod_runner_name"],
        "region": values["gitpod_region"],
        "exchange_token": True,
    }


def absent(values: Values, earlier: Earlier, was_here: bool) -> Options:
    """Options that remove the registration of a runner whose stack is gone; one in use is refused.

    :param was_here: whether the runner has, or had, a stack of its own here. Of one that had none, the management plane
        tells whether a stack runs elsewhere: in another account, or under the name of the host whose ID was copied.
    """
    runner_id = earlier.runner_id(values)
    return {
        **connection(values),
        **({"runner_id": runner_id} if runner_id else {}),
        "name": values["gitpod_runner_name"],
        "region": values["gitpod_region"],
        # One of the same name in another region is another runner.
        "same_name_elsewhere": True,
        "state": "absent",
        **({"stack_exists": False} if was_here else {}),
        "force": values["gitpod_teardown_delete_environments"],
    }


def handed_on(result: t.Mapping[str, t.Any], values: Values, stack_status: str) -> Options:
    """What later stages need of the registration, without the token.

    :param result: of runner_registration; in check mode a runner that would be created has no ID yet.
    """
    exists = status.exists(stack_status or status.ABSENT)
    reason = result.get("exchange_token_reason") or ""
    return {
        "changed": result.get("changed", False),
        "actions": result.get("actions") or [],
        "runner": result.get("runner"),
        "runner_id": (result.get("runner") or {}).get("id") or "known-after-registration",
        # Of a runner with an ID the inventory says it, or the template does.
        "api_endpoint": "" if exists or not wanted(values) else values.get("gitpod_api_endpoint") or DEFAULT_API_URL,
        "exchange_token_reason": reason,
        # A stack that stands is given the new token; one that is made anew gets it anyway.
        "renew_exchange_token": bool(reason) and status.meaning(stack_status).present == status.UPDATE,
    }
