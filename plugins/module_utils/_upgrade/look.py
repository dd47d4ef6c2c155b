# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the upgrade of each runner of a fleet would change: change sets are computed, read and removed again."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._acceptance.ahead import require_class
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import (
    desired,
    operation,
    source,
    status,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.api import Api
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.finding import find
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.outcome import Mode, Outcome
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.result import HidingApi, wanted
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.standing import made_good
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.watch import Watching
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import InputError, RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look import plane
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.clients import Clients, FleetConnections
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.fleet import Fleet, Host
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.module import Connected, looked
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration.desired import connection
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._release import recorded

STACK_KEYS = ("name", "id", "status", "status_reason", "creation_time", "last_updated_time")
# How often a management plane is asked again that is busy, or that does not answer.
PATIENCE = {"api_retries": 10, "unreached_retries": 1}
# What names the template of a release, and so what runners have in common that read it once.
SOURCE_OPTIONS = (
    "release_channel",
    "release_version",
    "releases_url",
    "template_name",
    "template_sha256",
    "template_bucket",
)


def run(module: t.Any, connected: Connected = FleetConnections) -> dict[str, t.Any]:
    """What the module runner_upgrade_info does.

    :param connected: makes the clients.
    """
    return looked(module, look, "foreseen", connected)


def look(fleet: Fleet, host: Host) -> dict[str, t.Any]:
    """One runner's part of what the module returns; the same as runner_stack predicts for it in check mode.

    It waits for its change set in the runner's own thread, so that fifty runners do not wait for each other's.

    :raises InputError: no release is named.
    :raises RunnerError: the release or the stack cannot be read, the change set is refused, or the runner could not
        be accepted afterwards.
    """
    options = desired.start(host.values, host.earlier)
    if not (options.get("release_version") or options.get("release_channel")):
        raise InputError(
            "No release is named, nothing was changed",
            "The inventory names a template of its own (gitpod_stack_template_url or gitpod_stack_template_file)",
            next_step="Give one, such as -e gitpod_stack_release_version=v20260115.2, or"
            " -e gitpod_stack_release_channel=stable for the newest of a channel",
        )
    plane_options = {**connection(host.values), **PATIENCE}
    clients = fleet.clients(host)
    template = _source(fleet, host, options, clients)
    running = _running(fleet, host, plane_options)
    options["running_version"] = running
    api = HidingApi(clients("cloudformation"), lambda: clients("elbv2"), options["parameters"], fleet.hide)
    outcome = _foreseen(api, options, template)
    if status.exists(outcome.stack.status):
        require_class(fleet.pool, plane_options, host.values, host.earlier.runner_id(host.values))
    return {
        **described(outcome),
        "deployed": made_good(api, outcome.stack, host.values),
        "target_release_version": template.version,
        "running_version": running,
    }


def _foreseen(api: Api, options: t.Mapping[str, t.Any], template: source.Source) -> Outcome:
    """What a run would do; of a stack that is not there, no more than that, whatever the inventory lacks for one."""
    asked = wanted(options, template)
    found = find(api, asked.runner, asked.name, asked.take_over)
    found.refuse()
    stack = found.stack
    step = status.meaning(stack.status).present
    if step in (status.CREATE, status.RECREATE, status.AWAIT_DELETE) or stack.status == "ROLLBACK_IN_PROGRESS":
        # Deleted first, where a creation failed.
        instead = status.CREATE if step in (status.CREATE, status.AWAIT_DELETE) else status.RECREATE
        return Outcome(dataclasses.replace(stack, name=stack.name or asked.name), instead, changed=True)
    mode = Mode(check=True, wait=False, watching=Watching(timeout=options["timeout"]))
    return operation.present(api, asked, template.location, mode)


def _running(fleet: Fleet, host: Host, options: t.Mapping[str, t.Any]) -> str:
    """The release that the runner reports; empty without an API token or an ID, and where the plane does not say.

    An upgrade does not need it: without it, only what the stack records tells a step back.
    """
    identifier = host.earlier.runner_id(host.values)
    if not (host.values.get("gitpod_api_token") and identifier):
        return ""
    try:
        (found,) = plane.runners(fleet.pool, options, identifier)
    except (ImportError, RunnerError):
        return ""
    return found.version


def _source(fleet: Fleet, host: Host, options: t.Mapping[str, t.Any], clients: Clients) -> source.Source:
    """Where the release's template is; runners with the same credentials read it once."""
    asked = {name: options.get(name) for name in SOURCE_OPTIONS}
    profile = host.values.get("gitpod_aws_profile") or ""
    return fleet.pool.once(("release", profile, *asked.values()), lambda: source.resolve(asked, lambda: clients("s3")))


def described(outcome: Outcome) -> dict[str, t.Any]:
    """Plain data with stable keys; parameters and outputs are nobody's business here."""
    stack = outcome.stack
    found = stack.as_result()
    return {
        "changed": outcome.changed,
        "operation": outcome.operation,
        "stack": {key: found[key] for key in STACK_KEYS},
        "release_version": recorded(stack.tags),
        "changes": list(outcome.changes),
        "actions": list(outcome.actions),
    }
