# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is read of botocore's own models."""

from __future__ import annotations

import types

import botocore.session
import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._service_models import protocol

SESSION = botocore.session.get_session()


@pytest.mark.parametrize("service", ["cloudformation", "cloudwatch", "ec2", "route53", "s3", "ssm"])
def test_the_protocol_is_the_one_that_the_sdk_speaks(service: str) -> None:
    model = SESSION.get_service_model(service)
    assert protocol(model) == model.resolved_protocol


def test_of_several_protocols_it_is_not_the_first() -> None:
    """CloudWatch's model names CBOR first, and botocore speaks JSON to it."""
    model = SESSION.get_service_model("cloudwatch")
    assert (model.metadata["protocol"], protocol(model)) == ("smithy-rpc-v2-cbor", "json")


def test_an_older_sdk_knows_one_only() -> None:
    assert protocol(types.SimpleNamespace(metadata={"protocol": "query"})) == "query"
