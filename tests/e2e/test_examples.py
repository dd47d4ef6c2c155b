# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each example is played: its own inventory, ansible.cfg, playbook and variables, from its own directory.

Laid over them is only where the simulated AWS answers, and who is asked for DNS and TLS: the environment, and one set
of extra variables. C(make demo) and test_main_job.py play examples/inventory.yml, test_documented.py plays
examples/minimal; docs/policies, the example for a security team, is what test_enforced.py gives to the simulated IAM.
"""

from __future__ import annotations

import configparser
import json
import os
import pathlib
import shutil
import subprocess
import sys
import typing as t

import boto3
import yaml

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._controller.confidential import OF_THE_GROUP
from tests.awx_file import awx
from tests.awx_job import META, inventory_script, run_in
from tests.e2e.harness import COLLECTION, HOSTS, ROOT, Controller, Run

if t.TYPE_CHECKING:
    from tests.testbed.client import TestBed

EXAMPLES = ROOT / "examples"
LANDSCAPE = yaml.safe_load((ROOT / "tests/testbed/landscape.yml").read_text("utf-8"))
US, EU, AP = HOSTS
PROGRAMS = pathlib.Path(sys.executable).parent
QUICK = {"stack_seconds": 0.3}


def hosts_of(example: str) -> dict[str, dict[str, t.Any]]:
    """Variables of an example's hosts, those of their group among them."""
    group = yaml.safe_load((EXAMPLES / example / "inventory.yml").read_text("utf-8"))["gitpod_runners"]
    return {host: {**group.get("vars", {}), **own} for host, own in group["hosts"].items()}


def play(controller: Controller, example: str) -> Run:
    """As examples/README.md has it, with the ansible.cfg that lies there."""
    controller.testbed.settings(**QUICK)
    done = subprocess.run(
        [
            str(PROGRAMS / "ansible-playbook"),
            f"{COLLECTION}.site",
            "-i",
            f"{example}/inventory.yml",
            "-e",
            json.dumps(controller.extra_variables()),
        ],
        cwd=EXAMPLES,
        env=controller.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        timeout=300,
        check=False,
    )
    return Run(done.returncode, done.stdout, controller.artifacts)


def verified(run: Run, *hosts: str) -> None:
    """The run has brought exactly these from nothing to verified."""
    assert run.code == 0, run.output
    assert set(run.recap) == set(hosts)
    assert {run.report(host)["state"] for host in hosts} == {"verified"}
    assert all(run.recap[host]["changed"] for host in hosts)
    # The callback of examples/ansible.cfg: its own lines in place of Ansible's.
    assert "\nTASK [" not in run.output


def client(testbed: TestBed, service: str, account: str, region: str = "us-east-1") -> t.Any:
    """A client of an account's operator."""
    keys = {"aws_access_key_id": account, "aws_secret_access_key": "test"}
    return boto3.client(service, region_name=region, endpoint_url=testbed.aws_endpoint_url, **keys)


def add_role(testbed: TestBed, account: str, name: str, *trusted: str) -> None:
    """A role that may do everything, for these accounts."""
    iam = client(testbed, "iam", account)
    principals = {"AWS": [f"arn:aws:iam::{number}:root" for number in trusted]}
    trust = {"Effect": "Allow", "Principal": principals, "Action": "sts:AssumeRole"}
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}))
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    iam.put_role_policy(RoleName=name, PolicyName="everything", PolicyDocument=json.dumps(everything))


def profiles(home: pathlib.Path, **accounts: str) -> None:
    """A configuration whose profiles assume the role gitpod-runners of an account, as the example says."""
    written = configparser.ConfigParser()
    for name, account in accounts.items():
        written[f"profile {name}"] = {
            "role_arn": f"arn:aws:iam::{account}:role/gitpod-runners",
            "credential_source": "Environment",
            "region": "us-east-1",
        }
    (home / ".aws").mkdir(parents=True)
    with (home / ".aws/config").open("w") as file:
        written.write(file)


