# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An outcome as a module's result, and the options as what is wanted."""

from __future__ import annotations

import dataclasses
import pathlib
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws import client, impatient_client
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import deletion, operation
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.api import Api
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import Wanted
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.outcome import Mode, Outcome
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.source import Source, resolve
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.status import meaning
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.watch import Watching
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._release import VERSION_TAG

if t.TYPE_CHECKING:
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._progress import Snapshot


def api_of(module: t.Any) -> Api:
    """The calls with the module's credentials."""
    return Api(client(module, "cloudformation"), lambda: client(module, "elbv2"))


def run(module: t.Any) -> dict[str, t.Any]:
    """What the module runner_stack does."""
    options = module.params
    api = api_of(module)
    mode = Mode(
        check=module.check_mode,
        wait=options["wait"] or options["join"],
        watching=Watching(
            timeout=options["timeout"], fail_fast=options["fail_fast"], observe=observer(options["progress_path"])
        ),
    )
    if options["join"]:
        outcome = operation.join(api, options["name"], options["operation_token"] or "", mode)
    elif options["state"] == "absent":
        outcome = deletion.absent(api, unwanted(options), mode)
    else:
        source = resolve(options, lambda: impatient_client(module, "s3"))
        outcome = operation.present(api, wanted(options, source), source.location, mode)
        return {**result(api, outcome), "target_release_version": source.version}
    return result(api, outcome)


def wanted(options: t.Mapping[str, t.Any], source: Source) -> Wanted:
    """What the options ask for; what is deployed is recorded in the stack's tags."""
    found = Wanted.of(options)
    return dataclasses.replace(found, tags={**found.tags, **source.tags}, fingerprint=source.fingerprint)


def unwanted(options: t.Mapping[str, t.Any]) -> deletion.Deletion:
    """What the options ask to be gone."""
    return deletion.Deletion(
        options["name"], options["force"], tuple(options["retain_resources"]), options["cancel_update"]
    )


def observer(path: str | None) -> t.Callable[[Snapshot], None]:
    """Leaves every snapshot in the file that the action plugin reads, replaced in one step."""

    def observe(snapshot: Snapshot) -> None:
        if path:
            target = pathlib.Path(path)
            fresh = target.with_suffix(".new")
            fresh.write_text(snapshot.as_json(), "utf-8")
            fresh.replace(target)

    return observe


def result(api: Api, outcome: Outcome) -> dict[str, t.Any]:
    """Plain data with stable keys."""
    stack = outcome.stack
    settled = meaning(stack.status).good and not meaning(stack.status).in_progress
    return described(outcome, api.load_balancer(stack) if settled else None)


def described(outcome: Outcome, load_balancer: t.Mapping[str, str] | None) -> dict[str, t.Any]:
    """Plain data with stable keys, from what is known already."""
    stack = outcome.stack
    found: dict[str, t.Any] = {
        "changed": outcome.changed,
        "operation": outcome.operation,
        "in_progress": outcome.in_progress,
        "operation_token": outcome.token,
        "stack": stack.as_result(),
        "release_version": stack.tags.get(VERSION_TAG, ""),
        "outputs": dict(stack.outputs),
        "load_balancer": load_balancer,
        "changes": list(outcome.changes),
        "actions": list(outcome.actions),
        "timeline": list(outcome.timeline),
        "kept_resources": list(outcome.kept),
    }
    if outcome.before != outcome.after:
        found["diff"] = {
            "before": outcome.before,
            "after": outcome.after,
            "before_header": f"stack {stack.name}",
            "after_header": f"stack {stack.name}",
        }
    return found
