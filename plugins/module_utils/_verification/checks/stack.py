# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the stack names.

Seen at AWS.
"""

from __future__ import annotations

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.check import (
    Finding,
    failed,
    passed,
    skipped,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification.check import check, unread
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification.model import (
    OUTPUTS,
    PROFILE,
    ROLE,
    Facts,
    Wanted,
)


@check(
    "stack.outputs",
    asks="Has the stack the outputs that the guide has a person note down?",
    why='The runner\'s records, and environments, are made with them (the guide, "Important Stack Outputs").',
    fix="Wait until the stack is complete; check that it is the runner's and its template the enterprise one.",
)
def outputs(_wanted: Wanted, facts: Facts) -> Finding:
    """Those that the guide has a person note down."""
    if facts.outputs is None:
        return unread(facts, ["stack"], facts.no_stack)
    missing = [name for name in OUTPUTS if not facts.outputs.get(name)]
    evidence = {"status": facts.stack_status, "outputs": {name: facts.outputs.get(name, "") for name in OUTPUTS}}
    if missing:
        advice = "Wait until the stack is complete; check that it is the runner's and its template the enterprise one."
        return failed(f"The stack has no output {', '.join(missing)}.", advice, evidence)
    return passed(f"The stack has the outputs {', '.join(OUTPUTS)}.", evidence)


@check(
    "stack.environment_role",
    asks="Does the role exist that the stack names for environments?",
    why="Environments run with it.",
    fix="It was removed beside the stack: repair the stack's drift (docs/watching.md).",
)
def environment_role(_wanted: Wanted, facts: Facts) -> Finding:
    """IAM knows it."""
    return _named(facts, ROLE, "role")


@check(
    "stack.instance_profile",
    asks="Does the instance profile exist that the stack names for environments?",
    why="Environments' instances are started with it.",
    fix="It was removed beside the stack: repair the stack's drift (docs/watching.md).",
)
def instance_profile(_wanted: Wanted, facts: Facts) -> Finding:
    """IAM knows it."""
    return _named(facts, PROFILE, "instance profile")


def _named(facts: Facts, output: str, kind: str) -> Finding:
    name = (facts.outputs or {}).get(output, "")
    evidence = {"output": output, "name": name}
    if not name:
        return skipped(f"The stack names no {kind}.", "See stack.outputs.", evidence)
    if output not in facts.named:
        return unread(facts, [output], f"The {kind} {name} was not looked for.")
    if facts.named[output]:
        return passed(f"The {kind} {name} exists.", evidence)
    advice = "It was removed beside the stack: repair the stack's drift (docs/watching.md)."
    return failed(f"The {kind} {name} does not exist.", advice, evidence)


CHECKS = (outputs, environment_role, instance_profile)
