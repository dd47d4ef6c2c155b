# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The load balancer.

Seen at AWS.
"""

from __future__ import annotations

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.check import (
    Finding,
    failed,
    passed,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification.check import check, unread
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification.model import Facts, Wanted


@check(
    "load_balancer.state",
    asks="Is the stack's network load balancer active, with listeners?",
    why="Everybody reaches the runner through it.",
    fix="Wait, or look at the stack's events. Listeners that are gone were removed beside the stack: repair its drift"
    " (docs/watching.md).",
)
def state(_wanted: Wanted, facts: Facts) -> Finding:
    """As Elastic Load Balancing has it."""
    found = facts.balancer
    if found is None:
        return unread(facts, ["stack", "balancer"], "The stack has no network load balancer.")
    evidence = {"dns_name": found.dns_name, "scheme": found.scheme, "state": found.state, "ports": list(found.ports)}
    if found.state != "active":
        return failed(f"The load balancer is {found.state}.", "Wait, or look at the stack's events.", evidence)
    if "listeners" in facts.problems and not facts.problems["listeners"].forbidden:
        return unread(facts, ["listeners"], "")
    if "listeners" in facts.problems:
        told = f"The load balancer is active; its listeners could not be read: {facts.problems['listeners'].told}"
        return passed(told, evidence)
    if not found.ports:
        advice = "Repair the stack's drift (docs/watching.md): its listeners were removed beside it."
        return failed("The load balancer is active and has no listener.", advice, evidence)
    ports = ", ".join(map(str, found.ports))
    return passed(f"The load balancer is active and listens on {ports}.", evidence)


CHECKS = (state,)
