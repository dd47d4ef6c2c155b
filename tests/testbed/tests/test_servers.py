# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole test bed as a process: AWS, management plane, DNS and HTTPS, asked as their clients ask."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
import sys
import time
import typing as t
import urllib.error
import urllib.request

import boto3
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import ona_sdk
import pytest
from botocore.exceptions import ClientError
from connectrpc.errors import ConnectError
from gitpod.v1 import runner_pb2

from tests.fleet import Fleet
from tests.testbed.client import TestBed

US_RUNNER = "0192f3c8-5b6e-7a10-8c4d-1e2f3a4b5c01"
ZONE = "Z08A1B2C3D4E5F6G7H8I9"
SERVICE = "com.amazonaws.vpce.us-east-1.vpce-svc-08de744d433e60ff2"
AP_VPC, AP_SUBNETS = "vpc-0c9f7e5a3b1d02468", ["subnet-0c3a4e6d8f0b23571", "subnet-0c3a4e6d8f0b23572"]


@pytest.fixture(scope="module")
def process() -> t.Iterator[TestBed]:
    with TestBed.start(sys.executable, stack_seconds=2) as testbed:
        yield testbed


@pytest.fixture
def testbed(process: TestBed) -> TestBed:
    process.reset()
    return process


def client(testbed: TestBed, service: str, region: str = "us-east-1") -> t.Any:
    return boto3.client(
        service,
        region_name=region,
        endpoint_url=testbed.aws_endpoint_url,
        aws_access_key_id=testbed.account_id,
        aws_secret_access_key="test",
    )


def until(condition: t.Callable[[], t.Any], seconds: float = 15) -> t.Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError("not in time")


def ask(testbed: TestBed, name: str, kind: str = "A", tcp: bool = False) -> dns.message.Message:
    address, port = testbed.dns.split(":")
    query = dns.message.make_query(name, kind)
    return (dns.query.tcp if tcp else dns.query.udp)(query, address, port=int(port), timeout=5)


def values(response: dns.message.Message) -> list[str]:
    return [item.to_text() for answer in response.answer for item in answer]


