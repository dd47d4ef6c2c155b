# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""URLs, proxies, servers and ranges; and who is this machine."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _notify, _urls
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract import rules_network, rules_settings
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.contract import of_host
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.model import Inventory, Problem, quoted
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane import client
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.model import Asked
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.door import read
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.registry import variables

KMS, UUID = "arn:aws-us-gov:kms:us-gov-west-1:123456789012:", "1234abcd-12ab-34cd-56ef-1234567890ab"
NO_PROXY = list(rules_network.REQUIRED_NO_PROXY)


def problems(**values: t.Any) -> list[Problem]:
    return [problem for rule in rules_network.RULES for problem in rule(Inventory.of(values))]


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "localhost.", "127.0.0.1", "127.255.0.3", "::1", "[::1]"])
def test_loopback_is_a_name_and_addresses(host: str) -> None:
    assert _urls.is_loopback(host)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1.evil.example",
        "127.evil.example",
        "127.1",
        "localhost.evil.example",
        "evil-localhost",
        "0.0.0.0",
        "128.0.0.1",
        "::2",
        "10.0.0.1",
        "::1%evil.example",
        "localhost%evil.example",
        "\uff11\uff12\uff17.0.0.1",
        "l\u043ecalhost",
        "",
    ],
)
def test_nothing_else_is_loopback(host: str) -> None:
    assert not _urls.is_loopback(host)


@pytest.mark.parametrize("host", ["127.0.0.1.evil.example", "127.evil.example", "localhost.evil.example"])
def test_no_secret_goes_out_to_a_name_that_begins_like_loopback(host: str) -> None:
    url = f"http://{host}/api"
    assert not client.safe(url)
    with pytest.raises(RunnerError, match="not an https URL"):
        _notify.host_of(url)
    found = problems(gitpod_api_endpoint=url, gitpod_report_notify=url)
    assert [problem.variable for problem in found] == ["gitpod_api_endpoint", "gitpod_report_notify"]


def test_loopback_needs_no_tls_anywhere() -> None:
    for host in ("127.0.0.1:8080", "localhost", "[::1]:8080"):
        url = f"http://{host}/api"
        assert client.safe(url)
        assert _notify.host_of(url)
        assert problems(gitpod_api_endpoint=url, gitpod_report_notify=url) == []


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://app.gitpod.io/api\nX-Evil: 1", "line break"),
        ("https://app.gitpod.io/a pi", "blank"),
        ("https://app.gitpod.io/\x1b[2J", "control character"),
        ("app.gitpod.io/api", "scheme and a host"),
        ("https:///api", "scheme and a host"),
        ("https://evil.example\\@app.gitpod.io/", "scheme and a host"),
        ("https://[", "is not a URL"),
        ("https://app.gitpod.io:0/api", "from 1 to 65535"),
        ("https://app.gitpod.io:65536/api", "from 1 to 65535"),
        ("https://app.gitpod.io:port/api", "from 1 to 65535"),
        ("http://app.gitpod.io/api", "is not an https URL"),
        ("ftp://app.gitpod.io/api", "is not an https URL"),
        ("https://me:pass-w0rd@app.gitpod.io/api", "a user or a password"),
        ("https://me@app.gitpod.io/api", "a user or a password"),
    ],
)
def test_what_is_no_endpoint_is_told_and_no_password_is(url: str, said: str) -> None:
    (problem,) = problems(gitpod_api_endpoint=url)
    assert problem.variable == "gitpod_api_endpoint"
    assert said in problem.summary
    assert "pass-w0rd" not in problem.summary + problem.remediation
    assert problem.summary.isprintable()


@pytest.mark.parametrize("url", ["http://hooks.example.com/s3cr3t", "s3cr3t", "https://hooks.example.com/s3cr3t x"])
def test_a_webhooks_url_is_never_repeated(url: str) -> None:
    (problem,) = problems(gitpod_report_notify=url)
    assert problem.variable == "gitpod_report_notify"
    assert "s3cr3t" not in str(problem)


def test_mirrors_and_proxies_may_be_without_tls() -> None:
    url = "http://mirror.example.com:8080"
    proxies = {"gitpod_http_proxy": url, "gitpod_https_proxy": url, "gitpod_no_proxy": NO_PROXY}
    assert problems(gitpod_stack_releases_url=url, **proxies) == []


@pytest.mark.parametrize(
    "url", ["proxy.example.com:3128", "http://", "socks5://proxy", "http://p:99999", "http://u:p@p"]
)
def test_what_is_no_proxy_is_told(url: str) -> None:
    (problem,) = problems(gitpod_http_proxy=url, gitpod_no_proxy=NO_PROXY)
    assert problem.variable == "gitpod_http_proxy"


