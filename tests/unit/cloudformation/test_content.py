# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A template is told apart by its meaning, and read from S3 where that is possible."""

from __future__ import annotations

import concurrent.futures
import io
import json
import typing as t

import botocore
import botocore.exceptions
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.content import (
    LARGEST_TEMPLATE,
    bucket_and_key,
    fingerprint,
    read_object,
)

URL = "https://releases.s3.amazonaws.com/ec2/t.json"
VALUES = st.lists(st.text(max_size=3) | st.integers() | st.booleans(), max_size=3)
DOCUMENTS = st.dictionaries(st.text(max_size=3), VALUES, max_size=4)


@given(DOCUMENTS)
def test_spaces_and_order_of_json_do_not_count(document: dict[str, t.Any]) -> None:
    backwards = dict(reversed(document.items()))
    same = {
        fingerprint(json.dumps(backwards, indent=2).encode()),
        fingerprint(json.dumps(document)),
        fingerprint(document),
    }
    assert len(same) == 1


@given(DOCUMENTS, DOCUMENTS)
def test_another_meaning_is_another_fingerprint(left: dict[str, t.Any], right: dict[str, t.Any]) -> None:
    assert (fingerprint(left) == fingerprint(right)) == (
        json.dumps(left, sort_keys=True) == json.dumps(right, sort_keys=True)
    )


def test_ends_of_lines_of_yaml_do_not_count() -> None:
    assert fingerprint("Resources:\r\n  A: 1\r\n") == fingerprint("Resources:\n  A: 1")
    assert fingerprint("Resources:\n  A: 1") != fingerprint("Resources:\n  A: 2")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (URL, {"Bucket": "releases", "Key": "ec2/t.json"}),
        ("https://a.b.s3.eu-central-1.amazonaws.com/t%20x.json", {"Bucket": "a.b", "Key": "t x.json"}),
        ("https://s3.eu-central-1.amazonaws.com/b/k/t.json", {"Bucket": "b", "Key": "k/t.json"}),
        ("https://s3.amazonaws.com/b/t.json", {"Bucket": "b", "Key": "t.json"}),
        ("https://b.s3.dualstack.us-west-2.amazonaws.com/t", {"Bucket": "b", "Key": "t"}),
        ("https://b.s3.cn-north-1.amazonaws.com.cn/t", {"Bucket": "b", "Key": "t"}),
        (f"{URL}?versionId=7", {"Bucket": "releases", "Key": "ec2/t.json", "VersionId": "7"}),
        ("https://s3.amazonaws.com/b", None),
        ("https://mirror.example.com/b/t.json", None),
        ("https://s3.example.com/b/t.json", None),
    ],
)
def test_bucket_and_key_of_a_url(url: str, expected: dict[str, str] | None) -> None:
    assert bucket_and_key(url) == expected


class Bucket:
    """S3 that answers a content, or refuses with a code, signed requests apart from others."""

    def __init__(self, signed: bytes | str, unsigned: bytes | str = "AccessDenied") -> None:
        self._answers = {True: signed, False: unsigned}
        self.signed = True
        self.meta = self.events = self

    def register(self, event: str, handler: t.Callable[..., t.Any]) -> None:
        assert event == "choose-signer.s3.GetObject"
        assert handler(signing_name="s3") is botocore.UNSIGNED
        with concurrent.futures.ThreadPoolExecutor(1) as others:
            assert others.submit(handler, signing_name="s3").result() is None, "many runners share a client"
        self.signed = False

    def unregister(self, event: str, _handler: t.Callable[..., t.Any]) -> None:
        assert event == "choose-signer.s3.GetObject"
        self.signed = True

    def get_object(self, **arguments: t.Any) -> dict[str, t.Any]:
        assert arguments == {"Bucket": "releases", "Key": "ec2/t.json", "aws_retry": True}
        answer = self._answers[self.signed]
        if isinstance(answer, str):
            raise botocore.exceptions.ClientError({"Error": {"Code": answer}}, "GetObject")
        return {"Body": io.BytesIO(answer)}


@pytest.mark.parametrize(
    ("bucket", "expected"),
    [
        (Bucket(b"{}"), b"{}"),
        (Bucket("AccessDenied", b"{}"), b"{}"),
        (Bucket("AccessDenied"), None),
        (Bucket("NoSuchKey", b"{}"), None),
        (Bucket(b"x" * (LARGEST_TEMPLATE + 1)), None),
    ],
)
def test_a_public_bucket_is_read_without_signing_where_policies_forbid_it(
    bucket: Bucket, expected: bytes | None
) -> None:
    assert read_object(bucket, URL) == expected
    assert bucket.signed, "the next one's request is signed again"


def test_elsewhere_than_in_s3_nothing_is_read() -> None:
    assert read_object(Bucket(b"{}"), "https://mirror.example.com/t.json") is None