def deploy(testbed: TestBed, token: str) -> dict[str, t.Any]:
    """The runner stack of us-east-1; its load balancer."""
    parameters = {
        "InstallationKey": US_RUNNER,
        "BootstrapSecret": token,
        "PlacementNetwork": "vpc-0a7d5c3e1f9b80246",
        "PlacementZones": "us-east-1a,us-east-1b",
        "WorkloadSegments": "subnet-0a1e2c4b6d8f01351,subnet-0a1e2c4b6d8f01352",
        "FrontDoorSegments": "subnet-0a1b3d5f7e9c02461,subnet-0a1b3d5f7e9c02462",
        "FrontDoorScheme": "internet-facing",
        "FrontDoorName": "us.gitpod.example.com",
        "FrontDoorKeyPair": "arn:aws:acm:us-east-1:123456789012:certificate/5d1c3a52-6d0a-4b1e-9a55-0f3c0e7b1a01",
    }
    cloudformation = client(testbed, "cloudformation")
    cloudformation.create_stack(
        StackName="gitpod-us",
        TemplateURL=testbed.template_url,
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
    )
    until(
        lambda: cloudformation.describe_stacks(StackName="gitpod-us")["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"
    )
    found: dict[str, t.Any] = client(testbed, "elbv2").describe_load_balancers()["LoadBalancers"][0]
    return found


def change(testbed: TestBed, *changes: tuple[str, dict[str, t.Any]]) -> None:
    batch = [{"Action": action, "ResourceRecordSet": record} for action, record in changes]
    client(testbed, "route53").change_resource_record_sets(HostedZoneId=ZONE, ChangeBatch={"Changes": batch})


def alias(name: str, target: dict[str, t.Any], zone: str = "") -> dict[str, t.Any]:
    alias_target = {
        "HostedZoneId": zone or target["CanonicalHostedZoneId"],
        "DNSName": target["DNSName"],
        "EvaluateTargetHealth": True,
    }
    return {"Name": name, "Type": "A", "AliasTarget": alias_target}


def cname(name: str, value: str) -> dict[str, t.Any]:
    return {"Name": name, "Type": "CNAME", "TTL": 300, "ResourceRecords": [{"Value": value}]}


def sdk(testbed: TestBed, token: str) -> t.Any:
    return ona_sdk.create_client(api_key=token, base_url=testbed.management_plane_url).services.runner


def test_the_whole_path_from_stack_to_health(testbed: TestBed) -> None:
    balancer = deploy(testbed, testbed.exchange_tokens["us-east-1"])
    assert "loadbalancer/net/" in balancer["LoadBalancerArn"]
    assert balancer["CanonicalHostedZoneId"] == "Z26RNL4JYFTOTI"
    assert balancer["VpcId"] == "vpc-0a7d5c3e1f9b80246"
    assert balancer["DNSName"].endswith(".elb.us-east-1.amazonaws.com")
    change(
        testbed,
        ("CREATE", alias("us.gitpod.example.com", balancer)),
        ("CREATE", alias("*.us.gitpod.example.com", balancer)),
    )
    addresses = values(ask(testbed, balancer["DNSName"]))
    assert len(addresses) == 2
    assert set(values(ask(testbed, "any.us.gitpod.example.com"))) == set(addresses)

    context = ssl.create_default_context(cafile=testbed.ca_file)

    def healthy() -> bool:
        try:
            with (
                socket.create_connection((addresses[0], testbed.https_port), 5) as plain,
                context.wrap_socket(plain, server_hostname="any.us.gitpod.example.com") as secure,
            ):
                secure.sendall(b"GET /_health HTTP/1.1\r\nHost: us.gitpod.example.com\r\n\r\n")
                return b"200 OK" in secure.recv(200)
        except OSError:
            return False

    until(healthy)
    runner = sdk(testbed, testbed.api_token).get_runner(runner_pb2.GetRunnerRequest(runner_id=US_RUNNER)).runner
    assert runner.status.phase == runner_pb2.RUNNER_PHASE_ACTIVE


def test_a_token_that_is_not_the_runners_leaves_it_degraded(testbed: TestBed) -> None:
    deploy(testbed, "made-up")
    runner = sdk(testbed, testbed.api_token).get_runner(runner_pb2.GetRunnerRequest(runner_id=US_RUNNER)).runner
    assert runner.status.phase == runner_pb2.RUNNER_PHASE_DEGRADED


def test_an_exchange_token_expires_after_a_day(testbed: TestBed) -> None:
    testbed.control("POST", "management", {"advance_seconds": 25 * 3600})
    deploy(testbed, testbed.exchange_tokens["us-east-1"])
    runner = sdk(testbed, testbed.api_token).get_runner(runner_pb2.GetRunnerRequest(runner_id=US_RUNNER)).runner
    assert "expired" in runner.status.message


def test_the_management_plane_checks_tokens_and_pages(testbed: TestBed) -> None:
    with pytest.raises(ConnectError):
        sdk(testbed, "wrong").list_runners(runner_pb2.ListRunnersRequest())
    service = sdk(testbed, testbed.api_token)
    request = runner_pb2.ListRunnersRequest()
    request.pagination.page_size = 2
    first = service.list_runners(request)
    request.pagination.token = first.pagination.next_token
    second = service.list_runners(request)
    assert len(first.runners) == 2
    assert [runner.name for runner in second.runners] == ["gitpod-ap-southeast-2"]
    created = service.create_runner(
        runner_pb2.CreateRunnerRequest(
            name="another",
            provider="RUNNER_PROVIDER_AWS_EC2",
            spec={"configuration": {"region": "eu-west-1"}},
        )
    )
    assert created.exchange_token
    assert created.runner.runner_id


def test_dns_tells_missing_from_empty_and_answers_over_tcp(testbed: TestBed) -> None:
    change(
        testbed,
        ("CREATE", {**cname("txt.gitpod.example.com", ""), "Type": "TXT", "ResourceRecords": [{"Value": '"x"'}]}),
    )
    missing = ask(testbed, "nothing.gitpod.example.com")
    assert missing.rcode() == dns.rcode.NXDOMAIN
    assert missing.authority[0].rdtype == dns.rdatatype.SOA
    assert ask(testbed, "txt.gitpod.example.com").rcode() == dns.rcode.NOERROR
    assert values(ask(testbed, "txt.gitpod.example.com", "TXT", tcp=True)) == ['"x"']
    assert ask(testbed, "example.org").rcode() == dns.rcode.REFUSED


def test_an_soa_question_for_a_cname_is_answered_from_the_targets_zone(testbed: TestBed) -> None:
    """As real resolvers do (lego#449), so that nobody takes that zone for the name's."""
    testbed.add_dns_record("apac.gitpod.example.net", "CNAME", "gone-1.elb.us-east-1.amazonaws.com")
    response = ask(testbed, "apac.gitpod.example.net", "SOA")
    assert values(response) == ["gone-1.elb.us-east-1.amazonaws.com."]
    assert [entry.name.to_text() for entry in response.authority] == ["elb.us-east-1.amazonaws.com."]
    above = ask(testbed, "gitpod.example.net", "SOA")
    assert [entry.name.to_text() for entry in above.answer] == ["gitpod.example.net."]


def test_external_records_answer_and_a_wildcard_spares_existing_names(testbed: TestBed) -> None:
    testbed.add_dns_record("*.apac.gitpod.example.net", "CNAME", "txt.gitpod.example.com")
    testbed.add_dns_record("own.apac.gitpod.example.net", "A", "192.0.2.7")
    assert values(ask(testbed, "own.apac.gitpod.example.net")) == ["192.0.2.7"]
    assert values(ask(testbed, "any.apac.gitpod.example.net", "CNAME")) == ["txt.gitpod.example.com."]
    assert ask(testbed, "apac.gitpod.example.net").rcode() == dns.rcode.NOERROR


@pytest.mark.parametrize(
    ("records", "message"),
    [
        ([cname("gitpod.example.com", "a.example.org")], "apex"),
        (
            [cname("a.gitpod.example.com", "x.org"), {**cname("a.gitpod.example.com", "192.0.2.1"), "Type": "A"}],
            "conflicts",
        ),
        ([cname("a.example.org", "x.org")], "not permitted in zone"),
    ],
)
def test_route53_refuses_what_aws_refuses_and_applies_nothing(
    testbed: TestBed, records: list[dict[str, t.Any]], message: str
) -> None:
    with pytest.raises(ClientError, match=message) as caught:
        change(testbed, *(("CREATE", record) for record in records))
    assert caught.value.response["Error"]["Code"] == "InvalidChangeBatch"
    kept = client(testbed, "route53").list_resource_record_sets(HostedZoneId=ZONE)["ResourceRecordSets"]
    assert {record["Type"] for record in kept} == {"SOA", "NS"}


def test_an_asterisk_comes_back_escaped(testbed: TestBed) -> None:
    change(testbed, ("CREATE", cname("*.a.gitpod.example.com", "x.org")))
    listed = client(testbed, "route53").list_resource_record_sets(HostedZoneId=ZONE)["ResourceRecordSets"]
    assert "\\052.a.gitpod.example.com." in [record["Name"] for record in listed]


def endpoint(testbed: TestBed, **more: t.Any) -> dict[str, t.Any]:
    values = {"VpcEndpointType": "Interface", "VpcId": AP_VPC, "ServiceName": SERVICE, "ServiceRegion": "us-east-1"}
    answer = client(testbed, "ec2", "ap-southeast-2").create_vpc_endpoint(**{**values, "SubnetIds": AP_SUBNETS, **more})
    found: dict[str, t.Any] = answer["VpcEndpoint"]
    return found


def test_an_endpoint_is_unseen_then_pending_then_available(testbed: TestBed) -> None:
    ec2 = client(testbed, "ec2", "ap-southeast-2")
    created = endpoint(testbed)
    assert created["State"] == "pending"
    with pytest.raises(ClientError, match="NotFound"):
        ec2.describe_vpc_endpoints(VpcEndpointIds=[created["VpcEndpointId"]])

    def mine() -> list[dict[str, t.Any]]:
        # The landscape has endpoints of AWS's own services beside it.
        found = ec2.describe_vpc_endpoints(Filters=[{"Name": "vpc-id", "Values": [AP_VPC]}])["VpcEndpoints"]
        return [entry for entry in found if entry["VpcEndpointId"] == created["VpcEndpointId"]]

    found = until(lambda: next((entry for entry in mine() if entry["State"] == "available"), None))
    names = [entry["DnsName"] for entry in found["DnsEntries"]]
    assert "app.gitpod.io" in names
    assert len(found["NetworkInterfaceIds"]) == 2
    assert len(values(ask(testbed, names[0]))) == 2
    ec2.delete_vpc_endpoints(VpcEndpointIds=[created["VpcEndpointId"]])
    until(lambda: not mine())


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"ServiceName": "com.amazonaws.vpce.us-east-1.vpce-svc-0"}, "InvalidServiceName"),
        ({"SubnetIds": ["subnet-0c3a4e6d8f0b23571", "subnet-0c3d5f7b9a1e24681"]}, "DuplicateSubnetsInSameZone"),
        ({"VpcId": "vpc-0"}, "InvalidVpcId.NotFound"),
        ({"SubnetIds": ["subnet-0"]}, "InvalidSubnetID.NotFound"),
    ],
)
def test_endpoints_that_aws_refuses_are_refused(testbed: TestBed, more: dict[str, t.Any], code: str) -> None:
    with pytest.raises(ClientError) as caught:
        endpoint(testbed, **more)
    assert caught.value.response["Error"]["Code"] == code


