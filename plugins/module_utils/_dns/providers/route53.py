# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Amazon Route 53, through its API."""

from __future__ import annotations

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.providers.declaration import (
    INTERFACE,
    Provider,
)

PROVIDER = Provider(
    name="route53",
    records="written in Route 53, both names in one change batch",
    needs="a hosted zone",
    writes=True,
    kept="in Route 53",
    compared=INTERFACE,
    apex="In Route 53 an alias stands at the apex of a zone.",
    access="the hosted zone and the permissions of its account (gitpod_dns_aws_profile, gitpod_dns_role_arn)",
    actions=("gitpod.enterprise_runner.runner_dns",),
)
