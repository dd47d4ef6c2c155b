# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the inventory wants of the stack, as the options of M(gitpod.enterprise_runner.runner_stack). Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _custom_ca
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.declared import VARIABLES
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.labels import (
    EXCHANGE_TOKEN,
    LABELS,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.secrecy import hidden
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._ownership import Runner
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._release import DEFAULT_CHANNEL, is_moving
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._tags import ownership_tags
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.declaration import module_options
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.earlier import Earlier

_URL = "gitpod_stack_template_url"
Options = dict[str, t.Any]
Values = t.Mapping[str, t.Any]


def connection(values: Values) -> Options:
    """Where and with whose credentials AWS is called."""
    profile = values.get("gitpod_aws_profile")
    return {"region": values["gitpod_region"], **({"profile": profile} if profile else {})}


def parameters(values: Values, earlier: Earlier) -> Options:
    """Template parameters by label; what is not set is left out, so that an existing stack keeps its value."""
    found = {label: values.get(variable) for label, variable in LABELS.items()}
    found["Runner ID"] = earlier.runner_id(values)
    found["API Endpoint"] = found["API Endpoint"] or earlier.registration.get("api_endpoint")
    found["Certificate ARN"] = found["Certificate ARN"] or earlier.certificate_arn
    authority = values.get("gitpod_custom_ca")
    found["Custom CA Certificate"] = _custom_ca.parameter(authority) if authority else None
    return {
        **{label: value for label, value in found.items() if value},
        **(values.get("gitpod_stack_parameters") or {}),
    }


def secret_parameters(values: Values, earlier: Earlier) -> Options:
    """The exchange token, the inventory's or the one that was minted."""
    token = values.get("gitpod_exchange_token") or earlier.exchange_token
    return {EXCHANGE_TOKEN: token} if token else {}


def tags(values: Values, own: str, earlier: Earlier) -> dict[str, str]:
    """The inventory's tags for all, for the stage, and those by which things are found again.

    :param own: the variable with the stage's tags.
    """
    ownership = ownership_tags(values["gitpod_runner_name"], earlier.runner_id(values))
    return {**(values.get("gitpod_tags") or {}), **(values.get(own) or {}), **ownership}


def template(values: Values, settled: str = "", resolved: str = "") -> Options:
    """Which template: the settled release, or else the inventory's release, channel, file or URL.

    :param resolved: the newest of the channel, where somebody has looked already.
    """
    version = settled or values.get("gitpod_stack_release_version")
    channel = "" if settled else values.get("gitpod_stack_release_channel")
    path = values.get("gitpod_stack_template_file")
    chosen = {"release_version": version, "release_channel": channel, "template_file": path}
    if not any(chosen.values()):
        url = values.get(_URL)
        chosen = {"template_url": url} if url else {"release_channel": DEFAULT_CHANNEL}
    if resolved and chosen.get("release_channel"):
        chosen = {"release_version": resolved}
    return {option: value for option, value in chosen.items() if value}


def keeps_release(values: Values, settled: str = "") -> bool:
    """Whether nobody has pinned a template, so that a stack keeps the one that it has (docs/upgrades.md).

    A release, a file or a URL pins one. A channel only says where new stacks and upgrades go, and so does a channel's
    own copy of a template; a hash is compared with the one that the stack records.
    """
    if settled or any(values.get(name) for name in ("gitpod_stack_release_version", "gitpod_stack_template_file")):
        return False
    url = values.get(_URL) or ""
    return bool(values.get("gitpod_stack_release_channel")) or not url or is_moving(url)


def start(values: Values, earlier: Earlier) -> Options:
    """Options that start what has to be done, without waiting."""
    handed_on = module_options(VARIABLES, values)
    for option in ("template_url", "template_file", "release_version", "release_channel"):
        handed_on.pop(option, None)
    options = {
        **handed_on,
        **template(values, earlier.settled_release, earlier.resolved_release),
        **connection(values),
        "name": values["gitpod_stack_name"],
        "parameters": parameters(values, earlier),
        "secret_parameters": secret_parameters(values, earlier),
        "renew_secrets": bool(earlier.registration.get("renew_exchange_token")),
        "tags": tags(values, "gitpod_stack_tags", earlier),
        "keep_release": keeps_release(values, earlier.settled_release),
        **({"running_version": earlier.running_version} if earlier.running_version else {}),
        "wait": False,
    }
    runner_id = earlier.runner_id(values)
    return {**options, "runner_id": runner_id} if runner_id else options


def whose(values: Values, earlier: Earlier) -> Options:
    """Options by which the runner's stack is found and judged, for all that read it or remove it."""
    runner_id = earlier.runner_id(values)
    return {
        **connection(values),
        "name": values["gitpod_stack_name"],
        "runner_name": values["gitpod_runner_name"],
        **({"runner_id": runner_id} if runner_id else {}),
    }


def runner_of(values: Values, earlier: Earlier) -> Runner:
    """Who asks whose a thing is."""
    return Runner(values["gitpod_runner_name"], earlier.runner_id(values))


def join(values: Values, earlier: Earlier) -> Options:
    """Options that wait for what was started."""
    token = earlier.started.get("operation_token")
    secrets = unshown(values, earlier)
    return {
        **connection(values),
        "name": earlier.stack_name or values["gitpod_stack_name"],
        "timeout": values["gitpod_stack_timeout"],
        "fail_fast": values["gitpod_stack_fail_fast"],
        "progress_interval": values["gitpod_stack_progress_interval"],
        "join": True,
        **({"operation_token": token} if token else {}),
        **({"secret_parameters": secrets} if secrets else {}),
    }


def unshown(values: Values, earlier: Earlier) -> Options:
    """Values that a failure of the stack may quote and nobody may show: what the template hides, as its start found."""
    found = hidden(parameters(values, earlier), earlier.started.get("hidden_parameters"))
    return {**found, **secret_parameters(values, earlier)}


def absent(values: Values, earlier: Earlier, stack_name: str) -> Options:
    """Options that remove the stack that was found; the module judges again whose it is."""
    take_over = values.get("gitpod_stack_take_over")
    return {
        **whose(values, earlier),
        **({"take_over": take_over} if take_over else {}),
        "name": stack_name,
        "retain_resources": values["gitpod_teardown_retain_resources"],
        "state": "absent",
        "force": True,
        "timeout": values["gitpod_teardown_timeout"],
        "progress_interval": values["gitpod_teardown_progress_interval"],
    }
