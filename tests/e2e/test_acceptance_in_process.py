# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Acceptances against the test bed's management plane, in this process: how a proof ends, and that nothing is left."""

from __future__ import annotations

import json
import os
import pathlib
import signal
import subprocess
import sys
import time
import types
import typing as t
import uuid

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._acceptance import operation, ours, proof
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Pace
from tests.e2e.looking import FleetModule
from tests.fleet import Fleet

if t.TYPE_CHECKING:
    from tests.testbed.client import TestBed

ROOT = pathlib.Path(__file__).resolve().parents[2]
Result = dict[str, t.Any]
REGION = "eu-central-1"
QUICK = {name: 0.05 for name in ("creating", "starting", "stopping", "deleting")}
SHORT = {"gitpod_acceptance_timeout": 2, "gitpod_acceptance_url_timeout": 1, "gitpod_acceptance_cleanup_timeout": 2}


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks that come as quickly as the test bed lives."""
    monkeypatch.setattr(proof, "PACE", Pace(0.05, 0.2))


@pytest.fixture
def bed(running_testbed: TestBed) -> TestBed:
    running_testbed.reset()
    return running_testbed


def plane(bed: TestBed, **body: t.Any) -> Result:
    return bed.control("POST", "management", body)


class Case(t.NamedTuple):
    """A runner, how its environments live, and how its acceptance ends.

    :param fails: the step that fails; empty where the runner is accepted.
    :param told: what the message, or the details of the steps, have in them.
    :param left: the phase of the environment afterwards; empty where none was made.
    """

    orders: Result
    fails: str
    told: tuple[str, ...] = ()
    left: str = "deleted"
    phase: str = "active"
    classes: tuple[tuple[str, bool], ...] = (("Small", True),)
    variables: t.Mapping[str, t.Any] = types.MappingProxyType({})


CASES: dict[str, Case] = {
    "well": Case({}, "", ("Small",)),
    "forgetful": Case({"forgets": True}, "", ("gone",), left="deleted"),
    "degraded": Case({}, "", phase="degraded"),
    "preferred": Case({}, "", ("Regular",), classes=(("A", True), ("Regular", True), ("Small", False))),
    "named": Case(
        {}, "", ("Large GPU",), classes=(("Small", True), ("Large GPU", True)),
        variables={"gitpod_acceptance_environment_class": "Large GPU"},
    ),
    "failed": Case({"outcome": "fails", "messages": ["no capacity in eu-central-1a"]}, "run", ("no capacity in eu",)),
    "no-login": Case(
        {"outcome": "fails", "messages": ["missing authentication token for github.com"]}, "run",
        ("missing authentication token for github.com", "Git authentications"),
        variables={"gitpod_acceptance_repository": "https://github.com/gitpod-io/empty"},
    ),
    # It is seen on its way down, or when it is down.
    "stopped": Case({"outcome": "stops"}, "run", ("is stop", "before it ran")),
    "vanished": Case({"outcome": "vanishes"}, "run", ("deleted before it ran, by somebody else",)),
    "slow": Case({"outcome": "never"}, "run", ("does not run after 2 s. It is starting", "gitpod_acceptance_timeout")),
    "runs-on": Case(
        {"refuse": {"StopEnvironment": ["failed_precondition", "busy"]}}, "stop", ("did not stop", "busy")
    ),
    "in-use": Case(
        {"refuse": {"DeleteEnvironment": ["failed_precondition", "in use"]}, "refuse_unless_forced": True}, "",
        ("gone",),
    ),
    "stuck": Case({"refuse_unless_forced": True}, "", ("gone",)),
    "undeletable": Case(
        {"refuse": {"DeleteEnvironment": ["permission_denied", "not yours"]}}, "delete",
        ("could not be removed", "not yours", "stops by itself after 30 minutes"), left="stopped",
    ),
    "both": Case(
        {"outcome": "fails", "messages": ["boot failed"], "refuse": {"DeleteEnvironment": ["permission_denied", "no"]}},
        "run", ("boot failed", "could not be removed"), left="starting",
    ),
    "quota": Case({"quota": 0}, "create", ("maximum number of environments", "Where this is a quota"), left=""),
    "denied": Case(
        {"refuse": {"CreateEnvironment": ["permission_denied", "no access"]}}, "create", ("Share the runner",), left=""
    ),
    "inactive": Case({}, "class", ("is inactive, so no environment can run on it",), left="", phase="inactive"),
    "classless": Case({}, "class", ("It has none",), left="", classes=()),
    "disabled": Case(
        {}, "class", ("Small of the runner disabled is disabled", "Large"), left="",
        classes=(("Small", False), ("Large", True)), variables={"gitpod_acceptance_environment_class": "Small"},
    ),
    "unknown": Case(
        {}, "class", ("no environment class Huge", "It has Small", "gitpod_acceptance_environment_class"), left="",
        variables={"gitpod_acceptance_environment_class": "Huge"},
    ),
}  # fmt: skip


def made(bed: TestBed, cases: t.Mapping[str, Case]) -> dict[str, str]:
    """Runners at the management plane, by name, each living as its case says; no stacks."""
    ids = {name: str(uuid.uuid5(uuid.NAMESPACE_DNS, name)) for name in cases}
    plane(bed, add_runners=[{"name": name, "region": REGION, "id": ids[name]} for name in cases])
    for name, case in cases.items():
        plane(bed, runner_id=ids[name], phase=case.phase)
        classes = [{"runner_id": ids[name], "name": label, "enabled": enabled} for label, enabled in case.classes]
        plane(bed, add_classes=classes, environments={ids[name]: {"seconds": QUICK, **case.orders}})
    return ids


def inventory(bed: TestBed, name: str, runner_id: str, **variables: t.Any) -> Result:
    return {
        "gitpod_region": REGION,
        "gitpod_runner_name": name,
        "gitpod_runner_id": runner_id,
        "gitpod_api_endpoint": bed.management_plane_url,
        "gitpod_api_token": bed.api_token,
        "gitpod_acceptance_url": False,
        **SHORT,
        **variables,
    }


def accept(bed: TestBed, raw: t.Mapping[str, Result], check: bool = False, **options: t.Any) -> Result:
    found: Result = operation.run(FleetModule(bed, raw, check=check, **options))
    return found


def steps(result: Result) -> dict[str, str]:
    return {step["step"]: step["state"] for step in result["steps"]}


def environments(bed: TestBed) -> dict[str, Result]:
    """By runner; these tests have one each."""
    return {entry["runner_id"]: entry for entry in plane(bed)["environments"]}


def test_every_way_in_which_an_acceptance_ends_at_once_and_each_runner_ends_alone(
    bed: TestBed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proof, "FORCED", 5.0)
    # A quota has the code of a rate, so it is tried as often.
    monkeypatch.setattr(
        "ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.client.FIRST_DELAY", 0.001
    )
    monkeypatch.setattr(
        "ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.client.LONGEST_DELAY", 0.01
    )
    ids = made(bed, CASES)
    plane(bed, add_environments=[{"runner_id": ids["well"], "count": 3, "name": "acceptance-of-a-stranger"}])
    strangers = {entry["id"] for entry in plane(bed)["environments"]}
    raw = {name: inventory(bed, name, ids[name], **case.variables) for name, case in CASES.items()}
    found = accept(bed, raw)
    wrong = {}
    left = {e["runner_id"]: e["phase"] for e in plane(bed)["environments"] if e["id"] not in strangers}
    for name, case in CASES.items():
        result = found["runners"][name]
        failed = [step for step, state in steps(result).items() if state == "failed"]
        text = f"{result.get('msg', '')} {[step['detail'] for step in result['steps']]}"
        as_it_should = (
            failed[:1] == ([case.fails] if case.fails else [])
            and result["accepted"] is (not case.fails)
            and bool(result.get("failed")) is bool(case.fails)
            and all(part in text for part in case.told)
            and left.get(ids[name], "") == case.left
        )
        if not as_it_should:
            wrong[name] = (failed, left.get(ids[name]), text)
    assert wrong == {}
    assert found["changed"] is False
    assert {e["phase"] for e in plane(bed)["environments"] if e["id"] in strangers} == {"running"}
    assert bed.api_token not in json.dumps(found)


def test_check_mode_says_what_would_be_done_and_makes_nothing(bed: TestBed) -> None:
    ids = made(bed, {name: CASES[name] for name in ("well", "inactive")})
    raw = {name: inventory(bed, name, ids[name]) for name in ids}
    plane(bed, forget_calls=True)
    found = accept(bed, raw, check=True)["runners"]
    assert found["well"]["accepted"] is None
    assert steps(found["well"])["create"] == "planned"
    assert steps(found["well"])["url"] == "left out"
    assert (
        "As things stand the acceptance would fail: The runner inactive is inactive" in found["inactive"]["warnings"][0]
    )
    assert not found["inactive"].get("failed")
    assert set(plane(bed)["calls"]) == {"GetRunner", "ListEnvironmentClasses"}
    assert plane(bed)["environments"] == []


def test_a_creation_whose_answer_is_lost_is_found_and_made_once(bed: TestBed) -> None:
    ids = made(bed, {"well": CASES["well"]})
    plane(bed, faults=[{"method": "CreateEnvironment", "code": "unavailable", "times": 1, "after": True}])
    found = accept(bed, {"well": inventory(bed, "well", ids["well"])})["runners"]["well"]
    assert found["accepted"] is True
    assert found["runner"]["phase"] == "active"
    assert [entry["phase"] for entry in plane(bed)["environments"]] == ["deleted"]


def test_what_lost_answers_have_made_besides_is_removed_too(bed: TestBed, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list that lags behind does not have it when the next try is made; and a creation may come late."""
    monkeypatch.setattr(
        "ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.client.FIRST_DELAY", 0.001
    )
    ids = made(bed, {"well": CASES["well"]})
    raw = {"well": inventory(bed, "well", ids["well"])}
    plane(bed, severity={"list_lag": 0.5, "seed": 3})
    plane(bed, faults=[{"method": "CreateEnvironment", "code": "unavailable", "times": 2, "after": True}])
    found = accept(bed, raw)["runners"]["well"]
    assert found["accepted"] is True
    phases = [entry["phase"] for entry in plane(bed)["environments"]]
    assert len(phases) > 1
    assert set(phases) == {"deleted"}
    (step,) = [step for step in found["steps"] if step["step"] == "delete"]
    assert step["detail"] == f"gone, and {len(phases) - 1} that a lost answer had made"

    plane(bed, forget_environments=True, severity={}, environments={ids["well"]: {"seconds": QUICK, "late": 0.8}})
    monkeypatch.setattr(
        "ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.client.LONGEST_DELAY", 0.01
    )
    late = accept(bed, raw)["runners"]["well"]
    assert late["accepted"] is False
    assert steps(late)["create"] == "failed"
    assert {entry["phase"] for entry in plane(bed)["environments"]} == {"deleted"}


