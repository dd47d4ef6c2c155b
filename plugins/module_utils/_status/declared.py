# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The status: its inventory variables, declared once."""

from __future__ import annotations

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.declaration import LONGEST_WAIT, Variable
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.shared import CHANNEL

VARIABLES: tuple[Variable, ...] = (
    Variable(
        name="gitpod_status_fail_on",
        description=(
            "Areas that fail the run when they are not as they should be.",
            "Of V(stack), V(version), V(drift) and V(certificate) warnings count as well.",
        ),
        kind="list",
        elements="str",
        choices=("stack", "version", "drift", "certificate", "dns", "endpoint", "health", "phase"),
        default=["stack", "certificate", "dns", "endpoint", "health", "phase"],
    ),
    Variable(
        name="gitpod_status_release_channel",
        description="Release channel whose newest release counts as current.",
        fallback=("gitpod_stack_release_channel",),
        pattern=CHANNEL,
        form="stable or latest",
        default="stable",
    ),
    Variable(
        name="gitpod_status_certificate_days",
        description="Fewer days than these until the certificate ends are a warning.",
        kind="int",
        default=30,
        minimum=0,
        maximum=36500,
    ),
    Variable(
        name="gitpod_status_drift",
        description=(
            "V(detect) lets CloudFormation compare now, V(last) reads what the last comparison found, V(skip) leaves "
            "it out."
        ),
        choices=("detect", "last", "skip"),
        default="detect",
    ),
    Variable(
        name="gitpod_status_privatelink_enabled",
        description=(
            "Whether the runner has an endpoint to the management plane. Default is V(gitpod_privatelink_enabled)."
        ),
        kind="bool",
        fallback=("gitpod_privatelink_enabled",),
    ),
    Variable(
        name="gitpod_status_port",
        description="HTTPS port of the load balancer. Default is V(gitpod_verify_port).",
        kind="int",
        fallback=("gitpod_verify_port",),
        minimum=1,
        maximum=65535,
    ),
    Variable(
        name="gitpod_status_validate_certs",
        description=(
            "Whether the certificate's chain and names must be valid. Default is V(gitpod_verify_validate_certs)."
        ),
        kind="bool",
        fallback=("gitpod_verify_validate_certs",),
    ),
    Variable(
        name="gitpod_status_timeout",
        description="Longest time in seconds for one connection.",
        kind="int",
        default=10,
        minimum=1,
        maximum=LONGEST_WAIT,
    ),
)
