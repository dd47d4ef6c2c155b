# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One process looks at many runners: each has its own account, region and outcome; what is the same is read once."""

from __future__ import annotations

import collections
import json
import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look import module as look_module
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight import (
    operation as preflight_operation,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._status import look as status_look
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification import (
    operation as verification_operation,
)
from tests.e2e.looking import (
    ACCOUNT,
    EXAMPLES,
    FleetModule,
    Result,
    inventory,
    of_fleet,
    profiles,
)
from tests.fleet import Fleet

if t.TYPE_CHECKING:
    from tests.e2e.harness import Controller
    from tests.testbed.client import TestBed

US, EU, AP = "gitpod-us-east-1", "gitpod-eu-central-1", "gitpod-ap-southeast-2"
OTHER = "210987654321"
SIXTEEN, FIFTY = 16, 50


def look(
    testbed: TestBed, run: t.Callable[[t.Any], Result], raw: dict[str, Result], **more: t.Any
) -> dict[str, Result]:
    return of_fleet(FleetModule(testbed, raw, **more), run)


def failing(found: dict[str, Result]) -> dict[str, str]:
    return {host: result["msg"] for host, result in found.items() if result.get("failed")}


def account(result: Result) -> str:
    return str(result["account_id"])


def test_one_runner_without_a_profile_and_one_without_a_region_fail_alone(controller: Controller) -> None:
    testbed = controller.testbed
    raw = {
        US: inventory(testbed, US),
        "no-profile": inventory(testbed, EU, aws_profile="nobody-has-it"),
        "no-region": inventory(testbed, EU, region=None),
        "no-check": inventory(testbed, EU, prerequisites_skip=["netwrok"]),
        "no-file": inventory(testbed, EU, stack_template_file="/not/there.json"),
        AP: inventory(testbed, AP),
    }
    for run in (preflight_operation.run, status_look.run, verification_operation.run):
        changes = {"gitpod_verify_wait": 0, "gitpod_verify_phase_wait": 0, "gitpod_verify_from_control_node": False}
        found = look(testbed, run, {host: {**values, **changes} for host, values in raw.items()})
        assert list(found) == list(raw)
        wrong = failing(found)
        assert "nobody-has-it" in wrong["no-profile"]
        assert "gitpod_aws_profile" in found["no-profile"]["next_step"]
        assert "gitpod_region" in wrong["no-region"]
        only = {"no-check", "no-file"} if run is preflight_operation.run else set()
        assert set(wrong) == {"no-profile", "no-region", *only}
    assert not controller.writes()


def test_a_fault_of_ours_is_that_runners_failure_with_its_type_and_no_traceback(
    controller: Controller, monkeypatch: pytest.MonkeyPatch
) -> None:
    testbed = controller.testbed
    evaluate = preflight_operation.evaluate

    def broken(checks: t.Any, wanted: t.Any, *more: t.Any) -> t.Any:
        if wanted.name == EU:
            raise KeyError("no such field")
        return evaluate(checks, wanted, *more)

    monkeypatch.setattr(preflight_operation, "evaluate", broken)
    found = look(testbed, preflight_operation.run, {host: inventory(testbed, host) for host in (US, EU, AP)})
    assert set(failing(found)) == {EU}
    assert found[EU]["exception_type"] == "KeyError"
    assert "Traceback" not in json.dumps(found)


def test_two_accounts_by_profile_each_see_their_own(controller: Controller) -> None:
    testbed = controller.testbed
    with profiles(ours=ACCOUNT, theirs=OTHER):
        found = look(
            testbed,
            preflight_operation.run,
            {
                "ours": inventory(testbed, EU, aws_profile="ours", account_id=None),
                "theirs": inventory(testbed, EU, aws_profile="theirs", account_id=None),
                "wrong": inventory(testbed, EU, aws_profile="theirs"),
            },
        )
    assert [account(found[host]) for host in ("ours", "theirs")] == [ACCOUNT, OTHER]
    assert found["ours"]["ready"], [check for check in found["ours"]["checks"] if check["status"] == "fail"]
    statuses = {check["id"]: check["status"] for check in found["theirs"]["checks"]}
    assert statuses["network.vpc"] == "fail", "the other account has no such VPC"
    wrong = {check["id"]: check["status"] for check in found["wrong"]["checks"]}
    assert wrong["identity.account"] == "fail"
    assert not failing(found)


def test_fifty_runners_in_fifty_accounts_are_looked_at_in_one_process(controller: Controller) -> None:
    testbed = controller.testbed
    accounts = {f"account-{number}": f"{100000000000 + number}" for number in range(FIFTY)}
    testbed.add_accounts(*accounts.values())
    with profiles(**accounts):
        raw = {name: inventory(testbed, EU, aws_profile=name, account_id=account) for name, account in accounts.items()}
        found = look(testbed, status_look.run, raw)
        identities = look(testbed, preflight_operation.run, dict(list(raw.items())[::5]))
    assert not failing(found)
    assert {result["stack"]["status"] for result in found.values()} == {"ABSENT"}
    assert {host: account(result) for host, result in identities.items()} == dict(list(accounts.items())[::5])


def test_a_runner_without_permission_leaves_the_others_alone(controller: Controller) -> None:
    testbed = controller.testbed
    region = EXAMPLES[AP]["gitpod_region"]
    for service in ("ec2", "cloudformation", "elbv2", "acm"):
        code = "UnauthorizedOperation" if service == "ec2" else "AccessDenied"
        testbed.add_fault(service=service, region=region, error=code, message="not allowed", status=403)
    raw = {host: inventory(testbed, host) for host in (US, EU, AP)}
    found = look(testbed, preflight_operation.run, raw)
    assert not failing(found)
    assert found[US]["ready"]
    assert found[EU]["ready"]
    denied = {check["id"]: check["summary"] for check in found[AP]["checks"] if check["status"] == "skip"}
    assert "ec2:DescribeVpcs is not allowed" in denied["network.vpc"]
    assert found[AP]["stack_exists"] is None
    status = look(testbed, status_look.run, raw)
    assert set(failing(status)) == {AP}
    assert "not allowed" in failing(status)[AP]


def test_sixteen_runners_cost_few_calls_each_and_what_is_the_same_is_read_once(controller: Controller) -> None:
    testbed, fleet = controller.testbed, Fleet.of(SIXTEEN)
    fleet.seed(testbed)
    raw = {
        runner.name: {
            **{name: value for name, value in runner.variables().items() if "{{" not in str(value)},
            "gitpod_stack_template_url": testbed.template_url,
            "gitpod_resolvers": [testbed.dns],
            "gitpod_api_endpoint": testbed.management_plane_url,
            "gitpod_api_token": testbed.api_token,
            "gitpod_runner_id": None,
        }
        for runner in fleet.runners
    }
    raw = {host: {name: value for name, value in own.items() if value is not None} for host, own in raw.items()}
    testbed.clear_calls()
    found = look(testbed, preflight_operation.run, raw)
    assert not failing(found)
    assert [result["region"] for result in found.values()] == [runner.region for runner in fleet.runners]
    calls = collections.Counter(call["operation"] for call in testbed.calls())
    # Five of them simulate what the template of a new stack needs, two ask for the quota and the use of Fargate.
    assert calls.total() <= 36 * SIXTEEN, calls
    assert calls["GetObject"] + calls["HeadObject"] <= 2, "the template is one"
    assert testbed.api_token not in json.dumps(found)
    assert controller.writes() == []


def test_a_quota_that_has_room_for_each_of_two_runners_is_too_small_for_both(controller: Controller) -> None:
    testbed, region = controller.testbed, EXAMPLES[EU]["gitpod_region"]
    tight = {"region": region, "service": "fargate", "quota": "L-3032A538", "value": 2.0}
    raw = {"one": inventory(testbed, EU), "two": inventory(testbed, EU), US: inventory(testbed, US)}
    testbed.control("POST", "quotas", tight)
    try:
        alone = look(testbed, preflight_operation.run, {"one": raw["one"]})
        found = look(testbed, preflight_operation.run, raw)
    finally:
        testbed.control("DELETE", "quotas")
    assert alone["one"]["ready"]
    checks = {host: next(one for one in found[host]["checks"] if one["id"] == "stack.quota_fargate") for host in raw}
    assert {host: check["status"] for host, check in checks.items()} == {"one": "fail", "two": "fail", US: "pass"}
    assert "3 more needed by one and two together" in checks["one"]["summary"]
    assert not found["one"]["ready"]
    assert found[US]["ready"]


def test_calls_that_are_throttled_or_reset_are_made_again(controller: Controller) -> None:
    """Paginated ones too, and errors that only the SDK knows."""
    testbed = controller.testbed
    for service, operation, error in (
        ("ec2", "DescribeInstances", "RequestLimitExceeded"),
        ("service-quotas", "GetServiceQuota", "TooManyRequestsException"),
        ("cloudformation", "ListStacks", "Throttling"),
        ("acm", "DescribeCertificate", "ThrottlingException"),
    ):
        testbed.add_fault(service=service, operation=operation, error=error, message="slow down", times=2)
    found = look(testbed, preflight_operation.run, {EU: inventory(testbed, EU)})[EU]
    # The test bed's DNS refuses names above its zones, as no resolver does; that is no AWS call.
    unread = [check for check in found["checks"] if "Could not look" in check["summary"] and check["id"] != "dns.caa"]
    assert unread == []
    assert found["ready"]


def test_all_are_verified_at_once_each_with_its_patience_and_one_line_tells_of_them(
    controller: Controller, monkeypatch: pytest.MonkeyPatch
) -> None:
    testbed, fleet = controller.testbed, Fleet.of(3)
    testbed.settings(stack_seconds=0.3)
    fleet.seed(testbed)
    fleet.deploy(testbed)
    slow, sick, missing = fleet.runners
    testbed.control("POST", "targets", {"region": slow.region, "state": "healthy"})
    testbed.control("POST", "targets", {"region": sick.region, "state": "unhealthy"})
    lines: list[str] = []
    monkeypatch.setattr(look_module, "teller", lambda _path: lines.append)
    usual = {"gitpod_verify_from_control_node": False, "gitpod_verify_phase_wait": 0}
    raw: dict[str, Result] = {
        runner.name: {**runner.variables(), **usual, "gitpod_verify_wait": 3} for runner in fleet.runners
    }
    # Under another name alone its stack would be found by its tags.
    nobody = {"gitpod_runner_name": "nobody", "gitpod_runner_id": "0192f3c8-5b6e-7a10-8c4d-1e2f3a4b5cff"}
    raw[missing.name].update(nobody, gitpod_stack_name="not-there")
    found = look(testbed, verification_operation.run, raw)
    assert not failing(found)
    assert [found[runner.name]["exists"] for runner in fleet.runners] == [True, True, False]
    assert [found[runner.name]["healthy"] for runner in fleet.runners] == [True, False, False]
    assert found[sick.name]["waited"] >= 3, "its own patience"
    assert found[slow.name]["waited"] < 3
    assert found[missing.name]["waited"] < 3
    assert f"2 of 3 through the verification, waiting for {sick.name}: targets.health" in lines
    assert lines[-1] == "3 of 3 through the verification"
