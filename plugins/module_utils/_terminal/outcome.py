# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tasks say that fail a host after everything was told: one line, and small data beside it. Pure.

Ansible's default callback prints such a message twice and the whole result besides, and the message once for all hosts
where it is the same (ansible-core 2.19 to 2.21, plugins/callback/__init__.py and utils/display.py). So the message is
the same for every host, and what differs is in few words beside it.
"""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import brief

Raw = t.Mapping[str, t.Any]
Result = dict[str, t.Any]
WAITED = "It failed while it was waited for; the line above names the cause, and the report has all of it."
GATED = "It cannot begin: the gate above says why, and what to do."
UNFORESEEN = "It cannot be upgraded: the table above says why."
ATTENTION = "Something is wrong that gitpod_status_fail_on lists; the table above says what, and what to do."
# Of a stack in a failed result: what tells which one and how it stands. Its parameters and tags are pages.
STACK_KEYS = ("name", "id", "status", "status_reason", "creation_time")
# Of a failed result of a module, besides.
KEPT = ("msg", "failed", "changed", "root_cause", "in_progress", "exception", "warnings", "deprecations", "diff")
# A part that is waited for, and the stage's register, which names the stage in reports.
REGISTERS = {
    "stack": "gitpod_stack_result",
    "endpoint": "gitpod_privatelink_result",
    "certificate": "gitpod_certificate_result",
}


def failed_run(summary: Raw, report: str) -> Result:
    """A host's run failed.

    :param summary: of the host, as for a report.
    :param report: where the report is, or empty.
    """
    place = f"the report has all of it ({report})" if report else "the report above has all of it"
    return {
        "failed": True,
        "changed": False,
        "msg": f"Failed: {place}, and what to do.",
        **{key: summary[key] for key in ("runner", "region", "state") if summary.get(key)},
        "stage": str((summary.get("failure") or {}).get("stage") or ""),
    }


def failed_wait(part: str) -> Result:
    """What was waited for failed; the wait has told of it."""
    return {"failed": True, "changed": False, "msg": WAITED, "part": part}


def refused(problems: t.Sequence[Raw], message: str) -> Result:
    """The gate lets a host not begin.

    :param problems: what was found of it; those that fail are named.
    :param message: why, where it is no finding.
    """
    named = [str(problem.get("id")) for problem in problems if problem.get("status", "fail") == "fail"]
    return {
        "failed": True,
        "changed": False,
        "msg": GATED,
        **({"problems": named} if named else {"why": brief(message)}),
    }


def not_upgraded(why: str) -> Result:
    """What an upgrade would change on a host is not known, or must not be done."""
    return {"failed": True, "changed": False, "msg": UNFORESEEN, "why": brief(why)}


def needs_attention(alerts: t.Sequence[t.Any]) -> Result:
    """The status of a host is not what it has to be."""
    return {"failed": True, "changed": False, "msg": ATTENTION, "alerts": list(alerts)}


def shortened(result: Raw) -> Result:
    """A module's failure without the pages that nobody reads in an error."""
    if not result.get("failed"):
        return dict(result)
    found = {key: result[key] for key in KEPT if key in result}
    stack = result.get("stack")
    if isinstance(stack, t.Mapping):
        found["stack"] = {key: stack[key] for key in STACK_KEYS if stack.get(key)}
    return found
