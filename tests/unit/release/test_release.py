# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Release channels, versions, and what CloudFormation can read."""

from __future__ import annotations

import hashlib
import json

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._release import (
    LARGEST_BODY,
    VERSION_TAG,
    Release,
    check_hash,
    fitting_body,
    is_moving,
    is_s3_url,
    manifest_url,
    newer_than,
    parse_manifest,
    plain,
    recorded,
    release_tags,
    template_location,
    version_of,
)


def test_channel_and_version_have_their_manifests() -> None:
    assert (
        manifest_url("https://mirror.example.com/", "stable", "")
        == "https://mirror.example.com/ec2/stable/manifest.json"
    )
    assert manifest_url("https://m", "", "20260115.2") == "https://m/ec2/releases/20260115.2/manifest.json"


@pytest.mark.parametrize(("channel", "version"), [("", ""), ("stable", "20260115.2"), ("../x", ""), ("", "latest")])
def test_a_release_is_named_once_and_properly(channel: str, version: str) -> None:
    with pytest.raises(RunnerError):
        manifest_url("https://m", channel, version)


def test_the_manifests_template_is_meant_unless_another_is_named() -> None:
    url = "https://r/ec2/releases/20260115.2/runner.json"
    manifest = json.dumps({"version": "20260115.2", "cloudformation_template_url": url})
    assert parse_manifest(manifest, "https://r") == Release("20260115.2", url, url)
    other = parse_manifest(manifest, "https://r", "enterprise.json")
    assert other == Release("20260115.2", "https://r/ec2/releases/20260115.2/enterprise.json", url)


def test_a_release_is_the_same_one_with_and_without_its_letter() -> None:
    """A mirror's manifest, a stack's tag and a runner may each have the letter that the vendor's tags have."""
    url = "https://r/ec2/releases/v20260115.2/runner.json"
    manifest = json.dumps({"version": "v20260115.2", "cloudformation_template_url": url})
    for asked in ("", "20260115.2", "v20260115.2"):
        assert parse_manifest(manifest, "https://r", asked=asked).version == "20260115.2"
    with pytest.raises(RunnerError, match=r"It is the manifest of 20260115\.2"):
        parse_manifest(manifest, "https://r", asked="v20260115.20")
    assert version_of(url) == "20260115.2"
    assert recorded({VERSION_TAG: "v20260115.2"}) == "20260115.2"
    assert recorded({}) == ""
    # What only begins with it is no release's letter.
    assert plain("vendored") == "vendored"


def test_another_file_of_a_release_has_not_the_query_of_the_one_that_is_named() -> None:
    url = "https://r/ec2/releases/20260115.2/runner.json?versionId=a/b#top"
    manifest = json.dumps({"version": "20260115.2", "cloudformation_template_url": url})
    found = parse_manifest(manifest, "https://r", "other.json")
    assert found == Release("20260115.2", "https://r/ec2/releases/20260115.2/other.json", url)


@pytest.mark.parametrize(
    ("target", "recorded", "running", "newer"),
    [
        ("20260115.2", "20260115.10", "", "the stack has 20260115.10"),
        ("20260115.2", "20260105.1", "20260115.10", "the runner runs 20260115.10"),
        ("20260115.2", "20260116.1", "20260115.10", "the stack has 20260116.1"),
        ("20260115.2", "20260115.2", "20260115.2", ""),
        ("20260115.2", "", "", ""),
        ("custom", "20260115.2", "20260115.2", ""),
    ],
)
def test_what_is_older_than_what_is_there_or_runs_is_a_step_back(
    target: str, recorded: str, running: str, newer: str
) -> None:
    assert newer_than(target, recorded, running) == newer


@pytest.mark.parametrize(
    ("url", "moving"),
    [
        ("https://gitpod-flex-releases.s3.amazonaws.com/ec2/stable/gitpod-ec2-runner-enterprise.json", True),
        ("https://releases.gitpod.io/ec2/latest/t.json", True),
        ("https://releases.gitpod.io/ec2/releases/20260115.2/t.json", False),
        ("https://templates.s3.amazonaws.com/ec2/stable/t.json", False),
        ("", False),
    ],
)
def test_a_channels_own_copy_moves(url: str, moving: bool) -> None:
    assert is_moving(url) is moving


@pytest.mark.parametrize("text", ["<html>", "{}", "[]", '{"version": "1"}'])
def test_another_answer_than_a_manifest_is_told(text: str) -> None:
    with pytest.raises(RunnerError, match="cannot be read"):
        parse_manifest(text, "https://r", "x")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://gitpod-flex-releases.s3.amazonaws.com/a.json", True),
        ("https://bucket.s3.eu-central-1.amazonaws.com/a.json", True),
        ("https://s3.eu-central-1.amazonaws.com/bucket/a.json", True),
        ("https://s3-us-west-2.amazonaws.com/bucket/a.json", True),
        ("https://bucket.s3.cn-north-1.amazonaws.com.cn/a.json", True),
        ("https://bucket.s3.eusc-de-east-1.amazonaws.eu/a.json", True),
        ("https://bucket.s3.us-iso-east-1.c2s.ic.gov/a.json", True),
        ("https://bucket.s3.us-east-1.amazonaws.com.evil.example/a.json", False),
        ("http://bucket.s3.amazonaws.com/a.json", False),
        ("https://releases.gitpod.io/a.json", False),
        ("https://s3.amazonaws.com.evil.example/a.json", False),
        ("https://nots3.amazonaws.com/a.json", False),
    ],
)
def test_s3_urls_are_told_apart(url: str, expected: bool) -> None:
    assert is_s3_url(url) is expected


def test_the_vendors_host_is_rewritten_to_its_bucket_and_nothing_else_is() -> None:
    path = "/ec2/stable/gitpod-ec2-runner-enterprise.json"
    assert template_location("https://releases.gitpod.io" + path) == (
        "https://gitpod-flex-releases.s3.amazonaws.com" + path
    )
    assert template_location("https://mirror.example.com" + path) == "https://mirror.example.com" + path


def test_a_pinned_template_must_be_that_one() -> None:
    digest = hashlib.sha256(b"template").hexdigest()
    assert check_hash(b"template", digest.upper(), "x") == digest
    with pytest.raises(RunnerError, match="not the one that was pinned"):
        check_hash(b"another", digest, "x")


def test_a_body_has_a_largest_size() -> None:
    assert len(fitting_body(b"x" * LARGEST_BODY, "x")) == LARGEST_BODY
    with pytest.raises(RunnerError, match="51,200"):
        fitting_body(b"x" * (LARGEST_BODY + 1), "x")


def test_what_is_deployed_is_recorded_as_far_as_it_is_known() -> None:
    assert release_tags("", "ab") == {"gitpod:template-sha256": "ab"}
