# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients of many accounts and regions: made once each, with one session a profile and one reading of descriptions."""

from __future__ import annotations

import pathlib
import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _aws_module
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import InputError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._fleet_wait.clients import clients_of

CREDENTIALS = "[{}]\naws_access_key_id = {}\naws_secret_access_key = test\n"


class Module(_aws_module.RunnerModule):
    """Without Ansible around it."""

    def __init__(self) -> None:
        self._sessions: dict[str | None, t.Any] = {}
        self._loader: t.Any = None


@pytest.fixture
def module(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Module:
    credentials = tmp_path / "credentials"
    credentials.write_text(CREDENTIALS.format("one", "AKIAONE") + CREDENTIALS.format("two", "AKIATWO"), "utf-8")
    for name in ("AWS_PROFILE", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(credentials))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setattr(_aws_module, "get_aws_connection_info", lambda _module: ("us-east-1", None, {}))
    return Module()


def test_each_runner_has_the_client_of_its_region_and_profile(module: Module) -> None:
    of = clients_of(module)
    first, second = of("eu-central-1", "one")("cloudformation"), of("ap-southeast-2", "two")("cloudformation")
    assert (first.meta.region_name, second.meta.region_name) == ("eu-central-1", "ap-southeast-2")
    keys = [client.client._request_signer._credentials.access_key for client in (first, second)]
    assert keys == ["AKIAONE", "AKIATWO"]
    assert of("eu-central-1", "one")("cloudformation") is first
    assert of("eu-west-1", "one")("cloudformation") is not first
    assert len(module._sessions) == 2
    assert len({id(session._session.get_component("data_loader")) for session in module._sessions.values()}) == 1


def test_a_profile_that_does_not_exist_is_named_when_its_client_is_needed(module: Module) -> None:
    clients = clients_of(module)("eu-central-1", "nobody")
    with pytest.raises(InputError, match=r"nobody.*gitpod_aws_profile"):
        clients("cloudformation")
