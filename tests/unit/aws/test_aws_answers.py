# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What answers in AWS's place ends in one message, for each of AWS's protocols, and is never taken for an answer.

The SDK's own clients ask a server on loopback; nothing of the SDK is replaced.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import time
import typing as t

import boto3
import botocore.exceptions
import pytest
from botocore import httpsession

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _answers, _aws, _writes
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._answers import foreign
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import content
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._credentials import REGION_NOT_ENABLED
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import ApiError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._retry import LOOKING
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._web import way
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._web.way import Proxy as HttpProxy
from tests.faults import FAILED, PAGE, RESET, THROTTLED, Order, Page, Proxy

if t.TYPE_CHECKING:
    from collections.abc import Iterator

METRIC: dict[str, t.Any] = {
    "Namespace": "AWS/Usage",
    "MetricName": "ResourceCount",
    "StartTime": 0,
    "EndTime": 3600,
    "Period": 300,
    "Statistics": ["Maximum"],
}
# One read and one write of each protocol: service, method, arguments.
READS: dict[str, tuple[str, str, dict[str, t.Any]]] = {
    "query": ("cloudformation", "describe_stacks", {}),
    "query, elbv2": ("elbv2", "describe_load_balancers", {}),
    "ec2": ("ec2", "describe_vpcs", {}),
    "json": ("acm", "list_certificates", {}),
    "rest-xml": ("route53", "list_hosted_zones", {}),
    "rest-xml, s3": ("s3", "list_object_versions", {"Bucket": "templates"}),
    "rest-json": ("lambda", "list_functions", {}),
    "json, one of several": ("cloudwatch", "get_metric_statistics", METRIC),
}
WRITES: dict[str, tuple[str, str, dict[str, t.Any]]] = {
    "query": ("cloudformation", "delete_stack", {"StackName": "runner"}),
    "ec2": ("ec2", "delete_security_group", {"GroupId": "sg-1"}),
    "json": ("acm", "delete_certificate", {"CertificateArn": "arn:aws:acm:eu-central-1:1:certificate/1234"}),
    "rest-xml": ("s3", "put_object", {"Bucket": "templates", "Key": "a", "Body": b"{}"}),
}
DEEP_XML = b"<a>" * 20_000 + b"</a>" * 20_000
DEEP_JSON = b'{"a":' * 20_000 + b"1" + b"}" * 20_000
HTML = b"<!DOCTYPE html>\n<html><head><title>Access &amp; denied</title></head><body>x</body></html>"
PAGES: dict[str, Page] = {
    "block page": Page(403, HTML),
    "password wanted": Page(407, HTML),
    "text": Page(403, b"Blocked by policy", "text/plain"),
    "login page": Page(200, HTML),
    "XHTML login page": Page(200, b"<html><head><title>Log in</title></head><body/></html>"),
    "redirect": Page(302, b"<html>Moved</html>"),
    "other JSON": Page(200, b'{"error": "login"}', "application/json"),
    "other XML": Page(200, b"<error><reason>login</reason></error>", "text/xml"),
    "JSON error": Page(403, b'{"error": "blocked"}', "application/json"),
    "half JSON": Page(200, b'{"CertificateSummaryList": [{"Certif', "application/x-amz-json-1.1"),
    "half XML": Page(200, b"<DescribeVpcsResponse><vpcSet><item>", "text/xml"),
    "empty": Page(200, b"", "text/plain"),
    "a list": Page(200, b"[]", "application/json"),
    "deep XML": Page(200, DEEP_XML, "text/xml"),
    "deep JSON": Page(200, DEEP_JSON, "application/json"),
    "bytes": Page(200, b"\x00\xff\x16\x03", "application/octet-stream"),
    "empty refusal": Page(403, b"", "text/plain"),
}


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)


@pytest.fixture
def asked() -> Iterator[Proxy]:
    # Nobody is behind it: whatever is not ordered is reset.
    with Proxy("http://127.0.0.1:9") as proxy:
        yield proxy


def client(service: str, proxy: Proxy, region: str = "eu-central-1") -> t.Any:
    session = _session()

    def sts(where: str) -> t.Any:
        return session.client("sts", region_name=where, endpoint_url=proxy.url, config=_aws.settings(LOOKING))

    made = session.client(service, region_name=region, endpoint_url=proxy.url, config=_aws.settings(LOOKING))
    return _aws.persistent(made, LOOKING, sts)