def test_a_second_endpoint_with_private_dns_conflicts(testbed: TestBed) -> None:
    endpoint(testbed)
    with pytest.raises(ClientError, match="conflicting DNS domain"):
        endpoint(testbed)
    assert endpoint(testbed, PrivateDnsEnabled=False)["PrivateDnsEnabled"] is False


def test_private_dns_waits_for_acceptance(testbed: TestBed) -> None:
    testbed.control("POST", "endpoint-services", {"service_name": SERVICE, "acceptance_required": True})
    created = endpoint(testbed, PrivateDnsEnabled=False)
    assert created["State"] == "pendingAcceptance"
    ec2 = client(testbed, "ec2", "ap-southeast-2")
    with pytest.raises(ClientError, match="accepted"):
        ec2.modify_vpc_endpoint(VpcEndpointId=created["VpcEndpointId"], PrivateDnsEnabled=True)
    testbed.control("POST", f"endpoints/{created['VpcEndpointId']}", {"state": "available"})
    ec2.modify_vpc_endpoint(VpcEndpointId=created["VpcEndpointId"], PrivateDnsEnabled=True)


def test_the_service_is_discovered_from_its_own_region_and_on_request_from_others(testbed: TestBed) -> None:
    here = client(testbed, "ec2").describe_vpc_endpoint_services(ServiceNames=[SERVICE])["ServiceDetails"][0]
    assert here["AvailabilityZones"] == ["us-east-1a", "us-east-1b", "us-east-1c", "us-east-1d"]
    elsewhere = client(testbed, "ec2", "ap-southeast-2")
    with pytest.raises(ClientError, match="InvalidServiceName"):
        elsewhere.describe_vpc_endpoint_services(ServiceNames=[SERVICE])
    there = elsewhere.describe_vpc_endpoint_services(ServiceNames=[SERVICE], ServiceRegions=["us-east-1"])
    assert there["ServiceDetails"][0]["ServiceRegion"] == "us-east-1"


