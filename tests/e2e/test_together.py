# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A first run starts stacks and writes records in one process each; what fails for a runner is that runner's alone."""

from __future__ import annotations

import collections
import json
import pathlib
import re
import typing as t

from tests.benchmark.measuring import MODULE, counts
from tests.benchmark.rollout import SITE
from tests.e2e.harness import Controller, Run
from tests.e2e.test_fleet import fleet_of
from tests.fleet import ZONE_ID, Fleet, Runner, client
from tests.testbed.client import TestBed

# A look, the start of all stacks, the wait, all records, the verification.
PROCESSES = 5


def modules(run: Run) -> collections.Counter[str]:
    """How often each module of the collection was started."""
    lines = (line for line in run.output.splitlines() if MODULE.search(line))
    return collections.Counter(line.rpartition("/")[2].partition(".")[0] for line in lines)


def no_token_is_in(run: Run, controller: Controller, fleet: Fleet, runners: t.Iterable[Runner]) -> None:
    """Nor in an artifact; the stacks of these runners have them."""
    texts = [run.output, *(path.read_text("utf-8") for path in run.artifacts.iterdir() if path.is_file())]
    calls = json.dumps(controller.testbed.calls())
    for token in (fleet.tokens[runner.id] for runner in runners):
        assert token in calls
        assert [text for text in texts if token in text] == []


def test_a_first_run_takes_as_many_processes_for_four_runners_as_for_two_and_shows_what_it_changes(
    running_testbed: TestBed, tmp_path: pathlib.Path
) -> None:
    fleet, controller = fleet_of(running_testbed, tmp_path, 6)
    four, two = fleet.names[:4], fleet.names[4:]
    foreseen = controller.play(SITE, "--check", "--diff", "-vvvv", "--limit", ",".join(four))
    assert foreseen.code == 0, foreseen.output
    assert {name: foreseen.recap[name]["changed"] for name in four} == dict.fromkeys(four, 2)
    assert modules(foreseen)["runner_together"] == 1
    assert controller.writes() == []

    first = controller.play(SITE, "--diff", "-vvvv", "--limit", ",".join(four))
    assert first.code == 0, first.output
    assert {name: first.recap[name]["changed"] for name in four} == dict.fromkeys(four, 2)
    for runner in fleet.runners[:4]:
        assert first.output.count(f"+++ after: stack {runner.name}") == 1, "each host's own task shows it"
        assert re.search(rf"^\+{ZONE_ID}: .*{re.escape(runner.domain)}", first.output, re.MULTILINE)
    no_token_is_in(first, controller, fleet, fleet.runners[:4])
    of_two = controller.play(SITE, "-vvv", "--limit", ",".join(two))
    assert counts(first)["module processes"] == counts(of_two)["module processes"] == PROCESSES
    assert modules(first)["runner_together"] == modules(of_two)["runner_together"] == 2
    assert controller.play(SITE).changed == 0


def test_one_whose_stack_aws_refuses_and_one_whose_records_are_a_strangers_fail_alone(
    running_testbed: TestBed, tmp_path: pathlib.Path
) -> None:
    fleet, controller = fleet_of(running_testbed, tmp_path, 4)
    refused, stranger, *good = fleet.runners
    running_testbed.add_fault(
        service="cloudformation",
        operation="CreateStack",
        region=refused.region,
        error="AccessDenied",
        message="no identity-based policy allows it",
        status=403,
    )
    taken = {
        "Name": f"{stranger.domain}.",
        "Type": "CNAME",
        "TTL": 60,
        "ResourceRecords": [{"Value": "shop.example.org"}],
    }
    change = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": taken}]}
    client(running_testbed, "route53", stranger.region).change_resource_record_sets(
        HostedZoneId=ZONE_ID, ChangeBatch=change
    )
    run = controller.play(SITE, "-vvv", "-e", json.dumps({"gitpod_prerequisites_skip": ["dns"]}))
    assert run.code != 0
    failed = {name: counters["failed"] for name, counters in run.recap.items()}
    assert failed == {refused.name: 1, stranger.name: 1, **{runner.name: 0 for runner in good}}
    for runner, words in ((refused, "no identity-based policy allows it"), (stranger, "shop.example.org")):
        failure = run.report(runner.name)["failure"]
        assert words in failure["message"], failure
        assert failure["task"] in ("Start the stack", "Point both names to the load balancer"), failure
    for runner in good:
        assert run.report(runner.name)["verification"]["healthy"] is True
    assert run.report(refused.name)["stack"].get("status") != "CREATE_COMPLETE"
    assert modules(run)["runner_together"] == 2
    assert modules(run)["runner_stack"] == modules(run)["runner_dns"] == 0, "what has a result is not done again"
    no_token_is_in(run, controller, fleet, (stranger, *good))
