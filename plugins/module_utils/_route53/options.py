# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of M(gitpod.enterprise_runner.runner_dns), and what each needs and rules out."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.declared import VARIABLES
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.declaration import module_specification

ARGUMENT_SPEC: dict[str, dict[str, t.Any]] = {
    # What the inventory wants, as it is declared.
    **module_specification(VARIABLES),
    "domain_name": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "load_balancer_dns_name": {"type": "str"},
    "former_load_balancer_dns_names": {"type": "list", "elements": "str", "default": []},
    "load_balancer_hosted_zone_id": {"type": "str"},
    "records": {
        "type": "list",
        "elements": "dict",
        "options": {
            "name": {"type": "str", "required": True},
            "type": {"type": "str", "choices": ["CNAME"], "default": "CNAME"},
            "value": {"type": "str", "required": True},
            "ttl": {"type": "int"},
        },
    },
    "hosted_zone_ids": {"type": "list", "elements": "str", "aliases": ["hosted_zone_id"]},
    "vpc_region": {"type": "str"},
    "evaluate_target_health": {"type": "bool", "default": True},
    "dual_stack": {"type": "bool", "default": False},
    "wait": {"type": "bool", "default": True},
    "wait_timeout": {"type": "int", "default": 300},
}
RULES: dict[str, t.Any] = {
    "required_if": [("state", "present", ("load_balancer_dns_name", "records"), True)],
    "mutually_exclusive": [("load_balancer_dns_name", "records")],
}