@pytest.mark.parametrize(
    ("service", "operation", "call"),
    [
        ("cloudformation", "DescribeStacks", lambda api: api.describe_stacks()),
        ("ec2", "DescribeVpcs", lambda api: api.describe_vpcs()),
        ("route53", "ListHostedZones", lambda api: api.list_hosted_zones()),
        ("acm", "ListCertificates", lambda api: api.list_certificates()),
        ("elbv2", "DescribeLoadBalancers", lambda api: api.describe_load_balancers()),
    ],
)
def test_faults_come_in_each_protocol_and_calls_are_logged(
    testbed: TestBed, service: str, operation: str, call: t.Callable[[t.Any], t.Any]
) -> None:
    testbed.clear_calls()
    testbed.add_fault(service=service, operation=operation, error="AccessDenied", message="no", status=403, times=1)
    with pytest.raises(ClientError) as caught:
        call(client(testbed, service))
    assert caught.value.response["Error"]["Code"] == "AccessDenied"
    call(client(testbed, service))
    logged = [(entry["service"], entry["operation"], entry["error_code"]) for entry in testbed.calls()]
    assert logged == [(service, operation, "AccessDenied"), (service, operation, "")]


def test_a_call_whose_answer_is_lost_is_carried_out(testbed: TestBed) -> None:
    ec2 = client(testbed, "ec2")
    rule = {"service": "ec2", "operation": "CreateVpc", "error": "InternalError", "status": 500, "times": 1}
    testbed.add_fault(**rule, skip=1, after=True)
    before = len(ec2.describe_vpcs()["Vpcs"])
    ec2.create_vpc(CidrBlock="10.91.0.0/16")
    assert len(ec2.describe_vpcs()["Vpcs"]) == before + 1
    ec2.create_vpc(CidrBlock="10.92.0.0/16")
    # The SDK has sent it again, and a VPC has no token by which EC2 could tell.
    assert len(ec2.describe_vpcs()["Vpcs"]) == before + 3
    codes = [call["error_code"] for call in testbed.calls() if call["operation"] == "CreateVpc"]
    assert codes[-3:] == ["", "InternalError", ""]


