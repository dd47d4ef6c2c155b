# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which certificate serves a runner: never a second request while one is pending, nothing of others removed."""

from __future__ import annotations

import dataclasses
import datetime
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._certificate.foresee import foresee
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._certificate.model import Certificate
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._certificate.plan import (
    AWAIT,
    REQUEST,
    USE,
    Wanted,
    idempotency_token,
    plan,
    removable,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._ownership import Runner
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._tags import ownership_tags

NOW = datetime.datetime(2026, 11, 24, tzinfo=datetime.timezone.utc)
LATER = NOW + datetime.timedelta(days=300)
WANTED = Wanted(Runner("gitpod-eu"), "eu.example.com", "eu-central-1")
BOTH = ("eu.example.com", "*.eu.example.com")
OURS = ownership_tags("gitpod-eu", None)
ISSUED = Certificate("arn:1", "ISSUED", BOTH, expires=LATER, tags={})
PENDING = Certificate("arn:2", "PENDING_VALIDATION", BOTH, validation="DNS", tags=OURS)
OTHERS = ownership_tags("gitpod-us", None)
FAILED = Certificate("arn:3", "FAILED", BOTH, failure="CAA_ERROR", tags=OURS)


@pytest.mark.parametrize(
    ("names", "covers"),
    [
        (BOTH, True),
        (("EU.Example.com.", "*.eu.example.com"), True),
        (("*.example.com", "*.eu.example.com"), True),
        (("eu.example.com",), False),
        (("*.eu.example.com",), False),
        (("*.example.com",), False),
        (("eu.example.com", "*.example.com"), False),
    ],
)
def test_both_names_have_to_be_covered(names: tuple[str, ...], covers: bool) -> None:
    raw = {"CertificateArn": "arn:1", "DomainName": names[0], "SubjectAlternativeNameSummaries": list(names)}
    assert Certificate.from_summary(raw).covers("EU.example.com.") is covers


@pytest.mark.parametrize(
    ("certificates", "action", "arn"),
    [
        ([], REQUEST, None),
        ([PENDING, ISSUED], USE, "arn:1"),
        ([PENDING], AWAIT, "arn:2"),
        ([FAILED], REQUEST, None),
        ([FAILED, PENDING], AWAIT, "arn:2"),
        ([dataclasses.replace(ISSUED, expires=NOW)], REQUEST, None),
        ([dataclasses.replace(ISSUED, arn="arn:0", kind="IMPORTED"), ISSUED], USE, "arn:1"),
        ([dataclasses.replace(ISSUED, arn="arn:9", expires=LATER + datetime.timedelta(1)), ISSUED], USE, "arn:1"),
        ([dataclasses.replace(ISSUED, arn="arn:9", in_use_by=("arn:lb",), kind="IMPORTED"), ISSUED], USE, "arn:9"),
        ([dataclasses.replace(PENDING, arn="arn:8"), PENDING], AWAIT, "arn:2"),
        # What others wait for is theirs: ours is requested beside it.
        ([dataclasses.replace(PENDING, tags={})], REQUEST, None),
        ([dataclasses.replace(PENDING, tags=None)], REQUEST, None),
        ([dataclasses.replace(PENDING, tags=OTHERS)], REQUEST, None),
        ([dataclasses.replace(PENDING, tags=OTHERS), dataclasses.replace(PENDING, arn="arn:8")], AWAIT, "arn:8"),
        # No record validates it, or not all of its names.
        ([dataclasses.replace(PENDING, validation="EMAIL")], REQUEST, None),
        ([dataclasses.replace(PENDING, names=(*BOTH, "other.example.org"))], REQUEST, None),
        ([dataclasses.replace(ISSUED, names=("eu.example.com",))], REQUEST, None),
    ],
)
def test_what_is_there_is_used_before_anything_is_requested(
    certificates: list[Certificate], action: str, arn: str | None
) -> None:
    todo = plan(certificates, WANTED, NOW)
    assert (todo.action, todo.certificate.arn if todo.certificate else None) == (action, arn)


def test_a_request_is_recognised_within_the_hour_and_renewed_after_a_failure() -> None:
    token = idempotency_token(WANTED, [])
    assert token == idempotency_token(dataclasses.replace(WANTED, domain="EU.example.com."), [])
    assert re.fullmatch(r"\w{1,32}", token)
    others = [
        idempotency_token(WANTED, [FAILED]),
        idempotency_token(dataclasses.replace(WANTED, runner=Runner("gitpod-us")), []),
        # One of this name that was registered before: ACM would answer with the request of that one.
        idempotency_token(dataclasses.replace(WANTED, runner=Runner(WANTED.runner.name, "of-another")), []),
        idempotency_token(dataclasses.replace(WANTED, domain="us.example.com"), []),
        idempotency_token(dataclasses.replace(WANTED, key_type="EC_prime256v1"), []),
    ]
    assert len({token, *others}) == 6


_CERTIFICATES = st.lists(
    st.builds(
        Certificate,
        arn=st.sampled_from(["arn:1", "arn:2", "arn:3", "arn:4"]),
        status=st.sampled_from(["ISSUED", "PENDING_VALIDATION", "FAILED", "EXPIRED"]),
        names=st.sampled_from([BOTH, ("eu.example.com",), ("us.example.com", "*.us.example.com")]),
        expires=st.sampled_from([None, NOW - datetime.timedelta(1), LATER]),
        tags=st.sampled_from([{}, OURS, ownership_tags("gitpod-us", None)]),
    ),
    max_size=5,
    unique_by=lambda certificate: certificate.arn,
)


@given(_CERTIFICATES)
def test_never_a_second_request_while_one_serves_or_ours_is_pending(certificates: list[Certificate]) -> None:
    todo = plan(certificates, WANTED, NOW)
    waiting = [
        entry for entry in certificates if (entry.names, entry.status, entry.tags) == (BOTH, "PENDING_VALIDATION", OURS)
    ]
    assert not (todo.action == REQUEST and waiting)
    assert todo.action != AWAIT or todo.certificate in waiting, "nothing of others is attached to"
    assert (todo.certificate is None) == (todo.action == REQUEST)
    assert todo.certificate is None or todo.certificate.covers(WANTED.domain)
    assert plan(list(reversed(certificates)), WANTED, NOW) == dataclasses.replace(
        todo, failed=tuple(reversed(todo.failed))
    )


@given(_CERTIFICATES)
def test_only_what_was_requested_for_the_runner_is_removed(certificates: list[Certificate]) -> None:
    found, _shared = removable(certificates, WANTED)
    assert all(certificate.tags == OURS and certificate.names == BOTH for certificate in found)


def test_two_runners_of_one_name_are_told_apart_by_their_ids() -> None:
    """Names are unique in a region of one inventory only; the ID is tagged as soon as it is known."""
    known = dataclasses.replace(WANTED, runner=Runner("gitpod-eu", "0192"))
    others = dataclasses.replace(PENDING, tags=ownership_tags("gitpod-eu", "0200"))
    assert plan([others], known, NOW).action == REQUEST
    assert removable([others], known) == ([], [])
    # Requested before the runner was registered.
    assert plan([PENDING], known, NOW).action == AWAIT
    assert removable([PENDING], known) == ([PENDING], [])


def test_what_others_serve_too_stays() -> None:
    own, theirs = "arn:aws:elasticloadbalancing:x:1:loadbalancer/net/own", "arn:aws:cloudfront::1:distribution/E1"
    wanted = dataclasses.replace(WANTED, load_balancer=own)
    served = dataclasses.replace(PENDING, status="ISSUED", expires=LATER, in_use_by=(own,))
    assert removable([served], wanted) == ([served], [])
    shared = dataclasses.replace(served, in_use_by=(own, theirs))
    assert removable([shared], wanted) == ([], [(shared, (theirs,))])
    assert removable([served], WANTED) == ([], [(served, (own,))]), "nobody said that this goes before"


@pytest.mark.parametrize(
    ("given_arn", "request_allowed", "certificates", "action"),
    [
        ("arn:1", True, None, "nothing"),
        ("", False, None, "nothing"),
        ("", True, None, "unknown"),
        ("", True, [ISSUED], "unknown"),
        ("", True, [PENDING], "wait"),
        ("", True, [dataclasses.replace(PENDING, tags=OTHERS)], "create"),
        ("", True, [], "create"),
        ("", True, [FAILED], "create"),
    ],
)
def test_what_the_stage_will_do_is_foreseen(
    given_arn: str, request_allowed: bool, certificates: list[Certificate] | None, action: str
) -> None:
    assert foresee(WANTED, given_arn, request_allowed, certificates, NOW).action == action


def test_the_wildcards_record_is_its_parents() -> None:
    record = {"Name": "_A1.eu.example.com.", "Type": "CNAME", "Value": "_b2.acm-validations.aws."}
    options = [
        {
            "DomainName": name,
            "ValidationMethod": "DNS",
            "ValidationStatus": "PENDING_VALIDATION",
            "ResourceRecord": record,
        }
        for name in BOTH
    ]
    raw = {
        "CertificateArn": "arn:1",
        "DomainName": BOTH[0].upper(),
        "SubjectAlternativeNames": list(BOTH),
        "Status": "PENDING_VALIDATION",
        "KeyAlgorithm": "RSA-2048",
        "RenewalSummary": {"RenewalStatus": "PENDING_VALIDATION"},
        "DomainValidationOptions": options,
    }
    certificate = Certificate.from_detail(raw)
    assert [entry.as_result(60) for entry in certificate.records] == [
        {"name": "_a1.eu.example.com", "type": "CNAME", "value": "_b2.acm-validations.aws", "ttl": 60}
    ]
    assert certificate.unvalidated == BOTH
    assert (certificate.names, certificate.covers("EU.example.com.")) == (BOTH, True)
    assert (certificate.key_algorithm, certificate.validation, certificate.renewal) == (
        "RSA_2048",
        "DNS",
        "PENDING_VALIDATION",
    )
