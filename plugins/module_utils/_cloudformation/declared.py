# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stack stage: its inventory variables, declared once."""

from __future__ import annotations

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.declaration import LONGEST_WAIT, Variable
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.shared import CHANNEL

# Told of too where a rollback has failed (C(advice)).
SKIPPED = "gitpod_stack_skip_resources"
VARIABLES: tuple[Variable, ...] = (
    Variable(
        name="gitpod_stack_name",
        description="Name of the stack.",
        fallback=("gitpod_runner_name",),
    ),
    Variable(
        name="gitpod_stack_take_over",
        description=(
            "Name of a stack that was made by hand for this runner, whose tags name no other runner, and that is"
            " taken over as it is.",
            "Only a stack that has the runner's ID among its parameters is. Once it is taken over, its tags tell, and"
            " this says no more.",
        ),
        option="take_over",
        # botocore 1.44, CloudFormation, CreateStack, StackName.
        pattern=r"[a-zA-Z][-a-zA-Z0-9]{0,127}",
        form="the name of a stack",
    ),
    Variable(
        name="gitpod_stack_template_url",
        description=(
            "URL of a template in S3, the only place that CloudFormation reads, instead of a release's.",
            "A channel's own copy, which the next release replaces, is for new stacks only: a stack keeps what it has.",
        ),
        option="template_url",
    ),
    Variable(
        name="gitpod_stack_release_channel",
        description=(
            "Release channel whose newest release a new stack has, and C(upgrade.yml) goes to. Default is V(stable)"
            " where no release, file or URL is named.",
            "A stack that exists keeps its release, whatever is newest.",
        ),
        option="release_channel",
        pattern=CHANNEL,
        form="stable or latest",
    ),
    Variable(
        name="gitpod_stack_release_version",
        description=(
            "Release whose template is deployed, such as V(v20260115.2), also where a stack has another one.",
        ),
        option="release_version",
        normalize=lambda text: text.removeprefix("v"),
        form="v20260115.10",
    ),
    Variable(
        name="gitpod_stack_template_name",
        description=(
            "File name of another template of the release than the one that its manifest names, such as"
            " V(gitpod-ec2-runner-enterprise.json) of releases of 2025."
        ),
        option="template_name",
        pattern=r"[A-Za-z0-9][A-Za-z0-9._-]*",
        form="the name of a file such as gitpod-ec2-runner-enterprise.json",
    ),
    Variable(
        name="gitpod_stack_allow_downgrade",
        description=(
            "Whether a template may be deployed that is older than the one that the stack has, or than what the runner"
            " runs, which updates itself."
        ),
        kind="bool",
        default=False,
        option="allow_downgrade",
    ),
    Variable(
        name="gitpod_stack_releases_url",
        description=(
            "Where the release manifests are. A corporate mirror has under it what the vendor's host has; one in S3"
            " serves the templates too."
        ),
        default="https://releases.gitpod.io",
        option="releases_url",
    ),
    Variable(
        name="gitpod_stack_template_file",
        description="File on the control node with the template, instead of C(gitpod_stack_template_url).",
        kind="path",
        option="template_file",
    ),
    Variable(
        name="gitpod_stack_template_bucket",
        description="S3 bucket to which a template is uploaded that is larger than 51,200 bytes.",
        option="template_bucket",
        # botocore 1.44, handlers.VALID_BUCKET.
        pattern=r"[a-zA-Z0-9.\-_]{1,255}",
        form="the name of a bucket",
    ),
    Variable(
        name="gitpod_stack_template_sha256",
        description="SHA-256 that the template must have; empty accepts any.",
        option="template_sha256",
        pattern=r"[0-9a-fA-F]{64}",
        form="64 hexadecimal digits",
    ),
    Variable(
        name="gitpod_stack_service_role_arn",
        description="Role that CloudFormation assumes; empty uses the caller's permissions.",
        option="service_role_arn",
    ),
    Variable(
        name="gitpod_stack_notification_arns",
        description="SNS topics that receive the stack's events.",
        kind="list",
        elements="str",
        option="notification_arns",
    ),
    Variable(
        name="gitpod_stack_policy",
        description="Stack policy; empty leaves the one that is set.",
        kind="json",
        option="stack_policy",
    ),
    Variable(
        name="gitpod_stack_review",
        description=(
            "Whether to stop after the changes are computed and shown. A later run without it executes exactly these."
        ),
        kind="bool",
        default=False,
        option="review",
    ),
    Variable(
        name="gitpod_stack_fail_fast",
        description="Whether to fail at the first real failure, instead of after the rollback.",
        kind="bool",
        default=True,
        option="fail_fast",
    ),
    Variable(
        name="gitpod_stack_cancel_update",
        description="Whether an update that is running is cancelled and rolled back, instead of being waited for.",
        kind="bool",
        default=False,
        option="cancel_update",
    ),
    Variable(
        name="gitpod_stack_continue_rollback",
        description="Whether an update rollback that failed is continued.",
        kind="bool",
        default=False,
        option="continue_rollback",
    ),
    Variable(
        name=SKIPPED,
        description="Logical IDs that a continued rollback leaves as they are.",
        kind="list",
        elements="str",
        option="skip_resources",
        # botocore 1.44, CloudFormation, ResourceToSkip.
        pattern=r"[a-zA-Z0-9]+|[a-zA-Z][-a-zA-Z0-9]*\.[a-zA-Z0-9]+",
        form="logical IDs of the template's resources",
    ),
    Variable(
        name="gitpod_stack_progress_interval",
        description="Shortest time in seconds between two lines of progress; V(0) prints none.",
        kind="int",
        default=10,
        option="progress_interval",
        minimum=0,
        maximum=LONGEST_WAIT,
    ),
    Variable(
        name="gitpod_stack_parameters",
        description=(
            "Further template parameters, label or logical ID to value; they win over the variables above.",
            "Their values are shown nowhere before the template is known, and those that it hides (C(NoEcho)) never.",
        ),
        kind="dict",
        secret=True,
    ),
    Variable(
        name="gitpod_stack_capabilities",
        description="Capabilities that may be acknowledged; the guide's Review step asks for IAM.",
        kind="list",
        elements="str",
        default=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
        option="capabilities",
        pattern=r"CAPABILITY_IAM|CAPABILITY_NAMED_IAM|CAPABILITY_AUTO_EXPAND",
        form="CAPABILITY_IAM, CAPABILITY_NAMED_IAM or CAPABILITY_AUTO_EXPAND",
    ),
    Variable(
        name="gitpod_stack_termination_protection",
        description="Whether the stack is protected from deletion.",
        kind="bool",
        default=True,
        option="termination_protection",
    ),
    Variable(
        name="gitpod_stack_recreate_failed",
        description=(
            "Whether a stack whose creation failed is deleted and created again; this needs a fresh exchange token."
        ),
        kind="bool",
        default=True,
        option="recreate_failed",
    ),
    Variable(
        name="gitpod_stack_allow_replacement",
        description="Whether an update may replace or remove stateful resources.",
        kind="bool",
        default=False,
        option="allow_replacement",
    ),
    Variable(
        name="gitpod_stack_timeout",
        description="Longest wait in seconds.",
        kind="int",
        default=3600,
        option="timeout",
        minimum=1,
        maximum=LONGEST_WAIT,
    ),
    Variable(
        name="gitpod_stack_tags",
        description="Tags for what the stage creates, besides C(gitpod_tags).",
        kind="mapping",
    ),
)