def test_it_ends_when_its_input_does() -> None:
    with TestBed.start(sys.executable, stack_seconds=1) as testbed:
        process = testbed._process
        urllib.request.urlopen(f"{testbed.control_url}/calls", timeout=5).close()
        assert process.stdin
        process.stdin.close()
        assert process.wait(5) == 0


def test_the_command_line_explains_itself() -> None:
    command = [sys.executable, "-m", "tests.testbed", "--help"]
    assert "--stack-seconds" in subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_releases_by_channel_and_version_name_templates_that_cloudformation_reads(testbed: TestBed) -> None:
    def manifest(path: str) -> dict[str, t.Any]:
        with urllib.request.urlopen(f"{testbed.releases_url}/ec2/{path}/manifest.json") as answer:
            found: dict[str, t.Any] = json.loads(answer.read())
            return found

    def readable(url: str) -> bool:
        url = url.replace("https://releases.gitpod.io/", "https://gitpod-flex-releases.s3.amazonaws.com/")
        try:
            return bool(client(testbed, "cloudformation").get_template_summary(TemplateURL=url)["Parameters"])
        except ClientError as error:
            return "Access Denied" not in str(error)

    new, old = "gitpod-ec2-runner-enterprise-fargate-private-ecr.json", "gitpod-ec2-runner-enterprise.json"
    newest = manifest("stable")["version"]
    assert manifest("latest")["version"] != newest
    testbed.publish_release("20260301.1", "latest")
    assert manifest("stable")["version"] == newest
    found = manifest("latest")
    assert (found["version"], found["runner_control_protocol"]) == ("20260301.1", 1)
    assert found["image_digest"].startswith("sha256:")
    assert found["proxy_image_digest"].startswith("sha256:")
    base = "https://releases.gitpod.io/ec2/releases"
    assert found["cloudformation_template_url"] == f"{base}/20260301.1/{new}"
    assert manifest("releases/20250110.1")["cloudformation_template_url"] == f"{base}/20250110.1/{old}"
    assert readable(f"{base}/20260301.1/{new}")
    assert readable(f"{base}/20250110.1/{old}")
    assert not readable(f"{base}/20260301.1/{old}")
    assert not readable(f"{base}/20250110.1/{new}")
    with pytest.raises(urllib.error.HTTPError) as refused:
        manifest("releases/20991231.1")
    assert refused.value.code == 403
    assert b"<Code>AccessDenied</Code>" in refused.value.read()


