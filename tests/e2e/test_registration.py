# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runners and their settings against the test bed's management plane: the real protocol, in this process."""

from __future__ import annotations

import datetime
import http.server
import pathlib
import socket
import ssl
import threading
import types
import typing as t

import pytest
import trustme

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.pool import Pool
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane import client
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight import registering
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.checks import management_plane
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import Facts
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.wanted import Wanted as WantedRunner
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration import info, operation
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._runner_settings import (
    environment_class,
    integration,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Clock
from ansible_collections.gitpod.enterprise_runner.plugins.modules import (
    runner_environment_class,
    runner_registration,
    runner_registration_info,
    runner_scm_integration,
)
from tests.e2e.in_process import outcome

if t.TYPE_CHECKING:
    from tests.testbed.client import TestBed

US_RUNNER = "0192f3c8-5b6e-7a10-8c4d-1e2f3a4b5c01"
US: dict[str, t.Any] = {"name": "gitpod-us-east-1", "region": "us-east-1"}
LARGE: dict[str, t.Any] = {
    "runner_id": US_RUNNER,
    "display_name": "Large",
    "configuration": {"machineType": "m6i.2xlarge", "diskSizeGb": 100},
}
GITHUB: dict[str, t.Any] = {
    "runner_id": US_RUNNER,
    "scm_id": "github",
    "host": "github.com",
    "oauth_client_id": "client",
    "oauth_client_secret": "s3cret-of-github",
}
OPERATIONS: dict[str, tuple[t.Any, t.Callable[[t.Any], dict[str, t.Any]]]] = {
    "registration": (runner_registration, operation.run),
    "registration_info": (runner_registration_info, info.run),
    "environment_class": (runner_environment_class, environment_class.run),
    "scm_integration": (runner_scm_integration, integration.run),
}


class Plane:
    """The management plane, and the modules that talk to it."""

    def __init__(self, testbed: TestBed) -> None:
        self.testbed = testbed
        self.warnings: list[str] = []

    def control(self, **body: t.Any) -> dict[str, t.Any]:
        return self.testbed.control("POST", "management", body)

    def __call__(self, what: str, /, check: t.Any = False, **options: t.Any) -> dict[str, t.Any]:
        module, run = OPERATIONS[what]
        connection = {"api_url": self.testbed.management_plane_url, "api_token": self.testbed.api_token}
        given = {**connection, **options}
        assert set(given) <= set(module.ARGUMENT_SPEC)
        params = {key: given.get(key, entry.get("default")) for key, entry in module.ARGUMENT_SPEC.items()}
        self.warnings = []
        stand_in = types.SimpleNamespace(params=params, check_mode=check, warn=self.warnings.append)
        return outcome(stand_in, run)

    def calls(self) -> list[str]:
        found: list[str] = self.control()["calls"]
        return found


@pytest.fixture
def plane(running_testbed: TestBed) -> Plane:
    running_testbed.reset()
    return Plane(running_testbed)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses between tries take no time; the number of tries is what counts."""
    monkeypatch.setattr(client, "Clock", lambda: Clock(sleep=lambda _seconds: None))


def test_a_runner_is_created_once_and_kept_as_it_is_declared(plane: Plane) -> None:
    declared = {"release_channel": "latest", "update_window": {"start_hour": 22, "end_hour": 4}, "auto_update": False}
    new = {"name": "gitpod-new", "region": "eu-west-1", **declared}
    predicted = plane("registration", check=True, **new)
    assert predicted["changed"]
    assert predicted["runner"]["id"] == ""
    assert "gitpod-new" not in plane.control()["runners"].values()

    created = plane("registration", **new)
    assert created["created"]
    assert created["runner"]["variant"] == "enterprise"
    assert created["runner"]["region"] == "eu-west-1"
    assert created["runner"]["configuration"]["update_window"] == {"start_hour": 22, "end_hour": 4}
    assert "exchange_token" not in created

    again = plane("registration", **new)
    assert not again["changed"]
    assert again["runner"]["id"] == created["runner"]["id"]
    assert not plane("registration", name="gitpod-new", region="eu-west-1")["changed"], "undeclared keeps its value"

    changed = plane("registration", **{**new, "auto_update": True, "update_window": {"enabled": False}})
    assert changed["changed"]
    assert "-update_window" in diff_of(changed)
    assert "-auto_update: false" in diff_of(changed)
    assert changed["runner"]["configuration"]["update_window"] is None
    assert not plane("registration", **{**new, "auto_update": True, "update_window": None})["changed"]


def test_every_part_of_the_configuration_is_kept_as_it_is_declared(plane: Plane) -> None:
    declared: dict[str, t.Any] = {
        "log_level": "debug",
        "devcontainer_image_cache": False,
        "release_channel": "latest",
        "metrics": {
            "enabled": True,
            "managed": False,
            "url": "https://metrics.example.com/write",
            "username": "runner",
            "password": "s3cret-of-metrics",
        },
    }
    changed = plane("registration", **US, **declared)
    diff = diff_of(changed)
    for line in (
        "-log_level: info",
        "+log_level: debug",
        "-devcontainer_image_cache: true",
        "+release_channel: latest",
        "+metrics: enabled true, url https://metrics.example.com/write, username runner, managed false",
    ):
        assert line in diff, diff
    assert "s3cret-of-metrics" not in str(changed)
    assert not plane("registration", **US, **declared)["changed"]
    kept = plane("registration_info", runner_id=US_RUNNER)["runner"]["configuration"]
    assert (kept["log_level"], kept["devcontainer_image_cache"], kept["auto_update"]) == ("debug", False, True)


def diff_of(result: dict[str, t.Any]) -> str:
    before, after = (set(result["diff"][key].splitlines()) for key in ("before", "after"))
    return "\n".join(
        [*(f"-{line}" for line in sorted(before - after)), *(f"+{line}" for line in sorted(after - before))]
    )


def test_a_runner_is_renamed_by_its_id_only(plane: Plane) -> None:
    renamed = plane("registration", runner_id=US_RUNNER, name="another-name", region="us-east-1")
    assert renamed["changed"]
    assert plane.control()["runners"][US_RUNNER] == "another-name"
    assert not plane("registration", runner_id=US_RUNNER, name="another-name")["changed"]


def test_two_matches_are_an_error_with_both_ids(plane: Plane) -> None:
    twin = "0192f3c8-5b6e-7a10-8c4d-1e2f3a4b5cff"
    plane.control(add_runners=[{**US, "id": twin}])
    failed = plane("registration", **US)
    assert failed["failed"]
    assert US_RUNNER in failed["msg"]
    assert twin in failed["msg"]
    assert "gitpod_runner_id" in failed["msg"]
    assert not plane("registration", runner_id=twin, **US)["changed"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"name": "gitpod-us-east-1", "region": "eu-west-1"}, ["us-east-1", "eu-west-1", US_RUNNER, "never changes"]),
        ({"runner_id": US_RUNNER, "region": "eu-west-1"}, ["us-east-1", "eu-west-1", "never changes"]),
        ({"runner_id": "0192f3c8-5b6e-7a10-8c4d-000000000000"}, ["does not know it"]),
        ({"name": "ab", "region": "eu-west-1"}, ["3 to 127"]),
        ({"name": "gitpod-new"}, ["region"]),
        ({**US, "update_window": {"start_hour": 22, "end_hour": 23}}, ["two hours"]),
        ({**US, "update_window": {"start_hour": 22, "enabled": False}}, ["takes the window away"]),
        ({**US, "metrics": {"enabled": True}}, ["url"]),
        ({**US, "force": True}, ["absent"]),
    ],
)
def test_what_cannot_be_is_told_and_nothing_written(plane: Plane, options: dict[str, t.Any], words: list[str]) -> None:
    failed = plane("registration", **options)
    assert failed["failed"]
    assert [word for word in words if word not in failed["msg"]] == [], failed["msg"]
    assert set(plane.calls()) <= {"ListRunners", "GetRunner"}


def test_one_name_in_two_regions_when_told_so(plane: Plane) -> None:
    there = {"name": "gitpod-us-east-1", "region": "eu-west-1", "same_name_elsewhere": True}
    assert plane("registration", **there)["created"]
    assert not plane("registration", **there)["changed"]
    assert plane("registration", **US)["runner"]["id"] == US_RUNNER


def test_a_runner_of_another_variant_or_provider_is_not_taken(plane: Plane) -> None:
    standard = {"name": "standard", "region": "eu-west-1", "variant": "standard"}
    elsewhere = {"name": "in-another-cloud", "region": "eu-west-1", "provider": "gcp"}
    plane.control(add_runners=[standard, elsewhere])
    failed = plane("registration", name="standard", region="eu-west-1")
    assert "variant standard" in failed["msg"]
    assert plane("registration", name="in-another-cloud", region="eu-west-1")["created"]


def test_an_exchange_token_comes_only_when_asked_for(plane: Plane) -> None:
    before = plane.control()["tokens"]
    assert "exchange_token" not in plane("registration", **US)
    assert plane("registration", check=True, exchange_token=True, **US)["exchange_token"] == operation.STAND_IN
    assert plane.control()["tokens"] == before
    minted = plane("registration", exchange_token=True, **US)
    assert not minted["changed"]
    assert minted["exchange_token"] == plane.control()["exchange_tokens"][-1]["value"]


@pytest.mark.parametrize(
    ("status", "message", "minted", "reason"),
    [
        ("CREATE_COMPLETE", "", 0, ""),
        ("UPDATE_IN_PROGRESS", "", 0, ""),
        ("ABSENT", "", 1, "the stack will be created"),
        ("ROLLBACK_COMPLETE", "", 1, "the stack will be created"),
        ("CREATE_COMPLETE", "The exchange token was used before", 1, "used before"),
        ("CREATE_COMPLETE", "No capacity", 0, ""),
    ],
)
def test_with_the_stacks_status_a_token_comes_only_when_it_is_needed(
    plane: Plane, status: str, message: str, minted: int, reason: str
) -> None:
    plane.control(runner_id=US_RUNNER, phase="degraded" if message else "active", message=message)
    before = plane.control()["tokens"]
    found = plane("registration", exchange_token=True, stack_status=status, **US)
    assert ("exchange_token" in found) == bool(minted)
    assert reason in found["exchange_token_reason"]
    assert bool(found["exchange_token_reason"]) == bool(minted)
    assert plane.control()["tokens"] == before + minted


def test_a_new_runner_brings_its_first_token(plane: Plane) -> None:
    new = {"name": "gitpod-new", "region": "eu-west-1", "exchange_token": True}
    before = plane.control()["tokens"]
    created = plane("registration", **new, stack_status="CREATE_COMPLETE")
    assert "the runner is new" in created["exchange_token_reason"]
    assert created["exchange_token"] == plane.control()["exchange_tokens"][-1]["value"]
    assert plane.control()["tokens"] == before + 1
    # Where the answer of the creation was lost, so was its token.
    plane.control(faults=[{"method": "CreateRunner", "code": "unavailable", "times": 1, "after": True}])
    other = plane("registration", **{**new, "name": "gitpod-other"})
    assert other["exchange_token"] == plane.control()["exchange_tokens"][-1]["value"]
    assert plane.control()["tokens"] == before + 3


@pytest.mark.parametrize(
    ("ordered", "environments", "options", "refused"),
    [
        ("created", 0, {}, ""),
        ("inactive", 0, {}, ""),
        ("active", 0, {}, "stack exists"),
        ("degraded", 0, {}, "stack exists"),
        ("active", 0, {"stack_exists": False}, ""),
        ("created", 0, {"stack_exists": True}, "stack exists"),
        ("created", 0, {"stack_exists": True, "delete_with_stack": True}, ""),
        ("created", 2, {}, "2 environments"),
        ("created", 2, {"delete_with_environments": True}, "still has environments"),
        ("created", 2, {"force": True}, ""),
        ("active", 2, {"force": True}, "stack exists"),
        ("active", 2, {}, "2 environments on it, archived ones included; it is active"),
        ("active", 2, {"force": True, "delete_with_stack": True}, ""),
    ],
)
def test_a_runner_in_use_is_not_deleted_unless_told(
    plane: Plane, ordered: str, environments: int, options: dict[str, t.Any], refused: str
) -> None:
    plane.control(runner_id=US_RUNNER, phase=ordered)
    if environments:
        plane.control(add_environments=[{"runner_id": US_RUNNER, "count": environments, "archived": True}])
    predicted = plane("registration", state="absent", check=True, **US, **options)
    assert US_RUNNER in plane.control()["runners"]
    result = plane("registration", state="absent", **US, **options)
    if refused:
        assert refused in result["msg"]
        assert US_RUNNER in plane.control()["runners"]
        return
    assert predicted["changed"]
    assert result["changed"]
    assert US_RUNNER not in plane.control()["runners"]
    assert bool(plane.warnings) == bool(options.get("force"))
    assert not plane("registration", state="absent", **US, **options)["changed"]


def test_a_creation_whose_answer_was_lost_is_not_done_twice(plane: Plane) -> None:
    new = {"name": "gitpod-new", "region": "eu-west-1"}
    plane.control(faults=[{"method": "CreateRunner", "code": "unavailable", "times": 1, "after": True}])
    created = plane("registration", **new)
    assert created["created"]
    assert list(plane.control()["runners"].values()).count("gitpod-new") == 1
    assert plane.control()["runners"][created["runner"]["id"]] == "gitpod-new"
    plane.control(faults=[{"method": "DeleteRunner", "code": "unavailable", "times": 1, "after": True}])
    assert plane("registration", state="absent", **new)["changed"]


@pytest.mark.parametrize("code", ["unavailable", "resource_exhausted"])
def test_a_busy_management_plane_is_asked_again(plane: Plane, code: str) -> None:
    plane.control(faults=[{"code": code, "times": 3}], forget_calls=True)
    assert not plane("registration", **US)["changed"]
    assert plane.calls() == ["ListRunners"] * 4
    plane.control(faults=[{"code": code}], forget_calls=True)
    failed = plane("registration", api_retries=2, **US)
    assert "also after several tries" in failed["msg"]
    assert failed["error_code"] == code
    assert plane.calls() == ["ListRunners"] * 3


def test_a_failure_of_the_management_plane_itself_is_asked_again_three_times(plane: Plane) -> None:
    """Whatever else it meets in between, which has tries of its own."""
    busy = [{"code": "resource_exhausted", "times": 4}]
    plane.control(faults=[*busy, {"code": "internal", "times": 3}], forget_calls=True)
    assert not plane("registration", **US)["changed"]
    assert plane.calls() == ["ListRunners"] * 8
    plane.control(faults=[*busy, {"code": "internal"}], forget_calls=True)
    failed = plane("registration", **US)
    assert "failed the call, also after several tries" in failed["msg"]
    assert plane.calls() == ["ListRunners"] * 8


def test_what_does_not_answer_in_time_is_asked_once_more_unless_it_could_be_done_twice(plane: Plane) -> None:
    plane.control(faults=[{"code": "deadline_exceeded", "times": 1}], forget_calls=True)
    assert not plane("registration", **US)["changed"]
    assert plane.calls() == ["ListRunners"] * 2
    plane.control(faults=[{"code": "deadline_exceeded"}], forget_calls=True)
    assert "did not answer in time" in plane("registration", **US)["msg"]
    assert plane.calls() == ["ListRunners"] * 2
    plane.control(faults=[{"method": "CreateRunner", "code": "deadline_exceeded"}], forget_calls=True)
    assert "did not answer in time" in plane("registration", name="gitpod-new", region="eu-west-1")["msg"]
    assert plane.calls().count("CreateRunner") == 1


@pytest.mark.parametrize("after", [True, False], ids=["after it was done", "before"])
def test_a_creation_that_fails_inside_the_management_plane_is_done_once(plane: Plane, after: bool) -> None:
    plane.control(faults=[{"method": "CreateRunner", "code": "internal", "times": 2, "after": after}])
    assert plane("registration", name="gitpod-new", region="eu-west-1")["created"]
    assert list(plane.control()["runners"].values()).count("gitpod-new") == 1


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("unauthenticated", "does not accept the API token"),
        ("permission_denied", "admin access"),
        ("not_found", "does not know it"),
        ("invalid_argument", "does not accept a value"),
        ("failed_precondition", "refuses this in the present state"),
        ("unimplemented", "does not offer this"),
        ("data_loss", "failed the call"),
    ],
)
def test_each_refusal_has_words_of_its_own_and_is_not_repeated(plane: Plane, code: str, words: str) -> None:
    plane.control(faults=[{"code": code, "message": f"no, {plane.testbed.api_token}"}], forget_calls=True)
    failed = plane("registration", **US)
    assert failed["msg"].startswith("Could not list the runners.")
    assert words in failed["msg"]
    assert failed["error_code"] in (code, "unknown")
    assert plane.testbed.api_token not in failed["msg"]
    assert len(plane.calls()) == 1


def prerequisites(plane: Plane, **changes: t.Any) -> dict[str, tuple[str, str]]:
    """Status and words of each check of the management plane, as the prerequisites ask it."""
    testbed = plane.testbed
    options = {"api_endpoint": testbed.management_plane_url, "api_token": testbed.api_token, **changes}
    wanted = WantedRunner(US["name"], US["name"], **{"region": US["region"], **options})
    now = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
    with Pool(4) as pool:
        answer = registering.ask(wanted, pool) if wanted.api_token else None
    facts = Facts(wanted.region, now, management_plane=answer)
    found = {check.id.partition(".")[2]: check.run(wanted, facts) for check in management_plane.CHECKS}
    return {name: (one.status, f"{one.summary} {one.remediation}") for name, one in found.items()}


@pytest.mark.parametrize(
    ("code", "failing", "words"),
    [
        ("unauthenticated", "token", "does not accept the API token"),
        ("permission_denied", "token", "admin access"),
        ("not_found", "runner", "does not know it"),
        ("invalid_argument", "runner", "does not accept a value"),
        ("unavailable", "reachable", "cannot be reached, also after several tries"),
        ("resource_exhausted", "reachable", "limits the rate"),
        ("deadline_exceeded", "reachable", "did not answer in time"),
        ("unimplemented", "reachable", "does not offer this"),
        ("failed_precondition", "reachable", "refuses this in the present state"),
        ("internal", "reachable", "failed the call"),
    ],
)
def test_the_prerequisites_tell_each_refusal_at_the_check_that_it_is_about(
    plane: Plane, code: str, failing: str, words: str
) -> None:
    plane.control(faults=[{"code": code, "message": f"no, {plane.testbed.api_token}"}])
    found = prerequisites(plane, runner_id=US_RUNNER)
    assert [name for name, (status, _words) in found.items() if status == "fail"] == [failing]
    assert words in found[failing][1]
    assert plane.testbed.api_token not in str(found)


def test_the_prerequisites_without_a_key_with_another_and_without_a_management_plane(plane: Plane) -> None:
    assert {status for status, _words in prerequisites(plane, api_token="").values()} == {"skip"}
    accepted = {name: status for name, (status, _words) in prerequisites(plane).items()}
    # No settings are declared, and no acceptance.
    asked, unasked = ("reachable", "token", "runner"), ("settings", "acceptance")
    assert accepted == {**dict.fromkeys(asked, "pass"), **dict.fromkeys(unasked, "skip")}
    rejected = prerequisites(plane, api_token="ona_wrong")
    assert {name: status for name, (status, _words) in rejected.items()} == {
        "reachable": "pass",
        "token": "fail",
        **dict.fromkeys(("runner", *unasked), "skip"),
    }
    assert "GITPOD_API_KEY" in rejected["token"][1]
    assert "ona_wrong" not in str(rejected)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{closed.getsockname()[1]}/api"
        unreachable = prerequisites(plane, api_endpoint=nobody)
    assert unreachable["reachable"][0] == "fail"
    assert "https_proxy" in unreachable["reachable"][1]
    assert "not an https URL" in prerequisites(plane, api_endpoint="http://app.example.com/api")["reachable"][1]
    assert "cannot be used" in prerequisites(plane, api_ca_path="/nowhere.pem")["reachable"][1]
    plane.control(add_runners=[US])
    twins = prerequisites(plane)["runner"]
    assert twins[0] == "fail"
    assert US_RUNNER in twins[1]


def test_a_wrong_token_is_told_without_it(plane: Plane) -> None:
    failed = plane("registration", api_token="ona_wrong", **US)
    assert "does not accept the API token" in failed["msg"]
    assert "ona_wrong" not in failed["msg"]


def test_no_token_and_unsafe_urls_are_told_before_any_call(plane: Plane, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ONA_API_KEY", "GITPOD_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    assert "No API token" in plane("registration", api_token="", **US)["msg"]
    assert "not an https URL" in plane("registration", api_url="http://app.example.com/api", **US)["msg"]
    monkeypatch.setenv("ONA_API_KEY", "")
    monkeypatch.setenv("GITPOD_API_KEY", plane.testbed.api_token)
    assert not plane("registration", api_token="", **US)["changed"]


def test_another_address_than_the_apis_is_told(plane: Plane) -> None:
    wrong = plane.testbed.management_plane_url.removesuffix("/api")
    assert "it ends in /api" in plane("registration", api_url=wrong, **US)["msg"]


def test_a_companys_certificate_authority_is_trusted_when_it_is_named(plane: Plane, tmp_path: pathlib.Path) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))

    class Refusing(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(401)
            self.end_headers()

        def log_message(self, *_arguments: t.Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"https://127.0.0.1:{server.server_port}/api"
        failed = plane("registration", api_url=url, **US)
        trusted = plane("registration", api_url=url, ca_path=str(tmp_path / "ca.pem"), **US)
        server.shutdown()
    assert failed["error_code"] == "untrusted"
    assert "ca_path" in failed["msg"]
    assert "does not accept the API token" in trusted["msg"]
    assert "cannot be used" in plane("registration", ca_path="/nowhere.pem", **US)["msg"]


def test_the_environments_proxy_is_used_but_not_to_this_machine(plane: Plane, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    class Proxy(http.server.BaseHTTPRequestHandler):
        def do_CONNECT(self) -> None:
            asked.append(self.path)
            self.send_response(407)
            self.end_headers()

        do_POST = do_CONNECT  # noqa: N815

        def log_message(self, *_arguments: t.Any) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Proxy) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for name in ("http_proxy", "https_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("no_proxy", "")
        failed = plane("registration", api_url="https://gitpod.example/api", **US)
        assert not plane("registration", **US)["changed"]
        server.shutdown()
    assert "through the proxy 127.0.0.1" in failed["msg"]
    assert asked == ["gitpod.example:443"]


def test_all_pages_are_read_and_filters_hold(plane: Plane) -> None:
    many = [{"name": f"fleet-{number:03}", "region": "eu-west-1"} for number in range(230)]
    plane.control(add_runners=many)
    found = plane("registration_info", name="fleet-*")
    assert [runner["name"] for runner in found["runners"]] == [entry["name"] for entry in many]
    assert found["runner"] is None
    assert len(plane("registration_info", region="us-east-1")["runners"]) == 1
    plane.control(runner_id=US_RUNNER, phase="degraded", message="No capacity")
    listed = plane("registration_info", phases=["degraded"])
    assert listed["runner"]["message"] == "No capacity"


def test_a_phase_that_the_sdk_does_not_know_is_no_crash(plane: Plane) -> None:
    plane.control(runner_id=US_RUNNER, phase="42")
    assert plane("registration_info", runner_id=US_RUNNER)["runner"]["phase"] == "unknown_42"
    assert not plane("registration", **US)["changed"]


@pytest.mark.parametrize(
    ("phase", "message", "words"),
    [
        ("degraded", "The cache cannot be reached", ["is degraded", "The cache cannot be reached", "log"]),
        ("degraded", "The exchange token has expired", ["expired", "new exchange token is minted"]),
        ("created", "Waiting for the runner to connect", ["still created", "Waiting for the runner to connect"]),
    ],
)
def test_waiting_for_a_phase_is_bounded_and_fails_in_the_runners_words(
    plane: Plane, phase: str, message: str, words: list[str]
) -> None:
    plane.control(runner_id=US_RUNNER, phase=phase, message=message)
    failed = plane("registration_info", wait_for_phase="active", wait_timeout=0, **US)
    assert [word for word in words if word not in failed["msg"]] == [], failed["msg"]
    assert failed["runner"]["phase"] == phase
    plane.control(runner_id=US_RUNNER, phase="active")
    assert plane("registration_info", wait_for_phase="active", **US)["runner"]["version"] == "20260105.12"
    assert "3 runners match" in plane("registration_info", wait_for_phase="active")["msg"]


def test_environment_classes_are_disabled_rather_than_deleted(plane: Plane) -> None:
    assert plane("environment_class", check=True, **LARGE)["changed"]
    created = plane("environment_class", **LARGE, description="For big builds")
    assert created["environment_class"]["configuration"] == {"machineType": "m6i.2xlarge", "diskSizeGb": "100"}
    assert not plane("environment_class", **LARGE)["changed"]
    described = plane("environment_class", **LARGE, description="For bigger builds")
    assert "+description: For bigger builds" in diff_of(described)
    assert plane("environment_class", state="absent", check=True, **LARGE)["changed"]
    disabled = plane("environment_class", state="absent", **LARGE)
    assert disabled["environment_class"]["enabled"] is False
    assert not plane("environment_class", state="absent", **LARGE)["changed"]
    enabled = plane("environment_class", **LARGE)
    assert enabled["changed"]
    assert enabled["environment_class"]["id"] == created["environment_class"]["id"]


def test_another_configuration_is_another_class_when_told_so(plane: Plane) -> None:
    first = plane("environment_class", **LARGE)["environment_class"]["id"]
    other = {**LARGE, "configuration": {"machineType": "m7i.2xlarge"}}
    failed = plane("environment_class", **other)
    assert "replace" in failed["msg"]
    replaced = plane("environment_class", **other, replace=True)
    assert replaced["environment_class"]["id"] != first
    assert not plane("environment_class", **other, replace=True)["changed"]
    assert not plane("environment_class", **other)["changed"]
    assert "configuration" in plane("environment_class", runner_id=US_RUNNER, display_name="None")["msg"]


def test_a_client_secret_is_sent_again_only_on_request(plane: Plane) -> None:
    created = plane("scm_integration", **GITHUB)
    assert created["oauth_client_secret_sent"]
    key = created["integration"]["id"]
    assert GITHUB["oauth_client_secret"] not in str(created)
    assert not plane("scm_integration", **{**GITHUB, "oauth_client_secret": "n3w-secret"})["changed"]
    assert plane.control()["client_secrets"] == {key: ["s3cret-of-github"]}

    rotated = {**GITHUB, "oauth_client_secret": "n3w-secret", "renew_client_secret": True}
    predicted = plane("scm_integration", check=True, **rotated)
    assert predicted["changed"]
    sent = plane("scm_integration", **rotated)
    assert "+oauth_client_secret: (sent)" in diff_of(sent)
    assert sent["actions"] == ["send the client secret of the integration of github at github.com"]
    assert "n3w-secret" not in str(sent)
    assert plane.control()["client_secrets"][key] == ["s3cret-of-github", "n3w-secret"]


def test_an_integrations_life(plane: Plane) -> None:
    pat = {"runner_id": US_RUNNER, "scm_id": "gitlab", "host": "gitlab.example.com", "personal_access_token": True}
    assert plane("scm_integration", **pat)["changed"]
    assert not plane("scm_integration", **pat)["changed"]
    assert "needs its client secret" in plane("scm_integration", **pat, oauth_client_id="client")["msg"]
    both = plane("scm_integration", **pat, oauth_client_id="client", oauth_client_secret="s3cret")
    assert both["integration"]["oauth"] is True
    back = plane("scm_integration", **pat)
    assert "-oauth: true" in diff_of(back)
    assert not plane("scm_integration", **pat)["changed"]
    gone = {key: pat[key] for key in ("runner_id", "scm_id", "host")} | {"state": "absent"}
    plane.control(faults=[{"method": "DeleteSCMIntegration", "times": 1, "after": True}])
    assert plane("scm_integration", **gone)["changed"]
    assert not plane("scm_integration", **gone)["changed"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"oauth_client_id": "", "oauth_client_secret": ""}, "neither OAuth"),
        ({"oauth_client_id": ""}, "without oauth_client_id"),
        ({"host": "https://github.com"}, "bare name"),
        ({"scm_id": "azuredevops_entra"}, "issuer_url"),
        ({"scm_id": "azuredevops_server"}, "virtual_directory"),
    ],
)
def test_contradictory_integrations_are_told(plane: Plane, changes: dict[str, t.Any], words: str) -> None:
    failed = plane("scm_integration", **{**GITHUB, **changes})
    assert words in failed["msg"]
    assert GITHUB["oauth_client_secret"] not in failed["msg"]
