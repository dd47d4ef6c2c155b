# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What AWS and the management plane say, judged; and all vantage points together."""

from __future__ import annotations

import ast
import dataclasses
import pathlib
import re
import sys
import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.check import Result
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.unread import Unread
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health import decisions
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.observations import (
    Answer,
    Connection,
    Observations,
    Request,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.model import Runner
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.catalogue import SERVICES
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.serving import (
    MISSING,
    SERVED,
    Verdict,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import Endpoint
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification import (
    judging,
    operation,
    report,
    runner,
    verdict,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification.model import (
    LOAD_BALANCER,
    PROFILE,
    ROLE,
    Balancer,
    Facts,
    TargetGroup,
    Wanted,
)

ROOT = pathlib.Path(__file__).parents[3]
DOMAIN = "eu.gitpod.example.com"
WANTED = Wanted(
    "gitpod-eu",
    "eu-central-1",
    "id",
    vpc_id="vpc-1",
    privatelink=True,
    service_name="svc",
    service_region="us-east-1",
    network=True,
    subnet_ids=("subnet-a",),
)
RUNNER = Runner("id", "gitpod-eu", region="eu-central-1", phase="active", version="20260115.2")
OUTPUTS = {LOAD_BALANCER: "lb", ROLE: "arn:aws:iam::1:role/x", PROFILE: "profile"}
REFUSED = Unread("read it", "Not authorized", "AccessDenied")
RESET = Unread("read it", "Connection was closed", "", "Check this host's way to AWS")
HEALTHY = TargetGroup("front", 8443, (("10.0.0.5", "healthy", ""), ("10.0.1.5", "healthy", "")))
FACTS = Facts(
    OUTPUTS,
    "CREATE_COMPLETE",
    Balancer("lb", "internal", "active", (80, 443), (HEALTHY,)),
    {ROLE: True, PROFILE: True},
    Endpoint("vpce-1", "available", subnet_ids=("subnet-a",), private_dns=True),
    "app.gitpod.io",
    {"subnet-a": ("10.0.0.9",)},
    {"subnet-a": "10.0.0.0/24"},
    RUNNER,
    network=(Verdict(SERVICES[0], SERVED, (Endpoint("vpce-2", "available"),)),),
)


def statuses(facts: Facts, wanted: Wanted = WANTED) -> dict[str, str]:
    return {check.identifier: check.status for check in judging.judge(wanted, facts)}


def test_a_good_runner_passes_everything_but_what_no_program_can_see() -> None:
    found = statuses(FACTS)
    assert found.pop("runner.connection_type") == "skip"
    assert set(found.values()) == {"pass"}
    assert all(check.evidence for check in judging.judge(WANTED, FACTS) if check.status == "pass")


@pytest.mark.parametrize(
    ("changes", "identifier", "status"),
    [
        ({"outputs": {**OUTPUTS, PROFILE: ""}}, "stack.outputs", "fail"),
        ({"outputs": None}, "stack.outputs", "fail"),
        ({"network": (Verdict(SERVICES[0], MISSING),)}, "endpoint.network", "fail"),
        (
            {"network": (Verdict(SERVICES[0], SERVED, remarks=("it has a policy of its own",)),)},
            "endpoint.network",
            "warn",
        ),
        ({"network": None, "problems": {"network": REFUSED}}, "endpoint.network", "skip"),
        ({"network": None}, "endpoint.network", "skip"),
        ({"named": {ROLE: False, PROFILE: True}}, "stack.environment_role", "fail"),
        ({"named": {ROLE: True, PROFILE: False}}, "stack.instance_profile", "fail"),
        ({"named": {}, "problems": {ROLE: REFUSED}}, "stack.environment_role", "skip"),
        ({"balancer": Balancer("lb", "internal", "provisioning")}, "load_balancer.state", "fail"),
        ({"balancer": None, "problems": {"balancer": REFUSED}}, "targets.health", "skip"),
        ({"balancer": None, "problems": {"balancer": RESET}}, "load_balancer.state", "fail"),
        ({"problems": {"listeners": RESET}}, "load_balancer.state", "fail"),
        ({"problems": {"listeners": REFUSED}}, "load_balancer.state", "pass"),
        ({"endpoint": None}, "endpoint.state", "fail"),
        ({"endpoint": Endpoint("vpce-1", "pendingAcceptance")}, "endpoint.state", "fail"),
        ({"endpoint": Endpoint("vpce-1", "available")}, "endpoint.private_dns", "fail"),
        ({"addresses": {"subnet-a": ("10.9.0.9",)}}, "endpoint.addresses", "fail"),
        ({"addresses": {}}, "endpoint.addresses", "fail"),
        ({"runner": None}, "runner.phase", "skip"),
        ({"runner": dataclasses.replace(RUNNER, phase="degraded")}, "runner.phase", "fail"),
        ({"runner": dataclasses.replace(RUNNER, version="")}, "runner.version", "fail"),
        ({"runner": dataclasses.replace(RUNNER, region="us-east-1")}, "runner.region", "fail"),
        ({"runner": Unread("read the runner", "It does not answer.", advice="Wait")}, "runner.phase", "fail"),
        ({"runner": Unread("read the runner", "It does not answer.", advice="Wait")}, "runner.version", "skip"),
        ({"runner": None, "problems": {"runner": Unread("", "The SDK is missing.")}}, "runner.phase", "skip"),
    ],
)
def test_what_is_wrong_fails_and_what_cannot_be_read_is_no_pass(
    changes: dict[str, t.Any], identifier: str, status: str
) -> None:
    facts = dataclasses.replace(FACTS, **changes)
    assert statuses(facts)[identifier] == status
    (check,) = [check for check in judging.judge(WANTED, facts) if check.identifier == identifier]
    assert check.remediation or status == "pass"


UNREAD: dict[str, dict[str, t.Any]] = {
    "stack": {"outputs": None, "balancer": None, "named": {}},
    "balancer": {"balancer": None},
    "listeners": {},
    "targets": {},
    "endpoint": {"endpoint": None, "private_dns_name": "", "addresses": {}, "ranges": {}},
    # The addresses were read, the subnets' ranges were not.
    "addresses": {"ranges": {}},
    "private_dns_name": {"private_dns_name": ""},
    ROLE: {"named": {PROFILE: True}},
    PROFILE: {"named": {ROLE: True}},
}


@pytest.mark.parametrize("subject", UNREAD)
def test_what_could_not_be_read_is_told_so_and_not_as_missing(subject: str) -> None:
    facts = dataclasses.replace(FACTS, **UNREAD[subject], problems={subject: RESET})
    before = {check.identifier: check for check in judging.judge(WANTED, FACTS)}
    differing = [check for check in judging.judge(WANTED, facts) if check != before.get(check.identifier)]
    assert any("Connection was closed" in check.summary for check in differing)
    for check in differing:
        assert check.status != "pass"
        assert not re.search(r"has no |does not exist|outside|There is no|is not known to", check.summary), check
        assert "Deploy the stack first" not in check.remediation
        assert check.status == "skip" or check.summary.startswith("Could not read it. Connection was closed.")


def test_a_stack_that_could_not_be_read_is_looked_for_again_and_not_called_absent() -> None:
    unread = dataclasses.replace(Facts(), problems={"stack": RESET})
    assert not operation.absent(unread)
    assert operation.absent(Facts())
    assert not operation.absent(FACTS)


@pytest.mark.parametrize(
    ("states", "status"),
    [(("healthy", "unhealthy"), "warn"), (("unhealthy", "initial"), "fail"), ((), "fail"), (("healthy",), "pass")],
)
def test_targets_are_judged_together(states: tuple[str, ...], status: str) -> None:
    group = TargetGroup("front", 8443, tuple((f"10.0.0.{n}", state, "") for n, state in enumerate(states)))
    facts = dataclasses.replace(FACTS, balancer=Balancer("lb", "internal", "active", (443,), (group,)))
    assert statuses(facts)["targets.health"] == status


def test_another_version_is_a_warning() -> None:
    assert statuses(FACTS, dataclasses.replace(WANTED, version="20270101.1"))["runner.version"] == "warn"


@pytest.mark.parametrize(
    ("phase", "message", "words", "hopeless"),
    [
        ("degraded", "No capacity", "No capacity", False),
        ("degraded", "", "It gives no reason", False),
        ("created", "Waiting to connect", "reaches the management plane", False),
        ("degraded", "The exchange token has expired", "a new exchange token is minted", True),
        ("degraded", "The exchange token was used before", "a new exchange token is minted", True),
        ("degraded", "The exchange token is not one of this runner", "a new exchange token is minted", True),
    ],
)
def test_a_runner_that_is_not_active_fails_in_its_own_words(
    phase: str, message: str, words: str, hopeless: bool
) -> None:
    seen = dataclasses.replace(FACTS, runner=dataclasses.replace(RUNNER, phase=phase, message=message))
    (check,) = [check for check in judging.judge(WANTED, seen) if check.identifier == "runner.phase"]
    assert check.status == "fail"
    assert message in check.summary
    assert words in f"{check.summary} {check.remediation}"
    assert runner.hopeless(WANTED, seen) == hopeless
    assert not runner.hopeless(dataclasses.replace(WANTED, token_renewed=True), seen), "it speaks of the token before"


@pytest.mark.parametrize(
    ("found", "hopeless"),
    [
        (Unread("read the runner", "No.", final=True), True),
        (Unread("read the runner", "No."), False),
        (None, False),
        (RUNNER, False),
    ],
)
def test_a_refusal_that_stays_is_not_waited_for(found: t.Any, hopeless: bool) -> None:
    assert runner.hopeless(WANTED, dataclasses.replace(FACTS, runner=found)) == hopeless


def test_the_runner_has_a_patience_of_its_own() -> None:
    checks = [("targets.health", "fail"), ("runner.phase", "fail")]
    patience = verdict.Patience(runner=30, others=60)
    assert patience.longest == 60
    assert patience.waits_for(checks, 0) == checks
    assert patience.waits_for(checks, 30) == checks[:1]
    assert patience.waits_for(checks, 60) == []
    assert verdict.settled(verdict.Patience(0, 600).waits_for(checks[1:], 0)), "the first look's word is taken"


def test_a_load_balancer_that_is_being_made_is_waited_for() -> None:
    """It is provisioning for minutes; no judgement is final before the patience ends."""
    facts = dataclasses.replace(FACTS, balancer=Balancer("lb", "internal", "provisioning"))
    pairs = list(statuses(facts).items())
    patience = verdict.Patience(runner=0, others=600)
    assert ("load_balancer.state", "fail") in pairs
    assert not verdict.settled(patience.waits_for(pairs, 300))
    assert verdict.settled(patience.waits_for(pairs, 600))
    assert verdict.settled(patience.waits_for(list(statuses(FACTS).items()), 300))
    (told,) = [check for check in judging.judge(WANTED, facts) if check.identifier == "load_balancer.state"]
    assert "provisioning" in told.summary


def test_required_checks_have_to_be_seen_to_pass() -> None:
    checks = [("health.domain", "skip"), ("dns.domain", "pass"), ("tls.names", "fail")]
    assert not verdict.healthy(checks)
    assert verdict.healthy(checks, ["dns.*"])
    assert not verdict.healthy(checks, ["health.*"])
    assert verdict.missing(checks, ["health.*", "nothing.*"]) == ["health.domain", "nothing.*"]
    assert not verdict.healthy([("health.domain", "skip")]), "nothing is proven"
    assert verdict.settled(checks, ["health.*"]), "what cannot be seen is not waited for"


def check(identifier: str, status: str, unverifiable: bool = False) -> dict[str, t.Any]:
    return Result(identifier, status, "Seen.", "Do.", unverifiable=unverifiable).as_result()


def test_a_probe_proves_what_the_control_node_cannot_see() -> None:
    here = {"vantage": "control node", "result": {"checks": [check("health.domain", "skip", unverifiable=True)]}}
    inside = {"vantage": "probe", "result": {"checks": [check("health.domain", "pass")]}}
    alone = report.together([here], ["health.domain"])
    assert (alone["healthy"], alone["missing"]) == (False, ["health.domain"])
    assert "seen to pass from nowhere: health.domain" in report.explain(alone, ["health.domain"])
    assert report.unseen_lines(alone) == ["health.domain: Seen. Do."]
    both = report.together([here, inside], ["health.domain"])
    assert both["healthy"]
    assert both["checks"][1]["summary"] == "[probe] Seen."
    assert report.unseen_lines(both) == []


def test_a_probe_that_is_not_reached_is_a_failure() -> None:
    good = {"vantage": "AWS", "result": {"checks": [check("stack.outputs", "pass")]}}
    found = report.together([good, {"vantage": "probe", "result": {"unreachable": True, "msg": "no route"}}], [])
    assert not found["healthy"]
    assert "no route" in report.explain(found, [])


def seen(address: str, outcome: str = "answered") -> Observations:
    names = (DOMAIN, f"gitpod-verification.{DOMAIN}")
    answers = tuple(Answer(name, "system", "found", (address,)) for name in names)
    status = 200 if outcome == "answered" else None
    return Observations(answers, tuple(Connection(name, address, outcome, status=status) for name in names))


def judged(request: Request, observations: Observations) -> dict[str, t.Any]:
    import datetime

    today = datetime.datetime(2026, 3, 1, tzinfo=datetime.timezone.utc)
    return {one.identifier: one for one in decisions.judge(request, observations, today)}


@pytest.mark.parametrize(
    ("visibility", "address", "ranges", "status"),
    [
        ("internal", "10.0.0.1", (), "pass"),
        ("internal", "100.64.0.1", (), "pass"),
        ("internal", "fd00::1", (), "pass"),
        ("internal", "52.1.2.3", (), "fail"),
        ("internal", "52.1.2.3", ("52.0.0.0/8",), "pass"),
        ("internet-facing", "52.1.2.3", (), "pass"),
        ("internet-facing", "10.0.0.1", (), "fail"),
        ("internet-facing", "127.0.0.1", (), "fail"),
        ("internal", "127.0.0.1", (), "fail"),
    ],
)
def test_addresses_suit_the_visibility(visibility: str, address: str, ranges: tuple[str, ...], status: str) -> None:
    request = Request(DOMAIN, visibility=visibility, accepted_ranges=ranges, checks=("dns",))
    assert judged(request, seen(address))["dns.visibility"].status == status


def test_an_internal_load_balancer_out_of_reach_is_not_verifiable_from_outside_and_fails_inside() -> None:
    outside = Request(DOMAIN, visibility="internal")
    found = judged(outside, seen("10.0.0.1", "timeout"))
    for identifier in ("tcp.https", "health.domain", "tls.certificate"):
        assert found[identifier].status == "skip"
        assert found[identifier].unverifiable
        assert "curl -k" in found[identifier].remediation
    inside = judged(dataclasses.replace(outside, inside_vpc=True), seen("10.0.0.1", "timeout"))
    assert inside["health.domain"].status == "fail"
    refused = judged(outside, seen("10.0.0.1", "refused"))
    assert refused["health.domain"].status == "fail", "something answered, so it is in reach"


@pytest.mark.parametrize(
    ("address", "inside", "status"),
    [("10.0.0.9", True, "pass"), ("198.51.100.80", True, "fail"), ("198.51.100.80", False, "skip"), ("", True, "fail")],
)
def test_private_dns_is_proven_from_inside_only(address: str, inside: bool, status: str) -> None:
    name = "app.gitpod.io"
    request = Request(
        DOMAIN,
        checks=("private_dns",),
        inside_vpc=inside,
        management_plane=name,
        management_plane_addresses=("10.0.0.9",),
    )
    answer = Answer(name, "system", "found" if address else "missing", (address,) if address else ())
    found = judged(request, Observations((answer,)))["private_dns.resolution"]
    assert found.status == status
    assert found.remediation or status == "pass"


def imports(path: pathlib.Path, seen_files: set[pathlib.Path]) -> set[str]:
    """Top-level modules that a file imports, those of the collection followed."""
    if path in seen_files:
        return set()
    seen_files.add(path)
    found: set[str] = set()
    prefix = "ansible_collections.gitpod.enterprise_runner."
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in names:
            if name.startswith(prefix):
                place = ROOT / name.removeprefix(prefix).replace(".", "/")
                for file in (place.with_name(f"{place.name}.py"), place / "__init__.py"):
                    found |= imports(file, seen_files) if file.exists() else set()
            else:
                found.add(name.partition(".")[0])
    return found


def test_the_network_part_needs_only_the_standard_library() -> None:
    seen_files: set[pathlib.Path] = set()
    found = imports(ROOT / "plugins/modules/runner_health_info.py", seen_files)
    assert ROOT / "plugins/module_utils/_health/checks/dns.py" in seen_files
    assert found - set(sys.stdlib_module_names) <= {"ansible", "ansible_collections", "dns"}
    assert "boto3" not in found
