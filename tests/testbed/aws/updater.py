# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The runner's own updater: a new task definition with the newer image, and the service that is pointed to it.

So the vendor describes it (docs, runners/aws/update-runner): neither the stack nor its template changes. CloudFormation
then finds that the service's TaskDefinition is another one, because the template sets it (drift of AWS::ECS::Service).
"""

from __future__ import annotations

import copy
import re
import typing as t

from ministack.core.responses import request_scope
from ministack.services import cloudformation, ecs
from ministack.services.cloudformation import drift

_IMAGE = re.compile(r"(/(?:gitpod-ec2-)?runner:)(\d{8}\.\d+)")


def _service(physical_id: str) -> dict[str, t.Any] | None:
    found: dict[str, t.Any] | None = ecs._services.get(physical_id.partition(":service/")[2])
    return found


def _read_service(physical_id: str, _properties: t.Any) -> dict[str, t.Any] | None:
    service = _service(physical_id)
    return None if service is None or service["status"] != "ACTIVE" else {"TaskDefinition": service["taskDefinition"]}


def release_of(raw: t.Mapping[str, t.Any]) -> str:
    """The release whose image the template of a stack names, or empty."""
    found = _IMAGE.search(str(raw.get("_template_body") or ""))
    return found[2] if found else ""


def update(stack_id: str, version: str) -> None:
    """What the updater of this stack's runner does.

    :raises ValueError: the stack has no service of the runner.
    """
    for (account, region, _name), raw in list(cloudformation._stacks._data.items()):
        if raw["StackId"] != stack_id:
            continue
        with request_scope(account, region):
            record = raw["_resources"].get("RunnerService") or {}
            service = _service(record.get("PhysicalResourceId", ""))
            if service is None:
                break
            service["taskDefinition"] = _registered(service["taskDefinition"], version)
            return
    raise ValueError(f"no service of a runner in {stack_id}")


def _registered(arn: str, version: str) -> str:
    """A new revision of the task definition, with the newer image."""
    before = next(entry for entry in ecs._task_defs.values() if entry["taskDefinitionArn"] == arn)
    family, revision = before["family"], ecs._task_def_latest[before["family"]] + 1
    after = copy.deepcopy(before)
    after.update(revision=revision, taskDefinitionArn=f"{arn.rpartition(':')[0]}:{revision}")
    for container in after["containerDefinitions"]:
        container["image"] = _IMAGE.sub(rf"\g<1>{version}", container["image"])
    ecs._task_def_latest[family] = revision
    ecs._task_defs[f"{family}:{revision}"] = after
    return str(after["taskDefinitionArn"])


def install(_settings: t.Any) -> None:
    """Let drift detection read services."""
    drift._DRIFT_READERS["AWS::ECS::Service"] = (_read_service, frozenset({"TaskDefinition"}))
