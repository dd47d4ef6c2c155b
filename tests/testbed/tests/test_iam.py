# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""IAM as the test bed enforces it: what each call takes, how it is refused."""

from __future__ import annotations

import contextlib
import json
import shutil
import typing as t

import pytest
from botocore.exceptions import ClientError

from tests.testbed.client import TestBed
from tests.testbed.tests.roles import ACCOUNT, EVERYTHING, REGION, STACK, Role, allow, deny, document
from tests.testbed.tests.test_servers import process, testbed

VPC, SUBNET = "vpc-0c9f7e5a3b1d02468", "subnet-0c3a4e6d8f0b23571"
SERVICE = "com.amazonaws.vpce.us-east-1.vpce-svc-08de744d433e60ff2"
ZONE = "Z08A1B2C3D4E5F6G7H8I9"
CERTIFICATE = f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/b7a4d2c8-9e15-4f63-8a0b-6c3e1d5f7a03"
TEMPLATE = {
    "Parameters": {"Net": {"Type": "AWS::EC2::Subnet::Id", "Default": SUBNET}},
    "Resources": {"Logs": {"Type": "AWS::Logs::LogGroup"}},
}
__all__ = ["process", "testbed"]
pytestmark = pytest.mark.skipif(not shutil.which("node"), reason="Node is not installed (make debian-packages)")


def endpoint(**changes: t.Any) -> dict[str, t.Any]:
    """Parameters of the management plane's endpoint."""
    tags = [{"ResourceType": "vpc-endpoint", "Tags": [{"Key": "gitpod:managed-by", "Value": "us"}]}]
    usual = {"VpcId": VPC, "ServiceName": SERVICE, "ServiceRegion": "us-east-1", "VpcEndpointType": "Interface"}
    return {**usual, "SubnetIds": [SUBNET], "TagSpecifications": tags, "PrivateDnsEnabled": True, **changes}


def stack(**changes: t.Any) -> dict[str, t.Any]:
    """Parameters of a stack."""
    tags = [{"Key": "gitpod:managed-by", "Value": "us"}]
    return {"StackName": "runner", "TemplateBody": json.dumps(TEMPLATE), "Tags": tags, **changes}


