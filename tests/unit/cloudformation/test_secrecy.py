# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A parameter that the template hides is a secret, whichever way its value comes."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import desired
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import Parameter, Template
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.secrecy import (
    hidden_names,
    looks_secret,
    secret_texts,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._teller import Teller
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.earlier import Earlier

TEMPLATE = Template(
    {},
    (
        Parameter("BootstrapSecret", "Exchange Token", no_echo=True),
        Parameter("Greeting", "Welcome Phrase", no_echo=True),
        Parameter("Size", "Size"),
    ),
)
SECRET = "v3ry-s3cret-value"


@pytest.mark.parametrize(
    "name",
    [
        *(
            "Exchange Token",
            "exchange token",
            " EXCHANGE  TOKEN ",
            "exchange_token",
            "BootstrapSecret",
            "bootstrapsecret",
        ),
        *("Exchangge Token", "Welcome Phrase", "Greeting", "WELCOME-PHRASE"),
    ],
)
@pytest.mark.parametrize("value", [SECRET, f"  {SECRET}\n", [SECRET, "x"], {"deep": [{"er": SECRET}]}])
def test_a_value_is_found_by_label_or_name_in_any_case_and_depth(name: str, value: t.Any) -> None:
    given = {"Size": "large", name: value}
    assert hidden_names(given, TEMPLATE) == [name]
    found = secret_texts(given, TEMPLATE)
    assert SECRET in found
    assert "large" not in found


def test_without_a_template_names_tell() -> None:
    likely = ["Exchange Token", "DB password", "api-key", "AccessKeyId", "Client Secret", "TOKEN"]
    assert [name for name in likely if not looks_secret(name)] == []
    assert [name for name in ("Size", "Domain Name", "Key", "VPC", "Author") if looks_secret(name)] == []
    assert secret_texts({"Token Days": 30, "Token": SECRET}) == {SECRET}, "a number tears holes into ARNs"


def test_numbers_are_hidden_where_the_template_says_so() -> None:
    assert secret_texts({"Greeting": 123456, "Size": 123}, TEMPLATE) == {"123456"}


VALUES = {
    "gitpod_region": "eu-central-1",
    "gitpod_aws_profile": None,
    "gitpod_stack_name": "stack",
    "gitpod_stack_timeout": 1,
    "gitpod_stack_fail_fast": True,
    "gitpod_stack_progress_interval": 1,
    "gitpod_http_proxy": "http://proxy.example.com",
    "gitpod_exchange_token": "the-inventory's",
    "gitpod_stack_parameters": {"welcome phrase": SECRET, "Size": "large", "Other Password": "likely-secret"},
}


def test_the_wait_knows_what_a_failure_may_quote() -> None:
    """As the stack's start found it; where that is not known, by the names."""
    started = {"hidden_parameters": ["welcome phrase", "HTTP Proxy"]}
    assert desired.join(VALUES, Earlier(started=started))["secret_parameters"] == {
        "welcome phrase": SECRET,
        "HTTP Proxy": "http://proxy.example.com",
        "Exchange Token": "the-inventory's",
    }
    minted = {**VALUES, "gitpod_exchange_token": None}
    assert desired.join(minted, Earlier(exchange_token="minted"))["secret_parameters"] == {
        "Other Password": "likely-secret",
        "Exchange Token": "minted",
    }


def test_a_line_of_progress_is_masked(tmp_path: t.Any) -> None:
    path = tmp_path / "lines"
    teller = Teller(str(path), mask=lambda line: line.replace(SECRET, "********"))
    teller.say(f"failed: {SECRET} is no token")
    teller.tell(f"1 of 2, {SECRET}")
    assert path.read_text("utf-8") == "failed: ******** is no token\n1 of 2, ********\n"