def test_each_region_in_an_account_of_its_own_and_the_zone_in_another(controller: Controller) -> None:
    testbed, hosts = controller.testbed, hosts_of("accounts")
    us, eu = (hosts[host]["gitpod_account_id"] for host in (US, EU))
    *_arn, zones_account, _role = hosts[US]["gitpod_dns_role_arn"].split(":")
    testbed.add_accounts(eu)
    # What is in eu-central-1 belongs to the other account, and so does the zone.
    wanted = {key: value for key, value in LANDSCAPE["regions"]["eu-central-1"].items() if key != "ca_parameter"}
    testbed.exchange_tokens["eu-central-1"] = next(
        iter(testbed.add_runners([{**wanted, "region": "eu-central-1", "account": eu}]).values())
    )
    client(testbed, "iam", eu).create_service_linked_role(AWSServiceName="ecs.amazonaws.com")
    client(testbed, "route53", us).delete_hosted_zone(Id=LANDSCAPE["hosted_zones"][0]["id"])
    zones = client(testbed, "route53", zones_account)
    zone = zones.create_hosted_zone(Name="gitpod.example.com", CallerReference="accounts")["HostedZone"]["Id"]
    for account in (us, eu):
        add_role(testbed, account, "gitpod-runners", testbed.account_id)
    add_role(testbed, zones_account, hosts[US]["gitpod_dns_role_arn"].rpartition("/")[2], us, eu)
    profiles(controller.directory / "home", **{"runners-us": us, "runners-eu": eu})

    run = play(controller, "accounts")
    verified(run, US, EU)
    owners = {host: run.report(host)["stack"]["id"].split(":")[4] for host in (US, EU)}
    assert owners == {US: us, EU: eu}
    names = {record["Name"] for record in zones.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]}
    assert {f"{hosts[host]['gitpod_domain_name']}." for host in (US, EU)} <= names


def test_a_vpc_without_a_way_out(controller: Controller) -> None:
    """Two endpoints are not there yet; and somebody adds the records that the run shows (the fixture's keeper)."""
    ec2 = client(controller.testbed, "ec2", controller.testbed.account_id, "ap-southeast-2")
    lost = {"logs", "secretsmanager"}
    here = ec2.describe_vpc_endpoints()["VpcEndpoints"]
    gone = [entry["VpcEndpointId"] for entry in here if entry["ServiceName"].rpartition(".")[2] in lost]
    assert ec2.delete_vpc_endpoints(VpcEndpointIds=gone)["Unsuccessful"] == []
    run = play(controller, "private")
    verified(run, AP)
    report = run.report(AP)
    assert report["endpoint"]["state"] == "available"
    assert {record["type"] for record in json.loads((run.artifacts / f"{AP}-dns.json").read_text("utf-8"))} == {"CNAME"}
    assert {
        endpoint["ServiceName"].rpartition(".")[2] for endpoint in ec2.describe_vpc_endpoints()["VpcEndpoints"]
    } >= lost


def groups_of(project: pathlib.Path, environment: t.Mapping[str, str]) -> dict[str, t.Any]:
    """What an update of the inventory brings a controller: the project's source, as AWX asks for it."""
    listed = subprocess.run(
        [str(PROGRAMS / "ansible-inventory"), "-i", "inventories/gitpod_runners.yml", "--list", "--export"],
        cwd=project,
        env={**environment},
        stdout=subprocess.PIPE,
        text=True,
        timeout=120,
        check=True,
    )
    found = json.loads(listed.stdout)
    known = found["_meta"]["hostvars"]
    return {
        name: {host: known[host] for host in group["hosts"]}
        for name, group in found.items()
        if name != "_meta" and group.get("hosts")
    }


def test_the_project_for_awx(controller: Controller) -> None:
    """Its runners are the management plane's, its credentials the environment's, and its site.yml is the job."""
    testbed = controller.testbed
    testbed.settings(**QUICK)
    token = {"GITPOD_API_KEY": testbed.api_token, "GITPOD_API_ENDPOINT": testbed.management_plane_url}
    credentials = {**controller.environment(), **token, "PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"}
    project = controller.directory / "job/project"
    shutil.copytree(EXAMPLES / "awx", project)
    groups = groups_of(project, credentials)
    assert {"region_us_east_1", "region_eu_central_1", "region_ap_southeast_2"} <= set(groups)
    # What docs/controller.md has in gitpod_controller_runners: network, domain, certificate.
    secret = ("gitpod_exchange_token", "gitpod_runner_id")
    own = {name: value for name, value in hosts_of("minimal")[US].items() if name not in secret}
    # Besides, what the playbook controller gives the group, which reads what credentials bring.
    variables = {**OF_THE_GROUP, **groups["region_us_east_1"][US], **own}
    groups["region_us_east_1"] = groups["gitpod_runners"] = {US: variables}
    # In the credential's place: the management plane that stands for the real one.
    answers = {**META, **controller.extra_variables(), "gitpod_api_endpoint": testbed.management_plane_url}
    script = inventory_script(groups)
    job = run_in(controller.directory / "job", "site.yml", script, awx(answers), credentials, limit=US)
    assert job.code == 0, job.output
    assert job.artifacts["gitpod_fleet_result"]["headline"] == "1 runner: 1 verified"
    assert testbed.api_token not in job.output
