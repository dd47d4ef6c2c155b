# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A release that the stack records stays unless the inventory pins another: site.yml takes no upgrade back."""

from __future__ import annotations

import dataclasses
import json
import typing as t

import pytest
from fakes import TEMPLATE, WANTED, FakeApi, mode, stack

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import desired, operation, status
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.api import _common
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.foresee import (
    Present,
    difference,
    tags_after,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import Stack
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.source import (
    of_stack,
    recorded_release,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._release import is_older
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.door import read
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.registry import variables

VERSION, HASH = "gitpod:release-version", "gitpod:template-sha256"
RECORD = {VERSION: "20260115.2", HASH: "f" * 64}
DEFAULT = "https://gitpod-flex-releases.s3.amazonaws.com/ec2/stable/gitpod-ec2-runner-enterprise.json"
KEEP = {"template_url": "https://templates.s3.amazonaws.com/t.json", "keep_release": True}


def recorded(name: str) -> Stack:
    return stack(name, tags={"team": "x", **RECORD})


@pytest.mark.parametrize(
    ("said", "keeps"),
    [
        ({}, True),
        ({"gitpod_stack_template_url": DEFAULT}, True),
        ({"gitpod_stack_release_channel": "stable"}, True),
        ({"gitpod_stack_release_version": "20260115.2"}, False),
        ({"gitpod_stack_template_url": "https://mirror.s3.amazonaws.com/t.json"}, False),
        ({"gitpod_stack_template_file": "/srv/t.json"}, False),
        ({"gitpod_stack_template_sha256": "0" * 64}, False),
    ],
)
def test_what_pins_a_template(said: dict[str, t.Any], keeps: bool) -> None:
    values = read("eu", "/", variables(), {"gitpod_region": "eu-central-1", "gitpod_runner_name": "eu", **said})
    assert desired.keeps_release(values.everything()) is keeps
    assert desired.keeps_release(values.everything(), "20260101.1") is False, "an upgrade has settled its release"


DEPLOYED = {
    *("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"),
    *("UPDATE_FAILED", "UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED"),
    *("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "IMPORT_IN_PROGRESS", "IMPORT_COMPLETE", "DELETE_FAILED"),
    *("IMPORT_ROLLBACK_IN_PROGRESS", "IMPORT_ROLLBACK_FAILED", "IMPORT_ROLLBACK_COMPLETE"),
}


@pytest.mark.parametrize("name", sorted(status.TABLE))
def test_a_stack_that_is_deployed_keeps_what_it_records(name: str) -> None:
    assert recorded_release(KEEP, recorded(name)) == ("20260115.2" if name in DEPLOYED else "")
    assert recorded_release({**KEEP, "keep_release": False}, recorded(name)) == ""
    assert recorded_release(KEEP, stack(name)) == "", "an adopted stack records none"


def unreachable(*_arguments: t.Any) -> t.Any:
    raise AssertionError("nothing has to be read")


def test_the_template_that_is_there_is_used_again_without_reading_anything() -> None:
    found = of_stack(KEEP, recorded("UPDATE_COMPLETE"), unreachable, unreachable)
    assert found.kept
    assert (found.version, found.tags) == ("20260115.2", RECORD)
    arguments = _common(WANTED, dataclasses.replace(TEMPLATE, location=found.location), [])
    assert arguments["UsePreviousTemplate"] is True
    assert not {"StackName", "TemplateURL", "TemplateBody"} & set(arguments)


@pytest.mark.parametrize(
    ("newest", "kept"), [("20260101.1", True), ("20260115.2", False), ("20260115.10", False), ("20260201.1", False)]
)
def test_a_channel_goes_forward_only(newest: str, kept: bool) -> None:
    options = {"release_channel": "stable", "keep_release": True}
    url = f"https://releases.gitpod.io/ec2/releases/{newest}/t.json"
    manifest = json.dumps({"version": newest, "cloudformation_template_url": url}).encode()
    found = of_stack(options, recorded("UPDATE_COMPLETE"), _Empty, lambda _url: manifest)
    assert (found.kept, found.version) == (kept, "20260115.2" if kept else newest)


class _Empty:
    """S3 that lets nobody read."""

    def get_object(self, **_arguments: t.Any) -> t.Any:
        import botocore.exceptions

        raise botocore.exceptions.ClientError({"Error": {"Code": "NoSuchKey"}}, "GetObject")


def test_releases_are_compared_as_numbers() -> None:
    assert is_older("20260115.2", "20260115.10")
    assert not is_older("20260115.10", "20260115.2")
    assert not is_older("20260115.2", "20260115.2")
    assert not is_older("custom", "20260115.2")


@pytest.mark.parametrize("purge", [True, False])
def test_nothing_differs_and_the_record_stays(purge: bool) -> None:
    own = {"team": "x", **RECORD}
    wanted = dataclasses.replace(WANTED, tags=own, purge_tags=purge, keeps_template=True, fingerprint="")
    present = Present(recorded("UPDATE_COMPLETE"), fingerprint="whatever")
    found = difference(wanted, TEMPLATE, present)
    assert (found.template, found.tags, found.needs_change_set) == (False, {}, False)
    assert tags_after(wanted, present)[VERSION] == "20260115.2"


def test_another_value_is_deployed_with_the_same_template() -> None:
    api = FakeApi(stack("UPDATE_COMPLETE", tags={**WANTED.tags, **RECORD}), {"execute": ["UPDATE_COMPLETE"]})
    api.change_sets = [{"Status": "CREATE_COMPLETE", "Changes": []}]
    tags = {**WANTED.tags, **RECORD}
    values = {**WANTED.parameters, "Size": "large"}
    wanted = dataclasses.replace(WANTED, tags=tags, parameters=values, keeps_template=True)
    outcome = operation.present(t.cast("t.Any", api), wanted, {"StackName": "arn"}, mode())
    assert (outcome.operation, outcome.changed) == ("update", True)
    assert VERSION in outcome.stack.tags
