# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job templates that there can be, declared once: playbook of the project, survey, and what they set. Pure.

AWX wants a playbook *file* in the project, and refuses C(namespace.collection.playbook): C(examples/awx) has one for
each, which imports the collection's.
"""

from __future__ import annotations

import dataclasses
import typing as t

_RELEASE = ("gitpod_stack_release_version", "gitpod_stack_release_channel")
_BATCHES = ("gitpod_rollout_batches", "gitpod_rollout_canary", "gitpod_rollout_max_failures")


@dataclasses.dataclass(frozen=True)
class JobTemplate:
    """One job template.

    :param id: by which variables, workflows and schedules name it.
    :param title: of its name, after the prefix.
    :param playbook: of the collection, and the name of the project's file without C(.yml).
    :param survey: variables that its survey asks for.
    :param extra_variables: that it sets at each launch.
    """

    id: str
    title: str
    description: str
    playbook: str
    survey: tuple[str, ...] = ()
    extra_variables: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)


ALL: tuple[JobTemplate, ...] = (
    JobTemplate(
        id="prerequisites",
        title="prerequisites",
        description="Checks everything before anything is created; changes nothing.",
        playbook="prerequisites",
        survey=("gitpod_expected_environments", "gitpod_prerequisites_skip", "gitpod_prerequisites_warn_only"),
    ),
    JobTemplate(
        id="plan",
        title="plan",
        description="Tells what a rollout would do, and hands it on as gitpod_plan_result; changes nothing.",
        playbook="plan",
        survey=_RELEASE,
    ),
    JobTemplate(
        id="needed",
        title="when needed",
        description="Fails where the plan that a workflow hands on needs nothing, so that the workflow can branch.",
        playbook="when_needed",
    ),
    JobTemplate(
        id="rollout",
        title="rollout",
        description="Takes runners from nothing to verified, or to what the inventory says.",
        playbook="site",
        survey=(*_BATCHES, *_RELEASE, "gitpod_stack_allow_replacement", "gitpod_dns_overwrite"),
    ),
    JobTemplate(
        id="review",
        title="review",
        description="Computes and shows the changes of the stacks, and stops; a rollout then executes exactly these.",
        playbook="site",
        survey=_RELEASE,
        extra_variables={"gitpod_stack_review": True},
    ),
    JobTemplate(
        id="verify",
        title="verify",
        description="Verifies that runners serve, from every side; changes nothing.",
        playbook="verify",
        survey=("gitpod_verify_version", "gitpod_verify_required", "gitpod_verify_wait"),
    ),
    JobTemplate(
        id="status",
        title="status",
        description="Tells how runners are doing, and fails where one needs attention; changes nothing.",
        playbook="status",
        survey=("gitpod_status_fail_on", "gitpod_status_drift", "gitpod_status_certificate_days"),
    ),
    JobTemplate(
        id="plan_upgrade",
        title="plan of an upgrade",
        description="Tells what an upgrade would change, and hands it on as gitpod_plan_result; changes nothing.",
        playbook="plan_upgrade",
        survey=(*_RELEASE, "gitpod_stack_allow_downgrade"),
    ),
    JobTemplate(
        id="upgrade",
        title="upgrade",
        description="Takes runners to another release, batch by batch, each verified before the next.",
        playbook="upgrade",
        survey=(*_RELEASE, "gitpod_stack_allow_downgrade", *_BATCHES),
    ),
    JobTemplate(
        id="adopt",
        title="adopt",
        description="Writes an inventory of runners that were deployed by hand; changes nothing in AWS.",
        playbook="adopt",
        survey=("gitpod_adopt_regions", "gitpod_adopt_names", "gitpod_adopt_include_managed"),
    ),
    JobTemplate(
        id="teardown",
        title="teardown",
        description="Takes runners down; without their names it shows what would go, and fails.",
        playbook="teardown",
        survey=(
            "gitpod_teardown_confirm",
            "gitpod_teardown_delete_environments",
            "gitpod_teardown_delete_buckets",
        ),
    ),
    JobTemplate(
        id="acceptance",
        title="acceptance",
        description="Accepts runners as their users will use them: an environment on each, which is removed again.",
        playbook="acceptance",
        survey=("gitpod_acceptance_environment_class", "gitpod_acceptance_repository", "gitpod_acceptance_timeout"),
    ),
)
BY_ID: t.Mapping[str, JobTemplate] = {template.id: template for template in ALL}
IDS = tuple(BY_ID)