@pytest.mark.parametrize(
    "server", ["192.0.2.53", "192.0.2.53:5353", "2001:db8::53", "[2001:db8::53]", "[2001:db8::53]:5353", "::1"]
)
def test_a_server_is_an_address_with_or_without_a_port(server: str) -> None:
    assert problems(gitpod_resolvers=[server], gitpod_dns_authoritative_servers=[server]) == []


@pytest.mark.parametrize(
    "server",
    [
        "a;b",
        "ns1.example.com",
        "192.0.2.53:",
        "192.0.2.53:0",
        "192.0.2.53:65536",
        "192.0.2.53:dns",
        "[::1",
        "[::1]:x",
        "256.1.1.1",
    ],
)
def test_what_is_no_server_is_told(server: str) -> None:
    (problem,) = problems(gitpod_resolvers=["192.0.2.53", server])
    assert problem.variable == "gitpod_resolvers"
    assert server in problem.summary
    assert "[2001:db8::53]:5353" in problem.remediation


def test_ranges_are_networks() -> None:
    assert problems(gitpod_verify_accepted_ranges=["198.51.100.0/24", "198.51.100.7", "2001:db8::/32"]) == []
    (problem,) = problems(gitpod_verify_accepted_ranges=["198.51.100.0/33", "office"])
    assert "'198.51.100.0/33', 'office'" in problem.summary


def test_an_exception_from_the_proxy_is_one_entry() -> None:
    values = {"gitpod_http_proxy": "http://proxy:3128"}
    (problem,) = problems(**values, gitpod_no_proxy=[*NO_PROXY, "a b"])
    assert "'a b'" in problem.summary
    (problem,) = problems(**values, gitpod_no_proxy=NO_PROXY[1:])
    assert ".internal" in problem.summary


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("http://user:geheim@proxy:3128", "'http://***@proxy:3128'"),
        ("http://user:ge/h@eim@proxy", "'http://***@proxy'"),
        ("user:geheim@proxy:3128", "'***@proxy:3128'"),
        (["https://user:geheim@proxy"], "['https://***@proxy']"),
        ({"a": "//user:geheim@proxy"}, "{'a': '//***@proxy'}"),
        ("https://bucket/template?X-Amz-Signature=geheim&b", "'https://bucket/template?***'"),
        (f"http://user:{'geheim' * 40}@proxy", "'http://***@proxy'"),
        ("secretsmanager:a@b", "'secretsmanager:a@b'"),
        ("somebody@example.com", "'somebody@example.com'"),
    ],
)
def test_no_message_repeats_what_a_url_keeps_secret(written: t.Any, told: str) -> None:
    assert quoted(written) == told


@pytest.mark.parametrize("name", sorted(variables()))
@pytest.mark.parametrize(
    "url",
    [
        "http://user:geheim@proxy",
        "ftp://user:geheim@proxy:99999/a b",
        "user:geheim@proxy:3128",
        "https://user:geheim@proxy\n/x",
        "https://b/?X-Amz-Signature=geheim&x y",
    ],
)
def test_whatever_the_variable_and_whatever_is_wrong_with_the_url(name: str, url: str) -> None:
    for value in (url, [url], {"a": url}, {"a": {"b": url}}):
        found = of_host(read("one", "/", variables(), {name: value}))
        assert "geheim" not in "".join(problem.summary + problem.remediation for problem in found)


def test_a_url_is_no_longer_than_aws_takes() -> None:
    assert problems(gitpod_stack_template_url=f"https://x.s3.amazonaws.com/{'a' * 5_000}") == []
    for name in ("gitpod_stack_template_url", "gitpod_stack_releases_url", "gitpod_report_notify"):
        (found,) = problems(**{name: f"https://x.s3.amazonaws.com/{'a' * 6_000}"})
        assert "6,027 characters" in found.summary
        assert len(found.summary) < 200


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ({"host": "github.com"}, ""),
        ({"host": "git.example.com:8443"}, ""),
        ({"host": "git"}, ""),
        ({"host": "[2001:db8::1]:443", "issuer_url": "https://login.example.com/tenant/v2.0"}, ""),
        ({"host": "https://user:geheim@git.example.com/"}, "host is not"),
        ({"host": "git example"}, "host is not"),
        ({"host": "git.example.com/x"}, "host is not"),
        ({"host": "-git"}, "host is not"),
        ({"host": "github.com", "issuer_url": "http://login.example.com"}, "issuer_url is not an https URL"),
        ({"host": "github.com", "issuer_url": "https://u:geheim@login.example.com"}, "issuer_url holds a user"),
    ],
)
def test_an_integration_s_host_and_issuer_are_seen_before_anything_is_made(entry: dict[str, t.Any], told: str) -> None:
    name = "gitpod_runner_settings_scm_integrations"
    usual = {"scm_id": "github", "personal_access_token": True}
    raw = {name: [{**usual, "host": "gitlab.com"}, {**usual, **entry}]}
    found = [problem for problem in of_host(read("one", "/", variables(), raw)) if problem.variable == name]
    assert [problem.summary.startswith(f"Entry 2: {told}") for problem in found] == ([True] if told else [])
    assert "geheim" not in repr(found)