def test_nothing_is_enforced_until_it_is_asked_for_and_never_of_the_account_itself(testbed: TestBed) -> None:
    role = Role(testbed, allow("iam:ListUsers"))
    role.client("ec2").describe_vpcs()
    testbed.enforce()
    role.of_account("ec2").describe_vpcs()
    assert role.refusal("ec2", "describe_vpcs")[0] == "UnauthorizedOperation"
    assert role.client("sts").get_caller_identity()["Arn"] == role.session_arn
    (noted,) = testbed.refusals()
    assert (noted["principal"], noted["action"], noted["resource"]) == (role.session_arn, "ec2:DescribeVpcs", "*")
    assert noted["context"]["aws:RequestedRegion"] == REGION


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "code", "ending"),
    [
        (
            "ec2",
            "delete_vpc_endpoints",
            {"VpcEndpointIds": ["vpce-0123456789abcdef0"]},
            "UnauthorizedOperation",
            f"ec2:DeleteVpcEndpoints on resource: arn:aws:ec2:{REGION}:{ACCOUNT}:vpc-endpoint/vpce-0123456789abcdef0 "
            "because no identity-based policy allows the ec2:DeleteVpcEndpoints action. Encoded authorization failure "
            "message: none",
        ),
        (
            "cloudformation",
            "describe_stack_events",
            {"StackName": "runner"},
            "AccessDenied",
            f"cloudformation:DescribeStackEvents on resource: {STACK} because no identity-based policy allows the "
            "cloudformation:DescribeStackEvents action",
        ),
        (
            "cloudformation",
            "list_stacks",
            {},
            "AccessDenied",
            f"cloudformation:ListStacks on resource: arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/*/* because no "
            "identity-based policy allows the cloudformation:ListStacks action",
        ),
        (
            "elbv2",
            "describe_load_balancers",
            {},
            "AccessDenied",
            "elasticloadbalancing:DescribeLoadBalancers because no identity-based policy allows the "
            "elasticloadbalancing:DescribeLoadBalancers action",
        ),
        (
            "iam",
            "get_role",
            {"RoleName": "someone"},
            "AccessDenied",
            "iam:GetRole on resource: role someone because no identity-based policy allows the iam:GetRole action",
        ),
        (
            "acm",
            "request_certificate",
            {"DomainName": "a.example.com"},
            "AccessDeniedException",
            f"acm:RequestCertificate on resource: arn:aws:acm:{REGION}:{ACCOUNT}:certificate/* because no "
            "identity-based policy allows the acm:RequestCertificate action",
        ),
        (
            "route53",
            "get_hosted_zone",
            {"Id": ZONE},
            "AccessDenied",
            f"route53:GetHostedZone on resource: arn:aws:route53:::hostedzone/{ZONE} because no identity-based policy "
            "allows the route53:GetHostedZone action",
        ),
        (
            "s3",
            "get_bucket_location",
            {"Bucket": "templates"},
            "AccessDenied",
            's3:GetBucketLocation on resource: "arn:aws:s3:::templates" because no identity-based policy allows the '
            "s3:GetBucketLocation action",
        ),
        (
            "ssm",
            "get_parameter",
            {"Name": "/gitpod/ca"},
            "AccessDeniedException",
            f"ssm:GetParameter on resource: arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/gitpod/ca because no "
            "identity-based policy allows the ssm:GetParameter action",
        ),
        (
            "service-quotas",
            "get_service_quota",
            {"ServiceCode": "vpc", "QuotaCode": "L-29B6F2EB"},
            "AccessDeniedException",
            f"servicequotas:GetServiceQuota on resource: arn:aws:servicequotas:{REGION}:{ACCOUNT}:vpc/L-29B6F2EB "
            "because no identity-based policy allows the servicequotas:GetServiceQuota action",
        ),
    ],
)
def test_each_service_refuses_in_its_own_words(
    testbed: TestBed, service: str, operation: str, parameters: dict[str, t.Any], code: str, ending: str
) -> None:
    role = Role(testbed, allow("iam:ListUsers"))
    testbed.enforce()
    found, message = role.refusal(service, operation, **parameters)
    assert found == code
    head = "You are not authorized to perform this operation. " if service == "ec2" else ""
    assert message == f"{head}User: {role.session_arn} is not authorized to perform: {ending}"


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "missing", "code"),
    [
        ("ec2", "create_vpc_endpoint", endpoint(), "ec2:CreateTags", "UnauthorizedOperation"),
        ("ec2", "create_vpc_endpoint", endpoint(), "vpce:AllowMultiRegion", "UnauthorizedOperation"),
        ("ec2", "create_vpc_endpoint", endpoint(), "route53:AssociateVPCWithHostedZone", "UnauthorizedOperation"),
        ("cloudformation", "describe_stacks", {}, "cloudformation:ListStacks", "AccessDenied"),
        ("cloudformation", "create_stack", stack(), "cloudformation:TagResource", "AccessDenied"),
        ("cloudformation", "create_stack", stack(), "ec2:DescribeSubnets", "ValidationError"),
        (
            "cloudformation",
            "create_stack",
            stack(RoleARN=f"arn:aws:iam::{ACCOUNT}:role/service"),
            "iam:PassRole",
            "AccessDenied",
        ),
        (
            "cloudformation",
            "get_template_summary",
            {"TemplateURL": "https://gitpod-flex-releases.s3.amazonaws.com/ec2/x.json"},
            "s3:GetObject",
            "ValidationError",
        ),
        (
            "cloudformation",
            "detect_stack_drift",
            {"StackName": "runner"},
            "cloudformation:DetectStackResourceDrift",
            "",
        ),
        (
            "acm",
            "request_certificate",
            {"DomainName": "a.example.com", "Tags": [{"Key": "a", "Value": "b"}]},
            "acm:AddTagsToCertificate",
            "AccessDeniedException",
        ),
        (
            "route53",
            "list_hosted_zones_by_vpc",
            {"VPCId": VPC, "VPCRegion": REGION},
            "ec2:DescribeVpcs",
            "AccessDenied",
        ),
        (
            "service-quotas",
            "get_service_quota",
            {"ServiceCode": "cloudformation", "QuotaCode": "L-0485CB21"},
            "cloudformation:DescribeAccountLimits",
            "DependencyAccessDeniedException",
        ),
    ],
)
def test_a_call_takes_more_than_its_own_action(
    testbed: TestBed, service: str, operation: str, parameters: dict[str, t.Any], missing: str, code: str
) -> None:
    role = Role(testbed, EVERYTHING, deny(missing))
    testbed.enforce()
    assert role.refusal(service, operation, **parameters)[0] == (code or "AccessDenied")
    assert [entry["action"] for entry in testbed.refusals()] == [missing]


