# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Somebody waits for Route 53 in every run: the verification, or without one the records' stage itself."""

from __future__ import annotations

import pathlib

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.desired import route53
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.door import read
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.registry import variables

ROOT = pathlib.Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("run", "skip", "waits"),
    [
        (["all"], [], False),
        (["dns", "verify"], [], False),
        (["dns"], [], True),
        (["all"], ["verify"], True),
        (["dns", "verify"], ["verify"], True),
    ],
)
def test_the_stage_waits_where_no_verification_follows(run: list[str], skip: list[str], waits: bool) -> None:
    plays = yaml.safe_load((ROOT / "playbooks/site.yml").read_text("utf-8"))
    (rule,) = [
        play["vars"]["__gitpod_dns_joined_later"] for play in plays if "__gitpod_dns_joined_later" in play["vars"]
    ]
    write = yaml.safe_load((ROOT / "roles/gitpod_dns/tasks/main.yml").read_text("utf-8"))[0]
    templar = Templar(DataLoader(), {"ansible_run_tags": run, "ansible_skip_tags": skip})
    later = templar.template(trust_as_template(rule))
    wanted = trust_as_template(write["gitpod.enterprise_runner.runner_dns_plan"]["joined_later"])
    assert Templar(DataLoader(), {"__gitpod_dns_joined_later": later}).template(wanted) is not waits
    assert Templar(DataLoader(), {}).template(wanted) is False, "a role that is used alone waits"


@pytest.mark.parametrize("joined_later", [True, False])
def test_what_is_joined_later_is_not_waited_for(joined_later: bool) -> None:
    values = read("eu", "/", variables(), {"gitpod_region": "eu-west-1", "gitpod_domain_name": "eu.example.com"})
    balancer = {"dns_name": "lb.elb.amazonaws.com", "canonical_hosted_zone_id": "Z1"}
    assert route53(values.everything(), balancer, joined_later)["wait"] is not joined_later
