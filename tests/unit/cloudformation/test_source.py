# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the template comes from, and what CloudFormation is told."""

from __future__ import annotations

import hashlib
import io
import json
import typing as t

import botocore.exceptions
import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.content import fingerprint
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.source import (
    AbsentError,
    Source,
    resolve,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import InputError, RunnerError

S3_URL = "https://gitpod-flex-releases.s3.amazonaws.com/ec2/releases/20260115.2/enterprise.json"
TEMPLATE = b'{"Resources": {}}'
DIGEST = hashlib.sha256(TEMPLATE).hexdigest()
NOTHING: dict[str, t.Any] = dict.fromkeys(
    ("template_url", "template_body", "release_channel", "release_version", "template_sha256", "template_bucket")
)
NOTHING.update(releases_url="https://releases.gitpod.io")
RECORD = {"gitpod:release-version": "20260115.2"}
BASE = "https://releases.gitpod.io"


def manifest(url: str = f"{BASE}/ec2/releases/20260115.2/enterprise.json") -> bytes:
    return json.dumps({"version": "20260115.2", "cloudformation_template_url": url}).encode()


class Bucket:
    """S3 with objects of everyone's, that remembers what was put."""

    def __init__(self, objects: dict[str, bytes] | None = None) -> None:
        self.objects = objects or {}
        self.put: dict[str, t.Any] = {}

    def get_object(self, **arguments: t.Any) -> dict[str, t.Any]:
        if arguments["Key"] not in self.objects:
            raise botocore.exceptions.ClientError({"Error": {"Code": "NoSuchKey"}}, "GetObject")
        return {"Body": io.BytesIO(self.objects[arguments["Key"]])}

    def get_bucket_location(self, **_arguments: t.Any) -> dict[str, str]:
        return {"LocationConstraint": "eu-central-1"}

    def put_object(self, **arguments: t.Any) -> None:
        self.put = arguments

    @property
    def meta(self) -> Bucket:
        return self

    events = meta

    def register(self, *_arguments: t.Any) -> None:
        """Who signs makes no difference here."""

    unregister = register


def web(pages: dict[str, bytes]) -> t.Callable[[str], bytes]:
    def read(url: str) -> bytes:
        return pages[url]

    return read


def source(pages: dict[str, bytes] | None = None, bucket: Bucket | None = None, **options: t.Any) -> Source:
    return resolve({**NOTHING, **options}, lambda: bucket or Bucket(), web(pages or {}))


def test_an_s3_url_is_passed_on_and_what_it_holds_is_recorded() -> None:
    bucket = Bucket({"ec2/releases/20260115.2/enterprise.json": TEMPLATE})
    found = source(bucket=bucket, template_url=S3_URL)
    # A release's own directory tells which one it is.
    record = {**RECORD, "gitpod:template-sha256": DIGEST}
    assert found == Source({"TemplateURL": S3_URL}, record, "20260115.2", fingerprint(TEMPLATE))


def test_an_s3_url_that_cannot_be_read_from_here_is_passed_on_without_a_record() -> None:
    moved = "https://bucket.s3.amazonaws.com/enterprise.json"
    assert source(template_url=moved) == Source({"TemplateURL": moved})
    assert source(template_url="https://releases.gitpod.io/ec2/releases/20260115.2/enterprise.json").location == {
        "TemplateURL": S3_URL
    }


def test_a_channel_is_resolved_through_its_manifest_and_recorded() -> None:
    found = source({f"{BASE}/ec2/stable/manifest.json": manifest()}, release_channel="stable")
    assert found == Source({"TemplateURL": S3_URL}, RECORD, "20260115.2", channel="stable")


def test_another_template_of_the_release_is_deployed_only_by_its_name() -> None:
    pages = {f"{BASE}/ec2/releases/20260115.2/manifest.json": manifest()}
    named = {"release_version": "v20260115.2", "template_name": "older.json"}
    bucket = Bucket({"ec2/releases/20260115.2/older.json": TEMPLATE})
    location = source(pages, bucket, **named).location
    assert location == {"TemplateURL": S3_URL.replace("enterprise.json", "older.json")}
    with pytest.raises(InputError, match=r"release 20260115\.2 has no template older\.json") as caught:
        source(pages, **named)
    assert "its manifest names enterprise.json" in caught.value.next_step


@pytest.mark.parametrize(
    ("named", "told", "variable"),
    [
        ({"release_version": "20991231.1"}, "There is no release 20991231.1", "gitpod_stack_release_version"),
        ({"release_channel": "bleeding"}, "There is no release channel bleeding", "gitpod_stack_release_channel"),
    ],
)
def test_what_nobody_has_published_is_called_that(named: dict[str, str], told: str, variable: str) -> None:
    def read(url: str) -> bytes:
        raise AbsentError(f"Could not read {url}", "The answer is HTTP 403")

    with pytest.raises(InputError, match=told) as caught:
        resolve({**NOTHING, **named}, Bucket, read)
    assert "HTTP 403" in caught.value.why
    assert variable in caught.value.next_step
    assert "gitpod_stack_releases_url" in caught.value.next_step


def test_a_manifest_of_another_release_is_not_taken() -> None:
    with pytest.raises(RunnerError, match=r"It is the manifest of 20260115\.2"):
        source({f"{BASE}/ec2/releases/20260105.12/manifest.json": manifest()}, release_version="20260105.12")


def test_a_mirror_in_s3_serves_the_templates_too() -> None:
    mirror = "https://mirror.s3.eu-central-1.amazonaws.com/gitpod"
    pages = {f"{mirror}/ec2/stable/manifest.json": manifest()}
    found = source(pages, release_channel="stable", releases_url=f"{mirror}/")
    assert found.location == {"TemplateURL": f"{mirror}/ec2/releases/20260115.2/enterprise.json"}


def test_of_a_mirror_elsewhere_the_template_goes_through_a_bucket_or_comes_from_the_vendors() -> None:
    mirror = "https://mirror.example.com"
    own = f"{mirror}/ec2/releases/20260115.2/enterprise.json"
    pages = {f"{mirror}/ec2/stable/manifest.json": manifest(), own: b"x" * 60_000}
    asked = {"release_channel": "stable", "releases_url": mirror}
    assert source(pages, **asked).location == {"TemplateURL": S3_URL}
    bucket = Bucket()
    assert "templates.s3" in source(pages, bucket, **asked, template_bucket="templates").location["TemplateURL"]
    assert bucket.put["Body"] == pages[own]
    # A manifest that names the mirror itself is taken at its word.
    pages = {f"{mirror}/ec2/stable/manifest.json": manifest(own), own: TEMPLATE}
    assert source(pages, **asked).location == {"TemplateBody": TEMPLATE.decode()}


def test_a_mirror_is_read_and_its_content_sent() -> None:
    found = source({"https://mirror.example.com/t.json": TEMPLATE}, template_url="https://mirror.example.com/t.json")
    assert found.location == {"TemplateBody": TEMPLATE.decode()}
    assert found.tags == {"gitpod:template-sha256": DIGEST}


def test_a_pinned_template_is_looked_at() -> None:
    pages = {S3_URL: TEMPLATE}
    assert source(pages, template_url=S3_URL, template_sha256=DIGEST).location == {"TemplateURL": S3_URL}
    bucket = Bucket({"ec2/releases/20260115.2/enterprise.json": TEMPLATE})
    assert source(bucket=bucket, template_url=S3_URL, template_sha256=DIGEST).version == "20260115.2"
    with pytest.raises(RunnerError, match="pinned"):
        source(bucket=bucket, template_url=S3_URL, template_sha256="0" * 64)
    with pytest.raises(RunnerError, match="pinned"):
        source(pages, template_url=S3_URL, template_sha256="0" * 64)


def test_a_large_template_is_uploaded_under_its_hash() -> None:
    large = b"x" * 60_000
    with pytest.raises(RunnerError, match="51,200"):
        source(template_body=large.decode())
    bucket = Bucket()
    found = source(bucket=bucket, template_body=large.decode(), template_bucket="templates")
    key = f"gitpod-enterprise-runner/{hashlib.sha256(large).hexdigest()}.json"
    assert found.location == {"TemplateURL": f"https://templates.s3.eu-central-1.amazonaws.com/{key}"}
    assert (bucket.put["Key"], bucket.put["Body"]) == (key, large)


def test_a_template_has_to_be_named() -> None:
    with pytest.raises(RunnerError, match="No template is named"):
        source()
