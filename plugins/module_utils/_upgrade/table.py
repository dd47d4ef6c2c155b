# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Upgrades of a fleet: what would change where, what to mind, and how to go back. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.changes import summary
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._release import (
    SSH_REMEDY,
    has_old_ssh_port,
    ssh_warning,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._terminal.tables import fitted_table
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import clean

COLUMNS = ("region", "runner", "from", "runs", "to", "changes", "upgrade")
EXPENDABLE = ("region", "runs")
MOST_NAMES = 8
# What AWS takes no money for, however much of it there is (the pricing pages of IAM, VPC and ECS: a role, a security
# group, a task definition cost nothing by themselves).
FREE = ("AWS::IAM::", "AWS::EC2::SecurityGroup", "AWS::ECS::TaskDefinition", "AWS::Lambda::Permission")
Row = t.Mapping[str, t.Any]


def upgrade_row(foreseen: t.Mapping[str, t.Any], host: str, runner: str, region: str) -> dict[str, t.Any]:
    """What one runner's upgrade would be.

    :param foreseen: the runner's result of runner_upgrade_info.
    :param host: its name in the inventory, for C(--limit).
    """
    stack = foreseen.get("stack") or {}
    failure = refusal(foreseen)
    going_on = not failure and foreseen.get("operation") == "attach"
    return {
        "host": host,
        "runner": runner,
        "region": region,
        "from": str(foreseen.get("release_version") or ""),
        "running": str(foreseen.get("running_version") or ""),
        "to": str(foreseen.get("target_release_version") or ""),
        "created": str(stack.get("creation_time") or "")[:10],
        "changes": list(foreseen.get("changes") or []),
        # What goes on may be another update than this one, so the release is compared again after it.
        "needed": not failure and (going_on or bool(foreseen.get("changed"))),
        "going_on": str(stack.get("status") or "") if going_on else "",
        "failure": failure,
    }


def refusal(foreseen: t.Mapping[str, t.Any]) -> str:
    """Why a runner cannot be upgraded; empty when it can, also when an update of its stack goes on."""
    if foreseen.get("failed") or not foreseen:
        return str(foreseen.get("msg") or "It could not be looked at")
    stack, operation = foreseen.get("stack") or {}, foreseen.get("operation")
    being_created = str(stack.get("status")).startswith("CREATE_")
    if operation in ("none", "update") or (operation == "attach" and not being_created):
        return ""
    return (
        f"There is no finished stack {stack.get('name')} to upgrade (it is {stack.get('status')}); nothing was changed."
        " Run site.yml first."
    )


def changes_ssh_port(row: Row) -> bool:
    """Whether an older template than of February 2025 is replaced by a later one; without a record, by the stack's
    age."""
    later = not has_old_ssh_port(str(row["to"]), "")
    return bool(row["needed"]) and later and has_old_ssh_port(str(row["from"]), str(row["created"]))


def upgrade_lines(rows: t.Sequence[Row], width: int | None = None) -> list[str]:
    """The table of what would change in every region, the changes themselves once for all that share them, warnings.

    :param width: of the terminal; columns that do not fit are left out.
    """
    ordered = sorted(rows, key=lambda row: (str(row["region"]), str(row["runner"])))
    lines = fitted_table(COLUMNS, [_cells(row) for row in ordered], width, EXPENDABLE)
    for changes, names in _shared([row for row in ordered if row["needed"]]):
        lines += ["", f"{_listed(names)}:", *(f"  {clean(change)}" for change in changes)]
    lines += _costs(ordered)
    for failure, names in _failures(ordered):
        lines += ["", f"{_listed(names)} cannot be upgraded:", f"  {clean(failure)}"]
    going_on = [f"{row['runner']} ({row['going_on']})" for row in ordered if row["going_on"]]
    if going_on:
        lines += [
            "",
            f"{_listed(going_on)}: an update goes on. It is waited for, then the runner is upgraded where it has"
            " another release",
        ]
    cut_off: dict[str, list[str]] = {}
    for row in filter(changes_ssh_port, ordered):
        cut_off.setdefault(ssh_warning(str(row["from"])), []).append(str(row["runner"]))
    for warning, names in cut_off.items():
        lines += ["", f"WARNING {_listed(names)}: {warning}. {SSH_REMEDY}"]
    return lines


def _costs(rows: t.Sequence[Row]) -> list[str]:
    """What upgrades would add that may cost money; nothing is said where they add none.

    The templates' resources are not estimated, as the gate does not estimate those of a new stack (_gate/costs.py).
    """
    found: dict[tuple[str, ...], list[str]] = {}
    for row in rows:
        added = [clean(change["type"]) for change in row["changes"] if change["action"] == "Add"]
        types = tuple(sorted({kind for kind in added if not kind.startswith(FREE)}))
        if row["needed"] and types:
            found.setdefault(types, []).append(str(row["runner"]))
    lines = []
    for types, names in found.items():
        lines += ["", f"Cost of {_listed(names)}: not estimated, for what the upgrade adds ({', '.join(types)})"]
    return lines


def going_back(rows: t.Sequence[Row]) -> list[str]:
    """The commands that go back, by the release that each runner had."""
    lines = []
    upgraded = [row for row in rows if row["needed"] and row["from"] and row["from"] != row["to"]]
    for version in sorted({row["from"] for row in upgraded}):
        names = ":".join(sorted(str(row["host"]) for row in upgraded if row["from"] == version))
        # With the letter, because a controller's variables are YAML, to which 20260115.10 is the number 20260115.1.
        lines += [
            f"To go back to {version}:",
            "  ansible-playbook gitpod.enterprise_runner.upgrade \\",
            f"    -e gitpod_stack_release_version=v{version} \\",
            "    -e gitpod_stack_allow_downgrade=true \\",
            f"    --limit {names}",
        ]
    attached = sorted(str(row["runner"]) for row in rows if row["going_on"] and row["from"] == row["to"])
    if attached:
        lines.append(f"{_listed(attached)}: an earlier run began this upgrade, and its table has the release before")
    unknown = sorted(str(row["runner"]) for row in rows if row["needed"] and not row["from"])
    if unknown:
        lines.append(
            f"{_listed(unknown)}: no release was recorded before; go back with the release that they had"
            " (gitpod_stack_release_version), or their template (gitpod_stack_template_url)"
        )
    return lines


def _cells(row: Row) -> dict[str, t.Any]:
    replaced = sum(change["replacement"] == "True" for change in row["changes"])
    count = f"{len(row['changes'])}, {replaced} replaced" if replaced else str(len(row["changes"]))
    verdict = "FAILED" if row["failure"] else ("yes" if row["needed"] else "already there")
    if row["going_on"]:
        count, verdict = "not known yet", "goes on"
    return {
        "region": row["region"],
        "runner": row["runner"],
        "from": row["from"] or ("" if row["failure"] else "not recorded"),
        "runs": row["running"],
        "to": row["to"],
        "changes": "" if row["failure"] else count,
        "upgrade": verdict,
    }


def _shared(rows: t.Sequence[Row]) -> list[tuple[tuple[str, ...], list[str]]]:
    """Changes with the runners that have them: what is the same everywhere is told once."""
    found: dict[tuple[str, ...], list[str]] = {}
    for row in rows:
        found.setdefault(tuple(summary(row["changes"])), []).append(str(row["runner"]))
    return list(found.items())


def _failures(rows: t.Sequence[Row]) -> list[tuple[str, list[str]]]:
    """Why runners cannot be upgraded, with those of which the same is true."""
    found: dict[str, list[str]] = {}
    for row in rows:
        if row["failure"]:
            found.setdefault(str(row["failure"]), []).append(str(row["runner"]))
    return list(found.items())


def _listed(names: t.Sequence[str]) -> str:
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return clean(", ".join(names[:MOST_NAMES])) + more
