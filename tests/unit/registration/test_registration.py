# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which runner is meant, when a token is minted, and what a failure says about one."""

from __future__ import annotations

import typing as t
import urllib.error

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import InputError, RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane import client, transport
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.model import Runner
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration.foresee import foresee
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration.model import Wanted
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration.plan import choose, plan
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration.tokens import (
    exchange_token_reason,
    token_problem,
)

WANTED = Wanted("gitpod-eu", "eu-central-1")
RUNNER = Runner("1", "gitpod-eu", region="eu-central-1", variant="enterprise", phase="active")


def runner(**changes: t.Any) -> Runner:
    return Runner(**{**vars(RUNNER), **changes})


@pytest.mark.parametrize(
    ("runners", "expected"),
    [
        ([], None),
        ([RUNNER], "1"),
        ([runner(id="2", name="other"), RUNNER], "1"),
        ([runner(id="2", phase="deleting"), RUNNER], "1"),
        ([runner(phase="deleted")], None),
        ([runner(provider="gcp")], None),
        ([runner(id="2", region="us-east-1"), RUNNER], "1"),
    ],
)
def test_the_runner_that_is_meant(runners: list[Runner], expected: str | None) -> None:
    found = choose(runners, WANTED)
    assert (found.id if found else None) == expected


@pytest.mark.parametrize(
    ("runners", "ids"),
    [([RUNNER, runner(id="2")], ["1", "2"]), ([runner(region="us-east-1")], ["1"]), ([runner(region="")], ["1"])],
)
def test_it_never_guesses(runners: list[Runner], ids: list[str]) -> None:
    with pytest.raises(RunnerError) as caught:
        choose(runners, WANTED)
    assert caught.value.details["runner_ids"] == ids


def test_what_is_not_declared_keeps_its_value() -> None:
    assert not plan(RUNNER, WANTED).changed
    todo = plan(RUNNER, Wanted("gitpod-eu", "eu-central-1", configuration={"log_level": "debug", "auto_update": True}))
    assert todo.changes == {"log_level": "debug"}
    assert todo.after.configuration.release_channel == RUNNER.configuration.release_channel


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("The exchange token has expired", "expired"),
        ("Exchange token was already used", "used"),
        ("The exchange token was used before", "used"),
        ("registration token invalid", "rejected"),
        ("The exchange token is not one of this runner", "rejected"),
        ("The certificate has expired", ""),
        ("The exchange token is stored in Secrets Manager", ""),
        ("", ""),
    ],
)
def test_what_a_failure_says_about_a_token(text: str, problem: str) -> None:
    assert token_problem(text) == problem


@pytest.mark.parametrize(
    ("status", "phase", "message", "needed"),
    [
        ("", "created", "", True),
        ("ABSENT", "created", "", True),
        ("REVIEW_IN_PROGRESS", "created", "", True),
        ("ROLLBACK_COMPLETE", "inactive", "", True),
        ("CREATE_FAILED", "inactive", "", True),
        ("DELETE_IN_PROGRESS", "inactive", "", True),
        ("CREATE_COMPLETE", "active", "", False),
        ("CREATE_IN_PROGRESS", "created", "", False),
        ("UPDATE_ROLLBACK_COMPLETE", "active", "", False),
        ("CREATE_COMPLETE", "degraded", "No capacity", False),
        ("CREATE_COMPLETE", "degraded", "The exchange token has expired", True),
        ("CREATE_COMPLETE", "active", "The exchange token has expired", False),
    ],
)
def test_a_token_is_minted_exactly_when_it_is_needed(status: str, phase: str, message: str, needed: bool) -> None:
    seen = [runner(phase=phase, message=message)]
    assert bool(exchange_token_reason(status, seen[0])) == needed
    assert any("mint" in entry for entry in foresee(WANTED, seen, status).reasons) == needed


def test_the_stage_is_foreseen() -> None:
    assert foresee(None, None, None).action == "nothing"
    assert foresee(WANTED, None, "").action == "unknown"
    assert foresee(WANTED, [], "").action == "create"
    new = foresee(WANTED, [], "CREATE_COMPLETE")
    assert "mint an exchange token, because the runner is new" in " ".join(new.reasons), "the stack is another one's"
    assert foresee(WANTED, [RUNNER], "CREATE_COMPLETE").action == "nothing"
    assert foresee(WANTED, [RUNNER], "").action == "update"
    declared = Wanted("gitpod-eu", "eu-central-1", configuration={"release_channel": "latest"})
    assert foresee(declared, [RUNNER], "CREATE_COMPLETE").reasons == ("set release_channel of the runner 1 to latest",)


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://app.gitpod.io/api", True),
        ("http://app.gitpod.io/api", False),
        ("http://127.0.0.1:8080/api", True),
        ("http://127.0.0.1.evil.example/api", False),
        ("http://localhost/api", True),
        ("ftp://app.gitpod.io", False),
        ("https://", False),
        ("http://[", False),
    ],
)
def test_a_token_is_sent_over_tls_only(url: str, safe: bool) -> None:
    assert client.safe(url) is safe


def test_a_token_does_not_follow_to_another_host() -> None:
    assert transport.target_of("https://a.example/api/x", "/api/y") == "https://a.example/api/y"
    for elsewhere in ("https://b.example/api/x", "http://a.example/api/x", "https://a.example:8443/x"):
        with pytest.raises(urllib.error.URLError, match="does not get the token"):
            transport.target_of("https://a.example/api/x", elsewhere)


def test_a_connection_does_not_show_its_token() -> None:
    connection = client.Connection.of({"api_token": "s3cret", "api_url": ""})
    assert "s3cret" not in repr(connection)
    assert connection.url == client.DEFAULT_URL


@pytest.mark.parametrize("inside", ["\n", "\r\nX-Forged: 1", " ", "\x0b", "\u202e", "\u00e9"])
def test_a_token_that_no_header_can_carry_is_refused_and_not_repeated(
    inside: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = f"s3cret{inside}w0rd"
    monkeypatch.setenv("ONA_API_KEY", token)
    for given in (token, ""):
        with pytest.raises(InputError) as found:
            client.Connection.of({"api_token": given, "api_url": "http://127.0.0.1:9"})
        assert "that no token has" in found.value.message
        assert "s3cret" not in found.value.message
        assert "w0rd" not in found.value.message


def test_a_url_that_is_refused_is_not_repeated_with_its_password() -> None:
    for url in ("http://user:s3cret@plane.example/api", "ftp://plane.example/?key=s3cret", "https://user:s3cret@[x"):
        with pytest.raises(InputError) as found:
            client.Connection.of({"api_token": "token", "api_url": url})
        assert "s3cret" not in found.value.message
    with pytest.raises(InputError) as found:
        client.Connection.of({"api_token": "token", "api_url": "x" * 200_000})
    assert len(found.value.message) < 500
