# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes and what stays, whose a thing is, and buckets that refuse."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._teardown.buckets import empty_and_delete
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._teardown.desired import (
    departures,
    describe,
    no_records,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._teardown.model import (
    Bucket,
    readable,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._teardown.plan import (
    teardown_lines,
    teardown_plan,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.earlier import Earlier
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.steps import STEPS, Situation

BALANCER = {"dns_name": "lb.elb.amazonaws.com"}
NOTHING_SHARED: dict[str, t.Any] = {"endpoints": [], "security_groups": []}
LOOK: dict[str, t.Any] = {
    "stack": {
        "name": "eu",
        "exists": True,
        "ours": True,
        "relation": "ours",
        "reason": "its tag gitpod:runner-name is eu",
        "told": "The stack eu (CREATE_COMPLETE) is this runner's",
        "advice": "",
        "status_reason": "",
        "status": "CREATE_COMPLETE",
        "termination_protection": True,
        "buckets": ["eu-archive"],
        "empty": False,
        "in_progress": False,
    },
    "load_balancer": BALANCER,
    "former_load_balancers": [],
    "targets": [BALANCER["dns_name"]],
    "look_again": False,
    "endpoints": [{"id": "vpce-1", "vpc_id": "vpc-1", "shared_with": [], "reason": "its tag says so"}],
    "security_groups": [{"id": "sg-1", "name": "eu-management-plane", "vpc_id": "vpc-1", "reason": "its tag says so"}],
    "retained_buckets": [{"text": "old (2 object versions, 3 bytes)", "reason": "the stack eu left it", "ours": True}],
}
SETTINGS = {
    "domain": "eu.example.com",
    "provider": "route53",
    "delete_buckets": False,
    "api_token": True,
}
# As runner_dns returns it to a task whose looks never count as changes.
RECORDS: dict[str, t.Any] = {"changed": False, "records": [], "zones": [{"changed": True}]}
CERTIFICATE = {"actions": ["delete the certificate arn:aws:acm:x"], "reasons": ["its tag gitpod:runner-name is eu"]}
REGISTRATION = {"actions": ["delete the runner eu (id)"], "reason": "its ID is id"}


def plan(look: dict[str, t.Any] | None = None, **settings: t.Any) -> dict[str, list[str]]:
    merged = {**LOOK, **(look or {})}
    return teardown_plan(merged, RECORDS, CERTIFICATE, REGISTRATION, {**SETTINGS, **settings})


def test_the_order_is_the_safe_one() -> None:
    goes = plan()["goes"]
    subjects = [entry.split()[1] for entry in goes]
    assert subjects == ["records", "endpoint", "security", "stack", "certificate", "runner"]
    assert "termination protection is switched off" in goes[3]


def test_what_others_use_too_is_named_as_what_stays_for_them() -> None:
    shared = {"endpoints": [{"id": "vpce-1", "vpc_id": "vpc-1", "shared_with": ["us"], "reason": "it uses it"}]}
    part = "the endpoint vpce-1 in vpc-1: only this runner's part; it stays for us, because it uses it"
    assert part in plan(shared)["goes"]


def test_endpoints_for_services_of_aws_are_told_together_and_go_after_the_stack() -> None:
    entry = {"vpc_id": "vpc-1", "network": True, "shared_with": [], "reason": "its tag says so"}
    look = {
        "endpoints": [
            {**entry, "id": "vpce-2", "service_name": "com.amazonaws.eu-central-1.logs"},
            {**entry, "id": "vpce-3", "service_name": "com.amazonaws.iam"},
            {**entry, "id": "vpce-4", "service_name": "com.amazonaws.eu-central-1.s3", "shared_with": ["us"]},
        ],
        "security_groups": [{**entry, "id": "sg-2", "name": "gitpod-network-endpoints"}],
    }
    goes = plan(look)["goes"]
    why = "because its tag says so"
    aws = "the endpoints for services of AWS in vpc-1"
    assert goes[2:5] == [
        f"{aws}, eu-central-1.logs (vpce-2), iam (vpce-3); it is this runner's, {why}",
        f"{aws}, eu-central-1.s3 (vpce-4): only this runner's part; it stays for us, {why}",
        f"the security group gitpod-network-endpoints (sg-2); it is this runner's, {why}",
    ]
    assert goes[1].startswith("the stack")


def test_buckets_stay_unless_they_are_asked_for() -> None:
    assert [entry for entry in plan()["stays"] if "bucket" in entry] == [
        "the bucket old (2 object versions, 3 bytes)",
        "the bucket eu-archive of the stack, if its template keeps it",
    ]
    goes = plan(delete_buckets=True)["goes"]
    assert sum("with everything in it" in entry for entry in goes) == 2


def test_another_s_stack_stays_and_is_told() -> None:
    told = {"told": "The stack eu (CREATE_COMPLETE) belongs to the runner us, because x", "advice": "Correct it"}
    found = plan({"stack": {**LOOK["stack"], **told, "ours": False, "relation": "anothers"}})
    assert not any(entry.startswith("the stack") for entry in found["goes"])
    assert "the stack eu (CREATE_COMPLETE) belongs to the runner us, because x. Correct it" in found["stays"]


def test_each_thing_that_goes_is_told_with_the_reason_why_it_is_ours() -> None:
    _records, *goes = plan(delete_buckets=True)["goes"]
    for entry in goes:
        # A bucket of the stack is the stack's.
        assert "; it is this runner's, because " in entry or " of the stack, with" in entry
    shared = [{**LOOK["endpoints"][0], "shared_with": ["us"]}]
    assert plan({"endpoints": shared})["goes"][1] == (
        "the endpoint vpce-1 in vpc-1: only this runner's part; it stays for us, because its tag says so"
    )


def test_a_stack_is_shown_for_what_it_is() -> None:
    def of(status: str, **settings: t.Any) -> str:
        stack = {**LOOK["stack"], "status": status, "status_reason": "The bucket is not empty. ", "reason": "x"}
        return next(entry for entry in plan({"stack": stack}, **settings)["goes"] if entry.startswith("the stack"))

    assert "no resources yet, only changes that wait for approval" in of("REVIEW_IN_PROGRESS")
    assert "being deleted already" in of("DELETE_IN_PROGRESS")
    assert "could not delete before (The bucket is not empty): what still cannot go" in of("DELETE_FAILED")
    assert "gitpod_teardown_retain_resources" in of("DELETE_FAILED")
    assert "leaves Bucket, Cluster behind" in of("DELETE_FAILED", retain_resources=["Bucket", "Cluster"])


def test_a_shell_is_not_nothing() -> None:
    told = {"told": "The stack eu (REVIEW_IN_PROGRESS) is nobody's, because x", "reason": "x", "advice": "Delete it"}
    shell = {**LOOK["stack"], **told, "status": "REVIEW_IN_PROGRESS", "ours": False, "relation": "free", "buckets": []}
    others = plan({"stack": shell})
    assert not any(entry.startswith("the stack") for entry in others["goes"])
    assert "the stack eu (REVIEW_IN_PROGRESS) is nobody's, because x. Delete it" in others["stays"]
    empty = plan({"stack": {**shell, "empty": True}})
    assert "the stack eu (REVIEW_IN_PROGRESS), which is nothing but a name: x" in empty["goes"]
    assert not any(entry.startswith("the stack") for entry in empty["stays"])


OWN = {"exists": True, "ours": True, "empty": False, "in_progress": False}


@pytest.mark.parametrize(
    ("current", "former", "stack", "targets", "again"),
    [
        ("lb", [], OWN, ["lb"], False),
        # While it is made, it may have got a load balancer, and records, by the time that it goes.
        ("", [], {**OWN, "in_progress": True}, [], True),
        ("lb", [], {**OWN, "in_progress": True}, ["lb"], True),
        # Half deleted: the load balancer is gone, and its records are not.
        ("", ["old"], OWN, ["old"], True),
        # Deleted by hand, and records of it are left.
        ("", ["old", "older"], {**OWN, "exists": False, "ours": False}, ["old", "older"], False),
        ("", [], {**OWN, "exists": False, "ours": False}, [], False),
    ],
)
def test_records_are_known_by_every_load_balancer_that_the_runner_has_or_had(
    current: str, former: list[str], stack: dict[str, t.Any], targets: list[str], again: bool
) -> None:
    values = {"gitpod_domain_name": "eu.example.com", "gitpod_teardown_dns_provider": "route53"}
    look = {
        "stack": stack,
        "load_balancer": {"dns_name": current} if current else None,
        "former_load_balancers": former,
        **NOTHING_SHARED,
    }
    describe(values, look, {})
    assert (look["targets"], look["look_again"], look["records_known"]) == (targets, again, bool(targets))
    assert bool(no_records(look)) == (not targets)


def test_every_endpoint_that_the_plan_names_goes_and_the_groups_with_the_last_of_a_vpc() -> None:
    def endpoint(vpc_id: str, service: str) -> dict[str, t.Any]:
        return {"id": f"vpce-{service}", "vpc_id": vpc_id, "service_name": service, "also_used_by": [vpc_id]}

    groups = [{"id": f"sg-{vpc_id}", "vpc_id": vpc_id, "also_used_by": []} for vpc_id in ("vpc-1", "vpc-3", "vpc-3")]
    there = [endpoint("vpc-1", "former"), endpoint("vpc-2", "alone"), endpoint("vpc-1", "today")]
    assert departures(there, groups) == [
        {"vpc_id": "vpc-1", "service_name": "former", "also_used_by": ["vpc-1"], "security_group_name": ""},
        {"vpc_id": "vpc-1", "service_name": "today", "also_used_by": ["vpc-1"]},
        {"vpc_id": "vpc-2", "service_name": "alone", "also_used_by": ["vpc-2"]},
        {"vpc_id": "vpc-3", "also_used_by": []},
    ]
    assert departures([], []) == []


def test_the_first_look_of_a_run_needs_none_before_it() -> None:
    values = {"gitpod_runner_name": "eu", "gitpod_domain_name": "eu.example.com"}
    finish = STEPS["teardown", "look"].finish
    result: dict[str, t.Any] = {"stack": OWN, "load_balancer": BALANCER, "former_load_balancers": []}
    result.update(NOTHING_SHARED)
    assert finish(Situation({**values, "gitpod_teardown_dns_provider": "route53"}, Earlier(), {}), result) == []
    assert result["targets"] == [BALANCER["dns_name"]]


def test_a_later_look_knows_the_domain_of_a_stack_that_has_gone() -> None:
    values = {"gitpod_domain_name": None, "gitpod_teardown_dns_provider": "route53"}
    look = {
        "stack": {**OWN, "exists": False},
        "load_balancer": None,
        "former_load_balancers": ["old"],
        **NOTHING_SHARED,
    }
    describe(values, look, {"domain": "eu.example.com"})
    assert (look["domain"], look["records_known"]) == ("eu.example.com", True)


def test_what_others_use_or_nobody_can_tell_stays_and_is_told() -> None:
    unsure = {"text": "other (its objects may not be listed)", "ours": False, "reason": "its tags could not be read"}
    buckets = {"retained_buckets": [*LOOK["retained_buckets"], unsure]}
    found = plan(buckets, delete_buckets=True)
    assert "the bucket other (its objects may not be listed), because its tags could not be read" in found["stays"]
    assert not any("bucket other" in entry for entry in found["goes"])
    served = {"actions": [], "reasons": [], "left_alone": ["the certificate arn:aws:acm:x, because others use it too"]}
    assert served["left_alone"][0] in teardown_plan(LOOK, {}, served, {}, SETTINGS)["stays"]
    by_hand = {"stack": {**LOOK["stack"], "ours": False, "relation": "by_hand"}}
    assert any("endpoint and security group" in entry for entry in plan(by_hand)["stays"])


def test_what_cannot_be_known_is_told() -> None:
    assert any("nothing tells whether" in entry for entry in plan({"targets": []})["stays"])
    assert any("until the stack has gone" in entry for entry in plan({"targets": [], "look_again": True})["stays"])
    assert any("gitpod_dns_provider is external" in entry for entry in plan(provider="external")["stays"])
    without = teardown_plan(LOOK, {}, {}, {}, {**SETTINGS, "api_token": False})
    assert any("gitpod_api_token" in entry and "dashboard" in entry for entry in without["stays"])
    # A runner whose stack is another's keeps its registration; one that has none has nothing to keep.
    assert any("because the stack stays" in entry for entry in teardown_plan(LOOK, {}, {}, {}, SETTINGS)["stays"])
    gone = teardown_plan(LOOK, {}, {}, {"changed": False, "actions": []}, SETTINGS)
    assert not any("registration" in entry or "the runner" in entry for entry in (*gone["goes"], *gone["stays"]))
    elsewhere = teardown_plan(
        LOOK, {"records": [{"name": "*.eu.example.com", "type": "A", "value": "192.0.2.1"}]}, {}, {}, SETTINGS
    )
    assert any("points to 192.0.2.1" in entry for entry in elsewhere["stays"])


def test_records_go_with_the_provider_that_wrote_them() -> None:
    def of(provider: str, *goes: str) -> dict[str, list[str]]:
        stays = [{"name": "*.eu.example.com", "standing": "other", "type": "CNAME", "value": "old.example.com"}]
        found = {"goes": list(goes), "records": stays[len(goes) - 1 :]}
        return teardown_plan(LOOK, found, {}, {}, {**SETTINGS, "provider": provider})

    one = of("cloudflare", "eu.example.com")
    assert one["goes"][0] == "the record of eu.example.com in Cloudflare that points to lb.elb.amazonaws.com"
    assert one["stays"][0] == "the record *.eu.example.com CNAME, because it points to old.example.com"
    both = of("nsupdate", "eu.example.com", "*.eu.example.com")
    assert both["goes"][0] == (
        "the records of eu.example.com and *.eu.example.com on the server that takes dynamic updates that point to"
        " lb.elb.amazonaws.com"
    )
    assert not any("eu.example.com" in entry for entry in both["stays"])
    assert not any("eu.example.com" in entry for entry in teardown_plan(LOOK, {}, {}, {}, SETTINGS)["goes"])


def test_lines() -> None:
    lines = teardown_lines({"goes": ["a", "b"], "stays": ["c"]}, "eu")
    assert lines == ["eu: this goes, in this order", "    1. a", "    2. b", "eu: this stays", "    - c"]
    assert teardown_lines({"goes": [], "stays": []}, "eu") == ["eu: nothing is left to go"]


def test_sizes() -> None:
    assert [readable(size) for size in (0, 1023, 1024, 5 * 1024**3)] == ["0 bytes", "1023 bytes", "1.0 KiB", "5.0 GiB"]
    assert str(Bucket("a", "b")) == "a (its objects may not be listed)"
    assert str(Bucket("a", "b", 1, 5, True)) == "a (at least 1 object version, 5 bytes)"


class LockedBucket:
    """S3 refusing one object without an error, as Object Lock does."""

    def list_object_versions(self, **_arguments: t.Any) -> dict[str, t.Any]:
        return {"Versions": [{"Key": "a", "VersionId": "1"}]}

    def delete_objects(self, **_arguments: t.Any) -> dict[str, t.Any]:
        return {"Errors": [{"Key": "a", "Code": "AccessDenied", "Message": "Object is WORM protected"}]}


def test_an_object_that_cannot_be_deleted_stops_and_is_told() -> None:
    with pytest.raises(RunnerError, match="WORM protected"):
        empty_and_delete(LockedBucket(), "bucket")
