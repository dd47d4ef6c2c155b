# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The conversation with the services beside CloudFormation; it begins when the runner's stack is there."""

from __future__ import annotations

import datetime
import time
import typing as t

from .conversation import (
    ACCOUNT,
    CERTIFICATE,
    ENDPOINT_SERVICE,
    GATEWAY,
    REGION,
    SUBNETS,
    TAGS,
    VPC,
    ZONE,
    Conversation,
)


def everything(conversation: Conversation) -> None:
    """All groups, in an order in which each finds what it needs."""
    conversation.stacks()
    for group in (network, endpoint, balancer, records, certificates, access, instances, bucket):
        group(conversation)
    conversation.small_stacks()


def network(conversation: Conversation) -> None:
    """What stands in a VPC."""
    ec2 = conversation.client("ec2")
    for attribute in ("enableDnsSupport", "enableDnsHostnames"):
        ec2.describe_vpc_attribute(VpcId=VPC, Attribute=attribute)
    ec2.modify_vpc_attribute(VpcId=VPC, EnableDnsSupport={"Value": True})
    table = ec2.describe_route_tables()["RouteTables"][0]["RouteTableId"]
    ec2.create_tags(Resources=[VPC, SUBNETS[0], table], Tags=TAGS)
    for call in ("vpcs", "subnets", "route_tables", "availability_zones", "network_acls", "network_interfaces"):
        getattr(ec2, f"describe_{call}")()
    ec2.delete_tags(Resources=[VPC], Tags=TAGS)
    ec2.describe_images()


def endpoint(conversation: Conversation) -> None:
    """A group, and an endpoint that has it."""
    ec2 = conversation.client("ec2")
    specification = [{"ResourceType": "security-group", "Tags": TAGS}]
    group = ec2.create_security_group(
        GroupName="contract", Description="contract", VpcId=VPC, TagSpecifications=specification
    )["GroupId"]
    rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.20.0.0/16"}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
    ec2.describe_security_groups()
    ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[rule])
    ec2.describe_vpc_endpoint_services()
    ec2.describe_vpc_endpoint_services(ServiceNames=[ENDPOINT_SERVICE])
    made = ec2.create_vpc_endpoint(
        VpcEndpointType="Interface",
        VpcId=VPC,
        ServiceName=ENDPOINT_SERVICE,
        SubnetIds=SUBNETS,
        SecurityGroupIds=[group],
        PrivateDnsEnabled=True,
        TagSpecifications=[{"ResourceType": "vpc-endpoint", "Tags": TAGS}],
    )["VpcEndpoint"]["VpcEndpointId"]
    for _turn in range(50):
        if ec2.describe_vpc_endpoints()["VpcEndpoints"][0]["State"] == "available":
            break
        time.sleep(0.1)
    ec2.describe_network_interfaces()
    conversation.client("route53").list_hosted_zones_by_vpc(VPCId=VPC, VPCRegion=REGION)
    ec2.modify_vpc_endpoint(VpcEndpointId=made, PrivateDnsEnabled=False)
    ec2.delete_vpc_endpoints(VpcEndpointIds=[made])
    alone = ec2.create_security_group(GroupName="contract-alone", Description="contract", VpcId=VPC)["GroupId"]
    ec2.delete_security_group(GroupId=alone)


def balancer(conversation: Conversation) -> None:
    """The stack's load balancer."""
    elbv2 = conversation.client("elbv2")
    arn = elbv2.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
    elbv2.describe_listeners(LoadBalancerArn=arn)
    conversation.testbed.control("POST", "targets", {"region": REGION, "port": 8443, "state": "unhealthy"})
    for group in elbv2.describe_target_groups(LoadBalancerArn=arn)["TargetGroups"]:
        elbv2.describe_target_health(TargetGroupArn=group["TargetGroupArn"])


def records(conversation: Conversation) -> None:
    """A record, an alias, and zones of a VPC."""
    route53 = conversation.client("route53")
    front = conversation.client("elbv2").describe_load_balancers()["LoadBalancers"][0]
    target = {
        "HostedZoneId": front["CanonicalHostedZoneId"],
        "DNSName": front["DNSName"],
        "EvaluateTargetHealth": True,
    }
    text = {"Type": "TXT", "TTL": 60, "ResourceRecords": [{"Value": '"contract"'}]}
    sets: list[dict[str, t.Any]] = [
        {"Name": "us.gitpod.example.com", "Type": "A", "AliasTarget": target},
        {"Name": "contract.gitpod.example.com", "SetIdentifier": "one", "Weight": 1, **text},
    ]
    changes = [{"Action": "UPSERT", "ResourceRecordSet": one} for one in sets]
    made = route53.change_resource_record_sets(HostedZoneId=ZONE, ChangeBatch={"Changes": changes})
    route53.get_change(Id=made["ChangeInfo"]["Id"])
    route53.list_resource_record_sets(HostedZoneId=ZONE)
    network_of_zone = {"VPCRegion": REGION, "VPCId": VPC}
    private = route53.create_hosted_zone(Name="contract.example", CallerReference="contract", VPC=network_of_zone)
    conversation.client("ec2").create_vpc(CidrBlock="10.99.0.0/16")
    other = conversation.client("ec2").describe_vpcs()["Vpcs"][-1]["VpcId"]
    zone = private["HostedZone"]["Id"]
    route53.associate_vpc_with_hosted_zone(HostedZoneId=zone, VPC={"VPCRegion": REGION, "VPCId": other})
    for one in (zone, ZONE):
        route53.get_hosted_zone(Id=one)
    route53.list_hosted_zones()
    route53.list_hosted_zones_by_vpc(VPCId=VPC, VPCRegion=REGION)


