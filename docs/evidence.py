# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The test bed's evidence as a document has it, from tests/testbed/contract/."""

from __future__ import annotations

import json
import pathlib
import typing as t

import yaml

ORDER = ("recorded", "documented", "guess")


def _behaviours(directory: pathlib.Path) -> list[str]:
    """A row for each, what is recorded first and guesses last."""
    listed: list[dict[str, str]] = yaml.safe_load((directory / "behaviours.yml").read_text("utf-8"))
    lines = ["| What the test bed does | Evidence | From | In |", "|---|---|---|---|"]
    for kind in ORDER:
        lines += [
            f"| {one['behaviour']} | {kind} | {one['source']} | `{one['where']}` |"
            for one in listed
            if one["evidence"] == kind
        ]
    return lines


def _operations(directory: pathlib.Path, called: t.Collection[str]) -> list[str]:
    """A row for each service: of which operations AWS's own answers are known."""
    recorded = json.loads((directory / "recorded.json").read_text("utf-8"))
    lines = ["| Service | Keys held against recordings | Against botocore's model alone |", "|---|---|---|"]
    for service in sorted({operation.split(":")[0] for operation in called}):
        own = sorted(operation for operation in called if operation.startswith(f"{service}:"))
        known = [operation.split(":")[1] for operation in own if operation in recorded]
        others = [operation.split(":")[1] for operation in own if operation not in recorded]
        lines.append(f"| {service} | {', '.join(known)} | {', '.join(others)} |")
    return lines


def tables(root: pathlib.Path, called: t.Collection[str]) -> str:
    """Both tables.

    :param called: the operations that the collection calls, as C(service:Operation).
    """
    directory = root / "tests/testbed/contract"
    return "\n".join([*_behaviours(directory), "", *_operations(directory, called)])
