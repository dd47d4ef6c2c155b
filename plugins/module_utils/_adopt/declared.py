# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The adoption: its inventory variables, declared once."""

from __future__ import annotations

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._regions import REGION
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.declaration import Variable

VARIABLES: tuple[Variable, ...] = (
    Variable(
        name="gitpod_adopt_regions",
        description="Regions that are searched.",
        kind="list",
        elements="str",
        pattern=REGION,
        form="names of regions such as us-east-1",
        normalize=str.lower,
    ),
    Variable(
        name="gitpod_adopt_names",
        description="Names of stacks that are meant; empty takes every runner of the regions.",
        kind="list",
        elements="str",
    ),
    Variable(
        name="gitpod_adopt_include_managed",
        description="Whether runners that carry this collection's tags are written too.",
        kind="bool",
        default=False,
    ),
    Variable(
        name="gitpod_adopt_directory",
        description="Directory on the control node for the inventory.",
        kind="path",
        computed=lambda context: f"{context.directory}/gitpod-inventory",
        shown_default="gitpod-inventory",
    ),
    Variable(
        name="gitpod_adopt_overwrite",
        description="Whether files that are there already are replaced.",
        kind="bool",
        default=False,
    ),
)
