# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An outcome as a module's result, and the options as what is wanted."""

from __future__ import annotations

import pathlib
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws import client
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import operation
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.api import Api
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import Wanted
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.status import meaning
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.watch import Watching
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import InputError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._release import (
    fitting_body,
    is_s3_url,
    template_location,
)

if t.TYPE_CHECKING:
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._progress import Snapshot


def api_of(module: t.Any) -> Api:
    """The calls with the module's credentials."""
    return Api(client(module, "cloudformation"), lambda: client(module, "elbv2"))


def run(module: t.Any) -> dict[str, t.Any]:
    """What the module runner_stack does."""
    options = module.params
    api = api_of(module)
    mode = operation.Mode(
        check=module.check_mode,
        wait=options["wait"] or options["join"],
        watching=Watching(
            timeout=options["timeout"], fail_fast=options["fail_fast"], observe=observer(options["progress_path"])
        ),
    )
    if options["join"]:
        outcome = operation.join(api, options["name"], options["operation_token"] or "", mode)
    elif options["state"] == "absent":
        outcome = operation.absent(api, options["name"], options["force"], options["retain_resources"], mode)
    else:
        outcome = operation.present(api, wanted(options), location(options), mode)
    return result(api, outcome)


def wanted(options: t.Mapping[str, t.Any]) -> Wanted:
    """What the options ask for."""
    return Wanted(
        name=options["name"],
        parameters=options["parameters"],
        secrets=options["secret_parameters"],
        capabilities=tuple(options["capabilities"]),
        tags={key: str(value) for key, value in (options["tags"] or {}).items()},
        purge_tags=options["purge_tags"],
        role_arn=options["service_role_arn"] or "",
        notification_arns=tuple(options["notification_arns"]),
        protected=options["termination_protection"],
        recreate_failed=options["recreate_failed"],
        allow_replacement=options["allow_replacement"],
        continue_rollback=options["continue_rollback"],
        skip_resources=tuple(options["skip_resources"]),
    )


def location(options: t.Mapping[str, t.Any]) -> dict[str, str]:
    """Where CloudFormation finds the template.

    :raises InputError: at a URL that it does not read, and at a body that is too large.
    """
    if options["template_body"]:
        return {"TemplateBody": fitting_body(options["template_body"].encode("utf-8"), "given as template_body")}
    url = template_location(options["template_url"] or "")
    if not is_s3_url(url):
        raise InputError(
            f"CloudFormation cannot read the template at {url or '(no URL)'}",
            "It reads templates from Amazon S3 only",
            "Copy the template to an S3 bucket and give that URL, or give its content as template_body",
        )
    return {"TemplateURL": url}


def observer(path: str | None) -> t.Callable[[Snapshot], None]:
    """Leaves every snapshot in the file that the action plugin reads, replaced in one step."""

    def observe(snapshot: Snapshot) -> None:
        if path:
            target = pathlib.Path(path)
            fresh = target.with_suffix(".new")
            fresh.write_text(snapshot.as_json(), "utf-8")
            fresh.replace(target)

    return observe


def result(api: Api, outcome: operation.Outcome) -> dict[str, t.Any]:
    """Plain data with stable keys."""
    stack = outcome.stack
    settled = meaning(stack.status).good and not meaning(stack.status).in_progress
    found: dict[str, t.Any] = {
        "changed": outcome.changed,
        "operation": outcome.operation,
        "in_progress": outcome.in_progress,
        "operation_token": outcome.token,
        "stack": stack.as_result(),
        "outputs": dict(stack.outputs),
        "load_balancer": api.load_balancer(stack) if settled else None,
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
