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
    (play, _report) = yaml.safe_load((ROOT / "playbooks/site.yml").read_text("utf-8"))
    (stage,) = [task for task in play["tasks"][0]["block"] if "__gitpod_dns_joined_later" in task.get("vars", {})]
    (write,) = yaml.safe_load((ROOT / "roles/gitpod_dns/tasks/route53.yml").read_text("utf-8"))
    templar = Templar(DataLoader(), {"ansible_run_tags": run, "ansible_skip_tags": skip})
    later = templar.template(trust_as_template(stage["vars"]["__gitpod_dns_joined_later"]))
    wanted = trust_as_template(write["gitpod.enterprise_runner.runner_dns"]["wait"])
    assert Templar(DataLoader(), {"__gitpod_dns_joined_later": later}).template(wanted) is waits
    assert Templar(DataLoader(), {}).template(wanted) is True, "a role that is used alone waits"