def test_a_runner_updates_itself_and_its_service_drifts(testbed: TestBed) -> None:
    fleet = Fleet.of(1)
    fleet.seed(testbed)
    fleet.deploy(testbed)
    (runner,) = fleet.runners
    testbed.control("POST", "management", {"update_themselves": {runner.id: "20260112.3"}})
    cloudformation = client(testbed, "cloudformation", runner.region)
    cloudformation.detect_stack_drift(StackName=runner.name)
    (found,) = cloudformation.describe_stack_resource_drifts(
        StackName=runner.name, StackResourceDriftStatusFilters=["MODIFIED", "DELETED"]
    )["StackResourceDrifts"]
    assert (found["ResourceType"], found["LogicalResourceId"]) == ("AWS::ECS::Service", "RunnerService")
    assert [entry["PropertyPath"] for entry in found["PropertyDifferences"]] == ["/TaskDefinition"]


def test_a_fleet_is_seeded_and_deployed_with_runners_that_share_regions(testbed: TestBed) -> None:
    fleet = Fleet.of(18)
    fleet.seed(testbed)
    fleet.deploy(testbed)
    shared = client(testbed, "cloudformation", fleet.runners[0].region).describe_stacks()["Stacks"]
    assert {stack["StackName"] for stack in shared} == {fleet.runners[0].name, fleet.runners[16].name}
    assert {stack["StackStatus"] for stack in shared} == {"CREATE_COMPLETE"}
    hosts = fleet.inventory()["gitpod_runners"]["hosts"]
    assert len({host["gitpod_vpc_id"] for host in hosts.values()}) == 18


def test_a_certificate_is_pending_until_its_validation_record_answers(testbed: TestBed) -> None:
    acm = client(testbed, "acm", "eu-central-1")
    names = {"DomainName": "a.gitpod.example.net", "SubjectAlternativeNames": ["*.a.gitpod.example.net"]}
    arn = acm.request_certificate(**names, ValidationMethod="DNS", IdempotencyToken="a1")["CertificateArn"]
    assert acm.request_certificate(**names, ValidationMethod="DNS", IdempotencyToken="a1")["CertificateArn"] == arn

    def look() -> dict[str, t.Any]:
        found: dict[str, t.Any] = acm.describe_certificate(CertificateArn=arn)["Certificate"]
        return found

    assert [option.get("ResourceRecord") for option in look()["DomainValidationOptions"]] == [None, None]
    pending = look()
    assert (pending["Status"], "NotAfter" in pending) == ("PENDING_VALIDATION", False)
    first, second = (option["ResourceRecord"] for option in pending["DomainValidationOptions"])
    assert first == second, "the wildcard has its parent's record"
    testbed.add_dns_record(first["Name"], "CNAME", "_other.acm-validations.aws.")
    assert look()["Status"] == "PENDING_VALIDATION"
    testbed.add_dns_record(first["Name"], "CNAME", first["Value"])
    assert look()["Status"] == "ISSUED"
    summaries = acm.list_certificates(CertificateStatuses=["ISSUED"])["CertificateSummaryList"]
    assert [entry["CertificateArn"] for entry in summaries if entry["DomainName"] == "a.gitpod.example.net"] == [arn]


def test_acm_also_asks_a_name_server_that_a_test_names(testbed: TestBed) -> None:
    """The test bed's own DNS server stands in for it: it answers for names that no zone of the account holds."""
    acm = client(testbed, "acm")
    arn = acm.request_certificate(DomainName="x.example.org", ValidationMethod="DNS")["CertificateArn"]
    assert testbed.control("POST", "certificates", {"name_server": testbed.dns})["name_servers"] == [testbed.dns]
    assert acm.describe_certificate(CertificateArn=arn)["Certificate"]["Status"] == "PENDING_VALIDATION"
    testbed.reset()
    assert testbed.control("GET", "certificates") == {"name_servers": []}
