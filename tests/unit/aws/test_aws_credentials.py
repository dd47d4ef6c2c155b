# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each way of refusing credentials has a next step; and which credentials are taken where several are there."""

from __future__ import annotations

import types
import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws_module import connection_of
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._credentials import (
    CREDENTIAL_CODES,
    next_step_for_credentials,
)

KEYS = {"AWS_ACCESS_KEY_ID": "AKIAENV", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "token"}


@pytest.mark.parametrize(
    ("code", "step"),
    [
        ("InvalidClientTokenId", "does not know these credentials"),
        ("UnrecognizedClientException", "does not know these credentials"),
        ("AuthFailure", "does not know these credentials"),
        ("InvalidAccessKeyId", "does not know these credentials"),
        ("SignatureDoesNotMatch", "secret does not fit"),
        ("IncompleteSignature", "secret does not fit"),
        ("InvalidSignatureException", "secret does not fit"),
        ("MissingAuthenticationToken", "No credentials were sent"),
        ("NoCredentialsError", "No credentials were sent"),
        ("OptInRequired", "enable the region"),
        ("ExpiredTokenException", "Renew the credentials"),
        ("RequestTimeTooSkewed", "clock"),
        ("ProfileNotFound", "gitpod_aws_profile"),
    ],
)
def test_next_step(code: str, step: str) -> None:
    assert step in next_step_for_credentials(code)


def test_every_code_has_one_step() -> None:
    assert all(next_step_for_credentials(code) for code in CREDENTIAL_CODES)
    assert next_step_for_credentials("AccessDenied") == ""


def test_a_clock_that_is_wrong_is_told_in_words_only() -> None:
    told = "Signature expired: 20260101T000000Z is now earlier than 20260101T001500Z"
    assert "clock" in next_step_for_credentials("SignatureDoesNotMatch", told)
    assert "clock" not in next_step_for_credentials("SignatureDoesNotMatch", "The signature does not match")


def connection(**options: t.Any) -> dict[str, t.Any]:
    def refuse(**arguments: t.Any) -> None:
        raise ValueError(arguments)

    names = ("access_key", "secret_key", "session_token", "profile", "endpoint_url", "aws_ca_bundle", "aws_config")
    params = {**dict.fromkeys(names), "region": "eu-central-1", "validate_certs": True, **options}
    return connection_of(types.SimpleNamespace(params=params, fail_json=refuse))[2]


def of_the_environment(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    # As amazon.aws's options take them from there.
    return dict(zip(("access_key", "secret_key", "session_token"), KEYS.values()))


def test_a_named_profile_wins_over_keys_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    found = connection(**of_the_environment(monkeypatch), profile="production")
    assert found["profile_name"] == "production"
    assert found["aws_access_key_id"] is None


def test_without_a_profile_the_environment_s_keys_count(monkeypatch: pytest.MonkeyPatch) -> None:
    assert connection(**of_the_environment(monkeypatch))["aws_access_key_id"] == "AKIAENV"


def test_keys_that_the_task_names_beside_a_profile_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    of_the_environment(monkeypatch)
    with pytest.raises(ValueError, match="both a profile"):
        connection(access_key="AKIATASK", secret_key="other", profile="production")
