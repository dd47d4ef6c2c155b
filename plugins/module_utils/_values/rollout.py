# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rollout: its inventory variables, declared once."""

from __future__ import annotations

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.declaration import Variable

VARIABLES: tuple[Variable, ...] = (
    Variable(
        name="gitpod_rollout_batches",
        description=(
            (
                "Sizes of the batches in which V(site) and V(upgrade) go through the runners, as numbers and as "
                'shares of all, such as V([1, "25%", "100%"]); the last one repeats. A batch is verified before the '
                "next begins."
            ),
            (
                "An extra variable (C(-e)), or a variable where the playbook is imported, because Ansible makes "
                "batches before it reads the inventory. Empty is one batch in V(site), and V(1), V(25%), V(100%) in "
                "V(upgrade)."
            ),
        ),
        kind="list",
        elements="raw",
    ),
    Variable(
        name="gitpod_rollout_canary",
        description=(
            (
                "Host that goes first in V(site) and V(upgrade), the others follow by name. Empty is the first by "
                "name, because a controller's inventory has no order. Without C(gitpod_rollout_batches), it goes alone "
                "before all others."
            ),
            "An extra variable, or a variable where the playbook is imported, as C(gitpod_rollout_batches) is.",
        ),
    ),
    Variable(
        name="gitpod_rollout_max_failures",
        description="How many runners may have failed in earlier batches for another batch to begin.",
        kind="int",
        default=0,
        minimum=0,
    ),
)
