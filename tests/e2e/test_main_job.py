# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The main job on three runners: foreseen, done, done again for nothing, and repaired where someone changed something.

One test, because what it looks at costs minutes to build: the calls, the processes and the secrets of the same runs. On
the older ansible-core, C(make demo) has the first and the second run over the same three runners.
"""

from __future__ import annotations

import json
import re
import typing as t

import boto3
import pytest

from tests.e2e.harness import HOSTS, READING, Controller, Run

US, EU, AP = HOSTS
SITE = "gitpod.enterprise_runner.site"
# Module processes that load boto3, of the whole run: what is read is read for the fleet. For one runner, calls of AWS's
# API by the prerequisites, of which 35 are allowed (test_prerequisites.py counts them), and by the verification.
MOST_PROCESSES, MOST_CALLS = 3, 45


def processes(output: str) -> dict[str, list[str]]:
    """The modules for which a process was started, by host, as C(-vvv) tells them."""
    found: dict[str, list[str]] = {}
    for host, module in re.findall(r"^<(\S+)> RUN \S+\.(\w+)$", output, re.MULTILINE):
        found.setdefault(host, []).append(module)
    return found


@pytest.mark.newest_core
def test_from_nothing_to_verified_for_nothing_and_repaired(controller: Controller) -> None:
    predicted = controller.play(SITE, "--check", "--diff")
    assert predicted.code == 0, predicted.output
    assert {host for host, counters in predicted.recap.items() if counters["changed"]} == set(HOSTS)
    assert controller.writes() == []

    first = controller.play(SITE, "-vvv", "--diff")
    assert first.code == 0, first.output
    verified_and_reported(first)
    no_secret_is_in(first, controller)

    controller.testbed.clear_calls()
    second = controller.play(SITE, "-vvv")
    assert second.code == 0, second.output
    assert second.changed == 0
    verified_and_reported(second)
    little_is_done(second, controller)

    differ_by_hand(controller)
    planned = controller.play(SITE, "--check")
    assert planned.code == 0, planned.output
    assert "The gate: 3 runners, 3 with something to do" in planned.output
    assert foreseen(planned) == {US: "create dns", EU: "update stack", AP: "update privatelink"}

    repaired = controller.play(SITE, "-vvv")
    assert repaired.code == 0, repaired.output
    assert {host for host, counters in repaired.recap.items() if counters["changed"]} == set(HOSTS)
    started = processes(repaired.output)
    reading = ("_info", "_wait")
    writing = {host: [name for name in started.get(host, []) if not name.endswith(reading)] for host in HOSTS}
    assert writing[US] == ["runner_dns"], started
    assert writing[EU] == ["runner_stack"], started
    assert set(writing[AP]) == {"runner_endpoint"}, started
    last = controller.play(SITE, "--check")
    assert last.changed == 0
    assert "The gate: 3 runners, 3 with nothing to do" in last.output


def foreseen(run: Run) -> dict[str, str]:
    """What the gate's table says will be done for each runner: a row stands below its heading."""
    found, heading = {}, ""
    _, table = run.output.split("USD/month", 1)
    for line in table.partition("Cost is an estimate")[0].splitlines():
        if line.startswith("  gitpod-"):
            found[line.split()[0]] = heading
        elif line.strip():
            heading = line.strip()
    return found


def verified_and_reported(run: Run) -> None:
    """The JSON reports say so of all three."""
    for host in HOSTS:
        report = run.report(host)
        assert report["stack"]["status"] == "CREATE_COMPLETE"
        assert report["load_balancer"]["state"] == "active"
        assert report["verification"]["healthy"] is True
        assert len(report["dns"]["names"]) == 2
    assert run.report(AP)["endpoint"]["state"] == "available"
    assert run.report(US)["endpoint"] == {}
    assert "Report: " in run.output


def no_secret_is_in(run: Run, controller: Controller) -> None:
    """Not in what was printed at C(-vvv) with differences, not in an artifact."""
    texts = [run.output, *(path.read_text("utf-8") for path in run.artifacts.iterdir() if path.is_file())]
    calls = json.dumps(controller.testbed.calls())
    tokens = controller.testbed.exchange_tokens.values()
    assert all(token in calls for token in tokens), "the tokens never reached the stacks"
    for secret in (*tokens, controller.testbed.api_token):
        assert [text for text in texts if secret in text] == []


def little_is_done(run: Run, controller: Controller) -> None:
    """Few processes, few calls, and no call that could change something."""
    assert controller.writes() == []
    started = processes(run.output)
    assert 1 <= sum(map(len, started.values())) <= MOST_PROCESSES, started
    calls = [f"{call['service']}:{call['operation']}" for call in controller.testbed.calls()]
    assert all(name.split(":")[1].startswith(READING) for name in calls)
    assert len(calls) <= MOST_CALLS * len(HOSTS), sorted(calls)


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
