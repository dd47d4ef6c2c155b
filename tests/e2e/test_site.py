# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The main job: three regions from nothing to verified, and what it says and does on the way."""

from __future__ import annotations

import json
import pathlib
import typing as t

import pytest

from tests.e2e.harness import HOSTS, Controller

pytestmark = pytest.mark.both_cores
SITE = "gitpod.enterprise_runner.site"
EU = "gitpod-eu-central-1"


def test_from_nothing_to_verified_and_nothing_the_second_time(controller: Controller) -> None:
    predicted = controller.play(SITE, "--check", "--diff")
    assert predicted.code == 0, predicted.output
    assert {host for host, counters in predicted.recap.items() if counters["changed"]} == set(HOSTS)
    assert controller.writes() == []

    first = controller.play(SITE)
    assert first.code == 0, first.output
    for host in HOSTS:
        report = first.report(host)
        assert report["stack"]["status"] == "CREATE_COMPLETE"
        assert report["load_balancer"]["state"] == "active"
        assert report["verification"]["healthy"] is True
        assert len(report["dns"]["names"]) == 2
    assert first.report("gitpod-ap-southeast-2")["endpoint"]["state"] == "available"
    assert first.report("gitpod-us-east-1")["endpoint"] == {}
    assert "Reports:" in first.output

    controller.testbed.clear_calls()
    second = controller.play(SITE)
    assert second.code == 0, second.output
    assert second.changed == 0
    created = {
        "CreateStack",
        "UpdateStack",
        "ExecuteChangeSet",
        "DeleteStack",
        "CreateVpcEndpoint",
        "ModifyVpcEndpoint",
    }
    created |= {"ChangeResourceRecordSets", "CreateSecurityGroup", "AuthorizeSecurityGroupIngress"}
    assert created.isdisjoint(write.split(":")[1] for write in controller.writes())

    checked = controller.play(SITE, "--check")
    assert checked.code == 0, checked.output
    assert checked.changed == 0


def test_one_runner_fails_and_the_others_finish(controller: Controller) -> None:
    controller.testbed.fail_resource(
        region="eu-central-1",
        stack_name=EU,
        resource_type="AWS::ECS::Cluster",
        operation="CREATE",
        reason="Unable to assume the service linked role",
    )
    run = controller.play(SITE)
    assert run.code != 0
    assert "Unable to assume the service linked role" in run.output
    assert run.recap[EU]["failed"] == 1
    for host in HOSTS:
        assert ("failure" in run.report(host)) == (host == EU)
        assert run.report(host)["verification"].get("healthy", False) is (host != EU)
    assert run.recap["gitpod-us-east-1"]["failed"] == 0


def test_secrets_reach_no_output_and_no_artifact(controller: Controller) -> None:
    run = controller.play(SITE, "-vvv", "--diff", "--limit", EU)
    assert run.code == 0, run.output
    texts = [run.output, *(path.read_text("utf-8") for path in run.artifacts.iterdir())]
    token = controller.testbed.exchange_tokens["eu-central-1"]
    assert any(token in json.dumps(call) for call in controller.testbed.calls()), "the token never reached the stack"
    for secret in (token, controller.testbed.api_token):
        assert [text for text in texts if secret in text] == []


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
    run = controller.play(SITE, "--limit", EU, hosts={EU: mistakes})
    assert run.code != 0
    assert "Traceback" not in run.output
    for variable in mistakes:
        assert f"{variable}: " in run.output
    assert controller.writes() == []


def test_a_missing_exchange_token_is_told_before_anything_is_created(controller: Controller) -> None:
    run = controller.play(SITE, "--limit", EU, hosts={EU: {"gitpod_exchange_token": ""}})
    assert run.code != 0
    assert "Exchange Token" in run.output
    assert controller.writes() == []


def test_each_stage_works_alone(controller: Controller) -> None:
    host = "gitpod-ap-southeast-2"
    for tag in ("prerequisites", "privatelink", "stack", "dns", "verify"):
        run = controller.play(SITE, "--limit", host, "--tags", tag)
        assert run.code == 0, f"{tag}: {run.output}"
    assert run.report(host)["verification"]["healthy"] is True
    again = controller.play(SITE, "--limit", host)
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


def test_an_inventory_that_leaves_values_out_adopts_the_stack(controller: Controller) -> None:
    assert controller.play(SITE, "--limit", EU).code == 0
    left_out = ("gitpod_vpc_id", "gitpod_availability_zones", "gitpod_ec2_subnet_ids", "gitpod_certificate_arn")
    run = controller.play(SITE, "--limit", EU, hosts={EU: dict.fromkeys(left_out, "")})
    assert run.code == 0, run.output
    assert run.changed == 0


def test_the_readme_shows_the_example_that_the_tests_run() -> None:
    root = pathlib.Path(__file__).parents[2]
    example = (root / "examples/inventory.yml").read_text("utf-8").removeprefix("---\n")
    assert example in (root / "README.md").read_text("utf-8")
