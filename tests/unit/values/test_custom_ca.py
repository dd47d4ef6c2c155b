# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A custom certificate authority, from the inventory to the template's parameter and to what is shown of it."""

from __future__ import annotations

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import desired, parameters
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import Parameter, Template
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.door import read
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.earlier import Earlier
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.registry import variables

LABEL = "Custom CA Certificate"
PEM = "-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIU\n-----END CERTIFICATE-----"


@pytest.mark.parametrize(
    ("said", "given"),
    [
        ("ssm:/gitpod/ca:3", "{{resolve:ssm:/gitpod/ca:3}}"),
        ("secretsmanager:gitpod/ca", "{{resolve:secretsmanager:gitpod/ca}}"),
        ("s3://certificates/ca.pem", "s3://certificates/ca.pem"),
        ("https://ca.example.com/ca.pem", "https://ca.example.com/ca.pem"),
        (f"{PEM}\n", PEM),
        (PEM.replace("\n", "\r\n"), PEM),
    ],
)
def test_what_the_inventory_says_becomes_what_the_template_takes(said: str, given: str) -> None:
    raw = {"gitpod_region": "eu-central-1", "gitpod_runner_name": "eu", "gitpod_custom_ca": said}
    values = read("eu", "/", variables(), raw)
    assert list(values.problems) == []
    assert desired.parameters(values.everything(), Earlier())[LABEL] == given


def test_a_text_of_lines_may_not_move_the_cursor() -> None:
    raw = {"gitpod_region": "eu-central-1", "gitpod_runner_name": "eu", "gitpod_custom_ca": f"{PEM}\x1b[2J"}
    assert [problem.variable for problem in read("eu", "/", variables(), raw).problems] == ["gitpod_custom_ca"]


def test_certificates_are_shown_in_one_line() -> None:
    template = Template({}, (Parameter("Bundle", LABEL),))
    reference = "{{resolve:ssm:/gitpod/ca:3}}"
    (before, after) = parameters.differences(template, {"Bundle": f"{PEM}\n{PEM}"}, {"Bundle": reference})[LABEL]
    assert before == reference
    assert after.startswith("2 PEM certificates, SHA-256 ")
    assert "\n" not in after