@pytest.mark.parametrize(
    ("endpoint", "more", "missing"),
    [
        ("https://app.gitpod.io/api", [], ""),
        ("https://app.ona.com/api", [], "app.ona.com"),
        ("https://APP.ONA.COM./api", [], "app.ona.com"),
        ("https://app.ona.com/api", [".ona.com"], ""),
        ("https://gitpod.corp.example/api", [], "gitpod.corp.example"),
        ("http://127.0.0.1:8080/api", [], ""),
    ],
)
def test_the_api_endpoints_own_host_has_to_bypass_the_proxy(endpoint: str, more: list[str], missing: str) -> None:
    proxied = {"gitpod_http_proxy": "http://proxy.example.com:3128", "gitpod_https_proxy": "http://proxy.example.com"}
    found = problems(gitpod_api_endpoint=endpoint, gitpod_no_proxy=[*NO_PROXY, *more], **proxied)
    told = [(problem.variable, problem.summary) for problem in found]
    required = "A proxy is set, and these required entries are missing"
    assert told == ([("gitpod_no_proxy", f"{required}: {missing}.")] if missing else [])


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://github.com/gitpod-io/empty", ""),
        ("https://gitlab.example.com:8443/group/sub/name/-/tree/main", ""),
        ("http://github.com/gitpod-io/empty", "is not an https URL"),
        ("git@github.com:gitpod-io/empty.git", "is not a URL with a scheme and a host"),
        ("https://user:geheim@github.com/gitpod-io/empty", "holds a user or a password"),
        ("https://github.com/gitpod io/empty", "has a blank"),
    ],
)
def test_the_repository_of_an_acceptance_is_an_https_url_without_a_password(url: str, told: str) -> None:
    found = rules_settings.repository(Inventory.of({"gitpod_acceptance_repository": url}))
    assert [problem.variable for problem in found] == (["gitpod_acceptance_repository"] if told else [])
    assert told in "".join(problem.summary for problem in found)
    assert "geheim" not in str(found)


@pytest.mark.parametrize("said", ["999.1.1.1/8", "10.0.0.0/33", "2001:db8::/32", "a/8"])
def test_what_no_rule_of_a_security_group_takes_is_told_before_anything_is_made(said: str) -> None:
    name = "gitpod_network_endpoints_further_ranges"
    given = read("eu", "/start", variables(), {name: f"10.0.0.0/8, {said}"})
    found = [*given.problems, *problems(**{name: given[name]})]
    assert [problem.variable for problem in found] == [name]


def test_a_range_with_bits_of_a_host_is_the_one_that_ec2_keeps() -> None:
    asked = Asked.of({"name": "a", "vpc_id": "vpc-1", "further_ranges": ["10.1.2.3/08", "10.0.0.0/16"]})
    assert asked.ranges == ("10.0.0.0/8", "10.0.0.0/16")
    assert problems(gitpod_network_endpoints_further_ranges=["10.1.2.3/8"]) == []


@pytest.mark.parametrize(
    ("name", "good", "wrong"),
    [
        ("upload", ["s3://example-reports", "s3://a.b.c/x/y.z/", "s3://abc/...x"], ["s3://a..b", "s3://192.168.1.1/x"]),
        ("upload", ["s3://abc/"], ["s3://abc/../x", "s3://abc/x/.", "s3://abc/./x", "s3://-abc", "s3://ab/x?y", "abc"]),
        ("upload_region", ["eu-central-1", " US-EAST-1\n", "eusc-de-east-1"], ["Frankfurt", "eu-central-1a"]),
        (
            "upload_kms_key_id",
            [
                "alias/reports",
                "1234abcd-12ab-34cd-56ef-1234567890ab",
                f"mrk-{'0' * 32}",
                f"{KMS}alias/a",
                f"{KMS}key/{UUID}",
            ],
            ["a b", "reports", "arn:aws:kms:eu-central-1:1:key/x", "arn:aws:s3:::bucket"],
        ),
    ],
)
def test_where_a_report_is_kept_is_told_at_the_start(name: str, good: list[str], wrong: list[str]) -> None:
    variable = f"gitpod_report_{name}"
    for said in good:
        assert read("eu", "/start", variables(), {variable: said}).problems == (), said
    for said in wrong:
        (problem,) = read("eu", "/start", variables(), {variable: said}).problems
        assert problem.variable == variable
