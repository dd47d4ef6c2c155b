# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stage of the network endpoints: its inventory variables, declared once."""

from __future__ import annotations

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.declaration import LONGEST_WAIT, Variable

VARIABLES: tuple[Variable, ...] = (
    Variable(
        name="gitpod_network_endpoints",
        description=(
            "Whether the endpoints for services of AWS that a VPC without egress needs are created where they are"
            " missing, for all runners of the VPC together. Interface endpoints cost money for each zone and hour."
        ),
        kind="bool",
        default=False,
    ),
    Variable(
        name="gitpod_network_endpoints_further_ranges",
        description=(
            "Address ranges that the endpoints' security group admits on port 443 besides those of the EC2 subnets.",
            "Private DNS answers in the whole VPC, so whatever else of it calls these services comes to the endpoints.",
        ),
        kind="list",
        elements="str",
        option="further_ranges",
        pattern=r"(\d{1,3}\.){3}\d{1,3}/\d{1,2}",
        form="IPv4 ranges such as 10.0.0.0/16",
    ),
    Variable(
        name="gitpod_network_endpoints_timeout",
        description="Longest wait in seconds until the endpoints are available, or gone.",
        kind="int",
        default=900,
        option="timeout",
        minimum=1,
        maximum=LONGEST_WAIT,
    ),
    Variable(
        name="gitpod_network_endpoints_tags",
        description="Tags for the endpoints and their security group, besides C(gitpod_tags).",
        kind="mapping",
    ),
)
