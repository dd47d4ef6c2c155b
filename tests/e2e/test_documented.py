# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runners' lives by the commands of the documentation, with the inventory of examples/minimal, as a shell runs them.

A command is typed as its page has it, so one that is changed there is changed here, or fails. Added is only the file of
variables that says where the simulated AWS answers. tests/executed.py says which test has which command.
"""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import subprocess
import sys
import typing as t

import boto3
import botocore.config
import dns.resolver
import pytest
import yaml

from tests import documented
from tests.e2e.harness import HOSTS, Controller, Run
from tests.e2e.test_acceptance_in_process import QUICK
from tests.executed import executes
from tests.reader import AWS_CLI, Answer, Reader, ends

US = HOSTS[0]
EXAMPLES = documented.ROOT / "examples"
PLAY = "ansible-playbook gitpod.enterprise_runner."
NEWER, LATEST, OLDER = "20260105.12", "20260112.3", "20251203.4"
BY_CHANNEL = f"{PLAY}upgrade -i inventory.yml -e gitpod_stack_release_channel=latest"
BACK = (
    f"{PLAY}upgrade -i inventory.yml -e gitpod_stack_release_version=v20251203.4 -e gitpod_stack_allow_downgrade=true"
)
RENEW = (
    f"{PLAY}site -i inventory.yml --tags prerequisites,registration,scm_integrations,llm_integrations"
    " -e gitpod_renew_secrets=true"
)
IN_BATCHES = f"{PLAY}site -i inventory.yml -e '" + '{"gitpod_rollout_batches": [1, "25%", "100%"]}\''
# What the runner of the page has besides, once it stands.
SETTINGS = {
    "gitpod_runner_settings_environment_classes": [
        {"display_name": "Large", "configuration": {"machineType": "m6i.large", "diskSizeGb": 100}}
    ],
    "gitpod_runner_settings_scm_integrations": [
        {
            "scm_id": "github",
            "host": "github.com",
            "oauth_client_id": "client",
            "oauth_client_secret": "s3cret-of-github",
        }
    ],
}
SHORT = {"gitpod_acceptance_timeout": 60, "gitpod_acceptance_url_timeout": 10, "gitpod_acceptance_cleanup_timeout": 10}


class Operator(Reader):
    """A reader whose control node has the test bed's credentials, and the inventory of one runner."""

    def __init__(self, controller: Controller, **environment: str) -> None:
        controller.testbed.settings(stack_seconds=0.3)
        super().__init__(controller.directory, {**controller.environment(), **environment})
        self.controller = controller
        # Where the pages say that a run leaves its files.
        controller.artifacts = controller.directory / "gitpod-artifacts"
        shutil.copy(EXAMPLES / "minimal/inventory.yml", controller.directory)
        answers = {**controller.extra_variables(), **SHORT}
        del answers["gitpod_artifact_directory"]
        answers["gitpod_api_endpoint"] = controller.testbed.management_plane_url
        (controller.directory / "testbed.json").write_text(json.dumps(answers), "utf-8")
        self.laid_over = f"-e @{controller.directory}/testbed.json"

    def run(self, text: str, good: bool = True) -> Run:
        """A playbook's run, with its recap and reports."""
        answer: Answer = self.types(text)
        assert (answer.code == 0) is good, f"{text}\n{answer.output}"
        return Run(answer.code, answer.output, self.controller.artifacts)

    def write(self, name: str, content: t.Any) -> None:
        """A file of theirs in YAML."""
        path = self.directory / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(yaml.safe_dump(content, sort_keys=False), "utf-8")


