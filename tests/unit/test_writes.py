# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an error of a write means: told by a look, as long as one is worth it."""

from __future__ import annotations

import typing as t

import botocore.exceptions
import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws import intent
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import drift
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import ApiError, RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.group import Rule
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.group_api import GroupApi
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._teardown.buckets import empty_and_delete
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Clock
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._writes import (
    LONGEST_LAG,
    MOST_SENT,
    carried_out,
    ensured,
    idempotent,
    is_lost,
    is_repeated,
)


class Time:
    """A clock whose sleeps take no time, and how long it was slept."""

    def __init__(self) -> None:
        self.passed = 0.0

    def clock(self) -> Clock:
        return Clock(now=lambda: self.passed, sleep=self._sleep, jitter=lambda: 0.0)

    def _sleep(self, seconds: float) -> None:
        self.passed += seconds


def answered(code: str, status: int = 400, tries: int = 0) -> Exception:
    """An error of the service, as botocore raises it."""
    metadata: t.Any = {"HTTPStatusCode": status, "RetryAttempts": tries}
    return botocore.exceptions.ClientError({"Error": {"Code": code}, "ResponseMetadata": metadata}, "Do")


RESET = botocore.exceptions.ConnectionClosedError(endpoint_url="https://ec2.eu-central-1.amazonaws.com")
SLOW = botocore.exceptions.ReadTimeoutError(endpoint_url="https://ec2.eu-central-1.amazonaws.com")


def error_of(cause: Exception) -> ApiError:
    with pytest.raises(ApiError) as caught, intent("do it"):
        raise cause
    return caught.value


@pytest.mark.parametrize(
    ("cause", "lost", "repeated"),
    [
        (RESET, True, False),
        (SLOW, True, False),
        (answered("ServiceUnavailable", 503), True, False),
        (answered("SomethingNew", 502), True, False),
        (answered("AlreadyExistsException"), False, False),
        (answered("AlreadyExistsException", tries=1), False, True),
        (botocore.exceptions.NoCredentialsError(), False, False),
        (botocore.exceptions.ParamValidationError(report="no"), False, False),
    ],
)
def test_an_answer_is_lost_when_the_call_may_have_arrived(cause: Exception, lost: bool, repeated: bool) -> None:
    assert (is_lost(error_of(cause)), is_repeated(error_of(cause))) == (lost, repeated)


@pytest.mark.parametrize(
    ("cause", "looks", "longest"),
    [
        (answered("AlreadyExistsException"), 1, 0.0),
        (answered("AlreadyExistsException", tries=2), 5, LONGEST_LAG),
        (RESET, 5, LONGEST_LAG),
        (answered("AccessDenied", 403), 0, 0.0),
        (answered("ExpiredToken", tries=3), 0, 0.0),
    ],
)
def test_nothing_is_found_after_a_bounded_number_of_looks(cause: Exception, looks: int, longest: float) -> None:
    time, seen = Time(), []

    def write() -> str:
        with intent("do it"):
            raise cause

    def look() -> str | None:
        seen.append(1)
        return None

    with pytest.raises(ApiError) as caught:
        carried_out(write, look, time.clock())
    assert caught.value.__cause__ is cause
    assert min(len(seen), looks) == looks
    assert time.passed == longest


def test_what_is_there_late_is_found_and_a_look_that_fails_is_none() -> None:
    looks: list[t.Any] = [None, ApiError("not now"), "there"]

    def look() -> str | None:
        found = looks.pop(0)
        if isinstance(found, Exception):
            raise found
        return t.cast("str | None", found)

    def write() -> str:
        raise ApiError("lost")

    assert carried_out(write, look, Time().clock()) == "there"
    assert carried_out(lambda: "answer", look, Time().clock()) == "answer"
    assert looks == []


def test_a_write_without_an_answer_is_done_when_a_look_says_so() -> None:
    def write() -> None:
        raise ApiError("no", code="ValidationError")

    ensured(write, lambda: True, Time().clock())
    with pytest.raises(ApiError, match="no"):
        ensured(write, lambda: False, Time().clock())


def test_what_may_be_sent_any_number_of_times_is_sent_again_a_few_times() -> None:
    sent = []

    def write(code: str, times: int) -> t.Callable[[], None]:
        def once() -> None:
            sent.append(code)
            if len(sent) <= times:
                raise ApiError("no", code=code)

        return once

    idempotent(write("", MOST_SENT - 1), Time().clock())
    assert len(sent) == MOST_SENT
    sent.clear()
    with pytest.raises(ApiError):
        idempotent(write("", 99), Time().clock())
    assert len(sent) == MOST_SENT
    sent.clear()
    with pytest.raises(ApiError):
        idempotent(write("NoSuchBucket", 99), Time().clock())
    assert len(sent) == 1


