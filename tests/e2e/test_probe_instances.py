# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The network looked at from EC2 instances in the VPC, by Systems Manager's Run Command.

The test bed runs the very command in a shell whose C(python3) sees the VPC's resolver (a mount namespace).
"""

from __future__ import annotations

import os
import pathlib
import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws import client
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._probe import command, operation
from tests.e2e.in_process import InProcessModule
from tests.e2e.test_verification import namespaces_work, python_in_the_vpc
from tests.e2e.verified_runner import HOST, REGION, Bed, Result

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.testbed.client import TestBed

# Of each worker's own: port 53 of another test's view may be taken at the same time.
RESOLVER = f"127.77.1.{int(os.environ.get('PYTEST_XDIST_WORKER', 'gw0')[2:]) + 1}"
TAGS = {"role": "bastion", "team": "platform"}
LOST = "i-0fedcba9876543210"
pytestmark = pytest.mark.skipif(not namespaces_work(), reason="needs root and mount namespaces")


class Scene(t.NamedTuple):
    """A deployed runner, and an instance in its VPC whose agent answers."""

    bed: Bed
    instance: str
    programs: pathlib.Path

    def managed(self, instance: str, status: str = "Online", programs: pathlib.Path | None = None) -> None:
        """What Systems Manager says of an instance, and the programs that it has."""
        body = {"instance": instance, "status": status, "programs": str(programs or self.programs)}
        self.bed.testbed.control("POST", "managed-instances", body)

    def look(self, check: bool = False, **changes: t.Any) -> Result:
        """The verification with probes on instances."""
        usual = {
            "domain_name": HOST["gitpod_domain_name"],
            "verify_probe_ca_path": self.bed.testbed.ca_file,
            "verify_port": self.bed.testbed.https_port,
            "verify_http_port": self.bed.testbed.http_port,
            "verify_accepted_ranges": ["127.0.0.0/8"],
            "verify_timeout": 5,
        }
        return self.bed.look(check=check, **{**usual, **changes})


@pytest.fixture(scope="module")
def scene(running_testbed: TestBed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    running_testbed.reset()
    running_testbed.settings(stack_seconds=0.6)
    bed = Bed(running_testbed)
    bed.deploy()
    bed.healthy()
    for name in (HOST["gitpod_domain_name"], f"*.{HOST['gitpod_domain_name']}"):
        running_testbed.add_dns_record(name, "CNAME", bed.output("LoadBalancerDNS"))
    running_testbed.control("POST", "dns/views", {"vpc_id": HOST["gitpod_vpc_id"], "address": RESOLVER, "port": 53})
    directory = tmp_path_factory.mktemp("instance")
    programs = directory / "bin"
    programs.mkdir()
    (programs / "python3").symlink_to(python_in_the_vpc(directory, RESOLVER))
    found = Scene(bed, launched(bed, HOST["gitpod_ec2_subnet_ids"][0]), programs)
    found.managed(found.instance)
    yield found
    running_testbed.control("DELETE", "managed-instances")


def launched(bed: Bed, subnet: str) -> str:
    tags = [{"Key": key, "Value": value} for key, value in TAGS.items()]
    made = bed.client("ec2").run_instances(
        ImageId="ami-0995913728426aaaa",
        InstanceType="t3.micro",
        MinCount=1,
        MaxCount=1,
        SubnetId=subnet,
        TagSpecifications=[{"ResourceType": "instance", "Tags": tags}],
    )
    return str(made["Instances"][0]["InstanceId"])


def statuses(result: Result) -> dict[str, str]:
    return {check["id"]: check["status"] for check in result["checks"]}


@pytest.mark.parametrize("by", ["id", "tags"])
def test_an_instance_proves_what_only_the_vpc_sees(scene: Scene, by: str) -> None:
    scene.bed.testbed.clear_calls()
    where = {"verify_probe_instances": [scene.instance]} if by == "id" else {"verify_probe_instance_tags": TAGS}
    (probe,) = scene.look(**where)["instances"]
    assert probe["item"] == scene.instance
    assert set(statuses(probe).values()) == {"pass"}, probe
    assert statuses(probe)["private_dns.resolution"] == "pass"
    assert {"dns.domain", "dns.wildcard", "tls.certificate", "health.domain", "health.wildcard"} <= set(statuses(probe))
    asked = [call["operation"] for call in scene.bed.testbed.calls() if call["service"] == "ssm"]
    assert asked.count("SendCommand") == 1, "all instances of a runner are sent one command"


def test_check_mode_sends_nobody_a_command(scene: Scene) -> None:
    scene.bed.testbed.clear_calls()
    assert scene.look(check=True, verify_probe_instances=[scene.instance])["instances"] == []
    assert "ssm" not in {call["service"] for call in scene.bed.testbed.calls()}


def broken(directory: pathlib.Path, script: str) -> pathlib.Path:
    directory.mkdir()
    (directory / "python3").write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    (directory / "python3").chmod(0o755)
    return directory


def test_instances_that_cannot_look_say_why_and_the_others_go_on(scene: Scene, tmp_path: pathlib.Path) -> None:
    subnet = HOST["gitpod_ec2_subnet_ids"][0]
    silent, old, chatty = (launched(scene.bed, subnet) for _number in range(3))
    scene.managed(silent, "ConnectionLost")
    scene.managed(old, programs=broken(tmp_path / "old", "echo 'SyntaxError: invalid syntax' >&2; exit 1"))
    scene.managed(chatty, programs=broken(tmp_path / "chatty", "echo hello"))
    asked = [scene.instance, silent, old, chatty, LOST]
    found = {probe["item"]: probe for probe in scene.look(verify_probe_instances=asked)["instances"]}
    assert list(found) == asked
    assert found[scene.instance]["healthy"]
    told = {instance: probe["msg"] for instance, probe in found.items() if "checks" not in probe}
    assert "its agent's status is ConnectionLost" in told[silent]
    assert "the command ended as Failed: SyntaxError: invalid syntax" in told[old]
    assert "The probe's answer cannot be read. it is hello" in told[chatty]
    assert "no managed node of Systems Manager" in told[LOST]
    assert all("gitpod_verify_probe_instances" in found[instance]["next_step"] for instance in told)


@pytest.mark.parametrize("operation", ["DescribeInstanceInformation", "SendCommand", "GetCommandInvocation"])
def test_a_missing_permission_is_a_look_that_was_not_made(scene: Scene, operation: str) -> None:
    with scene.bed.denied("ssm", operation, "AccessDeniedException"):
        (probe,) = scene.look(verify_probe_instances=[scene.instance])["instances"]
    assert "checks" not in probe
    assert "docs/permissions.md" in probe["msg"]


def test_an_instance_of_another_vpc_with_the_same_tags_is_not_asked(scene: Scene) -> None:
    """Also where the inventory leaves the VPC to the stack that exists; and a value is no pattern."""
    ec2 = scene.bed.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.77.0.0/16")["Vpc"]["VpcId"]
    other = launched(scene.bed, ec2.create_subnet(VpcId=vpc, CidrBlock="10.77.1.0/24")["Subnet"]["SubnetId"])
    scene.managed(other)
    for vpc_id in (HOST["gitpod_vpc_id"], None):
        found = scene.look(verify_probe_instance_tags=TAGS, vpc_id=vpc_id, verify_timeout=1)["instances"]
        assert other not in [probe["item"] for probe in found]
        assert scene.instance in [probe["item"] for probe in found]
    with pytest.raises(RunnerError, match="Which VPC"):
        operation.found(ec2, {"gitpod_verify_probe_instance_tags": TAGS})
    (probe,) = scene.look(verify_probe_instance_tags={"role": "bast*"})["instances"]
    assert "No instance that runs in the VPC has the tags role=bast*" in probe["msg"]


def test_an_instance_that_goes_away_meanwhile_takes_nobody_elses_look(scene: Scene) -> None:
    gone = launched(scene.bed, HOST["gitpod_ec2_subnet_ids"][0])
    scene.managed(gone, "ConnectionLost")
    api = command.Api(client(InProcessModule(scene.bed.testbed, {}, REGION), "ssm"))
    found = api.run([scene.instance, gone], "echo seen", 5)
    assert found[scene.instance].output.strip() == "seen"
    assert "not in a valid state" in found[gone].problem


def test_tags_that_no_instance_has_are_told(scene: Scene) -> None:
    (probe,) = scene.look(verify_probe_instance_tags={"role": "nobody"})["instances"]
    assert "No instance that runs in the VPC has the tags role=nobody" in probe["msg"]


def test_what_is_broken_is_seen_from_the_instance_and_looked_at_again(scene: Scene) -> None:
    testbed = scene.bed.testbed
    testbed.clear_calls()
    (probe,) = scene.look(verify_probe_instances=[scene.instance], verify_port=1, verify_wait=6)["instances"]
    assert statuses(probe)["tcp.https"] == "fail"
    assert [call["operation"] for call in testbed.calls()].count("SendCommand") >= 2


def test_a_command_that_does_not_end_is_cancelled(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "MARGIN", -command.DELIVERY)
    api = command.Api(client(InProcessModule(scene.bed.testbed, {}, REGION), "ssm"))
    scene.bed.testbed.clear_calls()
    assert api.run([scene.instance], "sleep 5", 1)[scene.instance].problem == "the command did not end in time"
    assert scene.bed.testbed.calls()[-1]["operation"] == "CancelCommand"