def test_what_a_killed_run_has_left_is_removed_and_nothing_else(bed: TestBed) -> None:
    ids = made(bed, {"well": CASES["well"]})
    mine, now = ids["well"], int(time.time())
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    there = {ours.OF_RUNNER: mine, ours.UNTIL: str(now + 3000)}
    kept = {
        "going-on-here": {**there, ours.PLACE: f"{ours.place()}/{os.getpid()}"},
        "going-on-elsewhere": {**there, ours.PLACE: "0123456789abcdef/1"},
        "of-another-runner": {**there, ours.OF_RUNNER: str(uuid.uuid4()), ours.UNTIL: "1"},
        "acceptance-by-name-only": {},
    }
    left = {
        "killed-here": {**there, ours.PLACE: f"{ours.place()}/{ended.pid}"},
        "killed-long-ago": {**there, ours.UNTIL: str(now - 3000)},
    }
    everything = {**kept, **left}
    plane(
        bed,
        add_environments=[{"runner_id": mine, "count": 1, "name": n, "annotations": a} for n, a in everything.items()],
    )
    module = accept(bed, {"well": inventory(bed, "well", mine)})
    result = module["runners"]["well"]
    assert (result["accepted"], module["changed"]) == (True, True)
    (step,) = [step for step in result["steps"] if step["step"] == "leftovers"]
    assert step["detail"] == "2 removed; 2 of other runs that go on"
    phases = {entry["name"]: entry["phase"] for entry in plane(bed)["environments"]}
    assert {name: phases[name] for name in everything} == {
        **dict.fromkeys(kept, "running"),
        **dict.fromkeys(left, "deleted"),
    }