class LacksRules:
    """EC2 in a VPC of one's own: "an InvalidPermission.NotFound client error is returned, and no rules are revoked"."""

    def __init__(self, *present: str) -> None:
        self.rules = set(present)

    def revoke_security_group_ingress(self, **arguments: t.Any) -> None:
        sources = {entry["CidrIp"] for rule in arguments["IpPermissions"] for entry in rule["IpRanges"]}
        if sources - self.rules:
            raise ApiError("no", code="InvalidPermission.NotFound")
        self.rules -= sources


def test_a_rule_that_is_gone_keeps_no_other_from_being_removed() -> None:
    ec2 = LacksRules("10.0.0.0/24", "10.0.2.0/24")
    GroupApi(ec2).revoke("sg-1", [Rule("10.0.0.0/24"), Rule("10.0.1.0/24")])
    assert ec2.rules == {"10.0.2.0/24"}


class Bucket:
    """S3 with one bucket, whose deletion is answered by a script."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.emptied = 0

    def list_object_versions(self, **_arguments: t.Any) -> dict[str, t.Any]:
        if self.answers == ["gone"]:
            raise answered("NoSuchBucket", 404)
        self.emptied += 1
        return {"Versions": [{"Key": "log", "VersionId": "1"}]}

    def delete_objects(self, **_arguments: t.Any) -> dict[str, t.Any]:
        return {}

    def get_paginator(self, _name: str) -> Bucket:
        return self

    def paginate(self, **_arguments: t.Any) -> list[dict[str, t.Any]]:
        return [{"Uploads": [{"Key": "big", "UploadId": "1"}]}]

    def abort_multipart_upload(self, **_arguments: t.Any) -> None:
        raise answered("NoSuchUpload", 404)

    def delete_bucket(self, **_arguments: t.Any) -> None:
        answer = self.answers.pop(0)
        if answer:
            raise answered(answer, 500 if answer == "InternalError" else 409)


@pytest.mark.parametrize(
    ("answers", "emptied"),
    [
        (("",), 1),
        (("NoSuchBucket",), 1),
        (("BucketNotEmpty", ""), 2),
        (("OperationAborted", "BucketNotEmpty", ""), 3),
        (("InternalError", "gone"), 1),
    ],
)
def test_a_bucket_goes_whatever_its_deletion_is_answered(answers: tuple[str, ...], emptied: int) -> None:
    s3 = Bucket(*answers)
    empty_and_delete(s3, "archive", Time().clock())
    assert s3.emptied == emptied


@pytest.mark.parametrize("answers", [("AccessDenied",), ("BucketNotEmpty",) * 9])
def test_a_bucket_that_cannot_go_is_told(answers: tuple[str, ...]) -> None:
    with pytest.raises(RunnerError, match="delete the bucket archive"):
        empty_and_delete(Bucket(*answers), "archive", Time().clock())


class Drifting:
    """CloudFormation that is asked for a drift detection while another one goes on, or whose answers are lost."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)

    def detect_stack_drift(self, **_arguments: t.Any) -> dict[str, t.Any]:
        answer = self.answers.pop(0)
        if answer == "lost":
            raise RESET
        if answer:
            raise botocore.exceptions.ClientError({"Error": {"Code": "ValidationError", "Message": answer}}, "Do")
        return {"StackDriftDetectionId": "1"}

    def describe_stack_drift_detection_status(self, **_arguments: t.Any) -> dict[str, t.Any]:
        return {"DetectionStatus": "DETECTION_COMPLETE", "StackDriftStatus": "IN_SYNC"}

    def describe_stack_resource_drifts(self, **_arguments: t.Any) -> dict[str, t.Any]:
        return {"StackResourceDrifts": []}


BUSY = "Drift detection is already in progress for stack [x]"


@pytest.mark.parametrize("answers", [("",), (BUSY, BUSY, ""), ("lost", BUSY, "")])
def test_a_drift_detection_waits_for_the_one_that_goes_on(answers: tuple[str, ...]) -> None:
    assert drift.detect(Drifting(*answers), "x", Time().clock())["status"] == "IN_SYNC"


@pytest.mark.parametrize("answers", [("Stack [x] does not exist",), ("lost",) * 9])
def test_a_drift_detection_that_is_refused_is_told(answers: tuple[str, ...]) -> None:
    with pytest.raises(ApiError, match="detect the drift"):
        drift.detect(Drifting(*answers), "x", Time().clock())
