# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet of any size on the test bed: what its runners find in AWS, the inventory that fits, and deployed stacks.

    fleet = Fleet.of(16)
    fleet.seed(testbed)                      # networks, certificates, registrations
    fleet.write_inventory(path)              # for ansible-playbook -i
    fleet.deploy(testbed)                    # or without Ansible: every stack and its records, in parallel

Everything derives from the runner's number, so two runs of a test see the same IDs. Runners go round the regions; those
that share a region have a VPC of their own.
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import functools
import hashlib
import threading
import time
import typing as t

import boto3
import yaml

if t.TYPE_CHECKING:
    import pathlib

    from tests.testbed.client import TestBed

REGIONS = (
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
)
ACCOUNT = "123456789012"
# The landscape's zone holds the domains of the fleet.
ZONE_ID, ZONE_NAME = "Z08A1B2C3D4E5F6G7H8I9", "gitpod.example.com"
ZONES = ("a", "b")
RELEASE_TAG = "gitpod:release-version"


def template_url(version: str) -> str:
    """Where the vendor's bucket has the template of a release, under its time's name (tests/testbed/releases.py)."""
    name = "gitpod-ec2-runner-enterprise-fargate-private-ecr" if version >= "2026" else "gitpod-ec2-runner-enterprise"
    return f"https://gitpod-flex-releases.s3.amazonaws.com/ec2/releases/{version}/{name}.json"


@dataclasses.dataclass(frozen=True)
class Runner:
    """One runner of the fleet.

    :param number: from 0.
    :param certificate_days: until its certificate ends, or C(None) for as long as ACM issues them.
    """

    number: int
    certificate_days: int | None = None

    def _digits(self, subject: str, length: int) -> str:
        return hashlib.sha256(f"{subject} {self.number}".encode()).hexdigest()[:length]

    @property
    def region(self) -> str:
        """Regions are taken in turn."""
        return REGIONS[self.number % len(REGIONS)]

    @property
    def label(self) -> str:
        """The region, with a number from the second runner on."""
        turn = self.number // len(REGIONS)
        return f"{self.region}-{turn + 1}" if turn else self.region

    @property
    def name(self) -> str:
        """Also the host's and the stack's."""
        return f"runner-{self.label}"

    @property
    def id(self) -> str:
        """Unlike real ones these begin differently: the template names a cache by the first part."""
        return f"{self._digits('id', 8)}-5b6e-7a10-8c4d-{self._digits('end', 12)}"

    @property
    def domain(self) -> str:
        """In the landscape's zone."""
        return f"{self.label}.{ZONE_NAME}"

    @property
    def vpc_id(self) -> str:
        """A VPC of its own."""
        return f"vpc-{self._digits('vpc', 17)}"

    def subnet_ids(self, purpose: str) -> list[str]:
        """One a zone."""
        return [f"subnet-{self._digits(f'{purpose} {zone}', 17)}" for zone in ZONES]

    @property
    def certificate_id(self) -> str:
        """As ACM writes it."""
        digits = self._digits("certificate", 32)
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-9{digits[17:20]}-{digits[20:]}"

    @property
    def certificate_arn(self) -> str:
        """For the domain and its wildcard."""
        return f"arn:aws:acm:{self.region}:{ACCOUNT}:certificate/{self.certificate_id}"

    def landscape(self) -> dict[str, t.Any]:
        """As tests/testbed/landscape.yml describes a region."""
        subnets = {}
        for third, purpose in (0, "environments"), (128, "load balancer"):
            for offset, (zone, subnet) in enumerate(zip(ZONES, self.subnet_ids(purpose), strict=True)):
                subnets[subnet] = {"cidr": f"10.60.{third + 16 * offset}.0/20", "zone": zone}
        certificate: dict[str, t.Any] = {"id": self.certificate_id, "domain": self.domain}
        if self.certificate_days is not None:
            certificate["days_left"] = self.certificate_days
        return {
            "region": self.region,
            "runner": {"id": self.id, "name": self.name},
            "vpc": {"id": self.vpc_id, "cidr": "10.60.0.0/16"},
            "subnets": subnets,
            "certificate": certificate,
        }

    def variables(self) -> dict[str, t.Any]:
        """The host's variables, but its exchange token."""
        return {
            "gitpod_region": self.region,
            "gitpod_runner_id": self.id,
            "gitpod_vpc_id": self.vpc_id,
            "gitpod_availability_zones": [f"{self.region}{zone}" for zone in ZONES],
            "gitpod_ec2_subnet_ids": self.subnet_ids("environments"),
            "gitpod_load_balancer_subnet_ids": self.subnet_ids("load balancer"),
            "gitpod_load_balancer_visibility": "internal",
            "gitpod_domain_name": self.domain,
            "gitpod_certificate_arn": self.certificate_arn,
        }

    def parameters(self, token: str) -> dict[str, str]:
        """Of the test bed's template, by logical ID."""
        return {
            "InstallationKey": self.id,
            "BootstrapSecret": token,
            "PlacementNetwork": self.vpc_id,
            "PlacementZones": ",".join(f"{self.region}{zone}" for zone in ZONES),
            "WorkloadSegments": ",".join(self.subnet_ids("environments")),
            "FrontDoorSegments": ",".join(self.subnet_ids("load balancer")),
            "FrontDoorScheme": "internal",
            "FrontDoorName": self.domain,
            "FrontDoorKeyPair": self.certificate_arn,
        }

    def tags(self) -> dict[str, str]:
        """As the collection tags what it creates."""
        return {
            "gitpod:runner-name": self.name,
            "gitpod:runner-id": self.id,
            "gitpod:managed-by": "gitpod.enterprise_runner",
        }


