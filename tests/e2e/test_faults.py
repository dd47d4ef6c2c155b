# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AWS throttles, breaks, or something else answers: a first run converges at once with nothing twice, and no fault
makes a verdict. What a campaign does with many seeds is one here."""

from __future__ import annotations

import os
import re
import time
import typing as t

import pytest

from tests.e2e.harness import Controller, Step, run_steps
from tests.e2e.looking import EXAMPLES, preflight, profiles
from tests.faults import FAILED, PAGE, RESET, THROTTLED, Order, Proxy, Rates

if t.TYPE_CHECKING:
    import pathlib

    from tests.testbed.client import TestBed

RATES = Rates(throttled=0.35, failed=0.08, reset=0.08)
HOST = "gitpod-eu-central-1"


class Unlucky(Controller):
    """A control node whose way to AWS is the proxy."""

    proxy: Proxy

    def environment(self) -> dict[str, str]:
        """As usual, with AWS behind the proxy."""
        return {**super().environment(), "AWS_ENDPOINT_URL": self.proxy.url}


def test_half_of_all_calls_fail_and_the_first_run_converges(controller: Controller, tmp_path: pathlib.Path) -> None:
    with Proxy(controller.testbed.aws_endpoint_url, RATES, seed=17) as proxy:
        unlucky = Unlucky(controller.testbed, tmp_path)
        unlucky.proxy = proxy
        run = unlucky.play("gitpod.enterprise_runner.site", "--limit", HOST)
        assert run.code == 0, run.output
        assert all(proxy.count()[kind] for kind in (THROTTLED, FAILED, RESET))
    made = [call for call in controller.writes() if call.partition(":")[2].startswith(("Create", "Change", "Request"))]
    assert sorted(made) == sorted(set(made)), made
    again = controller.play("gitpod.enterprise_runner.site", "--limit", HOST)
    assert (again.code, again.changed) == (0, 0), again.output


class Behind:
    """A test bed whose AWS is reached through the proxy, for modules in this process."""

    def __init__(self, testbed: TestBed, proxy: Proxy) -> None:
        self._testbed = testbed
        self.aws_endpoint_url = proxy.url

    def __getattr__(self, name: str) -> t.Any:
        return getattr(self._testbed, name)


def looked(controller: Controller, *orders: Order, rates: Rates | None = None, host: str = HOST) -> dict[str, t.Any]:
    """What the prerequisites say of a runner while the orders hold."""
    with Proxy(controller.testbed.aws_endpoint_url, rates, seed=17, orders=orders) as proxy:
        return preflight(t.cast("TestBed", Behind(controller.testbed, proxy)), host)


def told(found: dict[str, t.Any]) -> dict[str, str]:
    """Status and words by check, as one text each."""
    return {check["id"]: f"{check['status']}: {check['summary']} {check['remediation']}" for check in found["checks"]}


def test_half_of_all_calls_fail_and_the_prerequisites_say_the_same(controller: Controller) -> None:
    assert told(looked(controller, rates=RATES)) == told(looked(controller))


@pytest.mark.parametrize("fault", [RESET, PAGE])
def test_no_fault_makes_a_verdict(controller: Controller, fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    before = told(looked(controller))
    failing = (
        "privatelink.",
        "network.",
        "stack.",
        "dns.",
        "certificate.",
        "security_group.",
        "images.",
        "permissions.",
        "custom_ca.",
        "capacity.",
        "proxy.",
    )
    balancing, quotas = "elasticloadbalancing", ("servicequotas", "monitoring")
    for service in ("ec2", "cloudformation", balancing, "route53", "acm", "iam", *quotas, "s3"):
        after = told(looked(controller, Order(fault, service=service)))
        differing = {name: words for name, words in after.items() if words != before[name]}
        assert differing or service == "s3", service
        for name, words in differing.items():
            assert name.startswith((*failing, "identity.region")), (service, name, words)
            assert not re.search(
                r"^pass|admit|does not exist|is free|no load balancer|Deploy the stack|not enabled|Not allowed", words
            ), (service, name, words)


def test_a_region_that_is_not_enabled_is_told_from_wrong_credentials(controller: Controller) -> None:
    region = EXAMPLES[HOST]["gitpod_region"]
    controller.testbed.add_fault(service="sts", region=region, error="InvalidClientTokenId", status=403)
    controller.testbed.add_fault(service="ec2", region=region, error="AuthFailure", status=401)
    found = told(preflight(controller.testbed, HOST))
    assert found["identity.credentials"].startswith("pass")
    assert f"fail: {region} is not enabled for the account" in found["identity.region"]
    controller.testbed.control("DELETE", "faults")
    controller.testbed.add_fault(service="sts", error="InvalidClientTokenId", status=403)
    wrong = told(preflight(controller.testbed, HOST))["identity.credentials"]
    assert wrong.startswith("fail: AWS does not accept them")
    assert "gitpod_aws_profile" in wrong


def test_a_profile_that_is_named_wins_over_keys_of_the_environment(controller: Controller) -> None:
    step = Step("runner_stack_info", {"name": "none", "region": "eu-central-1", "profile": "ours"})
    with profiles(ours=controller.testbed.account_id):
        monkey = {"AWS_SHARED_CREDENTIALS_FILE": os.environ["AWS_SHARED_CREDENTIALS_FILE"]}
        (found,) = run_steps(Leftover(controller, monkey), step)
    assert found["exists"] is False, found
    assert {call["account"] for call in controller.testbed.calls()} == {controller.testbed.account_id}


class Leftover(Controller):
    """A control node whose environment has keys of another account."""

    def __init__(self, controller: Controller, more: dict[str, str]) -> None:
        super().__init__(controller.testbed, controller.directory)
        self._more = more

    def environment(self) -> dict[str, str]:
        """As usual, with those keys."""
        # Of nobody: whoever uses them is refused.
        keys = {"AWS_ACCESS_KEY_ID": "999999999999", "AWS_SECRET_ACCESS_KEY": "left", "AWS_SESSION_TOKEN": "over"}
        return {**super().environment(), **keys, **self._more}
