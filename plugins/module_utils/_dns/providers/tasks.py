# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A task file of the user's own."""

from __future__ import annotations

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.model import (
    MALFORMED,
    Inventory,
    Problem,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.providers.declaration import Provider
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.declaration import Variable

FILE = "gitpod_dns_tasks_file"


def _absolute(inventory: Inventory) -> list[Problem]:
    """Where a relative path would lead depends on the role that includes the file."""
    value = inventory.text(FILE)
    if not value or value.startswith("/"):
        return []
    return [
        Problem(
            MALFORMED,
            FILE,
            f"{value!r} is not an absolute path.",
            'Write "{{ inventory_dir }}/dns-tasks.yml" or the like.',
        )
    ]


PROVIDER = Provider(
    name="tasks",
    records="kept by a task file of your own",
    needs="`gitpod_dns_tasks_file`",
    variables=(
        Variable(
            name=FILE,
            description=(
                "Absolute path of a task file that keeps the records of the list C(gitpod_dns_records), with V(tasks)."
            ),
            kind="path",
        ),
    ),
    required={FILE: "the absolute path of the task file"},
    rules=(_absolute,),
)
