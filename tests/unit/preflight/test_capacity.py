# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much environments take, what Service Quotas, EC2 and CloudWatch say of it, and what is suggested."""

from __future__ import annotations

import dataclasses
import datetime
import pathlib
import re
import typing as t

import pytest
import yaml
from samples import FACTS, NOW, TEMPLATE, WANTED, look

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.check import FAIL, PASS
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.unread import Unread
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import Parameter
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.contract import of_host
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.gathering import attempt
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight import account, capacity
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.capacity import MachineClass
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.checks import (
    ALL,
    addresses,
    quotas,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.checks import (
    capacity as checks,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import (
    Instances,
    Limit,
    Quota,
    Volumes,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.wanted import Wanted
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.door import read
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.registry import variables

# As "aws service-quotas get-service-quota" answers for virtual processors of Fargate.
USAGE = {
    "MetricNamespace": "AWS/Usage",
    "MetricName": "ResourceCount",
    "MetricDimensions": {"Class": "Standard/OnDemand", "Resource": "vCPU", "Service": "Fargate", "Type": "Resource"},
    "MetricStatisticRecommendation": "Maximum",
}


class NoSuchResourceException(Exception):  # noqa: N818
    """As botocore makes it of the service's model."""


class Quotas:
    """Service Quotas: what is applied and what is the default, each an answer's quota or C(None)."""

    exceptions = type("Exceptions", (), {"NoSuchResourceException": NoSuchResourceException})

    def __init__(self, applied: t.Any, default: t.Any = None) -> None:
        self.applied, self.default = applied, default
        self.asked: list[dict[str, t.Any]] = []

    def get_service_quota(self, **asked: t.Any) -> dict[str, t.Any]:
        return self._answer(self.applied, asked)

    def get_aws_default_service_quota(self, **asked: t.Any) -> dict[str, t.Any]:
        return self._answer(self.default, asked)

    def _answer(self, quota: t.Any, asked: dict[str, t.Any]) -> dict[str, t.Any]:
        self.asked.append(asked)
        if quota is None:
            raise NoSuchResourceException
        return {"Quota": quota}


def test_a_limit_is_the_applied_one_or_the_default() -> None:
    applied = Quotas({"Value": 12.0, "UsageMetric": USAGE}, {"Value": 6.0})
    found = account.limit(applied, account.FARGATE)
    assert (found.value, found.namespace, found.metric) == (12.0, "AWS/Usage", "ResourceCount")
    assert found.dimensions == USAGE["MetricDimensions"]
    assert [(entry["ServiceCode"], entry["QuotaCode"]) for entry in applied.asked] == [("fargate", "L-3032A538")]
    assert account.limit(Quotas(None, {"Value": 6.0}), account.FARGATE) == Limit(6.0)
    assert account.limit(Quotas({"Value": 0.0}), "vcpus_p") == Limit(0.0)


def test_an_answer_without_a_value_is_no_limit() -> None:
    """Service Quotas answers with success and says in the quota why its service did not tell the value."""
    reason = {"ErrorCode": "DEPENDENCY_ACCESS_DENIED_ERROR", "ErrorMessage": "no access to the service"}
    silent = Quotas({"QuotaCode": "L-7A658B76", "ErrorReason": reason})
    found = attempt("servicequotas:GetServiceQuota", lambda: account.limit(silent, account.VOLUMES))
    assert isinstance(found, Unread)
    assert "DEPENDENCY_ACCESS_DENIED_ERROR: no access to the service" in found.message
    facts = dataclasses.replace(FACTS, quotas={account.VOLUMES: Quota(found, 0.0)})
    told = quotas.quota_volumes.run(WANTED, facts)
    assert told.unverifiable
    assert "DEPENDENCY_ACCESS_DENIED_ERROR" in told.summary


@pytest.mark.parametrize("missing", [{"limit": None}, {"used": None}])
@pytest.mark.parametrize(
    ("check", "name"),
    [
        (quotas.quota_vcpus, "vcpus"),
        (quotas.quota_fargate, "fargate"),
        (quotas.quota_volumes, "volumes"),
        (quotas.quota_stacks, "stacks"),
        (quotas.quota_load_balancers, "load_balancers"),
        (quotas.quota_addresses, "addresses"),
    ],
)
def test_what_is_not_known_of_a_quota_is_not_verified(check: t.Any, name: str, missing: dict[str, t.Any]) -> None:
    quota = dataclasses.replace(Quota(1e6, 0.0), **missing)
    found = look(check, {}, {"quotas": {**FACTS.quotas, name: quota}})
    assert (found.status, found.unverifiable) == ("skip", True)
    assert account.QUOTAS[name].quota in found.remediation
    assert look(check, {}, {"quotas": {}}).status == "skip"


class CloudWatch:
    """Answers with these maxima, whatever is asked."""

    def __init__(self, *maxima: float) -> None:
        self.maxima = maxima
        self.asked: dict[str, t.Any] = {}

    def get_metric_statistics(self, **asked: t.Any) -> dict[str, t.Any]:
        self.asked = asked
        return {"Datapoints": [{"Maximum": maximum} for maximum in self.maxima]}


def test_todays_use_is_the_largest_of_the_last_hour_in_the_metric_that_the_quota_names() -> None:
    limit = Limit(6.0, "AWS/Usage", "ResourceCount", {"Type": "Resource", "Service": "Fargate"})
    cloudwatch = CloudWatch(1.5, 4.5, 3.0)
    assert account.recorded_use(cloudwatch, limit, NOW) == 4.5
    asked = cloudwatch.asked
    assert (asked["Namespace"], asked["MetricName"]) == ("AWS/Usage", "ResourceCount")
    assert asked["Dimensions"] == [{"Name": "Service", "Value": "Fargate"}, {"Name": "Type", "Value": "Resource"}]
    assert asked["EndTime"] - asked["StartTime"] == datetime.timedelta(hours=1)
    # AWS takes periods of whole minutes only (CloudWatch API reference, GetMetricStatistics).
    assert asked["Period"] % 60 == 0
    assert account.recorded_use(CloudWatch(), limit, NOW) == 0.0
    assert account.recorded_use(CloudWatch(9.0), Limit(6.0), NOW) is None


class Ec2:
    """EC2 with these instances, volumes and instance types, each list in pages of one."""

    def __init__(self, **lists: t.Sequence[dict[str, t.Any]]) -> None:
        self.lists = lists
        self.filters: dict[str, list[str]] = {}

    def get_paginator(self, _name: str) -> t.Any:
        return self

    def paginate(self, Filters: t.Any, **_more: t.Any) -> t.Any:  # noqa: N803
        self.filters = {entry["Name"]: entry["Values"] for entry in Filters}
        return [{"Reservations": [{"Instances": [raw]}]} for raw in self.lists["instances"]]

    def describe_volumes(self, **asked: t.Any) -> dict[str, t.Any]:
        return self._page("Volumes", "volumes", asked)

    def describe_instance_types(self, **asked: t.Any) -> dict[str, t.Any]:
        return self._page("InstanceTypes", "types", asked)

    def _page(self, key: str, name: str, asked: dict[str, t.Any]) -> dict[str, t.Any]:
        self.filters = {entry["Name"]: entry["Values"] for entry in asked["Filters"]}
        place = int(asked.get("NextToken", 0))
        following = {"NextToken": str(place + 1)} if place + 1 < len(self.lists[name]) else {}
        return {key: [self.lists[name][place]], **following}


def instance(identifier: str, kind: str, vcpus: int, state: str = "running", **more: t.Any) -> dict[str, t.Any]:
    options = {"CoreCount": vcpus // 2 or 1, "ThreadsPerCore": 2 if vcpus > 1 else 1}
    return {"InstanceId": identifier, "InstanceType": kind, "CpuOptions": options, "State": {"Name": state}, **more}


def profile(name: str) -> dict[str, t.Any]:
    return {"IamInstanceProfile": {"Arn": f"arn:aws:iam::123456789012:instance-profile/{name}"}}


def test_the_runners_own_environments_are_told_from_what_others_run() -> None:
    ec2 = Ec2(
        instances=(
            instance("i-1", "m6i.2xlarge", 8),
            instance("i-2", "m6i.2xlarge", 8, **profile("environments")),
            instance("i-3", "m6i.2xlarge", 8, "stopped", **profile("environments")),
            instance("i-4", "m6i.2xlarge", 8, "stopped", **profile("of-others")),
            instance("i-5", "t3.large", 2, "pending", **profile("of-others")),
            instance("i-6", "g4dn.xlarge", 4),
            instance("i-7", "c5.large", 2, InstanceLifecycle="spot"),
            instance("i-8", "trn1.2xlarge", 8),
        )
    )
    found = account.instances(ec2, "environments")
    others = {"vcpus": 10, "vcpus_g": 4, "vcpus_trn": 8}
    assert found == Instances(others, frozenset({"i-2", "i-3"}), {"vcpus": 8})
    assert set(ec2.filters["instance-state-name"]) == {"pending", "running", "stopping", "stopped"}
    nobody = account.instances(ec2, "")
    assert (nobody.vcpus["vcpus"], nobody.own) == (18, frozenset())
    assert ec2.filters["instance-state-name"] == ["pending", "running"]


def test_storage_is_counted_over_all_pages_without_the_runners_own() -> None:
    def volume(size: int, *attached: str) -> dict[str, t.Any]:
        return {"Size": size, "Attachments": [{"InstanceId": identifier} for identifier in attached]}

    ec2 = Ec2(volumes=(volume(1024), volume(512, "i-9"), volume(4096, "i-2"), volume(512)))
    assert account.volume_use(ec2, {"i-2", "i-3"}) == Volumes(2.0, 4.0)
    assert ec2.filters == {"volume-type": ["gp3"]}


def test_processors_are_ec2s_own_numbers() -> None:
    ec2 = Ec2(types=tuple({"InstanceType": name, "VCpuInfo": {"DefaultVCpus": n}} for name, n in (("a", 8), ("b", 1))))
    assert account.instance_types(ec2, ("b", "a", "b")) == {"a": 8, "b": 1}
    assert ec2.filters == {"instance-type": ["a", "b"]}


@pytest.mark.parametrize(
    ("name", "quota"),
    [
        *(
            (name, "vcpus")
            for name in ("m6i.2xlarge", "t3.micro", "c7gn.large", "a1.large", "d3en.xlarge", "h1.2xlarge")
        ),
        *((name, "vcpus") for name in ("i4i.large", "im4gn.large", "is4gen.large", "r7iz.large", "z1d.large")),
        ("m7i-flex.large", "vcpus"),
        ("g4dn.xlarge", "vcpus_g"),
        ("gr6.4xlarge", "vcpus_g"),
        ("vt1.3xlarge", "vcpus_g"),
        ("p4d.24xlarge", "vcpus_p"),
        ("x2idn.16xlarge", "vcpus_x"),
        ("f2.6xlarge", "vcpus_f"),
        ("inf2.xlarge", "vcpus_inf"),
        ("trn1n.32xlarge", "vcpus_trn"),
        ("dl2q.24xlarge", "vcpus_dl"),
        ("hpc7g.4xlarge", "vcpus_hpc"),
        ("u-6tb1.112xlarge", "vcpus_u"),
        ("u7i-12tb.224xlarge", "vcpus_u"),
        ("mac2-m2.metal", ""),
        ("", ""),
    ],
)
def test_a_family_counts_against_its_own_quota(name: str, quota: str) -> None:
    assert capacity.quota_of(name) == quota
    assert not quota or quota in account.QUOTAS


@pytest.mark.parametrize(
    ("configuration", "told"),
    [
        ({"machineType": "m6i.2xlarge", "diskSizeGb": "100"}, ("m6i.2xlarge", 100)),
        ({"instance_type": "U-6TB1.112xlarge", "volume_size": "80 GiB"}, ("u-6tb1.112xlarge", 80)),
        ({"machineType": " c7i.metal-24xl ", "disk": 64}, ("c7i.metal-24xl", 64)),
        ({"image": "registry.example.com/m6i.large", "diskIops": 3000, "diskType": "gp3"}, ("", 0)),
        ({"disk": "large", "diskThroughput": 125, "regions": "eu.west"}, ("", 0)),
        (None, ("", 0)),
    ],
)
def test_what_a_class_takes_is_read_from_its_configuration_whatever_the_keys_are(
    configuration: t.Any, told: tuple[str, int]
) -> None:
    found = MachineClass.of({"display_name": "Regular", "configuration": configuration})
    assert (found.instance_type, found.disk) == told


@pytest.mark.parametrize(
    ("environments", "zones", "prefix"),
    [
        (12, 2, 28),
        (13, 2, 27),
        (1000, 2, 23),
        (5000, 2, 20),
        (8172, 2, 20),
        (8173, 2, 19),
        (196583, 3, 16),
        (196584, 3, None),
    ],
)
def test_the_smallest_subnets_that_hold_all_environments(environments: int, zones: int, prefix: int | None) -> None:
    assert capacity.prefix_for(environments, zones) == prefix


def test_subnets_that_hold_them_are_suggested() -> None:
    found = look(addresses.addresses, {"expected_environments": 20000}, {})
    assert found.summary == (
        "8000 free addresses in the EC2 subnets, 20010 wanted for 20000 environments, and the runner"
        " (gitpod_expected_environments)."
    )
    assert found.remediation.startswith("Name 2 EC2 subnets of /18 or larger, one a zone")
    more = look(addresses.addresses, {"expected_environments": 500000}, {})
    assert "share the environments out among runners" in more.remediation


def test_the_size_that_fits_is_suggested_with_all_that_it_needs() -> None:
    parameter = Parameter("RunnerSize", "Runner size", default="small")
    template = dataclasses.replace(TEMPLATE, parameters=(parameter,))
    many = {"expected_environments": 6000, "expected_running_environments": 900}
    found = look(checks.size, many, {"template": template})
    assert found.summary == (
        "6,000 environments in all, 900 at one time are expected, and small is for up to 5,000 in all and 300 at one"
        " time."
    )
    for part in ("RunnerSize: large", "three zones", "/16", "PrivateLink", "managed metrics"):
        assert part in found.remediation
    for given in ("RunnerSize", "Runner size", "runner_size"):
        assert (
            checks.size_of(
                dataclasses.replace(WANTED, parameters={given: "LARGE"}), dataclasses.replace(FACTS, template=template)
            )
            == "large"
        )


def test_a_quota_says_what_it_counts_and_how_much_to_ask_for() -> None:
    found = look(quotas.quota_vcpus, {}, {"quotas": {"vcpus": Quota(64.0, 10.0)}})
    assert found.summary == (
        "10 of 64 vCPUs in use, 160 more needed (20 environments with 8 each: the class Regular, m6i.2xlarge)."
    )
    assert "Ask for 170 or more" in found.remediation
    assert "L-1216C47A" in found.remediation
    volumes = look(quotas.quota_volumes, {"expected_environments": 512}, {"quotas": {"volumes": Quota(50.0, 1.0)}})
    assert volumes.summary == "1 of 50 TiB of gp3 volumes in use, 50 more needed (512 environments with 100 GiB each)."
    assert "Ask for 51 or more" in volumes.remediation


def test_families_are_judged_side_by_side_and_the_worst_counts() -> None:
    both = {"environment_classes": (MachineClass("GPU", "g4dn.xlarge"), MachineClass("Regular", "m6i.2xlarge"))}
    types = {"instance_types": {"g4dn.xlarge": 4, "m6i.2xlarge": 8}}
    room, none = Quota(1000.0, 0.0), Quota(0.0, 0.0)
    found = look(quotas.quota_vcpus, both, {**types, "quotas": {"vcpus": room, "vcpus_g": none}})
    assert (found.status, "L-DB2E81BA" in found.remediation, "m6i" in found.summary) == ("warn", True, False)
    unknown = look(quotas.quota_vcpus, both, {**types, "quotas": {"vcpus": room, "vcpus_g": Quota(None, 0.0)}})
    assert (unknown.status, unknown.unverifiable) == ("skip", True)
    fits = look(quotas.quota_vcpus, both, {**types, "quotas": {"vcpus": room, "vcpus_g": room}})
    assert (fits.status, "GPU" in fits.summary, "Regular" in fits.summary) == (PASS, True, True)


@pytest.mark.parametrize(
    ("total", "running", "told"), [(100, 100, False), (100, 101, True), (None, 21, True), (None, 20, False)]
)
def test_no_more_environments_run_than_there_are(total: int | None, running: int, told: bool) -> None:
    given = {"gitpod_region": "eu-central-1", "gitpod_expected_running_environments": running}
    given.update({"gitpod_expected_environments": total} if total else {})
    found = [problem for problem in of_host(read("eu", "/", variables(), given)) if "expected" in problem.variable]
    assert bool(found) is told
    if told:
        assert found[0].as_check()["status"] == FAIL
        assert "stopped ones" in found[0].summary


GUIDE = (pathlib.Path(__file__).parents[3] / "docs/capacity.md").read_text("utf-8")
EXAMPLE, SMALL_TELLS, LARGE_TELLS = re.findall(r"^```(?:yaml|text)\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)


def guides_wanted(**changes: t.Any) -> Wanted:
    """What the guide's example asks for, in the two subnets that it names."""
    names = ("vpc_id", "availability_zones", "ec2_subnet_ids", "load_balancer_subnet_ids")
    given = {**yaml.safe_load(EXAMPLE), "gitpod_region": "eu-central-1", **changes}
    asked = Wanted.of(read("eu", "/", variables(), given).everything())
    metrics = {"registration_metrics": {"managed": False}}
    return dataclasses.replace(asked, **{name: getattr(WANTED, name) for name in names}, **metrics)


GUIDES_FACTS = dataclasses.replace(
    FACTS,
    template=dataclasses.replace(TEMPLATE, parameters=(Parameter("RunnerSize", "Runner size", default="small"),)),
    quotas={"vcpus": Quota(640.0, 0.0), "volumes": Quota(50.0, 0.0), "fargate": Quota(6.0, 0.0)},
)


def test_what_the_guide_shows_is_what_the_checks_say() -> None:
    large = guides_wanted(gitpod_stack_parameters={"RunnerSize": "large"})
    for wanted, shown in ((guides_wanted(), SMALL_TELLS), (large, LARGE_TELLS)):
        named = re.findall(r"^(?:pass|warn|fail)  ([a-z_.]+):", shown, re.MULTILINE)
        found = {check.id: check.run(wanted, GUIDES_FACTS) for check in ALL if check.id in named}
        assert [f"{found[name].status}  {name}: {found[name].summary}" for name in named] == shown.splitlines()
    assert checks.size.run(large, GUIDES_FACTS).status == PASS


def test_the_guides_table_is_the_one_that_is_judged_by() -> None:
    rows = {
        cells[1]: cells[2:4] for line in GUIDE.splitlines() if len(cells := [c.strip() for c in line.split("|")]) == 5
    }
    small, large = capacity.SIZES["small"], capacity.SIZES["large"]
    assert rows["Environments in all"] == [f"up to {small.environments:,}", "more"]
    assert rows["Running at one time"] == [f"up to {small.running}", "more"]
    assert rows["Availability Zones"] == [str(small.zones), str(large.zones)]
    assert [cell[:3] for cell in rows["EC2 subnet of each zone"]] == [f"/{small.prefix}", f"/{large.prefix}"]
    assert (large.environments, large.running) == (None, None)
    for name in re.findall(r"`((?:capacity|network|stack|security_group)\.[a-z_]+)`", GUIDE):
        assert name in {check.id for check in ALL}
