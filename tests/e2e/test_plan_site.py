# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A rerun that changes nothing looks once: its processes and its calls are counted; check mode shows the plan."""

from __future__ import annotations

import re
import typing as t

import boto3

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._stage_plan import STAGES
from tests.e2e.harness import HOSTS, READING, Controller

SITE = "gitpod.enterprise_runner.site"
# For one runner: module processes that load boto3; calls of AWS's API by the prerequisites, of which 35 are allowed
# (test_prerequisites.py counts them), and by the verification.
MOST_PROCESSES, MOST_CALLS = 3, 45


def processes(output: str) -> dict[str, list[str]]:
    """The modules for which a process was started, by host, as C(-vvv) tells them."""
    found: dict[str, list[str]] = {}
    for host, module in re.findall(r"^<(\S+)> EXEC .*python\S* \S*AnsiballZ_(\w+)\.py", output, re.MULTILINE):
        found.setdefault(host, []).append(module)
    return found


def test_a_rerun_looks_once_and_differences_by_hand_run_their_stages_only(controller: Controller) -> None:
    first = controller.play(SITE)
    assert first.code == 0, first.output
    controller.testbed.clear_calls()
    second = controller.play(SITE, "-vvv")
    assert second.code == 0, second.output
    assert second.changed == 0
    assert controller.writes() == []
    started = processes(second.output)
    for host in HOSTS:
        assert len(started[host]) <= MOST_PROCESSES, started[host]
        assert second.report(host)["stack"]["status"] == "CREATE_COMPLETE"
        assert second.report(host)["verification"]["healthy"] is True
        assert len(second.report(host)["dns"]["names"]) == 2
    calls = [f"{call['service']}:{call['operation']}" for call in controller.testbed.calls()]
    assert all(name.split(":")[1].startswith(READING) for name in calls)
    assert len(calls) <= MOST_CALLS * len(HOSTS), sorted(calls)

    checked = controller.play(SITE, "--check")
    assert checked.code == 0, checked.output
    assert checked.changed == 0
    assert "The plan: 3 with nothing to do" in checked.output

    differ_by_hand(controller)
    planned = controller.play(SITE, "--check")
    assert planned.code == 0, planned.output
    assert "The plan: 3 with something to do" in planned.output
    lines = [line.split() for line in planned.output.splitlines() if line.startswith("gitpod-")]
    row = {cells[0]: cells[1:] for cells in lines if len(cells) == 1 + len(STAGES)}
    assert row["gitpod-us-east-1"] == ["-", "-", "-", "-", "create"]
    assert row["gitpod-eu-central-1"] == ["-", "-", "-", "update", "unknown"]
    assert row["gitpod-ap-southeast-2"] == ["-", "-", "update", "-", "-"]

    repaired = controller.play(SITE, "-vvv")
    assert repaired.code == 0, repaired.output
    assert {host for host, counters in repaired.recap.items() if counters["changed"]} == set(HOSTS)
    started = processes(repaired.output)
    assert started["gitpod-us-east-1"] == ["runner_preflight_info", "runner_dns", "runner_health_info"]
    assert started["gitpod-eu-central-1"][:2] == ["runner_preflight_info", "runner_stack"]
    assert "runner_stack" not in started["gitpod-ap-southeast-2"]
    assert "The plan: 3 with nothing to do" in controller.play(SITE, "--check").output


def differ_by_hand(controller: Controller) -> None:
    """One thing in each region, each another stage's."""

    def client(service: str, region: str) -> t.Any:
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=controller.testbed.aws_endpoint_url,
            aws_access_key_id=controller.testbed.account_id,
            aws_secret_access_key="test",
        )

    route53 = client("route53", "us-east-1")
    zone = next(zone["Id"] for zone in route53.list_hosted_zones()["HostedZones"] if "gitpod" in zone["Name"])
    records = route53.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    wildcard = next(record for record in records if record["Name"].startswith("\\052.us."))
    change = {"Action": "DELETE", "ResourceRecordSet": wildcard}
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": [change]})

    client("cloudformation", "eu-central-1").update_termination_protection(
        StackName="gitpod-eu-central-1", EnableTerminationProtection=False
    )

    ec2 = client("ec2", "ap-southeast-2")
    named = [{"Name": "group-name", "Values": ["gitpod-ap-southeast-2-management-plane"]}]
    group = ec2.describe_security_groups(Filters=named)["SecurityGroups"][0]
    ec2.revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=group["IpPermissions"])
