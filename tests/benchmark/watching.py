# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What watching costs: many stacks at once, one module process each.

`make benchmark` starts a test bed, begins the runner stack in as many regions as are asked for, and lets one module
process a stack wait for it. It prints the processor time of these processes as a share of one core and the
CloudFormation calls a minute of each, both over the time from the first call to the last, Python's start included and
excluded. The figures hold for the machine that they were measured on.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import resource
import subprocess
import sys
import time
import typing as t

import boto3

from tests.testbed.client import TestBed

ROOT = pathlib.Path(__file__).resolve().parents[2]
REGIONS = [
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
    "ca-central-1",
    "eu-central-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "eu-north-1",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "sa-east-1",
]
MODULE = "ansible_collections.gitpod.enterprise_runner.plugins.modules.runner_stack"
# Runs the module as Ansible's wrapper would: options as JSON, the collections on the path of imports.
START = (
    "import json, sys\n"
    "from ansible.utils.collection_loader._collection_finder import _AnsibleCollectionFinder as Finder\n"
    "Finder(paths=[sys.argv[1]])._install()\n"
    "from ansible.module_utils import basic\n"
    "basic._ANSIBLE_ARGS, basic._ANSIBLE_PROFILE = sys.argv[2].encode(), 'legacy'\n"
    f"import runpy; runpy.run_module('{MODULE}', run_name='__main__')\n"
)


def client(testbed: TestBed, service: str, region: str) -> t.Any:
    """A client of the test bed."""
    keys = {"aws_access_key_id": testbed.account_id, "aws_secret_access_key": "test"}
    return boto3.client(service, region_name=region, endpoint_url=testbed.aws_endpoint_url, **keys)


def begin(testbed: TestBed, region: str) -> None:
    """Begin the runner stack in a region, with a network made for it."""
    ec2 = client(testbed, "ec2", region)
    vpc = ec2.create_vpc(CidrBlock="10.90.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.90.{number}.0/24", AvailabilityZone=f"{region}{zone}")["Subnet"]
        for number, zone in enumerate("abab")
    ]
    ids = [subnet["SubnetId"] for subnet in subnets]
    certificate = client(testbed, "acm", region).request_certificate(DomainName="gitpod.example.com")["CertificateArn"]
    values = {
        "InstallationKey": f"runner-{region}",
        "BootstrapSecret": "token",
        "PlacementNetwork": vpc,
        "PlacementZones": f"{region}a,{region}b",
        "WorkloadSegments": ",".join(ids[:2]),
        "FrontDoorSegments": ",".join(ids[2:]),
        "FrontDoorScheme": "internal",
        "FrontDoorName": "gitpod.example.com",
        "FrontDoorKeyPair": certificate,
    }
    client(testbed, "cloudformation", region).create_stack(
        StackName="watched",
        TemplateURL=testbed.template_url,
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
    )


def watch(testbed: TestBed, region: str) -> subprocess.Popen[bytes]:
    """One module process that waits for the stack of a region."""
    options = {"ANSIBLE_MODULE_ARGS": {"name": "watched", "region": region, "join": True}}
    command = [sys.executable, "-c", START, str(ROOT / ".work/collections"), json.dumps(options)]
    environment = {**os.environ, **testbed.environment()}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def used() -> float:
    """Processor seconds of the children that ended."""
    found = resource.getrusage(resource.RUSAGE_CHILDREN)
    return found.ru_utime + found.ru_stime


def measure(testbed: TestBed, regions: t.Sequence[str]) -> dict[str, float]:
    """Watch stacks of these regions; figures by name."""
    for region in regions:
        begin(testbed, region)
    testbed.clear_calls()
    before, started = used(), time.monotonic()
    processes = [watch(testbed, region) for region in regions]
    for process in processes:
        output, _errors = process.communicate()
        if process.returncode:
            raise SystemExit(output.decode())
    seconds = time.monotonic() - started
    calls = sum(call["service"] == "cloudformation" for call in testbed.calls())
    return {"seconds": seconds, "cpu": used() - before, "calls": float(calls)}


def main() -> None:
    """Measure once with long stacks and once with stacks that are done, and print the difference too."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stacks", type=int, default=len(REGIONS))
    parser.add_argument("--stack-seconds", type=float, default=120.0)
    options = parser.parse_args()
    regions = REGIONS[: options.stacks]
    with TestBed.start(os.environ["TESTBED_PYTHON"], stack_seconds=options.stack_seconds) as testbed:
        found = measure(testbed, regions)
        before = used()
        for region in regions:
            watch(testbed, region).communicate()
        starting = used() - before
    minutes = found["seconds"] / 60
    report = {
        "stacks": len(regions),
        "seconds": round(found["seconds"], 1),
        "share of one core, all processes, their start included": round(found["cpu"] / found["seconds"], 3),
        "share of one core, all processes, their start excluded": round(
            max(0.0, found["cpu"] - starting) / found["seconds"], 3
        ),
        "CloudFormation calls a minute and stack": round(found["calls"] / len(regions) / minutes, 1),
    }
    sys.stdout.write(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
