# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guide's labels of the template's parameters, and the inventory variable that sets each: the one table of them."""

from __future__ import annotations

import typing as t

EXCHANGE_TOKEN = "Exchange Token"  # noqa: S105 - the label of a parameter
# The guide's tables in their order (guide, "Stack parameters"), without the secret.
LABELS: t.Mapping[str, str] = {
    "Runner ID": "gitpod_runner_id",
    "API Endpoint": "gitpod_api_endpoint",
    "VPC": "gitpod_vpc_id",
    "Availability Zones": "gitpod_availability_zones",
    "EC2 Instances Subnet": "gitpod_ec2_subnet_ids",
    "Loadbalance Subnets": "gitpod_load_balancer_subnet_ids",
    "Custom Security Group for Load Balancer": "gitpod_load_balancer_security_group_id",
    "HTTP Proxy": "gitpod_http_proxy",
    "HTTPS Proxy": "gitpod_https_proxy",
    "No Proxy": "gitpod_no_proxy",
    "Custom CA Certificate": "gitpod_custom_ca",
    "Load Balancer Visibility": "gitpod_load_balancer_visibility",
    "Domain Name": "gitpod_domain_name",
    "Certificate ARN": "gitpod_certificate_arn",
}
SECRET_LABELS: t.Mapping[str, str] = {EXCHANGE_TOKEN: "gitpod_exchange_token"}
