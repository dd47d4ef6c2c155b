# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The prerequisites' clients: whose credentials, and what cannot be used ends the look."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import InputError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.clients import connect


class Module:
    """Notes which clients are asked for."""

    def __init__(self, region: str | None = "eu-central-1", refused: str = "") -> None:
        self.region = region
        self.refused = refused
        self.made: list[tuple[str, dict[str, t.Any]]] = []

    def client(self, service: str, retry_decorator: t.Any = None, config: t.Any = None, **arguments: t.Any) -> str:
        assert retry_decorator
        assert config.connect_timeout < 60
        if self.refused:
            raise InputError(self.refused)
        self.made.append((service, arguments))
        return service


def test_a_client_is_made_once_with_the_modules_credentials() -> None:
    module = Module()
    clients = connect(module)
    assert clients("ec2") == clients("ec2") == "ec2"
    assert module.made == [("sts", {}), ("ec2", {})]


def test_a_profile_takes_the_place_of_the_modules_keys() -> None:
    module = Module()
    connect(module, "shared-services")
    keys = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
    assert module.made == [("sts", {"profile_name": "shared-services", **dict.fromkeys(keys)})]


def test_what_cannot_be_used_ends_the_look_at_once() -> None:
    with pytest.raises(InputError, match="No region"):
        connect(Module(region=None))
    with pytest.raises(InputError, match="no such profile"):
        connect(Module(refused="There is no such profile"))