PROGRAM = """
import json, sys
from tests import collection
collection.install()
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _lifetime
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._acceptance import operation
from tests.e2e.looking import FleetModule
told = json.load(sys.stdin)
_lifetime.bound()
operation.run(FleetModule(type("Bed", (), told["bed"]), told["raw"]))
"""


def broken_off(bed: TestBed, raw: Result, number: signal.Signals, begun: str = "environments") -> float:
    """Seconds until the program ended that was sent a signal while its environment was to run.

    :param begun: what of the management plane's tells that it is time: its environments, or the name of a call.
    """
    told = {"bed": {"aws_endpoint_url": bed.aws_endpoint_url}, "raw": raw}
    process = subprocess.Popen([sys.executable, "-c", PROGRAM], cwd=ROOT, stdin=subprocess.PIPE, text=True)
    try:
        assert process.stdin
        process.stdin.write(json.dumps(told))
        process.stdin.close()
        end = time.monotonic() + 30
        while time.monotonic() < end:
            told_now = plane(bed)
            if told_now.get(begun) or begun in told_now["calls"]:
                break
            time.sleep(0.05)
        began = time.monotonic()
        # As one that was in the background: then any thread may be given the signal.
        process.send_signal(signal.SIGSTOP)
        process.send_signal(number)
        process.send_signal(signal.SIGCONT)
        process.wait(20)
        return time.monotonic() - began
    finally:
        process.kill()
        process.wait()


