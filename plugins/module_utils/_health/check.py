# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The decorator of the checks of the network, and what several of them say. Pure."""

from __future__ import annotations

import dataclasses

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.check import (
    FAIL,
    SKIP,
    VERIFICATION,
    Declares,
    Finding,
    unverifiable,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.check import Check as AnyCheck
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.observations import Observations, Request

Check = AnyCheck[Request, Observations]
check = Declares[Request, Observations](VERIFICATION)

UNREACHED = ("timeout", "no_route")
# Groups whose checks need a connection to the load balancer.
CONNECTING = frozenset({"tcp", "tls", "health"})


def no_address(request: Request, name: str) -> Finding:
    """What a check says that needs an address when there is none.

    The DNS checks already tell why; without them, this is the only place that can.
    """
    status = SKIP if "dns" in request.checks else FAIL
    remediation = "" if status == SKIP else f"Create the DNS record for {name}; the check dns tells what is missing."
    return Finding(status, f"No address is known for {name}, so no connection was made.", remediation)


def out_of_sight(request: Request, seen: Observations) -> bool:
    """Whether an internal load balancer cannot be seen from here at all, so that nothing about it is proven."""
    made = seen.connections
    hidden = bool(made) and all(item.outcome in UNREACHED for item in made)
    return hidden and request.visibility == "internal" and not request.inside_vpc


def unseen(found: Finding, request: Request) -> Finding:
    """A failure that only says that this machine is in the wrong place."""
    if found.status != FAIL:
        return found
    hidden = unverifiable(
        found.summary,
        "The load balancer is internal: name a host in the VPC in gitpod_verify_probe_hosts, or run there: "
        f"curl -k https://{request.domain}{request.path}",
    )
    return dataclasses.replace(hidden, evidence=found.evidence)
