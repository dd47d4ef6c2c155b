# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the inventory asks for is derived from its variables by name, and is what will be deployed."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import Parameter
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.wanted import (
    LABELLED,
    Wanted,
    deployed,
    deployed_values,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.door import read
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.earlier import Earlier
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.registry import variables

# Fields that are computed of several variables.
COMPUTED = {
    "parameters",
    "secret_parameters",
    "privatelink_security_group_name",
    "dns_profile",
    "left_out",
    "probe_instances",
    "environment_classes",
    "renews_password",
    "name",
}
VPC, OTHER = "vpc-0a7d5c3e1f9b80246", "vpc-0b8e6d4f2a0c91357"


def wanted(earlier: Earlier | None = None, **given: t.Any) -> Wanted:
    """Of an inventory, by names without the prefix."""
    raw = {"gitpod_region": "eu-central-1", **{f"gitpod_{name}": value for name, value in given.items()}}
    found = read("gitpod-eu", "/", variables(), raw)
    assert not found.problems
    return Wanted.of(found.everything(), earlier)


def test_every_field_has_a_variable_of_its_name() -> None:
    fields = {field.name for field in dataclasses.fields(Wanted)} - COMPUTED
    declared = variables()
    assert {
        name for name in fields if f"gitpod_{name}" not in declared and f"gitpod_stack_{name}" not in declared
    } == set()


def test_defaults_and_fallbacks_are_those_of_the_declarations() -> None:
    found = wanted()
    assert (found.name, found.stack_name, found.region) == ("gitpod-eu", "gitpod-eu", "eu-central-1")
    assert (found.dns_provider, found.dns_ttl, found.expected_environments) == ("route53", 300, 20)
    assert (found.recreate_failed, found.privatelink_replace_failed, found.stack_policy) == (True, False, False)
    assert found.capabilities == ("CAPABILITY_IAM", "CAPABILITY_NAMED_IAM")
    subnets = ["subnet-0a1e2c4b6d8f01351"]
    assert wanted(ec2_subnet_ids=subnets).privatelink_subnet_ids == tuple(subnets)
    assert wanted(vpc_id=VPC).resolving_vpc_id == VPC
    assert wanted(vpc_id=VPC, dns_vpc_id=OTHER).resolving_vpc_id == OTHER
    assert wanted(stack_policy={"Statement": []}).stack_policy is True


def test_only_another_accounts_profile_is_another() -> None:
    assert wanted(aws_profile="one").dns_profile == ""
    assert wanted(aws_profile="one", dns_aws_profile="one").dns_profile == ""
    assert wanted(aws_profile="one", dns_aws_profile="two").dns_profile == "two"


def test_the_vpc_that_is_checked_is_the_one_that_is_deployed() -> None:
    assert wanted(vpc_id=VPC, stack_parameters={"VPC": OTHER}).vpc_id == OTHER
    assert (
        wanted(stack_parameters={"vpc": OTHER, "Availability Zones": ["eu-central-1a", "eu-central-1b"]}).vpc_id
        == OTHER
    )
    zones = wanted(stack_parameters={"Availability Zones": "eu-central-1a, eu-central-1b"}).availability_zones
    assert zones == ("eu-central-1a", "eu-central-1b")
    # Logical IDs are only known with the template.
    by_id = wanted(vpc_id=VPC, stack_parameters={"PlacementNetwork": OTHER})
    assert by_id.vpc_id == VPC
    template = (Parameter("PlacementNetwork", "VPC"), Parameter("FrontDoorName", "Domain Name"))
    assert deployed(by_id, {"PlacementNetwork": OTHER}, template).vpc_id == OTHER
    assert deployed(by_id, {}, LABELLED) == by_id


def test_what_falls_back_to_something_deployed_is_checked_with_it() -> None:
    nets, others = ["subnet-0a1e2c4b6d8f01351"], ["subnet-0a1e2c4b6d8f01352"]
    given = {"privatelink_subnet_ids": nets, "privatelink_source_subnet_ids": nets, "dns_vpc_id": VPC}
    parameters = {"VPC": OTHER, "EC2 Instances Subnet": others, "Domain Name": "EU.example.com."}
    found = wanted(vpc_id=VPC, ec2_subnet_ids=nets, domain_name="us.example.com", stack_parameters=parameters, **given)
    assert found.privatelink_subnet_ids == found.privatelink_source_subnet_ids == tuple(others)
    assert found.resolving_vpc_id == OTHER
    assert deployed_values(found, {"gitpod_vpc_id": VPC, "gitpod_ec2_subnet_ids": others}) == {
        "gitpod_vpc_id": OTHER,
        "gitpod_domain_name": "eu.example.com",
    }


def test_what_earlier_stages_found_is_told_to_the_stack_and_passwords_to_nobody() -> None:
    earlier = Earlier(registration={"runner_id": "0192"}, certificate={"certificate_arn": "arn:1"})
    found = wanted(earlier, exchange_token="s3cr3t", registration_metrics={"url": "u", "password": "p4ss"})
    assert found.parameters == {"Runner ID": "0192", "Certificate ARN": "arn:1"}
    assert found.secret_parameters == {"Exchange Token": "s3cr3t"}
    assert found.registration_metrics == {"url": "u"}
    assert "s3cr3t" not in repr(found)


def test_how_many_run_at_one_time_is_said_or_no_more_than_a_small_runner_is_for() -> None:
    assert wanted().running_environments == 20
    assert wanted(expected_environments=4000).running_environments == 300
    assert wanted(expected_environments=4000, expected_running_environments=1200).running_environments == 1200


def test_classes_that_are_not_offered_take_nothing() -> None:
    def entry(name: str, **more: t.Any) -> dict[str, t.Any]:
        return {"display_name": name, "configuration": {"machineType": "m6i.large", "diskSizeGb": 80}, **more}

    classes = [entry("Gone", state="absent"), entry("Off", enabled=False), entry("Here"), {"display_name": "Bare"}]
    found = wanted(runner_settings_environment_classes=classes)
    assert [(one.name, one.instance_type, one.disk) for one in found.environment_classes] == [
        ("Here", "m6i.large", 80),
        ("Bare", "", 0),
    ]
    assert (found.instance_types, found.declares_disks) == (("m6i.large",), True)
