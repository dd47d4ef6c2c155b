# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The endpoint stage: its inventory variables, declared once."""

from __future__ import annotations

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._regions import REGION
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.declaration import LONGEST_WAIT, Variable
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.shared import (
    GROUP,
    REGION_FORM,
    SUBNET,
    SUBNETS_FORM,
)

VARIABLES: tuple[Variable, ...] = (
    Variable(
        name="gitpod_privatelink_enabled",
        description="Whether the runner reaches the management plane through AWS PrivateLink.",
        kind="bool",
        default=False,
    ),
    Variable(
        name="gitpod_privatelink_subnet_ids",
        description="Private subnets of the endpoint, one a zone.",
        kind="list",
        elements="str",
        fallback=("gitpod_ec2_subnet_ids",),
        option="subnet_ids",
        pattern=SUBNET,
        form=SUBNETS_FORM,
    ),
    Variable(
        name="gitpod_privatelink_source_subnet_ids",
        description="Subnets whose CIDR ranges may reach the endpoint on port 443.",
        kind="list",
        elements="str",
        fallback=("gitpod_ec2_subnet_ids",),
        pattern=SUBNET,
        form=SUBNETS_FORM,
    ),
    Variable(
        name="gitpod_privatelink_security_group_ids",
        description=(
            "Security groups of the endpoint, which admit TCP 443 from the runner's subnets.",
            (
                "When empty, one is created, follows C(gitpod_privatelink_source_subnet_ids), and is removed with the"
                " endpoint."
            ),
        ),
        kind="list",
        elements="str",
        pattern=GROUP,
        form="security groups such as sg-0b3d5f7a9c1e24681",
    ),
    Variable(
        name="gitpod_privatelink_service_name",
        description="Endpoint service of the management plane.",
        default="com.amazonaws.vpce.us-east-1.vpce-svc-08de744d433e60ff2",
        option="service_name",
        # VPC, CreateVpcEndpointServiceConfiguration: com.amazonaws.vpce.<region>.<service ID>; China's has cn. before.
        pattern=r"[a-z0-9.-]+\.vpce\.[a-z0-9-]+\.vpce-svc-[0-9a-f]{8,17}",
        form="an endpoint service such as com.amazonaws.vpce.us-east-1.vpce-svc-08de744d433e60ff2",
    ),
    Variable(
        name="gitpod_privatelink_service_region",
        description="Region of the endpoint service.",
        default="us-east-1",
        option="service_region",
        pattern=REGION,
        form=REGION_FORM,
        normalize=str.lower,
    ),
    Variable(
        name="gitpod_privatelink_private_dns_enabled",
        description="Whether C(app.gitpod.io) resolves to the endpoint inside the VPC.",
        kind="bool",
        default=True,
        option="private_dns_enabled",
    ),
    Variable(
        name="gitpod_privatelink_ip_address_type",
        description="Address families; empty leaves the choice to AWS and keeps what an existing endpoint has.",
        choices=("ipv4", "dualstack", "ipv6"),
        option="ip_address_type",
    ),
    Variable(
        name="gitpod_privatelink_policy",
        description="Endpoint policy as JSON or a dictionary; empty allows full access and keeps an existing one.",
        kind="json",
        option="policy",
    ),
    Variable(
        name="gitpod_privatelink_adopt",
        description=(
            "Whether an endpoint for the service that others made in the VPC is used, because a second one could not "
            "have private DNS. It gets what it lacks, nothing of it is taken away, and it is never removed."
        ),
        kind="bool",
        default=True,
        option="adopt",
    ),
    Variable(
        name="gitpod_privatelink_replace_failed",
        description="Whether an endpoint that failed, expired or was rejected is deleted and created anew.",
        kind="bool",
        default=False,
        option="replace_failed",
    ),
    Variable(
        name="gitpod_privatelink_enable_vpc_dns",
        description="Whether the VPC's DNS support and DNS hostnames are switched on when they are off.",
        kind="bool",
        default=False,
        option="enable_vpc_dns",
    ),
    Variable(
        name="gitpod_privatelink_timeout",
        description="Longest wait in seconds.",
        kind="int",
        default=600,
        option="timeout",
        minimum=1,
        maximum=LONGEST_WAIT,
    ),
    Variable(
        name="gitpod_privatelink_tags",
        description="Tags for what the stage creates, besides C(gitpod_tags).",
        kind="mapping",
    ),
)
