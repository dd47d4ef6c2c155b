# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A certificate's life in the simulated ACM, which issues it only when its validation record answers."""

from __future__ import annotations

import json
import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._certificate import operation
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._route53 import operation as records
from ansible_collections.gitpod.enterprise_runner.plugins.modules.runner_certificate import ARGUMENT_SPEC
from ansible_collections.gitpod.enterprise_runner.plugins.modules.runner_dns import ARGUMENT_SPEC as DNS_SPEC
from tests.e2e.in_process import InProcessModule, _session, outcome
from tests.e2e.looking import prerequisites

if t.TYPE_CHECKING:
    from tests.e2e.harness import Controller, Run
    from tests.testbed.client import TestBed

REGION, NAME, DOMAIN = "eu-central-1", "gitpod-new", "new.gitpod.example.com"


@pytest.fixture
def testbed(running_testbed: TestBed) -> TestBed:
    running_testbed.reset()
    return running_testbed


def have(testbed: TestBed, check: bool = False, **options: t.Any) -> dict[str, t.Any]:
    given = {"name": NAME, "domain_name": DOMAIN, "wait": False, "timeout": 1}
    return outcome(InProcessModule(testbed, ARGUMENT_SPEC, REGION, check, **{**given, **options}), operation.run)


def requests(testbed: TestBed) -> int:
    return [call["operation"] for call in testbed.calls()].count("RequestCertificate")


def validate(testbed: TestBed, found: dict[str, t.Any]) -> None:
    module = InProcessModule(
        testbed, DNS_SPEC, REGION, domain_name=DOMAIN, records=found["validation_records"], wait=False
    )
    assert outcome(module, records.run)["changed"] is True


def test_from_a_request_to_an_issued_certificate_and_none(testbed: TestBed) -> None:
    testbed.clear_calls()
    predicted = have(testbed, check=True)
    assert (predicted["changed"], predicted["certificate"]) == (True, None)
    assert predicted["validation_records"] == [], "ACM names it once it is asked"
    assert requests(testbed) == 0

    asked = have(testbed, tags={"team": "platform"})
    assert (asked["changed"], asked["requested"], asked["in_progress"]) == (True, True, True)
    assert asked["certificate"]["names"] == [DOMAIN, f"*.{DOMAIN}"]
    assert len(asked["validation_records"]) == 1

    again = have(testbed)
    assert (again["changed"], again["certificate"]["arn"]) == (False, asked["certificate"]["arn"])
    late = have(testbed, wait=True)
    assert late["failed"] is True
    assert asked["validation_records"][0]["value"] in late["msg"]
    assert late["in_progress"] is True
    assert requests(testbed) == 1, "never a second request while one is pending"

    validate(testbed, asked)
    issued = have(testbed, wait=True)
    assert (issued["changed"], issued["certificate"]["status"]) == (False, "ISSUED")
    assert have(testbed)["in_progress"] is False

    assert have(testbed, state="absent", name="gitpod-other")["changed"] is False
    assert have(testbed, state="absent", check=True)["changed"] is True
    assert have(testbed, state="absent")["changed"] is True
    assert have(testbed, state="absent")["changed"] is False
    assert requests(testbed) == 1


def test_a_certificate_of_others_is_used_and_never_removed(testbed: TestBed) -> None:
    found = have(testbed, domain_name="eu.gitpod.example.com", wait=True)
    assert (found["changed"], found["certificate"]["status"]) == (False, "ISSUED")
    assert have(testbed, domain_name="eu.gitpod.example.com", state="absent")["changed"] is False
    assert have(testbed, domain_name="eu.gitpod.example.com")["requested"] is False


def test_keys_that_acm_does_not_list_by_itself_are_found(testbed: TestBed) -> None:
    asked = have(testbed, key_algorithm="EC_prime256v1")
    assert have(testbed)["certificate"]["arn"] == asked["certificate"]["arn"]


def test_a_failed_validation_says_why_and_another_run_asks_anew(testbed: TestBed) -> None:
    asked = have(testbed)
    testbed.control("POST", "certificates", {"fail": asked["certificate"]["arn"], "reason": "CAA_ERROR"})
    predicted = have(testbed, check=True)
    anew = have(testbed)
    assert anew["requested"] is True
    assert predicted["validation_records"] == anew["validation_records"], "a domain has one record in an account"
    assert anew["certificate"]["arn"] != asked["certificate"]["arn"]
    testbed.control("POST", "certificates", {"fail": anew["certificate"]["arn"], "reason": "CAA_ERROR"})
    removed = have(testbed, state="absent")
    assert len(removed["actions"]) == 2