@functools.cache
def _session() -> boto3.Session:
    return boto3.Session(aws_access_key_id="1", aws_secret_access_key="s")


def refusal(call: tuple[str, str, dict[str, t.Any]], proxy: Proxy) -> ApiError:
    service, method, arguments = call
    with pytest.raises(ApiError) as found, _aws.intent("look"):
        getattr(client(service, proxy), method)(**arguments)
    return found.value


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("protocol", READS)
def test_a_page_is_no_answer_to_a_read(protocol: str, page: str, asked: Proxy) -> None:
    asked.order(Order(PAGE, page=PAGES[page]))
    error = refusal(READS[protocol], asked)
    assert error.what == "Could not look"
    assert error.next_step
    assert "did not answer as AWS does" in error.why
    assert "127.0.0.1" in error.why
    assert len(error.message) < 700


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("page", ["login page", "XHTML login page", "block page", "redirect"])
@pytest.mark.parametrize("protocol", WRITES)
def test_a_page_is_no_answer_to_a_write(protocol: str, page: str, asked: Proxy) -> None:
    asked.order(Order(PAGE, page=PAGES[page]))
    assert "did not answer as AWS does" in refusal(WRITES[protocol], asked).why
    # A write is not sent again because of a page.
    assert asked.count() == {PAGE: 1}


