# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The release: which one the stack has, the runner runs, and a run would deploy."""

from __future__ import annotations

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.check import (
    Finding,
    failed,
    passed,
    skipped,
    warned,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import effects, status
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import Stack
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import (
    Wanted as WantedStack,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.source import Source
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight import registering
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.check import check
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import Facts
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.wanted import Wanted
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._release import (
    SSH_REMEDY,
    is_older,
    ssh_warning,
    told,
)

NOT_RECORDED = "a release that nobody has recorded"


@check(
    "stack.release",
    asks="Is the release that would be deployed no older than the one that the stack has and the runner runs?",
    why="A stack keeps its release unless the inventory pins another. The runner updates itself, so it may run a newer"
    " one than its stack has, and a template older than that would take it back. Templates up to January 2025 have SSH"
    " on another port, so an upgrade of such a stack cuts off the environments that exist (docs/upgrades.md).",
    fix="Name a newer `gitpod_stack_release_version`, or leave it out; set `gitpod_stack_allow_downgrade` where going"
    " back is meant.",
)
def release(wanted: Wanted, facts: Facts) -> Finding:
    """From the stack's tags, the management plane, and what the inventory names."""
    if not isinstance(facts.source, Source):
        return skipped("The template could not be read: see stack.template.")
    stack = facts.stack if isinstance(facts.stack, Stack) and status.exists(facts.stack.status) else Stack("")
    running = registering.running_release(wanted, facts)
    asked = WantedStack(
        wanted.stack_name,
        tags=facts.source.tags,
        keeps_template=facts.source.kept,
        running_version=running,
        allow_downgrade=wanted.allow_downgrade,
    )
    version = effects.target(asked)
    evidence = {"deployed": effects.recorded(stack), "running": running, "target": version}
    before = effects.recorded(stack) or NOT_RECORDED
    if not stack.id:
        named = told(version, facts.source.channel) or "a template without a release"
        return passed(f"A new stack has {named}.", evidence)
    if facts.source.kept:
        return passed(f"The stack keeps {before}{_running(effects.recorded(stack), running)}.", evidence)
    if effects.step_back(asked, stack):
        newer = f"{version} is older: {effects.step_back(asked, stack)}."
        if not wanted.allow_downgrade:
            return failed(newer, f"Name a newer release, or set {effects.ALLOW}.", evidence)
        return warned(newer, "It is deployed nevertheless, as gitpod_stack_allow_downgrade says.", evidence)
    if effects.changes_ssh_port(asked, stack):
        return warned(f"{ssh_warning(effects.recorded(stack))}.", f"{SSH_REMEDY}.", evidence)
    if version == effects.recorded(stack) and version:
        return passed(f"The stack has {version}, as it is pinned{_running(version, running)}.", evidence)
    return passed(f"{before} becomes {version or 'another template'}.", evidence)


def _running(recorded: str, running: str) -> str:
    if not running or running == recorded:
        return ""
    return f"; the runner has updated itself to {running}" if is_older(recorded, running) else f"; it runs {running}"


CHECKS = (release,)