def certificates(conversation: Conversation) -> None:
    """One that is issued, one that waits for its record."""
    acm = conversation.client("acm")
    made = acm.request_certificate(DomainName="contract.gitpod.example.com", ValidationMethod="DNS", Tags=TAGS)
    for _turn in range(30):
        found = acm.describe_certificate(CertificateArn=made["CertificateArn"])["Certificate"]
        if "ResourceRecord" in found["DomainValidationOptions"][0]:
            break
        time.sleep(0.1)
    acm.add_tags_to_certificate(CertificateArn=made["CertificateArn"], Tags=TAGS)
    acm.list_tags_for_certificate(CertificateArn=made["CertificateArn"])
    acm.describe_certificate(CertificateArn=CERTIFICATE)
    acm.list_certificates()
    acm.delete_certificate(CertificateArn=made["CertificateArn"])


def access(conversation: Conversation) -> None:
    """Who calls, what the caller may do, quotas, secrets and parameters."""
    conversation.client("sts").get_caller_identity()
    conversation.client("sts").assume_role(
        RoleArn="arn:aws:iam::210987654321:role/dns-editor", RoleSessionName="contract"
    )
    iam, arn = conversation.client("iam"), f"arn:aws:iam::{ACCOUNT}:user/gitpod-operator"
    iam.get_role(RoleName="AWSServiceRoleForECS")
    iam.simulate_principal_policy(PolicySourceArn=arn, ActionNames=["ec2:DescribeVpcs", "sts:AssumeRole"])
    iam.simulate_principal_policy(
        PolicySourceArn=arn,
        ActionNames=["cloudformation:CreateStack"],
        ResourceArns=[f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/contract/*"],
    )
    iam.create_instance_profile(InstanceProfileName="contract")
    iam.get_instance_profile(InstanceProfileName="contract")
    quotas = conversation.client("service-quotas")
    quotas.get_service_quota(ServiceCode="ec2", QuotaCode="L-0263D0A3")
    quotas.get_service_quota(ServiceCode="fargate", QuotaCode="L-3032A538")
    quotas.get_aws_default_service_quota(ServiceCode="ec2", QuotaCode="L-0263D0A3")
    _use_of_fargate(conversation)
    conversation.client("ssm").put_parameter(Name="/contract", Value="one", Type="String")
    conversation.client("ssm").get_parameter(Name="/contract")
    secrets = conversation.client("secretsmanager")
    secrets.create_secret(Name="contract", SecretString="one")
    secrets.get_secret_value(SecretId="contract")


def _use_of_fargate(conversation: Conversation) -> None:
    """As Service Quotas names the metric."""
    dimensions = {"Class": "Standard/OnDemand", "Resource": "vCPU", "Service": "Fargate", "Type": "Resource"}
    conversation.testbed.control("POST", "usage", {"region": REGION, "dimensions": dimensions, "value": 1.5})
    now = datetime.datetime.now(datetime.timezone.utc)
    conversation.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Usage",
        MetricName="ResourceCount",
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        StartTime=now - datetime.timedelta(hours=1),
        EndTime=now,
        Period=300,
        Statistics=["Maximum"],
    )


def instances(conversation: Conversation) -> None:
    """An instance with an agent, and a command on it."""
    ec2, ssm = conversation.client("ec2"), conversation.client("ssm")
    made = ec2.run_instances(ImageId="ami-0abc", MinCount=1, MaxCount=1, SubnetId=GATEWAY, InstanceType="t3.micro")
    instance = made["Instances"][0]["InstanceId"]
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    ec2.associate_address(AllocationId=address, InstanceId=instance)
    ec2.describe_addresses()
    ec2.describe_instances()
    ec2.describe_instance_types(Filters=[{"Name": "instance-type", "Values": ["m6i.2xlarge"]}])
    ec2.describe_volumes(Filters=[{"Name": "volume-type", "Values": ["gp3"]}])
    ec2.describe_network_interfaces()
    conversation.testbed.control("POST", "managed-instances", {"instance": instance})
    ssm.describe_instance_information()
    sent = ssm.send_command(
        InstanceIds=[instance], DocumentName="AWS-RunShellScript", Parameters={"commands": ["true"]}
    )["Command"]["CommandId"]
    for _turn in range(30):
        found = conversation.refused(ssm.get_command_invocation, CommandId=sent, InstanceId=instance)
        if found.get("Status") == "Success":
            break
        time.sleep(0.1)
    ssm.cancel_command(CommandId=sent)


def bucket(conversation: Conversation) -> None:
    """A bucket from its first object to its end."""
    s3, name = conversation.client("s3"), "contract-of-the-test-bed"
    s3.create_bucket(Bucket=name)
    s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": TAGS})
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=name, Key="one", Body=b"one")
    s3.delete_object(Bucket=name, Key="one")
    s3.put_object(Bucket=name, Key="two", Body=b"two")
    s3.head_object(Bucket=name, Key="two")
    s3.get_bucket_location(Bucket=name)
    s3.get_bucket_tagging(Bucket=name)
    upload = s3.create_multipart_upload(Bucket=name, Key="three")["UploadId"]
    s3.list_multipart_uploads(Bucket=name)
    s3.abort_multipart_upload(Bucket=name, Key="three", UploadId=upload)
    listed = s3.list_object_versions(Bucket=name)
    versions = [*listed.get("Versions", []), *listed.get("DeleteMarkers", [])]
    keys = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in versions]
    s3.delete_objects(Bucket=name, Delete={"Objects": keys})
    s3.delete_bucket(Bucket=name)
