# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report: its inventory variables, declared once."""

from __future__ import annotations

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._regions import REGION
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.declaration import LONGEST_WAIT, Variable
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.shared import REGION_FORM

VARIABLES: tuple[Variable, ...] = (
    Variable(
        name="gitpod_report_notify",
        description=(
            "URL of a webhook to which the run's summary is posted, a secret; empty posts nothing. A receiver that "
            "does not take it is a warning and never fails the run."
        ),
        secret=True,
    ),
    Variable(
        name="gitpod_report_notify_format",
        description=(
            "What is posted, a message for Slack and what is compatible with it, or the summary as plain JSON. "
            "V(auto) chooses by the receiver's host."
        ),
        choices=("auto", "slack", "json"),
        default="auto",
    ),
    Variable(
        name="gitpod_report_notify_on",
        description="Whether every run is posted, or only one in which a runner failed.",
        choices=("always", "failure"),
        default="always",
    ),
    Variable(
        name="gitpod_report_upload",
        description=(
            (
                "Bucket and prefix in S3, such as V(s3://example-reports/gitpod), where the fleet's report is kept: "
                "page, Markdown and JSON, to which each run adds its runners; the status likewise; DNS records for "
                "whoever keeps the zone; and adopted inventories. Empty uploads nothing."
            ),
            "What cannot be uploaded is a warning and never fails the run.",
        ),
        # S3 user guide, "Bucket naming rules" and "Naming Amazon S3 objects": no two dots side by side, no address,
        # and no part of a key that is nothing but dots, which clients take for a directory's.
        pattern=(
            r"s3://(?![0-9]+(\.[0-9]+){3}(/|$))(?!.*/\.{1,2}(/|$))"
            r"[a-z0-9]([a-z0-9-]|\.(?!\.)){1,61}[a-z0-9](/[A-Za-z0-9!_.*'()/-]*)?"
        ),
        form="a bucket and a prefix such as s3://example-reports/gitpod",
    ),
    Variable(
        name="gitpod_report_upload_region",
        description="Region of that bucket. Default is the runner's.",
        fallback=("gitpod_region",),
        pattern=REGION,
        form=REGION_FORM,
        normalize=str.lower,
    ),
    Variable(
        name="gitpod_report_upload_aws_profile",
        description="Profile of the AWS configuration for that bucket, where it is in another account.",
        fallback=("gitpod_aws_profile",),
    ),
    Variable(
        name="gitpod_report_upload_kms_key_id",
        description=(
            "KMS key, its ID or ARN, with which the uploaded objects are encrypted. Without it, the bucket's own "
            "encryption holds, which S3 always has."
        ),
        # KMS developer guide, "Key identifiers (KeyId)".
        pattern=(
            r"(arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:)?"
            r"((key/)?([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32})|alias/[A-Za-z0-9/_-]+)"
        ),
        form="a key's ID or ARN such as arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    ),
    Variable(
        name="gitpod_report_upload_link_seconds",
        description=(
            "For how long a link lets anybody who has it read the uploaded page, Markdown and JSON; 0 makes none. It "
            "stands in the artifact, in the message and on screen, and ends with the credentials that made it."
        ),
        kind="int",
        default=0,
        minimum=0,
        maximum=LONGEST_WAIT,
    ),
)
