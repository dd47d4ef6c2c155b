# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an upgrade's look hands on to the next node of a workflow, and what that node holds its own look against. Pure.

It has the shape of the rollout's plan, so that whoever approves, and the gate between, read one kind of artifact.
"""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.findings import FAIL, WARN
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.changes import summary
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._gate.handed_on import (
    MOST_BYTES,
    MOST_REASONS,
    SCHEMA_VERSION,
    headline,
    most,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._gate.model import IDLE, REFUSED, TO_DO
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._gate.wrapping import shortened
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._release import SSH_REMEDY, SSH_WARNING
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import clean
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._upgrade.table import Row, changes_ssh_port

# Which plan it is: of a rollout's, nothing is compared.
OF = "upgrade"


def upgrade_artifact(rows: t.Sequence[Row], sliced: bool = False) -> dict[str, t.Any]:
    """The artifact C(gitpod_plan_result) of an upgrade.

    :param rows: of C(table.upgrade_row).
    :param sliced: whether this job saw a part of the fleet only; then something counts as needed, as in a rollout's.
    """
    ordered = sorted(rows, key=lambda row: str(row["host"]))
    states = [_state(row) for row in ordered]
    return {
        "schema_version": SCHEMA_VERSION,
        "of": OF,
        "needed": bool(sliced or TO_DO in states),
        "headline": headline(states),
        "states": {state: states.count(state) for state in dict.fromkeys(states)},
        "runners": [_runner(row, state) for row, state in zip(ordered, states)],
    }


def moved_on(row: Row, planned: t.Any) -> str:
    """Why a runner is not upgraded to another release than the one that was approved; empty where that is the same.

    :param planned: C(gitpod_plan_result) of an earlier node, or whatever else an extra variable of the name holds.
    """
    known = planned if isinstance(planned, dict) and planned.get("of") == OF else {}
    rows = known.get("runners")
    approved = [
        entry
        for entry in (rows if isinstance(rows, list) else [])
        if isinstance(entry, dict) and entry.get("host") == row["host"] and entry.get("state") == TO_DO
    ]
    release = _written(row["to"])
    if not row["needed"] or not approved or not release or str(approved[0].get("release")) == release:
        return ""
    return (
        f"The plan that this job was handed takes it to {clean(approved[0].get('release'))}, and now it would be"
        f" {release}: the channel has moved on since. Nothing was changed. Launch the workflow again, or name the"
        " release in its survey (gitpod_stack_release_version), which does not move."
    )


def _written(release: t.Any) -> str:
    """With the letter: what a workflow hands on is YAML again, to which 20260115.10 is the number 20260115.1."""
    text = clean(release or "")
    return f"v{text}" if text[:1].isdigit() else text


def _state(row: Row) -> str:
    if row["failure"]:
        return REFUSED
    return TO_DO if row["needed"] else IDLE


def _runner(row: Row, state: str) -> dict[str, t.Any]:
    """One runner; what there is none of is left out."""
    found: dict[str, t.Any] = {"host": row["host"], "runner": clean(row["runner"]), "region": clean(row["region"])}
    found |= {"state": state, "from": _written(row["from"]), "runs": _written(row["running"])}
    found |= {"release": _written(row["to"])}
    if state == TO_DO:
        found["actions"] = {"stack": "attach" if row["going_on"] else "update"}
        found["changes"] = most(
            [shortened(f"stack: {clean(text)}", MOST_BYTES) for text in summary(row["changes"])], MOST_REASONS
        )
    problems = []
    if row["failure"]:
        problems.append({"id": "upgrade", "status": FAIL, "summary": row["failure"], "remediation": ""})
    if changes_ssh_port(row):
        problems.append({"id": "ssh", "status": WARN, "summary": SSH_WARNING, "remediation": SSH_REMEDY})
    if problems:
        found["problems"] = [{key: shortened(clean(text), MOST_BYTES) for key, text in one.items()} for one in problems]
    return {key: value for key, value in found.items() if value not in ("", [])}
