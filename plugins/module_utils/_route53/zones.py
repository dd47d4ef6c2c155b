# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosted zones hold a domain: one, or with a split horizon the public and the private one of one name."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._route53.records import Zone, normal


def choose_zone(zones: t.Iterable[Zone], domain: str, private: bool, vpc_id: str = "") -> Zone:
    """The zone with the longest name that holds the domain.

    :param vpc_id: of several private zones of one name, the one that answers in this VPC is meant.
    :raises RunnerError: none does, or several do equally well.
    """
    kind = "private" if private else "public"
    fitting = [zone for zone in zones if zone.private == private and zone.holds(domain) and not zone.kept_by]
    if not fitting:
        raise RunnerError(
            f"No {kind} hosted zone of this account holds {normal(domain)}",
            "",
            "Name the zone (gitpod_dns_hosted_zone_id), use the account that has it (gitpod_dns_aws_profile or"
            " gitpod_dns_role_arn), or set gitpod_dns_provider to where the domain is kept",
        )
    longest = max(len(zone.name) for zone in fitting)
    best = [zone for zone in fitting if len(zone.name) == longest]
    if len(best) > 1 and private and vpc_id:
        best = [zone for zone in best if vpc_id in zone.vpcs] or best
    if len(best) > 1:
        raise RunnerError(
            f"{len(best)} {kind} hosted zones are named {best[0].name}",
            ", ".join(zone.id for zone in best),
            "Name the one that is meant (gitpod_dns_hosted_zone_id)",
        )
    return best[0]


def check_association(zone: Zone, vpc_id: str, associate: bool) -> bool:
    """Whether the VPC has to be associated with the zone first.

    :raises RunnerError: it has to be, and that is not allowed.
    """
    if not zone.private or not vpc_id or vpc_id in zone.vpcs:
        return False
    if not associate:
        raise RunnerError(
            f"The private zone {zone.name} ({zone.id}) does not answer in {vpc_id}",
            f"It is associated with {', '.join(zone.vpcs) or 'no VPC'}",
            "Associate it, or allow that with gitpod_dns_associate_vpc",
        )
    return True
