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

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import (
    desired,
    effects,
    operation,
    status,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.api import _common
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.foresee import (
    Present,
    difference,
    tags_after,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import Stack
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.source import (
    keeps,
    of_stack,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._release import is_older
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.door import read
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.registry import variables

VERSION, HASH = "gitpod:release-version", "gitpod:template-sha256"
HASHED = "f" * 64
RECORD = {VERSION: "20260115.2", HASH: HASHED}
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
        ({"gitpod_stack_template_name": "gitpod-ec2-runner-enterprise.json"}, True),
        ({"gitpod_stack_template_sha256": "0" * 64}, True),
        ({"gitpod_stack_release_version": "20260115.2"}, False),
        ({"gitpod_stack_template_url": "https://mirror.s3.amazonaws.com/t.json"}, False),
        ({"gitpod_stack_template_file": "/srv/t.json"}, False),
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
    assert keeps(KEEP, recorded(name)) is (name in DEPLOYED)
    assert keeps({**KEEP, "keep_release": False}, recorded(name)) is False
    assert keeps(KEEP, stack(name)) is (name in DEPLOYED), "also what nobody has recorded, an adopted stack's, say"
    assert keeps({**KEEP, "template_sha256": HASHED.upper()}, recorded(name)) is (name in DEPLOYED)
    assert keeps({**KEEP, "template_sha256": "0" * 64}, recorded(name)) is False, "another content is pinned"


def unreachable(*_arguments: t.Any) -> t.Any:
    raise AssertionError("nothing has to be read")


def test_the_template_that_is_there_is_used_again_without_reading_anything() -> None:
    found = of_stack(KEEP, recorded("UPDATE_COMPLETE"), unreachable, unreachable)
    assert found.kept
    assert (found.version, found.tags) == ("20260115.2", RECORD)
    arguments = _common(WANTED, dataclasses.replace(TEMPLATE, location=found.location), [])
    assert arguments["UsePreviousTemplate"] is True
    assert not {"StackName", "TemplateURL", "TemplateBody"} & set(arguments)


@pytest.mark.parametrize("options", [KEEP, {"release_channel": "stable", "keep_release": True}])
def test_a_stack_that_nobody_has_recorded_keeps_its_template_too(options: dict[str, t.Any]) -> None:
    found = of_stack(options, stack("UPDATE_COMPLETE"), unreachable, unreachable)
    assert (found.kept, found.version, found.tags) == (True, "", {})


def test_a_new_stack_has_the_channels_newest() -> None:
    options = {"release_channel": "stable", "keep_release": True}
    url = "https://releases.gitpod.io/ec2/releases/20260201.1/t.json"
    manifest = json.dumps({"version": "20260201.1", "cloudformation_template_url": url}).encode()
    found = of_stack(options, Stack("gitpod-eu"), _Empty, lambda _url: manifest)
    assert (found.kept, found.version, found.channel) == (False, "20260201.1", "stable")


def test_nothing_named_means_the_stable_channel() -> None:
    given = {"gitpod_region": "eu-central-1", "gitpod_runner_name": "eu"}
    values = read("eu", "/", variables(), given).everything()
    assert desired.template(values) == {"release_channel": "stable"}
    assert desired.template(values, "20260201.1") == {"release_version": "20260201.1"}
    own = read("eu", "/", variables(), {**given, "gitpod_stack_template_url": DEFAULT}).everything()
    assert desired.template(own) == {"template_url": DEFAULT}


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


PINNED = dataclasses.replace(WANTED, tags={**WANTED.tags, VERSION: "20260101.1"})


@pytest.mark.parametrize("running", ["", "20260301.1"])
def test_a_template_that_is_older_than_the_stacks_or_the_runners_is_refused(running: str) -> None:
    tags = {**WANTED.tags, VERSION: "20251201.1" if running else "20260115.2"}
    api = FakeApi(stack("UPDATE_COMPLETE", tags=tags), {"execute": ["UPDATE_COMPLETE"]})
    api.change_sets = [{"Status": "CREATE_COMPLETE", "Changes": []}]
    wanted = dataclasses.replace(PINNED, running_version=running)
    with pytest.raises(RunnerError, match="would be a downgrade") as refused:
        operation.present(t.cast("t.Any", api), wanted, {"StackName": "arn"}, mode())
    newer = f"the runner runs {running}" if running else "the stack has 20260115.2"
    assert newer in refused.value.why
    assert "gitpod_stack_allow_downgrade" in refused.value.next_step
    assert api.done == [], "nothing was written"
    allowed = dataclasses.replace(wanted, allow_downgrade=True)
    outcome = operation.present(t.cast("t.Any", api), allowed, {"StackName": "arn"}, mode())
    assert outcome.changed
    assert any("is a downgrade, as allowed" in line for line in outcome.warnings)


def test_a_pinned_release_that_the_stack_has_is_no_downgrade_of_a_runner_that_updated_itself() -> None:
    own = {**WANTED.tags, VERSION: "20260101.1"}
    wanted = dataclasses.replace(PINNED, running_version="20260301.1")
    assert difference(wanted, TEMPLATE, Present(stack("UPDATE_COMPLETE", tags=own))).needs_change_set is False
    api = FakeApi(stack("UPDATE_COMPLETE", tags=own))
    assert operation.present(t.cast("t.Any", api), wanted, {"StackName": "arn"}, mode()).changed is False


def test_an_update_with_the_stacks_own_template_tells_that_it_takes_the_services_back() -> None:
    own = {**WANTED.tags, VERSION: "20260101.1"}
    api = FakeApi(stack("UPDATE_COMPLETE", tags=own), {"execute": ["UPDATE_COMPLETE"]})
    api.change_sets = [{"Status": "CREATE_COMPLETE", "Changes": []}]
    values = {**WANTED.parameters, "Size": "large"}
    kept = dataclasses.replace(PINNED, keeps_template=True, parameters=values, running_version="20260301.1")
    (told,) = operation.present(t.cast("t.Any", api), kept, {"StackName": "arn"}, mode()).warnings
    assert "has updated itself to 20260301.1, and its template is of 20260101.1" in told
    assert "gitpod_stack_release_version: v20260301.1" in told


@pytest.mark.parametrize(
    ("tags", "created", "warned"),
    [
        ({VERSION: "20250110.1"}, "2026-01-01T10:00:00+00:00", True),
        ({VERSION: "v20250110.1"}, "2026-01-01T10:00:00+00:00", True),
        ({}, "2025-01-10T10:00:00+00:00", True),
        ({}, "2025-02-10T10:00:00+00:00", False),
        ({VERSION: "20250201.1"}, "2025-01-10T10:00:00+00:00", False),
    ],
)
def test_whoever_upgrades_a_template_of_january_2025_is_told_of_ssh(
    tags: dict[str, str], created: str, warned: bool
) -> None:
    # An update of parameters alone leaves the template as it was, so its day says nothing.
    updated = "2026-03-01T10:00:00+00:00"
    before = stack("UPDATE_COMPLETE", tags={**WANTED.tags, **tags}, created=created, updated=updated)
    told = effects.warnings(PINNED, before, template=True, parameters=())
    assert any("29222" in line and "stop and discard" in line and "TCP 22" in line for line in told) is warned
    assert effects.warnings(PINNED, before, template=False, parameters=()) == ()


def test_changed_proxies_and_authorities_hold_from_different_moments_on() -> None:
    assert effects.effects(["Size"]) == ()
    proxies = effects.effects(["HTTPS Proxy", "Size"])
    assert [line.startswith("HTTPS Proxy: ") for line in proxies] == [True] * 4
    for moment in ("as soon as the stack is updated", "restarted", "rebuilt", "made anew"):
        assert any(moment in line for line in proxies)
    both = effects.effects(["Custom CA Certificate", "No Proxy"])
    assert both[-1].startswith("No Proxy, Custom CA Certificate: devcontainers and builds of their images")
