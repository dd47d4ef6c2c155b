# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The main job when not everything goes well, and its parts alone; test_main_job.py has the whole."""

from __future__ import annotations

import pathlib
import typing as t

from tests.e2e.harness import HOSTS, Controller

SITE = "gitpod.enterprise_runner.site"
EU, US = "gitpod-eu-central-1", "gitpod-us-east-1"


def test_bad_values_are_told_together_before_anything_is_created(controller: Controller) -> None:
    mistakes: dict[str, t.Any] = {
        "gitpod_load_balancer_visibility": "private",
        "gitpod_ec2_subnet_ids": ["subnet-0b2f3d5c7e9a12461", "subnet-0b2f3d5c7e9a12462"],
        "gitpod_no_proxy": [".internal"],
        "gitpod_domain_name": "https://eu.gitpod.example.com",
        "gitpod_certificate_arn": "arn:aws:acm:us-east-1:123456789012:certificate/5d1c3a52-6d0a-4b1e-9a55-0f3c0e7b1a01",
        "gitpod_custom_ca": "resolve:ssm:/gitpod/ca-certificate",
        "gitpod_stack_timeout": "an hour",
        "gitpod_domian": "eu.gitpod.example.com",
    }
    hosts = {EU: mistakes, US: {"gitpod_exchange_token": ""}}
    run = controller.play(SITE, "--limit", ",".join(hosts), hosts=hosts)
    assert run.code != 0
    assert {host: counters["failed"] for host, counters in run.recap.items()} == {EU: 1, US: 1}
    assert "Traceback" not in run.output
    for variable in mistakes:
        assert f"contract.{variable}" in run.output
    assert "contract.gitpod_exchange_token" in run.output
    assert controller.writes() == []

    # Whatever stage is asked for: Ansible's own validation of each role is switched off.
    alone = controller.play(SITE, "--limit", EU, "--tags", "dns", hosts=hosts)
    assert alone.code != 0
    for variable in mistakes:
        assert f"{variable}: " in alone.output
    assert controller.writes() == []


def test_each_stage_works_alone_and_values_left_out_stay_as_they_are(controller: Controller) -> None:
    host = "gitpod-ap-southeast-2"
    for tag in ("prerequisites", "privatelink", "stack", "dns", "verify"):
        run = controller.play(SITE, "--limit", host, "--tags", tag)
        assert run.code == 0, f"{tag}: {run.output}"
    assert run.report(host)["verification"]["healthy"] is True
    left_out = (
        "gitpod_vpc_id",
        "gitpod_availability_zones",
        "gitpod_ec2_subnet_ids",
        "gitpod_load_balancer_subnet_ids",
        "gitpod_domain_name",
        "gitpod_certificate_arn",
    )
    again = controller.play(SITE, "--limit", host, hosts={host: dict.fromkeys(left_out, "")})
    assert again.code == 0, again.output
    assert again.changed == 0


def test_a_playbook_of_the_users_own_imports_it(controller: Controller) -> None:
    playbook = controller.directory / "site.yml"
    playbook.write_text(
        "---\n- name: Deploy the runners\n  ansible.builtin.import_playbook: gitpod.enterprise_runner.prerequisites\n"
    )
    run = controller.play(str(playbook))
    assert run.code == 0, run.output
    assert set(run.recap) == set(HOSTS)
    assert controller.writes() == []


def test_the_readme_shows_the_example_that_the_tests_run() -> None:
    root = pathlib.Path(__file__).parents[2]
    example = (root / "examples/inventory.yml").read_text("utf-8").removeprefix("---\n")
    assert example in (root / "README.md").read_text("utf-8")
