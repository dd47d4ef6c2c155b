# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The DNS stage: its inventory variables, declared once."""

from __future__ import annotations

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.providers import registry
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.declaration import LONGEST_WAIT, Variable
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.shared import (
    VPC,
    VPC_FORM,
    ZONE_ID,
    ZONE_ID_FORM,
    bare_name,
    bare_zone_id,
)


def _kept() -> str:
    """What becomes of the records with each provider."""
    return " ".join(f"With V({entry.name}) they are {entry.records}." for entry in registry.ALL)


VARIABLES: tuple[Variable, ...] = (
    Variable(
        name="gitpod_dns_aws_profile",
        description="Profile of the account that holds the zone.",
        fallback=("gitpod_aws_profile",),
    ),
    Variable(
        name="gitpod_dns_provider",
        description=(
            f"Where the domain's records are kept. {_kept()}",
            *(
                f"V({former}) is the former name of V({entry.name})."
                for entry in registry.ALL
                for former in entry.former_names
            ),
        ),
        choices=registry.NAMES,
        default=registry.DEFAULT.name,
    ),
    Variable(
        name="gitpod_dns_record_type",
        description="Kind of record in Route 53.",
        choices=("alias", "cname"),
        default="alias",
        option="record_type",
    ),
    Variable(
        name="gitpod_dns_ttl",
        description="Time to live of CNAME records in seconds.",
        kind="int",
        default=300,
        option="ttl",
        minimum=1,
        maximum=2147483647,
    ),
    Variable(
        name="gitpod_dns_hosted_zone_id",
        description="Hosted zone; empty finds the one with the longest matching name.",
        normalize=bare_zone_id,
        pattern=ZONE_ID,
        form=ZONE_ID_FORM,
    ),
    Variable(
        name="gitpod_dns_further_hosted_zone_ids",
        description="Further hosted zones that are given the same records, with C(gitpod_dns_hosted_zone_id).",
        kind="list",
        elements="str",
        normalize=bare_zone_id,
        pattern=ZONE_ID,
        form=ZONE_ID_FORM,
    ),
    Variable(
        name="gitpod_dns_split_horizon",
        description="Whether the public and the private hosted zone of the domain are both found and kept alike.",
        kind="bool",
        default=False,
        option="split_horizon",
    ),
    Variable(
        name="gitpod_dns_vpc_id",
        description="VPC in which a private hosted zone has to answer.",
        fallback=("gitpod_vpc_id",),
        pattern=VPC,
        form=VPC_FORM,
        option="vpc_id",
    ),
    Variable(
        name="gitpod_dns_associate_vpc",
        description=(
            "Whether a private hosted zone is associated with that VPC when it is not; otherwise it is an error."
        ),
        kind="bool",
        default=False,
        option="associate_vpc",
    ),
    Variable(
        name="gitpod_dns_role_arn",
        description="Role in the account that holds the zone, which the profile's credentials assume.",
        option="assume_role_arn",
    ),
    Variable(
        name="gitpod_dns_private_zone",
        description="Whether the private hosted zone of the name is meant.",
        kind="bool",
        default=False,
        option="private_zone",
    ),
    Variable(
        name="gitpod_dns_overwrite",
        description=(
            "Whether records that point elsewhere are replaced; "
            f"{registry.quoted(lambda entry: not entry.writes)} leave that to their keeper."
        ),
        kind="bool",
        default=False,
        option="overwrite",
    ),
    Variable(
        name="gitpod_dns_zone",
        description=f"Zone that holds the domain, with {registry.quoted(lambda entry: entry.uses_zone)}.",
        normalize=bare_name,
        # RFC 1123, section 2.1, and underscores, which zones may have in their names.
        pattern=r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*",
        form="a zone's name such as example.com",
    ),
    *(variable for entry in registry.ALL for variable in entry.variables),
    Variable(
        name="gitpod_dns_apex_alias",
        description=(
            "Whether the domain is the apex of a zone whose provider has ALIAS, ANAME or flattened records, with "
            f"{registry.quoted(lambda entry: not entry.writes)}. Its record then has the type V(ALIAS)."
        ),
        kind="bool",
        default=False,
    ),
    Variable(
        name="gitpod_dns_authoritative_servers",
        description=(
            "The zone's own servers as V(address) or V(address:port), which are asked first; empty looks them up."
        ),
        kind="list",
        elements="str",
    ),
    Variable(
        name="gitpod_dns_hand_over",
        description=(
            "With V(manual), whether the records are only handed over. The runner's part of the run then ends as "
            "waiting, with the records in its report and in the controller's artifact, and a later run goes on: "
            "V(verify) after the names, V(site) after a certificate's."
        ),
        kind="bool",
        default=False,
    ),
    Variable(
        name="gitpod_dns_wait",
        description="Longest wait in seconds for the records to be answered.",
        kind="int",
        default=3600,
        minimum=0,
        maximum=LONGEST_WAIT,
    ),
)