def test_conditions_are_filled_from_the_request_and_from_what_there_is(testbed: TestBed) -> None:
    tagged = {"aws:RequestTag/gitpod:managed-by": "us"}
    ours = {"aws:ResourceTag/gitpod:managed-by": "us"}
    role = Role(
        testbed,
        allow("ec2:Describe*", "route53:*", "vpce:*", StringEquals={"aws:RequestedRegion": [REGION, "us-east-1"]}),
        allow("ec2:CreateVpcEndpoint", resource=f"arn:aws:ec2:{REGION}:{ACCOUNT}:vpc-endpoint/*", StringEquals=tagged),
        allow("ec2:CreateVpcEndpoint", resource=f"arn:aws:ec2:{REGION}:{ACCOUNT}:vpc/{VPC}"),
        allow("ec2:CreateVpcEndpoint", resource=f"arn:aws:ec2:{REGION}:{ACCOUNT}:subnet/*"),
        allow("ec2:CreateTags", StringEquals={"ec2:CreateAction": "CreateVpcEndpoint"}),
        allow("ec2:DeleteVpcEndpoints", StringEquals=ours),
    )
    testbed.enforce()
    assert role.refusal("ec2", "create_vpc_endpoint", **endpoint(TagSpecifications=[]))[0] == "UnauthorizedOperation"
    ec2 = role.client("ec2")
    made = ec2.create_vpc_endpoint(**endpoint())["VpcEndpoint"]["VpcEndpointId"]
    later = {"Resources": [made], "Tags": [{"Key": "team", "Value": "a"}]}
    assert role.refusal("ec2", "create_tags", **later)[0] == "UnauthorizedOperation"
    strange = role.of_account("ec2").create_vpc_endpoint(**endpoint(TagSpecifications=[], PrivateDnsEnabled=False))
    other = strange["VpcEndpoint"]["VpcEndpointId"]
    assert role.refusal("ec2", "delete_vpc_endpoints", VpcEndpointIds=[other])[0] == "UnauthorizedOperation"
    assert ec2.delete_vpc_endpoints(VpcEndpointIds=[made])["Unsuccessful"] == []


def test_a_stack_is_judged_by_its_name_and_all_stacks_by_none(testbed: TestBed) -> None:
    actions = ("cloudformation:DescribeStacks", "cloudformation:CreateStack", "cloudformation:TagResource")
    role = Role(testbed, allow(*actions, resource=STACK), allow("ec2:DescribeSubnets"))
    testbed.enforce()
    cloudformation = role.client("cloudformation")
    made = cloudformation.create_stack(**stack())["StackId"]
    for name in ("runner", made):
        assert cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackId"] == made
    assert role.refusal("cloudformation", "create_stack", **stack(StackName="runner-2"))[0] == "AccessDenied"
    assert role.refusal("cloudformation", "describe_stacks")[0] == "AccessDenied"


