# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which runners of the management plane become hosts, and what a host knows."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.inventory.runners import (
    cached,
    chosen,
    usable,
    variables,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.model import Runner

EU = Runner("1", "gitpod-eu", region="eu-central-1", variant="enterprise", phase="active", version="2")
US = Runner("2", "gitpod-us", region="us-east-1", phase="degraded")
STANDARD = Runner("3", "standard", region="eu-central-1", variant="standard", phase="active")
LEAVING = Runner("4", "gitpod-old", region="eu-central-1", variant="enterprise", phase="deleting")
ALL: dict[str, t.Any] = {"names": [], "regions": [], "phases": [], "variants": ["enterprise"]}


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({}, ["gitpod-eu", "gitpod-us"]),
        ({"names": ["*-eu"]}, ["gitpod-eu"]),
        ({"names": ["gitpod-??"]}, ["gitpod-eu", "gitpod-us"]),
        ({"regions": ["us-east-1"]}, ["gitpod-us"]),
        ({"phases": ["degraded"]}, ["gitpod-us"]),
        ({"phases": ["deleting"]}, ["gitpod-old"]),
        ({"variants": ["standard"]}, ["standard"]),
        ({"variants": ["standard", "enterprise"], "regions": ["eu-central-1"]}, ["gitpod-eu", "standard"]),
    ],
)
def test_filters(options: dict[str, t.Any], names: list[str]) -> None:
    runners = [runner.as_result() for runner in (US, STANDARD, LEAVING, EU)]
    assert [runner["name"] for runner in chosen(runners, {**ALL, **options})] == names


def test_two_runners_of_one_name_are_told_unless_a_filter_chooses() -> None:
    runners = [EU.as_result(), dataclasses.replace(US, name="gitpod-eu").as_result()]
    with pytest.raises(RunnerError, match=r"Several runners have one name.*1 in eu-central-1, 2 in us-east-1"):
        chosen(runners, ALL)
    assert len(chosen(runners, {**ALL, "regions": ["us-east-1"]})) == 1


def test_a_host_knows_what_the_management_plane_says_and_no_runner_id_of_the_contract() -> None:
    found = variables(EU.as_result())
    assert (found["runner_id"], found["runner_phase"], found["runner_version"]) == ("1", "active", "2")
    assert (found["gitpod_runner_name"], found["gitpod_region"]) == ("gitpod-eu", "eu-central-1")
    assert "gitpod_runner_id" not in found


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"name": ""}, "or none"),
        ({"name": " \t"}, "or none"),
        ({"name": " gitpod-eu"}, "blanks around it"),
        ({"name": "gitpod\neu"}, "cannot be printed"),
        ({"name": "\x1b[2Jgitpod"}, "cannot be printed"),
        ({"name": "gitpod-\u202eue"}, "cannot be printed"),
        ({"name": "all"}, "is a group's"),
        ({"name": "gitpod_runners"}, "is a group's"),
        ({"name": "../x"}, "a path"),
        ({"name": ".x"}, "a path"),
        ({"name": "localhost"}, "the control node's"),
        ({"name": "x" * 256}, "more than 255 characters"),
        ({"id": ""}, "it has no ID"),
    ],
)
def test_a_runner_that_can_be_no_host_is_left_out_with_a_warning_and_the_others_stay(
    changes: dict[str, str], fault: str
) -> None:
    broken = dataclasses.replace(EU, **changes).as_result()
    good, told = usable([broken, US.as_result(), *[broken] * 39], {"all", "ungrouped", "gitpod_runners"})
    assert [runner["name"] for runner in good] == ["gitpod-us"]
    assert len(told) == 6
    assert fault in told[0]
    assert told[-1] == "35 more runners become no hosts."
    assert all(line.isprintable() and len(line) < 300 for line in told)


@pytest.mark.parametrize("found", [None, {}, "x", [None], [{"name": "old"}], [[]]])
def test_what_another_version_has_cached_is_read_anew(found: t.Any) -> None:
    assert cached(found) is None
    assert cached([EU.as_result()]) == [EU.as_result()]