@dataclasses.dataclass
class Fleet:
    """Some runners, and once they are seeded their exchange tokens by ID."""

    runners: tuple[Runner, ...]
    tokens: dict[str, str] = dataclasses.field(default_factory=dict)

    @classmethod
    def of(cls, count: int) -> Fleet:
        """The first C(count) runners."""
        return cls(tuple(Runner(number) for number in range(count)))

    @property
    def names(self) -> list[str]:
        """The hosts' names, in the inventory's order."""
        return [runner.name for runner in self.runners]

    def seed(self, testbed: TestBed) -> None:
        """Put networks, certificates and registrations into the test bed; once after each reset."""
        self.tokens = testbed.add_runners([runner.landscape() for runner in self.runners])

    def inventory(self, **variables: t.Any) -> dict[str, t.Any]:
        """The inventory's content.

        :param variables: of the group.
        """
        hosts = {
            runner.name: {**runner.variables(), "gitpod_exchange_token": self.tokens[runner.id]}
            for runner in self.runners
        }
        return {"gitpod_runners": {"vars": {"gitpod_account_id": ACCOUNT, **variables}, "hosts": hosts}}

    def write_inventory(self, path: pathlib.Path, **variables: t.Any) -> pathlib.Path:
        """The inventory as a file."""
        path.write_text(yaml.safe_dump(self.inventory(**variables), sort_keys=False), "utf-8")
        return path

    def deploy(self, testbed: TestBed, template_url: str = "", release: str = "", timeout: float = 300.0) -> None:
        """Create every stack and its records without Ansible, and wait for them, many at a time.

        :param template_url: of another template than the landscape's.
        :param release: the version that the stacks' tags record, or empty.
        :raises RuntimeError: a stack failed, or was not complete after C(timeout) seconds.
        """
        tags = {RELEASE_TAG: release} if release else {}
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda runner: self._create(testbed, runner, template_url, tags), self.runners))
            list(pool.map(lambda runner: _point(testbed, runner, time.monotonic() + timeout), self.runners))

    def _create(self, testbed: TestBed, runner: Runner, template_url: str, tags: dict[str, str]) -> None:
        values = runner.parameters(self.tokens[runner.id])
        client(testbed, "cloudformation", runner.region).create_stack(
            StackName=runner.name,
            TemplateURL=template_url or testbed.template_url,
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()],
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
            Tags=[{"Key": key, "Value": value} for key, value in {**runner.tags(), **tags}.items()],
            EnableTerminationProtection=True,
        )


_making_clients = threading.Lock()


@functools.cache
def _session() -> boto3.Session:
    return boto3.Session(aws_access_key_id=ACCOUNT, aws_secret_access_key="test")


def client(testbed: TestBed, service: str, region: str) -> t.Any:
    """A client of the test bed; one session loads each service's model once, and only one thread at a time may."""
    with _making_clients:
        return _session().client(service, region_name=region, endpoint_url=testbed.aws_endpoint_url)


def _point(testbed: TestBed, runner: Runner, deadline: float) -> None:
    """Wait for the stack, then point both names to its load balancer."""
    cloudformation = client(testbed, "cloudformation", runner.region)
    while True:
        stack = cloudformation.describe_stacks(StackName=runner.name)["Stacks"][0]
        if stack["StackStatus"] == "CREATE_COMPLETE":
            break
        if stack["StackStatus"] != "CREATE_IN_PROGRESS" or time.monotonic() > deadline:
            raise RuntimeError(f"{runner.name} is {stack['StackStatus']}: {stack.get('StackStatusReason', '')}")
        time.sleep(0.5)
    name = next(entry["OutputValue"] for entry in stack["Outputs"] if entry["OutputKey"] == "LoadBalancerDNS")
    balancers = client(testbed, "elbv2", runner.region).describe_load_balancers()["LoadBalancers"]
    zone = next(entry["CanonicalHostedZoneId"] for entry in balancers if entry["DNSName"] == name)
    target = {"HostedZoneId": zone, "DNSName": f"{name}.", "EvaluateTargetHealth": True}
    client(testbed, "route53", "us-east-1").change_resource_record_sets(
        HostedZoneId=ZONE_ID,
        ChangeBatch={
            "Changes": [
                {"Action": "UPSERT", "ResourceRecordSet": {"Name": record, "Type": "A", "AliasTarget": target}}
                for record in (f"{runner.domain}.", f"*.{runner.domain}.")
            ]
        },
    )