def test_objects_that_may_not_be_deleted_are_told_one_by_one(testbed: TestBed) -> None:
    role = Role(testbed, allow("s3:DeleteObject"))
    s3 = role.of_account("s3")
    s3.create_bucket(Bucket="kept", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="kept", Key="one", Body=b"x")
    testbed.enforce()
    wanted = {"Objects": [{"Key": "one", "VersionId": "null"}]}
    answered = role.client("s3").delete_objects(Bucket="kept", Delete=wanted)
    assert [(entry["Key"], entry["Code"]) for entry in answered["Errors"]] == [("one", "AccessDenied")]
    assert "s3:DeleteObjectVersion" in answered["Errors"][0]["Message"]
    assert s3.head_object(Bucket="kept", Key="one")["ContentLength"] == 1


def test_who_may_not_list_a_bucket_is_not_told_what_is_not_there(testbed: TestBed) -> None:
    role = Role(testbed, allow("s3:GetObject"))
    s3 = role.of_account("s3")
    s3.create_bucket(Bucket="templates", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="templates", Key="there", Body=b"x")
    testbed.enforce()
    assert role.client("s3").get_object(Bucket="templates", Key="there")["Body"].read() == b"x"
    assert role.refusal("s3", "get_object", Bucket="templates", Key="absent")[0] == "AccessDenied"


def test_a_command_takes_its_document_and_each_instance(testbed: TestBed) -> None:
    document = f"arn:aws:ssm:{REGION}::document/AWS-RunShellScript"
    instances = f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/*"
    ours = {"ssm:resourceTag/role": "probe"}
    role = Role(
        testbed,
        allow("ssm:SendCommand", resource=document),
        allow("ssm:SendCommand", resource=instances, StringEquals=ours),
    )
    options = {"ImageId": "ami-0995913728426aaaa", "MinCount": 1, "MaxCount": 1}
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "role", "Value": "probe"}]}]
    ec2 = role.of_account("ec2")
    probe = ec2.run_instances(**options, TagSpecifications=tags)["Instances"][0]["InstanceId"]
    other = ec2.run_instances(**options)["Instances"][0]["InstanceId"]
    testbed.enforce()
    command = {"DocumentName": "AWS-RunShellScript", "Parameters": {"commands": ["true"]}}
    assert role.refusal("ssm", "send_command", InstanceIds=[probe, other], **command)[0] == "AccessDeniedException"
    (noted,) = testbed.refusals()
    assert noted["resource"].endswith(f"instance/{other}")
    testbed.control("DELETE", "iam")
    testbed.enforce()
    with contextlib.suppress(ClientError):
        # That the instance has an agent is another matter.
        role.client("ssm").send_command(InstanceIds=[probe], **command)
    assert testbed.refusals() == []


def test_what_denies_is_told_apart(testbed: TestBed) -> None:
    denied = Role(testbed, EVERYTHING, deny("ec2:DescribeVpcs"))
    bounded = Role(testbed, EVERYTHING, boundary=allow("ec2:DescribeSubnets"))
    testbed.enforce(service_control_policies=[document(EVERYTHING, deny("ec2:DescribeSubnets"))])
    assert denied.refusal("ec2", "describe_vpcs")[1].endswith("with an explicit deny in an identity-based policy.")
    ending = "because no permissions boundary allows the ec2:DescribeVpcs action."
    assert bounded.refusal("ec2", "describe_vpcs")[1].endswith(ending)
    ending = "with an explicit deny in a service control policy."
    assert bounded.refusal("ec2", "describe_subnets")[1].endswith(ending)


def test_a_call_that_is_not_written_down_is_the_test_beds_fault_and_loud(testbed: TestBed) -> None:
    role = Role(testbed, EVERYTHING)
    testbed.enforce()
    assert role.refusal("iam", "list_users")[0] == "TestBedCannotJudge"
