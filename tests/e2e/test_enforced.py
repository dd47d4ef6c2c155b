# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documented policies, enforced: the test bed refuses what they do not allow; an independent simulator decides."""

from __future__ import annotations

import json
import shutil
import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints import (
    operation as network_endpoints,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints import plan as network_plan
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.catalogue import SERVICES
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._permissions import actions, policy, stages
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._permissions import registry as _permissions
from ansible_collections.gitpod.enterprise_runner.plugins.modules import runner_network_endpoints
from tests.e2e.deployer import Deployer, Policies, documented, optional_actions, placeholders, without
from tests.e2e.harness import COLLECTION, HOSTS, READING, Controller, Run
from tests.e2e.hurried import fresh, hurry
from tests.e2e.in_process import InProcessModule, acting_as, outcome
from tests.e2e.looking import EXAMPLES, preflight
from tests.e2e.stories import DOMAIN, LARGE, NAME, REGION, STORIES, SUBNETS, VPC

if t.TYPE_CHECKING:
    from tests.testbed.client import TestBed

US, _EU, AP = HOSTS
# Actions that are taken away at once.
TOGETHER = 8
pytestmark = pytest.mark.skipif(not shutil.which("node"), reason="Node is not installed (make debian-packages)")


def policies(*hosts: str) -> Policies:
    """The documented policies of all stages for runners of the example inventory."""
    found: Policies = {}
    for host in hosts:
        found |= documented(host, EXAMPLES[host])
    return found


def of_playbook(name: str) -> Policies:
    """What docs/policies has for one playbook, for the runners of the example inventory."""
    found: Policies = {}
    for host in HOSTS:
        found |= documented(host, EXAMPLES[host], name)
    return found


def told(refusals: list[dict[str, t.Any]]) -> list[str]:
    """One line a refusal."""
    return [
        f"{entry['service']}:{entry['operation']}: "
        + (entry.get("error") or f"{entry['action']} on {entry['resource']}: {entry['decision']} {entry['context']}")
        for entry in refusals
    ]


def done(run: Run, controller: Controller) -> Run:
    """A run that succeeded, and to which nothing was refused."""
    refusals = told(controller.testbed.refusals())
    assert refusals == [], run.output
    assert run.code == 0, run.output
    return run


def extra(**variables: t.Any) -> tuple[str, str]:
    """Extra variables with their types."""
    return "-e", json.dumps(variables)


def test_a_runners_whole_life_under_the_documented_policies(controller: Controller) -> None:
    testbed = controller.testbed
    deployer = Deployer(testbed, {})
    controller.credentials = deployer.environment
    testbed.enforce()

    # One with a record in Route 53, one with an endpoint.
    hosts = (US, AP)

    def play(name: str, *more: str) -> Run:
        deployer.give(of_playbook(name))
        return done(
            controller.play(f"{COLLECTION}.{name}", "--limit", ",".join((*hosts, "localhost")), *more), controller
        )

    # What the template's resources need is another's test: a thousand decisions for each runner.
    without_template = extra(gitpod_prerequisites_skip=["permissions.template"])
    play("site", *without_template)
    assert play("site", *without_template).changed == 0
    play("status", *extra(gitpod_status_drift="detect"))
    testbed.publish_release("20991231.1", "stable")
    released = {"gitpod_stack_releases_url": testbed.releases_url, "gitpod_stack_release_channel": "stable"}
    play("upgrade", "--limit", AP, *extra(**released))
    directory = str(controller.directory / "adopted")
    regions = ",".join(EXAMPLES[host]["gitpod_region"] for host in hosts)
    play("adopt", *extra(gitpod_adopt_regions=regions, gitpod_adopt_directory=directory))
    confirmed = extra(gitpod_teardown_confirm=",".join(hosts), gitpod_teardown_delete_buckets=True)
    play("teardown", *confirmed)


@pytest.mark.parametrize("story", STORIES)
def test_every_write_of_the_modules_is_documented(
    running_testbed: TestBed, monkeypatch: pytest.MonkeyPatch, story: str
) -> None:
    testbed = hurry(running_testbed, monkeypatch)
    fresh(testbed)
    variables = {"gitpod_region": REGION, "gitpod_stack_template_bucket": LARGE["template_bucket"]}
    deployer = Deployer(testbed, documented(NAME, variables, **{"hosted zone": "*", "domain": DOMAIN}))
    testbed.enforce()
    for step in STORIES[story]:
        step.before(testbed)
        with acting_as(deployer.options):
            found = step.run(testbed)
        assert told(testbed.refusals()) == [], found
        # What changes something shows it.
        shown = found.get("diff", {})
        assert bool(found.get("changed")) == (shown.get("before") != shown.get("after")), found


def test_the_network_endpoints_take_no_more_than_is_documented(
    running_testbed: TestBed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Made, given a subnet and a tag more, released beside another runner, and removed, with the stage's own policy."""
    testbed = hurry(running_testbed, monkeypatch)
    few = [service for service in SERVICES if service.short in ("iam", "logs", "s3")]
    monkeypatch.setattr(network_plan, "SERVICES", few)
    values = placeholders(NAME, {"gitpod_region": REGION})
    deployer = Deployer(testbed, {"stage": policy.filled(policy.policy("network_endpoints"), values)})
    testbed.enforce()
    one: dict[str, t.Any] = {"name": "one", "vpc_id": VPC, "subnet_ids": SUBNETS[:1], "timeout": 600}
    two = {**one, "name": "two", "subnet_ids": SUBNETS}
    gone = ({**runner, "state": "absent"} for runner in (one, two))
    for options in (one, two, *gone):
        module = runner_network_endpoints.ARGUMENT_SPEC
        with acting_as(deployer.options):
            found = outcome(InProcessModule(testbed, module, REGION, **options), network_endpoints.run)
        assert (found.get("msg"), found["changed"], told(testbed.refusals())) == (None, True, [])


def test_without_the_optional_actions_everything_passes_with_less_to_say(controller: Controller) -> None:
    testbed = controller.testbed
    optional = optional_actions()
    controller.credentials = Deployer(testbed, without(policies(*HOSTS), optional)).environment
    testbed.enforce()
    run = controller.play(f"{COLLECTION}.site")
    refused = {entry.get("action", entry.get("error")) for entry in testbed.refusals()}
    assert run.code == 0, f"{refused}\n{run.output}"
    assert refused
    assert refused <= optional
    assert "Could not look" in run.output
    again = controller.play(f"{COLLECTION}.site")
    assert (again.code, again.changed) == (0, 0), again.output


def demanding() -> dict[str, t.Any]:
    """Variables with which a run of site.yml takes about everything that it can take."""
    return {
        "domain_name": "apac.gitpod.example.com",
        "dns_provider": "route53",
        "certificate_arn": None,
        "certificate_request": True,
        "privatelink_enable_vpc_dns": True,
        "network_endpoints": True,
        "stack_template_bucket": "templates-of-the-team",
        "stack_policy": {"Statement": [{"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}]},
        "stack_continue_rollback": True,
        "stack_cancel_update": True,
    }


# What no inventory of site.yml brings in.
OTHER_PLAYBOOKS = {
    actions.STATUS,
    actions.DETECT,
    actions.TEARDOWN,
    actions.DELETE_BUCKETS,
    actions.DRIFT,
    actions.ASSUMED,
    actions.CA_IN_SECRETS,
    actions.PARAMETER,
    actions.ASSOCIATED,
    actions.ADOPT,
    actions.SERVICE_ROLE,
    actions.PROBES,
}


def required() -> list[str]:
    """Actions without which site.yml fails with that inventory; the identity needs none."""
    settings = {action.when for stage in stages.STAGES.values() for action in stage} - OTHER_PLAYBOOKS
    needed = _permissions.needed(settings)
    return sorted(action.name for action in needed if not action.optional and action.name != "sts:GetCallerIdentity")


def groups(names: list[str]) -> list[list[str]]:
    """Those that go missing together: each has to be named, whatever else is missing; a look takes over a second."""
    count = max(1, len(names) // TOGETHER)
    return [names[first::count] for first in range(count)]


def test_each_required_action_that_is_missing_is_named_before_anything_is_created(controller: Controller) -> None:
    testbed = controller.testbed
    variables = {
        **EXAMPLES[AP],
        "gitpod_stack_template_bucket": "templates-of-the-team",
        "gitpod_domain_name": demanding()["domain_name"],
    }
    whole = documented(AP, variables)
    deployer = Deployer(testbed, whole)
    testbed.enforce()
    usual = preflight(testbed, AP, deployer.options, **demanding())
    by_id = {check["id"]: check for check in usual["checks"]}
    assert by_id["permissions.needed"]["status"] == "pass", by_id["permissions.needed"]
    testbed.clear_calls()
    unnamed = []
    for group in groups(required()):
        deployer.give(without(whole, group))
        # What the template's resources need is a thousand decisions more, and another check's.
        found = preflight(testbed, AP, deployer.options, **demanding(), prerequisites_skip=["permissions.template"])
        failures = [check for check in found.get("checks", []) if check["status"] == "fail"]
        said = " ".join(f"{check['summary']} {check.get('remediation', '')}" for check in failures) + found.get(
            "msg", ""
        )
        unnamed += [action for action in group if action not in said]
    assert unnamed == []
    written = {call["operation"] for call in testbed.calls() if not call["operation"].startswith(READING)}
    assert written <= {"PutRolePolicy", "DeleteRolePolicy"}
