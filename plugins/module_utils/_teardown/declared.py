# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The teardown: its inventory variables, declared once."""

from __future__ import annotations

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.providers import registry
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.declaration import LONGEST_WAIT, Variable

VARIABLES: tuple[Variable, ...] = (
    Variable(
        name="gitpod_teardown_dns_provider",
        description=(
            "Where the domain's records are kept, as in C(gitpod_dns_provider). "
            f"{registry.quoted(lambda entry: entry.writes)} remove those that point to the load balancer; with the "
            "others they stay and are told.",
            f"With {registry.quoted(lambda entry: entry.protects)}, the variables of the role gitpod_dns say where and "
            "how.",
        ),
        fallback=("gitpod_dns_provider",),
        choices=registry.NAMES,
    ),
    Variable(
        name="gitpod_teardown_confirm",
        description=(
            "Names of the runners that are taken down. Without a runner's name the role shows what would go, and fails."
        ),
        kind="list",
        elements="str",
    ),
    Variable(
        name="gitpod_teardown_delete_environments",
        description=(
            "Whether the runner goes although environments are on it, archived ones included. They are deleted with "
            "all that was not pushed."
        ),
        kind="bool",
        default=False,
    ),
    Variable(
        name="gitpod_teardown_delete_buckets",
        description=(
            "Whether the buckets that AWS kept are emptied, with all versions, and deleted. What is in them is lost."
        ),
        kind="bool",
        default=False,
    ),
    Variable(
        name="gitpod_teardown_retain_resources",
        description=(
            "Logical IDs of resources that AWS could not delete, and that are left behind so that the stack goes.",
            "They count only for a stack that is C(DELETE_FAILED), as CloudFormation has it.",
        ),
        kind="list",
        elements="str",
        # CloudFormation user guide, "Resources": a logical ID is alphanumeric.
        pattern=r"[a-zA-Z0-9]+",
        form="logical IDs of the stack's resources",
    ),
    Variable(
        name="gitpod_teardown_timeout",
        description="Longest wait in seconds for the stack to go.",
        kind="int",
        default=3600,
        minimum=1,
        maximum=LONGEST_WAIT,
    ),
    Variable(
        name="gitpod_teardown_progress_interval",
        description="Seconds between two lines of progress; 0 shows none.",
        kind="int",
        default=10,
        minimum=0,
        maximum=LONGEST_WAIT,
    ),
)