def has_a_profile(reader: Operator) -> None:
    """Credentials are those of a profile, and nothing in the environment."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "GITPOD_EXCHANGE_TOKEN_US_EAST_1"):
        del reader.environment[name]
    home = pathlib.Path(reader.environment["HOME"])
    (home / ".aws").mkdir()
    account = reader.controller.testbed.account_id
    written = f"[profile runners]\naws_access_key_id = {account}\naws_secret_access_key = test\n"
    (home / ".aws/config").write_text(written, "utf-8")


@executes(
    "export ANSIBLE_STDOUT_CALLBACK=gitpod.enterprise_runner.fleet",
    "read -rs GITPOD_EXCHANGE_TOKEN_US_EAST_1 && export GITPOD_EXCHANGE_TOKEN_US_EAST_1",
    "export AWS_PROFILE=...",
    "export AWS_PROFILE=runners",
    f"{PLAY}prerequisites -i inventory.yml",
    "ls gitpod-artifacts/policies",
    f"{PLAY}site -i inventory.yml --check --diff",
    IN_BATCHES,
    "curl https://us.gitpod.example.com/_health",
    f"{PLAY}site -i inventory.yml",
    f"{PLAY}verify -i inventory.yml",
    f"{PLAY}status -i inventory.yml",
    "read -rs ONA_API_KEY && export ONA_API_KEY",
    f"{PLAY}acceptance -i inventory.yml",
    RENEW,
    f"{PLAY}teardown -i inventory.yml --limit gitpod-us-east-1",
    f"{PLAY}teardown -i inventory.yml --limit gitpod-us-east-1 -e gitpod_teardown_confirm=gitpod-us-east-1",
)
def test_the_first_runner_from_its_token_to_its_end(controller: Controller) -> None:
    testbed, reader = controller.testbed, Operator(controller)
    has_a_profile(reader)
    reader.succeeds("export ANSIBLE_STDOUT_CALLBACK=gitpod.enterprise_runner.fleet")
    token = testbed.exchange_tokens["us-east-1"]
    reader.succeeds(
        "read -rs GITPOD_EXCHANGE_TOKEN_US_EAST_1 && export GITPOD_EXCHANGE_TOKEN_US_EAST_1", entered=f"{token}\n"
    )
    reader.succeeds("export AWS_PROFILE=...", value="=another")
    reader.succeeds("export AWS_PROFILE=runners")
    reader.run(f"{PLAY}prerequisites -i inventory.yml")
    policies = reader.succeeds("ls gitpod-artifacts/policies")
    assert f"{US}-site" in policies
    foreseen = reader.run(f"{PLAY}site -i inventory.yml --check --diff")
    assert foreseen.changed > 0
    assert controller.writes() == []

    first = reader.run(IN_BATCHES)
    assert (first.changed, first.report(US)["state"]) == (foreseen.changed, "verified")
    assert "\nTASK [" not in first.output, "the callback that was exported"
    address = dns.resolver.Resolver(configure=False)
    address.nameservers, address.port = ["127.0.0.1"], int(testbed.dns.rpartition(":")[2])
    (found,) = {str(entry) for entry in list(address.resolve("us.gitpod.example.com", "A"))[:1]}
    curl = f'connect-to = "::{found}:{testbed.https_port}"\ncacert = "{testbed.ca_file}"\nsilent\nshow-error\nfail\n'
    (pathlib.Path(reader.environment["HOME"]) / ".curlrc").write_text(curl, "utf-8")
    reader.succeeds("curl https://us.gitpod.example.com/_health")
    assert reader.run(f"{PLAY}verify -i inventory.yml").report(US)["state"] == "verified"

    reader.succeeds("read -rs ONA_API_KEY && export ONA_API_KEY", entered=f"{testbed.api_token}\n")
    token_of_the_environment = "{{ lookup('ansible.builtin.env', 'ONA_API_KEY') }}"
    reader.write(f"host_vars/{US}.yml", {"gitpod_api_token": token_of_the_environment, **SETTINGS})
    # A class of environments and an integration.
    assert reader.run(f"{PLAY}site -i inventory.yml").changed == len(SETTINGS)
    testbed.control("POST", "management", {"environments": {"": {"seconds": QUICK}}})
    accepted = reader.run(f"{PLAY}acceptance -i inventory.yml")
    assert accepted.report(US)["acceptance"]["accepted"] is True
    renewed = reader.run(RENEW)
    assert (renewed.changed, "s3cret-of-github" in renewed.output) == (1, False)
    (line,) = reader.run(f"{PLAY}status -i inventory.yml").status()
    assert line["runner"] == US

    testbed.clear_calls()
    reader.run(f"{PLAY}teardown -i inventory.yml --limit gitpod-us-east-1", good=False)
    assert controller.writes() == []
    reader.run(f"{PLAY}teardown -i inventory.yml --limit gitpod-us-east-1 -e gitpod_teardown_confirm=gitpod-us-east-1")
    assert "cloudformation:DeleteStack" in controller.writes()


@executes(
    "export HTTPS_PROXY=http://proxy.example.com:3128",
    "export NO_PROXY=localhost,127.0.0.1,.example.com,169.254.169.254",
    f"{PLAY}prerequisites -i minimal/inventory.yml",
    f"{PLAY}site -i minimal/inventory.yml",
    f"{PLAY}prerequisites",
    f"{PLAY}site --check",
    f"{PLAY}site -i inventory.yml --check",
    BACK,
    f"{PLAY}upgrade -i inventory.yml",
    f"{PLAY}upgrade -i inventory.yml -e gitpod_stack_release_version=v20260105.12",
    BY_CHANNEL,
    f"{PLAY}site -i inventory.yml --limit staging",
    f"{PLAY}site -i inventory.yml --limit production",
    "ansible-inventory -i inventory.yml --graph",
    "ansible <host> -m ping",
    "ansible -m ping <host>",
)
def test_releases_there_and_back_and_by_groups(controller: Controller) -> None:
    """In the folder of the examples, with the ansible.cfg that lies there, and past a proxy that nobody reaches."""
    reader = Operator(controller)
    shutil.copytree(EXAMPLES / "minimal", controller.directory / "minimal")
    shutil.copy(EXAMPLES / "ansible.cfg", controller.directory)
    reader.succeeds("export HTTPS_PROXY=http://proxy.example.com:3128")
    reader.succeeds("export NO_PROXY=localhost,127.0.0.1,.example.com,169.254.169.254")
    reader.run(f"{PLAY}prerequisites -i minimal/inventory.yml")
    first = reader.run(f"{PLAY}site -i minimal/inventory.yml")
    assert first.report(US)["stack"]["release_version"] == NEWER
    # Nothing is left to do, whoever names the inventory.
    reader.run(f"{PLAY}prerequisites")
    for text in (f"{PLAY}site --check", f"{PLAY}site -i inventory.yml --check"):
        assert reader.run(text).changed == 0

    for text, release, changed in (
        (BACK, OLDER, True),
        (f"{PLAY}upgrade -i inventory.yml", NEWER, True),
        (f"{PLAY}upgrade -i inventory.yml -e gitpod_stack_release_version=v20260105.12", NEWER, False),
        (BY_CHANNEL, LATEST, True),
    ):
        run = reader.run(text)
        assert (run.report(US)["stack"]["release_version"], run.changed > 0) == (release, changed)

    # By groups, as docs/accounts.md has them, with a machine that looks.
    minimal = yaml.safe_load((EXAMPLES / "minimal/inventory.yml").read_text("utf-8"))["gitpod_runners"]["hosts"]
    groups = {"production": {"hosts": minimal}, "staging": {"hosts": dict.fromkeys(minimal)}}
    probes = {"hosts": {"bastion-eu": {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}}}
    reader.write("inventory.yml", {"gitpod_runners": {"children": groups}, "probes": probes})
    assert f"|--{US}" in reader.succeeds("ansible-inventory -i inventory.yml --graph")
    for text in ("ansible <host> -m ping", "ansible -m ping <host>"):
        assert "pong" in reader.succeeds(text, host="bastion-eu")
    for group in ("staging", "production"):
        of_group = reader.run(f"{PLAY}site -i inventory.yml --limit {group}")
        assert (set(of_group.recap), of_group.changed) == ({US}, 0)


@executes("ansible-inventory -i gitpod_runners.yml --graph")
def test_the_management_plane_as_inventory(controller: Controller) -> None:
    """The file is the page's, and so is the environment variable that it names for the token."""
    testbed = controller.testbed
    token = {"GITPOD_API_KEY": testbed.api_token, "GITPOD_API_ENDPOINT": testbed.management_plane_url}
    reader = Operator(controller, **token)
    text = (documented.ROOT / "docs/registration.md").read_text("utf-8")
    file = text.partition("```yaml\nplugin:")[2].partition("```")[0]
    (controller.directory / "gitpod_runners.yml").write_text(f"plugin:{file}", "utf-8")
    output = reader.succeeds("ansible-inventory -i gitpod_runners.yml --graph")
    assert "@region_eu_central_1" in output
    assert all(f"|--{host}" in output for host in HOSTS)


