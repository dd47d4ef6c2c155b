# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The endpoints for services of AWS, as EC2 has them."""

from __future__ import annotations

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.check import (
    Finding,
    failed,
    passed,
    unverifiable,
    warned,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification.check import (
    check,
    has_network,
    unread,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification.model import Facts, Wanted


@check(
    "endpoint.network",
    asks="Does every service of AWS that the runner calls have an endpoint that works?",
    why="In a VPC without egress nothing else leads to them. Made where the endpoints are asked for"
    " (`gitpod_network_endpoints`).",
    fix="Run the role gitpod_network_endpoints, which creates what is missing and says what is in the way.",
    only_if=has_network,
)
def network(wanted: Wanted, facts: Facts) -> Finding:
    """Available, private DNS on, admitted on 443, and gateways on every route table."""
    if facts.network is None:
        if "network" in facts.problems:
            return unread(facts, ["network"], "")
        missing = "gitpod_ec2_subnet_ids" if wanted.vpc_id else "gitpod_vpc_id"
        return unverifiable("VPC and EC2 subnets are not both named.", f"Name them ({missing}).")
    evidence = {
        verdict.service.short: {"state": verdict.state, "endpoints": [entry.id for entry in verdict.endpoints]}
        for verdict in facts.network
    }
    broken = [verdict.told for verdict in facts.network if not verdict.serves]
    if broken:
        return failed(f"{'; '.join(broken)}.", "Run the role gitpod_network_endpoints, which says more.", evidence)
    remarks = [remark for verdict in facts.network for remark in verdict.remarks]
    told = f"{len(facts.network)} services of AWS have what they need."
    if remarks:
        return warned(f"{told} {'. '.join(remarks)}.", "Make sure that the runner gets through these.", evidence)
    return passed(told, evidence)


CHECKS = (network,)