def test_a_refusal_is_told_in_the_readers_words(testbed: TestBed) -> None:
    testbed.add_fault(
        service="acm", operation="RequestCertificate", error="AccessDeniedException", message="no", status=400
    )
    told = have(testbed)["msg"]
    assert f"request a certificate for {DOMAIN}" in told
    assert "docs/permissions.md" in told


def foreseen(testbed: TestBed, **options: t.Any) -> tuple[str, list[str]]:
    """What the prerequisites foresee for the stage, and which calls of ACM they made."""
    testbed.clear_calls()
    given = {"region": REGION, "domain_name": DOMAIN, "certificate_request": True, **options}
    found = prerequisites(testbed, {NAME: {f"gitpod_{name}": value for name, value in given.items()}})
    plan = next(str(entry["action"]) for entry in found["plan"] if entry["stage"] == "certificate")
    return plan, [call["operation"] for call in testbed.calls() if call["service"] == "acm"]


def test_what_others_wait_for_is_not_attached_to(testbed: TestBed) -> None:
    """One that mail validates, one for other names too, and another runner's: ours is requested beside them."""
    acm = _session(REGION, testbed.account_id, "test", None).client("acm", endpoint_url=testbed.aws_endpoint_url)
    names = [DOMAIN, f"*.{DOMAIN}"]
    acm.request_certificate(DomainName=DOMAIN, SubjectAlternativeNames=names, ValidationMethod="EMAIL")
    acm.request_certificate(
        DomainName=DOMAIN, SubjectAlternativeNames=[*names, "elsewhere.example.org"], ValidationMethod="DNS"
    )
    assert have(testbed, name="gitpod-other")["requested"] is True
    assert foreseen(testbed)[0] == "create"
    asked = have(testbed)
    assert asked["requested"] is True
    assert asked["certificate"]["names"] == names
    again = have(testbed)
    assert (again["changed"], again["certificate"]["arn"]) == (False, asked["certificate"]["arn"])
    assert have(testbed, state="absent")["actions"] == [f"delete the certificate {asked['certificate']['arn']}"]
    listed = [entry["DomainName"] for entry in acm.list_certificates()["CertificateSummaryList"]]
    assert listed.count(DOMAIN) == 3, "the others' stay"


def test_the_stage_is_foreseen_with_few_calls(testbed: TestBed) -> None:
    assert foreseen(testbed) == ("create", ["ListCertificates"])
    asked = have(testbed)
    whose = ["DescribeCertificate", "ListTagsForCertificate"]
    assert foreseen(testbed) == ("wait", ["ListCertificates", *whose]), "whose it is decides"
    validate(testbed, asked)
    assert have(testbed, wait=True)["certificate"]["status"] == "ISSUED"
    assert foreseen(testbed) == ("unknown", ["ListCertificates"]), "only the stage can hand it to the stack"
    assert foreseen(testbed, certificate_request=False) == ("nothing", [])
    testbed.add_fault(service="acm", operation="ListCertificates", error="AccessDeniedException", status=400)
    assert foreseen(testbed) == ("unknown", ["ListCertificates"])


def test_a_runner_with_a_certificate_that_is_requested(controller: Controller) -> None:
    """Requested, validated in Route 53, given to the stack; a rerun leaves the stage out."""
    host = "gitpod-us-east-1"
    asked = {"gitpod_certificate_arn": "", "gitpod_certificate_request": True}
    overlay = {host: {**asked, "gitpod_domain_name": "fresh.gitpod.example.com"}}

    def site() -> Run:
        stages = ("--tags", "prerequisites,certificate,stack")
        return controller.play("gitpod.enterprise_runner.site", "--limit", host, *stages, "-v", hosts=overlay)

    first = site()
    assert first.code == 0, first.output
    calls = controller.testbed.calls()
    assert {"RequestCertificate", "ChangeResourceRecordSets", "CreateStack"} <= {call["operation"] for call in calls}
    options: dict[str, t.Any] = {"name": host, "domain_name": "fresh.gitpod.example.com", "wait": False}
    module = InProcessModule(controller.testbed, ARGUMENT_SPEC, "us-east-1", **options)
    certificate = outcome(module, operation.run)["certificate"]
    assert certificate["status"] == "ISSUED"
    created = next(call for call in calls if call["operation"] == "CreateStack")
    assert certificate["arn"] in json.dumps(created)
    controller.testbed.clear_calls()
    second = site()
    assert (second.code, second.changed) == (0, 0), second.output
    operations = [call["operation"] for call in controller.testbed.calls() if call["service"] == "acm"]
    assert operations == ["DescribeCertificate"], "the prerequisites saw that the stack's certificate serves"
