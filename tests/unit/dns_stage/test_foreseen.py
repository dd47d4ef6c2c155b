# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check mode counts as changed what the run itself will, also where only AWS can name it."""

from __future__ import annotations

import types
import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.action.runner_dns_plan import ActionModule
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.door import read
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.earlier import Earlier
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.registry import variables

BALANCER = {"dns_name": "lb.elb.amazonaws.com", "canonical_hosted_zone_id": "Z1"}
KIND = "AWS::ElasticLoadBalancingV2::LoadBalancer"


def records(check: bool, **earlier: t.Any) -> dict[str, t.Any]:
    """What becomes of both names' records."""
    action: t.Any = ActionModule.__new__(ActionModule)
    action._task = types.SimpleNamespace(check_mode=check)
    action._display = types.SimpleNamespace(display=lambda _text: None)
    values = read("eu", "/", variables(), {"gitpod_region": "eu-west-1", "gitpod_domain_name": "eu.example.com"})
    found: dict[str, t.Any] = action._records(values, Earlier(**earlier))
    return found


@pytest.mark.parametrize(
    ("check", "kind", "replacement", "foreseen"),
    [
        (True, KIND, "True", True),
        (True, KIND, "False", False),
        (True, "AWS::ECS::Service", "True", False),
        # It has replaced it already.
        (False, KIND, "True", False),
    ],
)
def test_a_load_balancer_that_the_update_replaces_gets_new_records(
    check: bool, kind: str, replacement: str, foreseen: bool
) -> None:
    changes = [{"action": "Modify", "logical_id": "FrontDoor", "type": kind, "replacement": replacement}]
    found = records(check, stack={"load_balancer": BALANCER}, started={"changes": changes})
    assert found.get("changed", False) is foreseen
    assert bool(found.get("planned")) is not foreseen
    if foreseen:
        assert "*.eu.example.com -> the load balancer that the stack creates" in found["diff"]["after"]


def test_without_a_load_balancer_check_mode_foresees_the_records_of_the_one_to_come() -> None:
    assert records(True)["changed"] is True
    assert "Deploy the stack first" in records(False)["msg"]
