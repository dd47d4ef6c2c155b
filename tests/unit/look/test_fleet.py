# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each runner's outcome is its own, one line tells of all, and no secret is told."""

from __future__ import annotations

import threading
import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import InputError, NotFoundError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.fleet import Fleet, Host
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.module import (
    ARGUMENT_SPEC,
    hidden_and_public,
    looked,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.progress import Board, fleet_line


class Module:
    """What a look takes of the module."""

    check_mode = False
    region = "us-east-1"

    def __init__(self, *hosts: str, **options: t.Any) -> None:
        defaults = {name: entry.get("default") for name, entry in ARGUMENT_SPEC.items()}
        runners = [{"host": host, "values": {"gitpod_runner_name": host}} for host in hosts]
        self.params = {**defaults, "runners": runners, **options}
        self.shown: set[str] = set()
        self.covered: set[str] = set()
        self.hidden: set[str] = set()

    def cover(self, option: str, public: t.Collection[str]) -> None:
        """Keep what may be shown."""
        self.covered.add(option)
        self.shown |= set(public)

    def hide(self, texts: t.Iterable[str]) -> None:
        """Keep what may not."""
        self.hidden |= set(texts)


def run(module: Module, look: t.Callable[[Fleet, Host], dict[str, t.Any]]) -> dict[str, t.Any]:
    found: dict[str, t.Any] = looked(module, look, "looked at", lambda _module: t.cast("t.Any", None))["runners"]
    return found


def test_whatever_happens_to_one_runner_is_told_as_its_own() -> None:
    def look(_fleet: Fleet, host: Host) -> dict[str, t.Any]:
        if host.name == "wrong":
            raise InputError("No region is named", next_step="Set gitpod_region")
        if host.name == "gone":
            raise NotFoundError("Could not read it", "It does not exist", code="NoSuchEntity")
        if host.name == "broken":
            raise KeyError("vpc")
        if host.name == "leaving":
            raise SystemExit(1)
        return {"ready": True}

    found = run(Module("good", "wrong", "gone", "broken", "leaving", "fine"), look)
    assert list(found) == ["good", "wrong", "gone", "broken", "leaving", "fine"]
    assert found["good"] == found["fine"] == {"ready": True}
    assert found["wrong"] == {
        "failed": True,
        "msg": "No region is named. Set gitpod_region.",
        "next_step": "Set gitpod_region",
    }
    assert found["gone"]["error_code"] == "NoSuchEntity"
    assert (found["broken"]["failed"], found["broken"]["exception_type"]) == (True, "KeyError")
    assert "Traceback" not in found["broken"]["msg"]
    assert found["leaving"]["exception_type"] == "SystemExit"


def test_all_runners_are_looked_at_side_by_side_with_one_thread_for_calls() -> None:
    """A runner that waits keeps nobody else waiting: all have to come to the barrier."""
    barrier = threading.Barrier(20, timeout=10)

    def look(fleet: Fleet, host: Host) -> dict[str, t.Any]:
        barrier.wait()
        return {"name": fleet.pool.run(lambda: host.name)}

    hosts = [f"runner-{number}" for number in range(20)]
    assert run(Module(*hosts, threads=1), look) == {host: {"name": host} for host in hosts}


def test_values_secrets_and_earlier_results_come_together_for_each_runner() -> None:
    def look(_fleet: Fleet, host: Host) -> dict[str, t.Any]:
        assert "t0k3n" not in repr(host)
        return {
            "values": dict(host.values),
            "id": host.earlier.runner_id(host.values),
            "token": host.earlier.exchange_token,
        }

    module = Module("a", "b", secrets={"a": {"gitpod_api_token": "t0k3n"}})
    module.params["runners"][1]["values"]["gitpod_region"] = "eu-west-1"
    module.params["runners"][1]["earlier"] = {"registration": {"runner_id": "0192"}, "exchange_token": "x", "other": 1}
    found = run(module, look)
    assert found["a"]["values"] == {
        "gitpod_runner_name": "a",
        "gitpod_region": "us-east-1",
        "gitpod_api_token": "t0k3n",
    }
    assert found["b"]["values"]["gitpod_region"] == "eu-west-1"
    assert (found["b"]["id"], found["b"]["token"]) == ("0192", "")


@pytest.mark.parametrize(
    ("hosts", "options", "told"), [(("a", "a"), {}, "given twice"), (("a",), {"threads": 0}, "below 1")]
)
def test_a_call_that_cannot_be_is_refused(hosts: tuple[str, ...], options: dict[str, t.Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        run(Module(*hosts, **options), lambda _fleet, _host: {})


def test_no_runner_is_no_failure() -> None:
    assert run(Module(), lambda _fleet, _host: {}) == {}


def test_what_stands_beside_a_password_may_be_shown() -> None:
    metrics = {"enabled": True, "url": "https://metrics.example.com", "username": "gitpod", "password": "s3cr3t"}
    secrets = {"a": {"gitpod_registration_metrics": metrics, "gitpod_api_token": "t0k3n"}}
    hidden, public = hidden_and_public(secrets)
    assert hidden == {"s3cr3t", "t0k3n"}
    assert {"https://metrics.example.com", "gitpod"} <= public
    listed = {
        "gitpod_runner_settings_scm_integrations": [{"host": "github.com", "oauth_client_secret": "s3cr3t-of-github"}],
        "gitpod_runner_settings_llm_integrations": [{"endpoint": "https://a.example", "api_key": "s3cr3t-of-a"}],
    }
    hidden, public = hidden_and_public({"a": listed})
    assert hidden == {"s3cr3t-of-github", "s3cr3t-of-a"}
    assert {"github.com", "https://a.example"} <= public
    hidden, public = hidden_and_public({**secrets, "b": {"gitpod_exchange_token": "gitpod"}})
    assert "gitpod" in hidden - public
    assert hidden_and_public({"a": {}}) == (set(), set())


def test_parameters_of_a_template_are_shown_nowhere_before_it_is_known() -> None:
    """Then those that have a secret's name stay hidden, and the others may stand in results."""
    given = {"Exchange Token": "0123456789", "Size": "large", "License Key": {"a": ["nested-secret"]}, "Count": 1}
    module = Module("a", secrets={"a": {"gitpod_stack_parameters": given}})
    run(module, lambda fleet, _host: fleet.hide({"found-by-the-template"}) or {})
    assert module.covered == {"secrets"}
    assert {"0123456789", "nested-secret", "found-by-the-template"} <= module.hidden
    assert {"large", "1"} <= module.shown
    assert not module.hidden & module.shown


@pytest.mark.parametrize(
    ("waiting", "line"),
    [
        ({}, "16 of 16 looked at"),
        ({"eu": "targets.health"}, "15 of 16 looked at, waiting for eu: targets.health"),
        ({"us": "", "eu": "targets.health", "ap": ""}, "13 of 16 looked at, waiting for eu: targets.health and 2 more"),
        ({"us": ""}, "15 of 16 looked at, waiting for us"),
    ],
)
def test_one_line_tells_of_the_fleet(waiting: dict[str, str], line: str) -> None:
    assert fleet_line(waiting, 16, "looked at") == line


def test_the_board_tells_each_change() -> None:
    lines: list[str] = []
    board = Board("looked at", lines.append)
    board.begin(["a", "b"])
    board.waits("a", "targets.health")
    board.done("b")
    board.waits("b", "never, it is done")
    board.done("a")
    assert lines == [
        "0 of 2 looked at, waiting for a: targets.health and 1 more",
        "1 of 2 looked at, waiting for a: targets.health",
        "1 of 2 looked at, waiting for a: targets.health",
        "2 of 2 looked at",
    ]