@pytest.mark.usefixtures("quick")
def test_the_page_is_quoted_and_the_proxy_is_named(asked: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    found = HttpProxy("http://proxy.example:3128", "HTTPS_PROXY")
    monkeypatch.setattr(_answers, "proxy_of", lambda _url: found)
    asked.order(Order(PAGE, page=PAGES["block page"]))
    error = refusal(READS["query"], asked)
    assert 'HTTP 403, text/html, "Access & denied"' in error.why
    assert "http://proxy.example:3128 (HTTPS_PROXY)" in error.next_step
    assert "NO_PROXY" in error.next_step


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    ("page", "reason", "step"),
    [
        (PAGES["password wanted"], "407", "a user and a password in HTTPS_PROXY"),
        (PAGES["block page"], "403", "let sts.eu-central-1.amazonaws.com pass"),
    ],
)
def test_a_proxy_that_makes_no_connection(
    page: Page, reason: str, step: str, asked: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("https_proxy", "no_proxy", "NO_PROXY", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", asked.url.replace("//", "//user:geheim@"))
    asked.order(Order(PAGE, page=page))
    made = _session().client("sts", region_name="eu-central-1", config=_aws.settings(LOOKING))
    with pytest.raises(ApiError) as found, _aws.intent("ask who calls"):
        _aws.persistent(made, LOOKING, _nobody).get_caller_identity()
    assert reason in found.value.why
    assert step in found.value.next_step
    assert asked.url in found.value.message
    assert "geheim" not in found.value.message
    assert asked.count() == {PAGE: LOOKING.unreachable}


def _nobody(*region: t.Any) -> t.Any:
    raise AssertionError(region)


def test_a_proxy_s_password_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://user:geheim@proxy.example:3128")
    monkeypatch.delenv("https_proxy", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    found = way.proxy_of("https://sts.eu-central-1.amazonaws.com")
    assert str(found) == "http://proxy.example:3128 (HTTPS_PROXY)"
    assert way.proxy_of("http://127.0.0.1:1") is None


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    "url",
    [
        "http://user:geheim/x@127.0.0.1:9",
        "http://user:geheim#x@127.0.0.1:9",
        "http://user:geheim?x@127.0.0.1:9",
        "user:geheim/x@127.0.0.1:9",
        "http://[geheim",
        "socks5://user:geheim@127.0.0.1:9",
        "http://user:geheim@127.0.0.1:99999",
    ],
)
def test_nor_is_a_part_of_it_where_the_proxy_s_url_cannot_be_read(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("https_proxy", "no_proxy", "NO_PROXY", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", url)
    monkeypatch.setattr(httpsession.URLLib3Session, "send", _nobody)
    made = _session().client("sts", region_name="eu-central-1", config=_aws.settings(LOOKING))
    with pytest.raises(ApiError) as found, _aws.intent("ask who calls"):
        _aws.persistent(made, LOOKING, _nobody).get_caller_identity()
    assert "geheim" not in found.value.message
    assert "The URL of the proxy in HTTPS_PROXY " in found.value.message
    assert "%2F" in found.value.next_step


EMPTY: dict[str, bytes] = {
    "query": b"<DescribeStacksResponse><DescribeStacksResult><Stacks/></DescribeStacksResult></DescribeStacksResponse>",
    "ec2": b"<DescribeVpcsResponse><vpcSet/></DescribeVpcsResponse>",
    "json": b'{"CertificateSummaryList": []}',
    # Its model names another protocol than the one in which the SDK speaks to it.
    "json, one of several": b'{"Label": "ResourceCount", "Datapoints": []}',
    "rest-xml": b"<ListHostedZonesResponse><HostedZones/><IsTruncated>false</IsTruncated><MaxItems>100</MaxItems>"
    b"</ListHostedZonesResponse>",
}


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("protocol", EMPTY)
def test_half_an_answer_is_asked_for_again(protocol: str, asked: Proxy) -> None:
    service, method, arguments = READS[protocol]
    whole = Page(200, EMPTY[protocol], "text/xml")
    half = dataclasses.replace(whole, body=whole.body[: len(whole.body) // 2])
    asked.order(Order(PAGE, page=half, times=2))
    asked.order(Order(PAGE, page=whole, after=0))
    found = getattr(client(service, asked), method)(**arguments)
    assert [value for value in found.values() if value == []] == [[]]
    assert asked.count()[PAGE] == 3


REFUSALS: dict[str, bytes] = {
    "query": b"<ErrorResponse><Error><Code>ValidationError</Code><Message>no</Message></Error></ErrorResponse>",
    "ec2": b"<?xml version='1.0'?><Response><Errors><Error><Code>InvalidVpcID.NotFound</Code><Message>no</Message>"
    b"</Error></Errors><RequestID>1</RequestID></Response>",
    "json": b'{"__type": "ValidationException", "message": "no"}',
    "rest-xml": b"<ErrorResponse><Error><Code>InvalidInput</Code><Message>no</Message></Error></ErrorResponse>",
}


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("share", [0.05, 0.5, 0.95])
@pytest.mark.parametrize("protocol", REFUSALS)
def test_half_a_refusal_is_asked_for_again(protocol: str, share: float, asked: Proxy) -> None:
    whole = Page(400, REFUSALS[protocol], "text/xml")
    half = dataclasses.replace(whole, body=whole.body[: int(len(whole.body) * share)])
    asked.order(Order(PAGE, page=half, times=2))
    asked.order(Order(PAGE, page=whole))
    assert refusal(READS[protocol], asked).code
    assert asked.count() == {PAGE: 3}


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("page", ["block page", "text"])
@pytest.mark.parametrize("protocol", REFUSALS)
def test_a_page_that_refuses_is_asked_for_once(protocol: str, page: str, asked: Proxy) -> None:
    asked.order(Order(PAGE, page=PAGES[page]))
    assert not refusal(READS[protocol], asked).code
    assert asked.count() == {PAGE: 1}


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("fault", [THROTTLED, FAILED, RESET])
@pytest.mark.parametrize("protocol", EMPTY)
def test_what_passes_is_waited_for_also_on_pages(protocol: str, fault: str, asked: Proxy) -> None:
    service, method, arguments = READS[protocol]
    asked.order(Order(fault, times=9))
    asked.order(Order(PAGE, page=Page(200, EMPTY[protocol], "text/xml")))
    made = client(service, asked)
    paged = made.can_paginate(method)
    pages = made.get_paginator(method).paginate() if paged else [getattr(made, method)(**arguments)]
    assert len(list(pages)) == 1
    assert asked.count() == {fault: 9, PAGE: 1}


@pytest.mark.usefixtures("quick")
def test_what_does_not_pass_ends(asked: Proxy) -> None:
    asked.order(Order(THROTTLED))
    error = refusal(READS["ec2"], asked)
    assert error.code in ("RequestLimitExceeded", "EC2ThrottledException")
    assert asked.count() == {THROTTLED: LOOKING.tries}


@pytest.mark.usefixtures("quick")
def test_a_client_that_is_given_twice_tries_no_more_often(asked: Proxy) -> None:
    asked.order(Order(PAGE, page=PAGES["half XML"]))
    made = client("ec2", asked)
    again = _aws.persistent(_aws.persistent(made, LOOKING, _nobody), LOOKING, _nobody)
    with pytest.raises(ApiError), _aws.intent("look"):
        again.describe_vpcs()
    assert asked.count() == {PAGE: _answers.TRIES}


@pytest.mark.usefixtures("quick")
def test_a_waiter_tries_again_too(asked: Proxy) -> None:
    asked.order(Order(RESET, times=5))
    vpc = b"<item><vpcId>vpc-1</vpcId><state>available</state></item>"
    body = b"<DescribeVpcsResponse><vpcSet>%b</vpcSet></DescribeVpcsResponse>" % vpc
    asked.order(Order(PAGE, page=Page(200, body, "text/xml")))
    client("ec2", asked).get_waiter("vpc_available").wait(VpcIds=["vpc-1"])
    assert asked.count() == {RESET: 5, PAGE: 1}


def test_a_request_that_is_sent_again_keeps_its_token(asked: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    sent: list[str] = []
    made = client("ec2", asked)
    made.meta.events.register("before-send.ec2", lambda request, **_event: sent.append(request.body) and None)
    asked.order(Order(PAGE, page=Page(502, HTML), times=2))
    gateway = b"<natGateway><natGatewayId>nat-1</natGatewayId></natGateway>"
    body = b"<CreateNatGatewayResponse>%b</CreateNatGatewayResponse>" % gateway
    asked.order(Order(PAGE, page=Page(200, body, "text/xml")))
    made.create_nat_gateway(SubnetId="subnet-1")
    assert len(sent) == 3
    assert len(set(sent)) == 1
    assert "ClientToken=" in sent[0]


@pytest.mark.usefixtures("quick")
def test_a_refusal_after_a_lost_answer_is_told_from_a_first_one(asked: Proxy) -> None:
    group = {"GroupName": "x", "Description": "x"}
    body = b"<Response><Errors><Error><Code>InvalidGroup.Duplicate</Code></Error></Errors></Response>"
    refusal_of = Order(PAGE, page=Page(400, body, "text/xml"))
    for before, repeated in ([], False), ([Order(PAGE, page=Page(502, HTML), times=1)], True):
        asked.clear()
        for order in (*before, refusal_of):
            asked.order(order)
        assert _writes.is_repeated(refusal(("ec2", "create_security_group", group), asked)) is repeated
    asked.clear()
    asked.order(Order(PAGE, page=Page(200, b"<CreateSecurityGroupResponse><gro", "text/xml")))
    assert _writes.is_lost(refusal(("ec2", "create_security_group", group), asked))


def account(number: str = "123456789012") -> Page:
    inner = f"<Arn>arn:aws:iam::{number}:user/a</Arn><UserId>A</UserId><Account>{number}</Account>"
    result = f"<GetCallerIdentityResult>{inner}</GetCallerIdentityResult>"
    body = f"<GetCallerIdentityResponse>{result}</GetCallerIdentityResponse>"
    return Page(200, body.encode(), "text/xml")


def refused(code: str, status: int = 403) -> Page:
    error = f"<Error><Code>{code}</Code><Message>The security token is invalid</Message></Error>"
    body = f"<ErrorResponse>{error}</ErrorResponse>"
    return Page(status, body.encode(), "text/xml")


def test_valid_credentials_in_a_region_that_is_not_enabled(asked: Proxy) -> None:
    asked.order(Order(PAGE, service="sts", region="ap-southeast-5", page=refused("InvalidClientTokenId")))
    asked.order(Order(PAGE, service="sts", region="us-east-1", page=account()))
    with pytest.raises(ApiError) as found, _aws.intent("ask who calls"):
        client("sts", asked, "ap-southeast-5").get_caller_identity()
    assert found.value.code == REGION_NOT_ENABLED
    assert "ap-southeast-5 is not enabled for the account 123456789012" in found.value.why
    assert "Enable the region" in found.value.next_step


def test_invalid_credentials_are_invalid_everywhere(asked: Proxy) -> None:
    asked.order(Order(PAGE, service="sts", page=refused("InvalidClientTokenId")))
    with pytest.raises(ApiError) as found, _aws.intent("ask who calls"):
        client("sts", asked, "ap-southeast-5").get_caller_identity()
    assert found.value.code == "InvalidClientTokenId"
    assert "gitpod_aws_profile" in found.value.next_step


def test_a_service_that_refuses_where_sts_does_not_is_another_matter(asked: Proxy) -> None:
    asked.order(Order(PAGE, service="sts", page=account()))
    body = b"<Response><Errors><Error><Code>AuthFailure</Code><Message>no</Message></Error></Errors></Response>"
    asked.order(Order(PAGE, service="ec2", page=Page(401, body, "text/xml")))
    with pytest.raises(ApiError) as found, _aws.intent("read the VPC"):
        client("ec2", asked, "ap-southeast-5").describe_vpcs()
    assert found.value.code == "AuthFailure"


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("fault", [FAILED, RESET, THROTTLED])
def test_a_region_whose_sts_cannot_be_asked_is_not_told_to_be_disabled(asked: Proxy, fault: str) -> None:
    body = b"<Response><Errors><Error><Code>AuthFailure</Code><Message>no</Message></Error></Errors></Response>"
    asked.order(Order(PAGE, service="ec2", page=Page(401, body, "text/xml")))
    asked.order(Order(PAGE, service="sts", region="us-east-1", page=account()))
    asked.order(Order(fault, service="sts", region="ap-southeast-5"))
    with pytest.raises(ApiError) as found, _aws.intent("read the VPC"):
        client("ec2", asked, "ap-southeast-5").describe_vpcs()
    assert found.value.code == "AuthFailure"


def test_an_error_of_the_service_stays_its_own(asked: Proxy) -> None:
    asked.order(Order(PAGE, page=Page(400, json.dumps({"__type": "AccessDeniedException", "message": "no"}).encode())))
    assert refusal(READS["json"], asked).code == "AccessDeniedException"


@pytest.mark.parametrize(
    ("protocol", "operation", "members", "body", "parsed"),
    [
        ("query", "DeleteStack", [], b"<DeleteStackResponse/>", {}),
        ("query", "GetStackPolicy", ["StackPolicyBody"], b"<GetStackPolicyResponse/>", {}),
        ("json", "DeleteCertificate", [], b"", {}),
        ("json", "DeleteCertificate", [], b"{}", {}),
        ("json", "ListThings", ["Things"], b'{"Things": [], "NewField": 1}', {"Things": []}),
        ("rest-xml", "PutObject", ["ETag"], b"", {}),
        ("rest-xml", "GetBucketLocation", ["LocationConstraint"], b"<LocationConstraint/>", {}),
        ("ec2", "DescribeVpcs", ["Vpcs"], b'<?xml version="1.0"?>\n<!-- x --><DescribeVpcsResponse/>', {}),
    ],
)
def test_what_a_service_may_well_say(
    protocol: str, operation: str, members: list[str], body: bytes, parsed: dict[str, t.Any]
) -> None:
    assert foreign(protocol, operation, members, body, parsed) == ""


@pytest.mark.usefixtures("quick")
def test_an_answer_without_what_it_has_to_have_is_told() -> None:
    with pytest.raises(ApiError, match=r"AWS's answer has no 'Vpcs'"), _aws.intent("read the VPC"):
        raise KeyError("Vpcs")


@pytest.mark.usefixtures("quick")
def test_an_object_that_breaks_off_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    # A length that is not reached, and then the whole object, with its end.
    read = [ApiError("Could not read it", "Connection broken"), b"{}", b""]
    monkeypatch.setattr(_Body, "answers", read)
    assert content.read_object(_S3(), "https://templates.s3.amazonaws.com/a.json") == b"{}"
    assert read == []


class _Body:
    answers: t.ClassVar[list[t.Any]] = []

    def read(self, _most: int) -> bytes:
        found = self.answers.pop(0)
        if isinstance(found, Exception):
            raise found
        return bytes(found)


class _S3:
    def get_object(self, **_location: t.Any) -> dict[str, t.Any]:
        return {"Body": _Body()}


def test_however_much_aws_says_a_message_can_be_read() -> None:
    refused = botocore.exceptions.ClientError(
        {"Error": {"Code": "ValidationError", "Message": "x" * 200_000}}, "DescribeStacks"
    )
    with pytest.raises(ApiError) as found, _aws.intent("list the stacks"):
        raise refused
    assert len(found.value.message) < _aws.LONGEST_WORDS + 200