AWS = {
    "subnets": "aws ec2 describe-subnets --region us-east-1 --filters Name=vpc-id,Values=vpc-0a7d5c3e1f9b80246"
    " --output table --query 'Subnets[].[SubnetId,AvailabilityZone,CidrBlock,MapPublicIpOnLaunch]'",
    "support": "aws ec2 modify-vpc-attribute --region ap-southeast-2 --vpc-id vpc-0c9f7e5a3b1d02468"
    " --enable-dns-support",
    "hostnames": "aws ec2 modify-vpc-attribute --region ap-southeast-2 --vpc-id vpc-0c9f7e5a3b1d02468"
    " --enable-dns-hostnames",
    "role": "aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com",
    "put": "aws ssm put-parameter --region us-east-1 --name /gitpod/ca-certificate --type String"
    " --value file://company-ca.pem",
    "again": "aws ssm put-parameter --region us-east-1 --name /gitpod/ca-certificate --type String"
    " --value file://both.pem --overwrite",
}


@pytest.mark.skipif(not AWS_CLI.exists(), reason="the AWS CLI is not installed in .venv/aws")
@executes(*AWS.values())
def test_commands_of_the_aws_cli_are_sent_and_accepted(controller: Controller) -> None:
    # IAM has no region; the CLI asks for one where an endpoint is given, as here.
    reader = Operator(controller, AWS_DEFAULT_REGION="eu-central-1")
    reader.has_the_aws_cli()
    table = reader.succeeds(AWS["subnets"])
    rows = [line for line in table.splitlines() if "subnet-" in line]
    assert len(rows) == 4
    assert any("subnet-0a1e2c4b6d8f01351" in row and "us-east-1a" in row and "10.20.0.0/20" in row for row in rows)

    testbed = controller.testbed
    keys = {"aws_access_key_id": testbed.account_id, "aws_secret_access_key": "test"}

    def client(service: str, region: str) -> t.Any:
        return boto3.client(service, region_name=region, endpoint_url=testbed.aws_endpoint_url, **keys)

    ec2, vpc = client("ec2", "ap-southeast-2"), "vpc-0c9f7e5a3b1d02468"
    for word, attribute in ("support", "Support"), ("hostnames", "Hostnames"):
        ec2.modify_vpc_attribute(VpcId=vpc, **{f"EnableDns{attribute}": {"Value": False}})
        reader.succeeds(AWS[word])
        found = ec2.describe_vpc_attribute(VpcId=vpc, Attribute=f"enableDns{attribute}")
        assert found[f"EnableDns{attribute}"]["Value"] is True
    iam = client("iam", "us-east-1")
    # The real one's name ends in ECS; the emulator made it of the service's name.
    (role,) = iam.list_roles(PathPrefix="/aws-service-role/ecs.amazonaws.com/")["Roles"]
    iam.delete_service_linked_role(RoleName=role["RoleName"])
    assert "/aws-service-role/ecs.amazonaws.com/" in reader.succeeds(AWS["role"])
    certificate = pathlib.Path(testbed.ca_file).read_text("utf-8")
    (controller.directory / "company-ca.pem").write_text(certificate, "utf-8")
    (controller.directory / "both.pem").write_text(certificate * 2, "utf-8")
    reader.succeeds(AWS["put"])
    reader.succeeds(AWS["again"])
    found = client("ssm", "us-east-1").get_parameter(Name="/gitpod/ca-certificate")["Parameter"]
    assert (found["Version"], found["Value"]) == (2, certificate * 2)


