# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a job knows of the controller that runs it (AWX, Automation Controller). For action plugins and filters.

AWX tells a job no number of its slice. It makes a workflow job of a sliced template, which gets the template's name,
and tells each slice both names (AWX 24.6.1, awx/main/models: C(JobTemplate.create_unified_job), C(awx_meta_vars)).
"""

from __future__ import annotations

import typing as t

Raw = t.Mapping[str, t.Any]
PREFIXES = ("awx", "tower")


def sliced(variables: Raw) -> bool:
    """Whether the job is one of several slices of an inventory, which know nothing of each other.

    :param variables: of any host, AWX's extra variables among them.
    """
    return any(_is_slice(variables, prefix) for prefix in PREFIXES)


def _is_slice(variables: Raw, prefix: str) -> bool:
    workflow, template = (variables.get(f"{prefix}_{name}_name") for name in ("workflow_job", "job_template"))
    return workflow not in (None, "") and str(workflow) == str(template)


def nothing_needed(variables: Raw) -> str:
    """Why a workflow's gate fails: the node before has said that nothing is needed; empty when it has not.

    What is not known counts as needed: an approval too many costs a click.
    """
    said = variables.get("gitpod_needed")
    if said is not False and str(said).strip().lower() not in ("false", "no"):
        return ""
    told = [variables.get(name) for name in ("gitpod_plan_result", "gitpod_fleet_result", "gitpod_status")]
    headlines = [str(entry.get("headline")) for entry in told if isinstance(entry, dict) and entry.get("headline")]
    found = f" ({'; '.join(headlines)})" if headlines else ""
    return (
        f"Nothing is needed{found}. Nothing is wrong either: this node fails so that the workflow takes another way"
        " than to an approval."
    )


def in_slices() -> str:
    """Why batches are refused in a sliced job, and what to do."""
    return (
        "This job is a slice of a sliced job template, and slices know nothing of each other: each would begin with a"
        " canary of its own, and none would stop for what fails in another. Nothing was changed. Set the template's job"
        " slicing to 1 (one job works on all regions side by side), or gitpod_rollout_batches to 100% for a rollout"
        " without batches. Where this is no slice, give the workflow another name than the job template's."
    )
