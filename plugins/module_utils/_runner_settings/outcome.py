# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The result of a module that keeps one entry: what changed, in sentences and as a diff."""

from __future__ import annotations

import typing as t


def result(actions: t.Sequence[str], header: str, before: str, after: str, **found: t.Any) -> dict[str, t.Any]:
    """What the module returns.

    :param actions: what is done, in sentences; none is no change.
    :param header: what the diff is of.
    :param before: the entry as text, without secrets; likewise after.
    :param found: the module's own values.
    """
    returned: dict[str, t.Any] = {"changed": bool(actions), "actions": list(actions), **found}
    if actions:
        returned["diff"] = {"before": before, "after": after, "before_header": header, "after_header": header}
    return returned


def as_lines(entry: t.Mapping[str, t.Any], leave_out: t.Container[str] = ("id",)) -> str:
    """An entry for a diff."""
    shown = {key: value for key, value in entry.items() if key not in leave_out}
    return "".join(f"{key}: {_text(value)}\n" for key, value in shown.items())


def _text(value: t.Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
