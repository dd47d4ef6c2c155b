# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which failed calls are tried again, how often and how long."""

from __future__ import annotations

import json
import pathlib

import botocore
import botocore.exceptions
import pytest
from botocore.retries import standard

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._retry import (
    BROKEN,
    BUSY,
    LIMITED,
    LOOKING,
    PATIENT,
    SILENT,
    UNREACHABLE,
    Patience,
    Retries,
    kind_of,
)

URL = "https://ec2.eu-central-1.amazonaws.com/"


def botocores_codes() -> set[str]:
    """Every code by which the installed SDK knows throttling, in both of its lists."""
    path = pathlib.Path(botocore.__file__).parent / "data/_retry.json"
    listed = json.loads(path.read_text("utf-8"))["definitions"]
    found = set(standard.ThrottledRetryableChecker._THROTTLED_ERROR_CODES)
    for name, rule in listed.items():
        crc = rule.get("applies_when", {}).get("response", {})
        if "throttl" in name or "limit" in name or "slow_down" in name:
            found.add(crc.get("service_error_code", ""))
    return found - {""}


@pytest.mark.parametrize("code", sorted(botocores_codes() - {"LimitExceededException"}))
def test_every_spelling_that_the_sdk_knows_is_throttling(code: str) -> None:
    assert kind_of(code, 400) == BUSY


@pytest.mark.parametrize(
    ("code", "status", "message", "kind"),
    [
        ("", 429, "", BUSY),
        ("ThrottlingErrorOfTomorrow", 400, "", BUSY),
        ("LimitExceededException", 400, "Rate exceeded", BUSY),
        ("LimitExceededException", 400, "You have reached your limit of certificates", LIMITED),
        ("InternalFailure", 400, "", BROKEN),
        ("", 503, "", BROKEN),
        ("AccessDenied", 403, "", ""),
        ("ValidationError", 400, "Stack with id x does not exist", ""),
        ("", 200, "", ""),
    ],
)
def test_what_an_answer_is(code: str, status: int, message: str, kind: str) -> None:
    assert kind_of(code, status, message) == kind


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (botocore.exceptions.ConnectionClosedError(endpoint_url=URL), BROKEN),
        (botocore.exceptions.HTTPClientError(error="reset"), BROKEN),
        (botocore.exceptions.ConnectTimeoutError(endpoint_url=URL), SILENT),
        (botocore.exceptions.ReadTimeoutError(endpoint_url=URL), SILENT),
        (botocore.exceptions.EndpointConnectionError(endpoint_url=URL), UNREACHABLE),
        (botocore.exceptions.ProxyConnectionError(proxy_url="http://proxy:3128"), UNREACHABLE),
        (botocore.exceptions.SSLError(endpoint_url=URL, error="self-signed"), UNREACHABLE),
        (botocore.exceptions.NoCredentialsError(), ""),
        (KeyError("a fault of ours"), ""),
    ],
)
def test_what_an_exception_is(error: Exception, kind: str) -> None:
    assert kind_of("", 0, error=error) == kind


@pytest.mark.parametrize("patience", [PATIENT, LOOKING])
def test_tries_and_time_are_bounded(patience: Patience) -> None:
    failures: list[str] = []
    waited = 0.0
    while True:
        failures.append(BUSY)
        pause = patience.delay(failures, waited, 1.0)
        if pause is None:
            break
        waited += pause
    assert len(failures) == patience.tries
    assert waited <= patience.longest


def test_half_of_all_calls_may_fail() -> None:
    # 35 % throttled, 8 % broken, 8 % reset: a run of 300 calls ends well in 99 of 100.
    assert 0.51**PATIENT.tries * 300 < 0.01
    assert 0.51**LOOKING.tries * 300 < 0.01


def test_who_does_not_answer_is_not_asked_for_long() -> None:
    assert LOOKING.delay([SILENT], 25, 0.5) is not None
    assert LOOKING.delay([SILENT, SILENT], 50, 0.5) is None
    assert LOOKING.delay([UNREACHABLE] * 3, 1, 0.5) is None
    # Others' failures in between do not use its tries up.
    assert LOOKING.delay([BUSY, BUSY, SILENT], 25, 0.5) is not None


def test_a_quota_is_not_waited_for() -> None:
    assert PATIENT.delay([LIMITED] * 4, 1, 0.5) is None


def test_after_the_time_is_over_nothing_is_tried() -> None:
    assert PATIENT.delay([BUSY], PATIENT.longest + 1, 0.5) is None


class _Answer:
    status_code = 503


def test_calls_do_not_share_their_tries() -> None:
    retries = Retries(Patience(tries=2), lambda: 0.0, lambda: 0.5)
    one: dict[str, dict[str, object]] = {"context": {}}
    other: dict[str, dict[str, object]] = {"context": {}}
    assert retries.needed(response=(_Answer(), {}), request_dict=one) is not None
    assert retries.needed(response=(_Answer(), {}), request_dict=other) is not None
    assert retries.needed(response=(_Answer(), {}), request_dict=one) is None
