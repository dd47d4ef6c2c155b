# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The management plane's name, which private DNS answers for inside the VPC.

Seen from probe hosts in the VPC; the control node only proves it where it is in the VPC's network itself.
"""

from __future__ import annotations

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.check import (
    Finding,
    failed,
    passed,
    skipped,
    unverifiable,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.names import listed
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health import evidence
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.check import check
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.observations import (
    Answer,
    Observations,
    Request,
)


def _measured(request: Request, seen: Observations) -> dict[str, object]:
    return {
        **evidence.answers_for(seen, request.management_plane),
        "expected_addresses": list(request.management_plane_addresses),
    }


@check(
    "private_dns.resolution",
    asks="Does the management plane's name lead to the endpoint?",
    why='Otherwise the runner leaves the VPC for the internet (the guide, "Verify private DNS resolution in your VPC").'
    " Made where the runner is to have PrivateLink.",
    fix="Name a host in the VPC in `gitpod_verify_probe_hosts`; where it fails there, check that private DNS is on, and"
    " that no rule of Route 53 Resolver and no hosts file answers for the name.",
    only_if=lambda request, _seen: bool(request.management_plane),
    measured=_measured,
)
def resolution(request: Request, seen: Observations) -> Finding:
    """Only a machine in the VPC can tell."""
    name, expected = request.management_plane, set(request.management_plane_addresses)
    answers = [answer for answer in seen.answers if answer.name == name]
    found = set(seen.addresses(name))
    told = f"{name} resolves to {listed(sorted(found)) or 'nothing'}"
    if not expected:
        return skipped(f"The endpoint's addresses are not known; {told}.")
    if found and found <= expected:
        return passed(f"{told}, addresses of the endpoint.")
    if not request.inside_vpc:
        return unverifiable(
            f"{told} here, and private DNS answers inside the VPC only.",
            f"Name a host in the VPC in gitpod_verify_probe_hosts, or run nslookup {name} on one: it has to answer "
            f"{listed(sorted(expected))}.",
        )
    return failed(
        f"{told}, and not to the endpoint's {listed(sorted(expected))} ({_outcomes(answers)}).",
        "Check that this host is in the endpoint's VPC and asks the VPC's resolver, that private DNS is on, and that "
        "no rule of Route 53 Resolver and no hosts file answers for the name.",
    )


def _outcomes(answers: list[Answer]) -> str:
    return "; ".join(f"resolver {answer.resolver}: {answer.outcome}" for answer in answers) or "not asked"


CHECKS = (resolution,)
