# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How ACM answers, in the shapes that were recorded: what lists leave out, records that come late, spellings."""

from __future__ import annotations

import datetime
import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._certificate import operation
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._certificate.api import Api
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._certificate.model import KEY_TYPES, Certificate
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._certificate.plan import (
    AWAIT,
    REQUEST,
    USE,
    Wanted,
    plan,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError, TimeoutExceededError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._ownership import Runner
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._tags import ownership_tags
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Clock

DOMAIN = "eu.example.com"
NOW = datetime.datetime(2026, 11, 24, tzinfo=datetime.timezone.utc)
LATER = NOW + datetime.timedelta(days=300)
WANTED = Wanted(Runner("gitpod-eu"), DOMAIN, "eu-central-1")
RECORD = {"Name": f"_a1.{DOMAIN}.", "Type": "CNAME", "Value": "_b2.tljzshvwok.acm-validations.aws."}
Raw = dict[str, t.Any]


def detail(arn: str, status: str = "PENDING_VALIDATION", method: str = "DNS", **more: t.Any) -> Raw:
    """As DescribeCertificate answers: names in ACM's order, keys spelled with a hyphen."""
    names = [f"*.{DOMAIN}", DOMAIN]
    options = [
        {"DomainName": name, "ValidationStatus": "PENDING_VALIDATION", "ValidationMethod": method} for name in names
    ]
    return {
        "CertificateArn": arn,
        "DomainName": DOMAIN,
        "SubjectAlternativeNames": names,
        "DomainValidationOptions": options,
        "Status": status,
        "KeyAlgorithm": "RSA-2048",
        "InUseBy": [],
        "Type": "AMAZON_ISSUED",
        "RenewalEligibility": "INELIGIBLE",
        **({"NotAfter": LATER} if status == "ISSUED" else {}),
        **more,
    }


def with_record(raw: Raw) -> Raw:
    options = [{**option, "ResourceRecord": RECORD} for option in raw["DomainValidationOptions"]]
    return {**raw, "DomainValidationOptions": options}


def listed(raw: Raw, **more: t.Any) -> Raw:
    """As ListCertificates answers about the same one."""
    summary = {
        "CertificateArn": raw["CertificateArn"],
        "DomainName": raw["DomainName"],
        "SubjectAlternativeNameSummaries": raw["SubjectAlternativeNames"],
        "HasAdditionalSubjectAlternativeNames": False,
        "Status": raw["Status"],
        "Type": raw["Type"],
        "KeyAlgorithm": "RSA-2048",
        "InUse": bool(raw["InUseBy"]),
        **({"NotAfter": raw["NotAfter"]} if "NotAfter" in raw else {}),
    }
    return {key: value for key, value in {**summary, **more}.items() if value is not None}


class Acm:
    """An ACM that has these certificates.

    :param looks: of DescribeCertificate before it names the validation records; C(None) for ever.
    """

    def __init__(self, *details: Raw, summaries: t.Sequence[Raw] = (), looks: int | None = 0) -> None:
        self.details = {raw["CertificateArn"]: raw for raw in details}
        self.summaries = list(summaries) or [listed(raw) for raw in details]
        self.looks = looks
        self.described: list[str] = []

    def list_certificates(self, NextToken: str = "", **_arguments: t.Any) -> Raw:  # noqa: N803
        """One a page."""
        place = int(NextToken or 0)
        more = {"NextToken": str(place + 1)} if place + 1 < len(self.summaries) else {}
        return {"CertificateSummaryList": self.summaries[place : place + 1], **more}

    def describe_certificate(self, CertificateArn: str, **_arguments: t.Any) -> Raw:  # noqa: N803
        self.described.append(CertificateArn)
        raw = self.details[CertificateArn]
        dns = raw["DomainValidationOptions"][0]["ValidationMethod"] == "DNS"
        known = self.looks is not None and len(self.described) > self.looks
        return {"Certificate": with_record(raw) if dns and known else raw}

    def list_tags_for_certificate(self, CertificateArn: str, **_arguments: t.Any) -> Raw:  # noqa: N803
        del CertificateArn
        return {"Tags": [{"Key": key, "Value": value} for key, value in ownership_tags("gitpod-eu", None).items()]}


def mode(wait: bool = False, **more: t.Any) -> operation.Mode:
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    clock = Clock(now=lambda: now[0], sleep=sleep, jitter=lambda: 0.0)
    return operation.Mode(check=False, wait=wait, timeout=600, clock=clock, **more)


def test_records_that_acm_names_minutes_later_are_waited_for() -> None:
    acm = Acm(detail("arn:1"), looks=50)
    done = mode()
    found = operation.present(Api(acm), WANTED, done)
    assert [record["name"] for record in found["validation_records"]] == [f"_a1.{DOMAIN}"]
    assert 200 < done.clock.now() < operation.RECORDS_TIMEOUT
    assert operation.RECORDS_TIMEOUT >= 300, "Terraform's provider waits for five minutes"


def test_records_that_never_come_are_not_waited_for_without_end() -> None:
    done = mode()
    with pytest.raises(TimeoutExceededError, match="names no validation record"):
        operation.present(Api(Acm(detail("arn:1"), looks=None)), WANTED, done)
    assert done.clock.now() < operation.RECORDS_TIMEOUT + 10


def test_what_the_list_calls_pending_and_the_detail_failed_has_failed() -> None:
    raw = detail("arn:1", "FAILED", FailureReason="CAA_ERROR")
    acm = Acm(raw, summaries=[listed(raw, Status="PENDING_VALIDATION")])
    for found in (Api(acm).summaries(DOMAIN), Api(acm).certificates(DOMAIN)):
        todo = plan(found, WANTED, NOW)
        assert (todo.action, [entry.failure for entry in todo.failed]) == (REQUEST, ["CAA_ERROR"])
    # One that fails while it is waited for.
    acm = Acm(detail("arn:1"))
    with pytest.raises(RunnerError, match="CAA_ERROR"):
        operation.present(Api(acm), WANTED, mode(wait=True, observe=lambda _status: acm.details.update({"arn:1": raw})))


def test_one_that_waits_for_an_answer_to_an_email_is_left_to_whoever_asked_for_it() -> None:
    acm = Acm(detail("arn:1", method="EMAIL"))
    for found in (Api(acm).summaries(DOMAIN), Api(acm).certificates(DOMAIN)):
        assert plan(found, WANTED, NOW).action == REQUEST
    assert found[0].records == ()


def test_what_is_served_is_preferred_by_the_list_as_by_the_detail() -> None:
    """Otherwise the plan names another certificate than the stage takes."""
    first, served = detail("arn:1", "ISSUED"), detail("arn:2", "ISSUED", InUseBy=["arn:lb"])
    by_list, by_detail = Acm(first, served), Acm(first, served)
    todo = [plan(found, WANTED, NOW) for found in (Api(by_list).summaries(DOMAIN), Api(by_detail).certificates(DOMAIN))]
    assert [(entry.action, entry.certificate.arn) for entry in todo if entry.certificate] == [(USE, "arn:2")] * 2
    assert by_list.described == []
    # A list that does not tell.
    older = Acm(first, served, summaries=[listed(raw, InUse=None) for raw in (first, served)])
    (found,) = [plan(Api(older).summaries(DOMAIN), WANTED, NOW).certificate]
    assert found is not None
    assert found.arn == "arn:2"


def test_of_more_than_a_hundred_names_the_detail_tells() -> None:
    raw = detail("arn:1", "ISSUED", DomainName="a.example.org")
    few = listed(raw, SubjectAlternativeNameSummaries=["a.example.org"], HasAdditionalSubjectAlternativeNames=True)
    found = [
        plan(read(DOMAIN), WANTED, NOW)
        for api in [Api(Acm(raw, summaries=[few]))]
        for read in (api.summaries, api.certificates)
    ]
    assert [entry.action for entry in found] == [USE, USE]


@pytest.mark.parametrize(
    ("spelled", "known"),
    [("RSA-2048", True), ("RSA_2048", True), ("EC-prime256v1", True), ("EC_prime256v1", True), ("RSA-4096", False)],
)
def test_a_key_is_known_in_both_spellings(spelled: str, known: bool) -> None:
    raw = detail("arn:1", "ISSUED", KeyAlgorithm=spelled)
    for certificate in (Certificate.from_detail(raw), Certificate.from_summary(listed(raw, KeyAlgorithm=spelled))):
        assert certificate.key_algorithm == spelled.replace("-", "_")
        assert (certificate.key_algorithm in KEY_TYPES) is known


@pytest.mark.parametrize("order", [1, -1])
def test_names_in_any_order_are_the_same_names(order: int) -> None:
    raw = detail("arn:1", SubjectAlternativeNames=[DOMAIN, f"*.{DOMAIN}"][::order])
    certificate = Certificate.from_detail(with_record(raw), ownership_tags("gitpod-eu", None))
    assert certificate.covers(DOMAIN)
    assert certificate.as_result()["names"] == [DOMAIN, f"*.{DOMAIN}"]
    assert plan([certificate], WANTED, NOW).action == AWAIT
    assert len(certificate.records) == 1, "both names share one record"