def test_a_run_that_is_broken_off_removes_its_environment_and_a_killed_ones_is_removed_by_the_next(
    bed: TestBed,
) -> None:
    slow = CASES["well"]._replace(orders={"seconds": {**QUICK, "starting": 600.0}})
    ids = made(bed, {"well": slow})
    raw = {"well": inventory(bed, "well", ids["well"], gitpod_acceptance_timeout=600)}
    for number in signal.SIGINT, signal.SIGTERM:
        took = broken_off(bed, raw, number)
        (found,) = plane(bed)["environments"]
        assert found["phase"] in ("stopping", "stopped", "deleting", "deleted"), number
        assert took < 7, number
        plane(bed, forget_environments=True)
    # What is carried out only after its answer was lost, and after the signal.
    plane(bed, environments={ids["well"]: {"seconds": QUICK, "late": 1.5}}, forget_calls=True)
    assert broken_off(bed, raw, signal.SIGINT, "CreateEnvironment") < 7
    phases = [entry["phase"] for entry in plane(bed)["environments"]]
    assert phases
    assert set(phases) <= {"stopping", "stopped", "deleting", "deleted"}
    plane(bed, forget_environments=True, environments={ids["well"]: slow.orders})
    broken_off(bed, raw, signal.SIGKILL)
    (found,) = plane(bed)["environments"]
    assert found["phase"] in ("creating", "starting")
    plane(bed, environments={ids["well"]: {"seconds": QUICK}})
    again = accept(bed, raw)
    assert again["changed"] is True
    assert [entry["phase"] for entry in plane(bed)["environments"]] == ["deleted", "deleted"]


def test_its_url_is_looked_at_through_the_load_balancer(bed: TestBed) -> None:
    bed.settings(stack_seconds=0.6)
    fleet = Fleet.of(1)
    fleet.seed(bed)
    fleet.deploy(bed)
    (runner,) = fleet.runners
    plane(bed, add_classes=[{"runner_id": runner.id, "name": "Small"}], environments={runner.id: {"seconds": QUICK}})
    usual = {
        **inventory(bed, runner.name, runner.id),
        **runner.variables(),
        "gitpod_acceptance_url": True,
        "gitpod_acceptance_url_timeout": 0,
        "gitpod_resolvers": [bed.dns],
        "gitpod_verify_port": bed.https_port,
        "gitpod_verify_ca_path": bed.ca_file,
    }

    def url(**changes: t.Any) -> tuple[str, str]:
        """The step, and its detail with the message."""
        result = accept(bed, {runner.name: {**usual, **changes}})["runners"][runner.name]
        (step,) = [step for step in result["steps"] if step["step"] == "url"]
        text = f"{step['detail']} {result.get('msg', '')}"
        assert "s3cret" not in json.dumps(result)
        assert [entry["phase"] for entry in plane(bed)["environments"]] == ["deleted"]
        plane(bed, forget_environments=True)
        return step["state"], text

    state, text = url()
    assert state == "passed"
    assert f"--ops.{runner.domain} answers 401 at 2 addresses" in text
    assert "ELBSecurityPolicy" not in text

    for mode, words in {
        "unhealthy": "answers 503",
        "wrong_certificate": "for other names",
        "refuse": "refuses",
    }.items():
        bed.control("POST", "https", {"domain": runner.domain, "mode": mode})
        time.sleep(0.5)
        state, text = url()
        assert (state, words in text) == ("failed", True), text
        assert "runs, but its URL does not answer within 0 s" in text
    bed.control("POST", "https", {"domain": runner.domain, "mode": "healthy"})

    state, text = url(gitpod_verify_ca_path="")
    assert (state, "not trusted" in text) == ("failed", True), text
    state, text = url(gitpod_domain_name="elsewhere.example.com")
    assert (state, "below elsewhere.example.com" in text) == ("failed", True), text
    plane(bed, environments={runner.id: {"seconds": QUICK, "urls": False}})
    state, text = url()
    assert (state, "it has no URL" in text) == ("failed", True), text
    state, text = url(gitpod_acceptance_url=False)
    assert (state, "gitpod_acceptance_url" in text) == ("left out", True)
