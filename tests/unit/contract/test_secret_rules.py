# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens, keys, and references to a custom certificate authority."""

from __future__ import annotations

import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract import rules_secrets
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.model import Inventory, Problem


def problems(**values: t.Any) -> list[Problem]:
    return [problem for rule in rules_secrets.RULES for problem in rule(Inventory.of(values))]


@pytest.mark.parametrize("name", ["gitpod_exchange_token", "gitpod_api_token", "gitpod_dns_cloudflare_token"])
@pytest.mark.parametrize(
    "token", ["s3cr3t t0ken", "s3cr3t\nt0ken", "s3cr3t\u00a0", "s3cr3t\x00t", "s3cr3té", 4711, 4.5]
)
def test_a_token_is_one_word_and_never_told(name: str, token: t.Any) -> None:
    found = problems(**{name: token, "gitpod_runner_id": "x"})
    if (
        isinstance(token, str)
        and token.strip().isascii()
        and not any(c.isspace() or c == "\x00" for c in token.strip())
    ):
        assert found == [], "blanks around a token are no part of it"
        return
    (problem,) = found
    assert (problem.kind, problem.variable) == ("malformed", name)
    assert "s3cr3t" not in str(problem)
    assert "4711" not in str(problem)


def test_an_exchange_token_is_its_runners() -> None:
    (problem,) = problems(gitpod_exchange_token="t", gitpod_api_token="a")
    assert (problem.kind, problem.variable) == ("contradictory", "gitpod_exchange_token")
    assert problems(gitpod_exchange_token="t", gitpod_api_token="a", gitpod_runner_id="x") == []


def test_a_keys_secret_is_base64_and_never_told() -> None:
    assert problems(gitpod_dns_key_secret="c2VjcmV0") == []
    for secret in ("s3cr3t", "c2Vj cmV0", "ключ"):
        (problem,) = problems(gitpod_dns_key_secret=secret)
        assert problem.variable == "gitpod_dns_key_secret"
        assert secret not in str(problem)


PEM = "-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIU\nAAAA==\n-----END CERTIFICATE-----\n"


@pytest.mark.parametrize(
    "reference",
    [
        "ssm:/gitpod/ca-cert",
        "ssm:/path:3",
        "ssm:name.with-dots_1",
        "secretsmanager:gitpod/ca",
        "secretsmanager:gitpod/ca:SecretString:certificate:AWSCURRENT",
        "secretsmanager:arn:aws:secretsmanager:us-east-1:123456789012:secret:ca-AbCdEf",
        "secretsmanager:gitpod/ca:SecretString:::EXAMPLE1-90ab",
        "s3://certificates/ca.pem",
        "https://ca.example.com/ca.pem",
        PEM,
        PEM * 2,
    ],
)
def test_a_reference_is_no_problem(reference: str) -> None:
    assert problems(gitpod_custom_ca=reference) == []


@pytest.mark.parametrize(
    ("reference", "instead"),
    [
        ("{{resolve:ssm:/gitpod/ca-cert}}", "Write 'ssm:/gitpod/ca-cert';"),
        ("resolve:ssm:/gitpod/ca-cert", "Write 'ssm:/gitpod/ca-cert';"),
        ("{ssm:/gitpod/ca}", "Write ssm:/path"),
        ("/gitpod/ca", "Write 'ssm:/gitpod/ca'"),
        ("arn:aws:secretsmanager:us-east-1:1:secret:ca", "Write 'secretsmanager:arn:aws:"),
        ("ssm-secure:/gitpod/ca", "as a String in Parameter Store"),
        ("ssm:", "Write ssm:/path"),
        ("ssm:/a:latest", "Write ssm:/path"),
        ("-----BEGIN CERTIFICATE-----", "Give certificates with their BEGIN and END lines"),
        (f"{PEM}-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "Give certificates"),
        (PEM * 200, "secretsmanager:id"),
        ("http://ca.example.com/ca.pem", "s3://bucket/key or https://"),
        ("https://user:pass@ca.example.com/ca.pem", "s3://bucket/key or https://"),
        ("s3://bucket", "s3://bucket/key or https://"),
    ],
)
def test_what_is_no_reference_is_told_with_what_to_write(reference: str, instead: str) -> None:
    (problem,) = problems(gitpod_custom_ca=reference)
    assert (problem.kind, problem.variable) == ("malformed", "gitpod_custom_ca")
    assert instead in problem.remediation


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("{{resolve:ssm:/gitpod/ca-cert}}", "ssm:/gitpod/ca-cert"),
        ("{{ resolve:ssm:/gitpod/ca-cert }}", "ssm:/gitpod/ca-cert"),
        ("{{resolve:ssm:/gitpod/ca-cert:3}}\n", "ssm:/gitpod/ca-cert:3"),
        ("'{{resolve:secretsmanager:ca:SecretString:pem}}'", "secretsmanager:ca:SecretString:pem"),
        ("{{ gitpod_ca }}", ""),
        ("{{resolve:}}", ""),
        ("{{resolve:{{ x }}}}", ""),
        ("ssm:/gitpod/ca-cert", ""),
    ],
)
def test_braces_of_cloudformation_are_recognised_in_what_ansible_cannot_template(text: str, reference: str) -> None:
    assert rules_secrets.bare_reference(text) == reference


@given(text=st.text(alphabet="{}resolve: ssm/-'\"", max_size=40))
def test_what_is_recognised_is_a_reference(text: str) -> None:
    found = rules_secrets.bare_reference(text)
    assert found == "" or problems(gitpod_custom_ca=found) == []
