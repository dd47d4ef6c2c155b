# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every inventory variable, by the role that documents it."""

from __future__ import annotations

import functools
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._acceptance import declared as acceptance
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._adopt import declared as adopt
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._certificate import declared as certificate
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import declared as stack
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._controller import declared as controller
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns import declared as dns
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints import (
    declared as network_endpoints,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink import declared as privatelink
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration import declared as registration
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._runner_settings import declared as settings
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._status import declared as status
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._teardown import declared as teardown
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values import report, rollout, shared
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.declaration import Variable
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification import declared as verification

ROLES: t.Mapping[str, tuple[Variable, ...]] = {
    "gitpod_prerequisites": shared.VARIABLES,
    "gitpod_rollout": rollout.VARIABLES,
    "gitpod_certificate": certificate.VARIABLES,
    "gitpod_registration": registration.VARIABLES,
    "gitpod_network_endpoints": network_endpoints.VARIABLES,
    "gitpod_privatelink": privatelink.VARIABLES,
    "gitpod_stack": stack.VARIABLES,
    "gitpod_dns": dns.VARIABLES,
    "gitpod_verify": verification.VARIABLES,
    "gitpod_acceptance": acceptance.VARIABLES,
    "gitpod_report": report.VARIABLES,
    "gitpod_runner_settings": settings.VARIABLES,
    "gitpod_status": status.VARIABLES,
    "gitpod_adopt": adopt.VARIABLES,
    "gitpod_teardown": teardown.VARIABLES,
}

# Variables of the controller's world, which describe no runner: no part of the runners' inventory contract.
OF_CONTROLLERS: t.Mapping[str, tuple[Variable, ...]] = {"gitpod_controller": controller.VARIABLES}
# Every role that has variables.
DOCUMENTED: t.Mapping[str, tuple[Variable, ...]] = {**ROLES, **OF_CONTROLLERS}

_AWS = ("gitpod_region", "gitpod_account_id", "gitpod_aws_profile", "gitpod_runner_name", "gitpod_runner_id")
_PLANE = ("gitpod_api_token", "gitpod_api_endpoint", "gitpod_api_ca_path")
_NAMES = ("gitpod_domain_name", "gitpod_resolvers", "gitpod_artifact_directory")
_ZONE = ("gitpod_dns_provider", "gitpod_dns_aws_profile", "gitpod_dns_role_arn")
# What a role reads of other roles' variables, for its documentation; all that is shared counts for every role.
USES: t.Mapping[str, tuple[str, ...]] = {
    "gitpod_certificate": (*_AWS, "gitpod_domain_name", "gitpod_certificate_arn", "gitpod_tags", *_ZONE),
    "gitpod_registration": (*_AWS, *_PLANE, "gitpod_renew_secrets", "gitpod_stack_name"),
    "gitpod_network_endpoints": (*_AWS, "gitpod_vpc_id", "gitpod_ec2_subnet_ids", "gitpod_tags"),
    "gitpod_privatelink": (*_AWS, "gitpod_vpc_id", "gitpod_ec2_subnet_ids", "gitpod_tags"),
    "gitpod_stack": (
        *_AWS,
        "gitpod_exchange_token",
        "gitpod_api_endpoint",
        "gitpod_vpc_id",
        "gitpod_availability_zones",
        "gitpod_ec2_subnet_ids",
        "gitpod_load_balancer_subnet_ids",
        "gitpod_load_balancer_security_group_id",
        "gitpod_http_proxy",
        "gitpod_https_proxy",
        "gitpod_no_proxy",
        "gitpod_custom_ca",
        "gitpod_load_balancer_visibility",
        "gitpod_domain_name",
        "gitpod_certificate_arn",
        "gitpod_tags",
    ),
    "gitpod_dns": (*_AWS, "gitpod_stack_name", "gitpod_vpc_id", *_NAMES),
    "gitpod_verify": (*_AWS, *_PLANE, *_NAMES, "gitpod_stack_name", "gitpod_vpc_id", "gitpod_privatelink_enabled"),
    "gitpod_acceptance": (
        *_AWS,
        *_PLANE,
        "gitpod_domain_name",
        "gitpod_resolvers",
        "gitpod_verify_from_control_node",
        "gitpod_verify_port",
        "gitpod_verify_ca_path",
        "gitpod_verify_validate_certs",
        "gitpod_verify_timeout",
    ),
    "gitpod_report": (
        "gitpod_region",
        "gitpod_aws_profile",
        "gitpod_runner_name",
        "gitpod_artifact_directory",
        "gitpod_dns_provider",
    ),
    "gitpod_runner_settings": (*_AWS, *_PLANE, "gitpod_renew_secrets"),
    "gitpod_status": (
        *_AWS,
        *_PLANE,
        *_NAMES,
        "gitpod_stack_name",
        "gitpod_vpc_id",
        "gitpod_certificate_arn",
        "gitpod_report_upload",
    ),
    "gitpod_adopt": (
        "gitpod_region",
        "gitpod_aws_profile",
        "gitpod_dns_aws_profile",
        "gitpod_dns_role_arn",
        "gitpod_report_upload",
    ),
    "gitpod_teardown": (*_AWS, *_PLANE, *_NAMES, "gitpod_stack_name", *_ZONE),
}


@functools.lru_cache(maxsize=1)
def variables() -> t.Mapping[str, Variable]:
    """All of them by name.

    :raises ValueError: one is declared twice, or falls back to one that nobody declares.
    """
    found: dict[str, Variable] = {}
    for declared in ROLES.values():
        for variable in declared:
            if variable.name in found:
                raise ValueError(f"{variable.name} is declared twice")
            found[variable.name] = variable
    for variable in found.values():
        unknown = set(variable.fallback) - set(found)
        if unknown:
            raise ValueError(f"{variable.name} falls back to {', '.join(sorted(unknown))}, which nobody declares")
    return found