@executes(
    "python -m tests.testbed",
    "python -m tests.faults http://127.0.0.1:PORT --throttled 35 --failed 8 --reset 8 --seed 7",
)
def test_the_test_bed_and_the_proxy_of_faults_as_programs(tmp_path: pathlib.Path) -> None:
    """From the top of the checkout, in the test bed's own environment."""
    reader = Reader(tmp_path, {**os.environ, "PYTHONPATH": str(documented.ROOT)})
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python").write_text(f'#!/bin/sh\nexec {os.environ["TESTBED_PYTHON"]} "$@"\n', "utf-8")
    (tmp_path / "bin/python").chmod(0o755)
    bed = reader.begins("python -m tests.testbed", subprocess.PIPE)
    try:
        assert bed.stdout
        addresses = json.loads(bed.stdout.readline())
        proxy = reader.begins(
            "python -m tests.faults http://127.0.0.1:PORT --throttled 35 --failed 8 --reset 8 --seed 7",
            subprocess.PIPE,
            port=addresses["aws_endpoint_url"].rpartition(":")[2],
        )
        try:
            assert proxy.stdout
            url = json.loads(proxy.stdout.readline())["url"]
            keys = {"aws_access_key_id": addresses["account_id"], "aws_secret_access_key": "test"}
            patient = botocore.config.Config(retries={"total_max_attempts": 50})
            sts = boto3.client("sts", region_name="us-east-1", endpoint_url=url, config=patient, **keys)
            assert {sts.get_caller_identity()["Account"] for _ in range(5)} == {addresses["account_id"]}
            counted, _ = proxy.communicate("", timeout=30)
            assert sum(json.loads(counted).values()) > 5
        finally:
            proxy.kill()
    finally:
        ends(bed)
