# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts a play is for: an order of its own, and an error where Ansible would see no failure."""

from __future__ import annotations

import pathlib
import typing as t

import pytest
import yaml
from ansible import context
from ansible.errors import AnsibleFilterError
from ansible.utils.context_objects import CLIArgs

from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.play_hosts import play_hosts

ROOT = pathlib.Path(__file__).parents[3]
GROUPS = {
    "all": ["us", "eu", "ap", "db"],
    "ungrouped": [],
    "gitpod_runners": ["us", "eu", "ap"],
    "europe": ["eu"],
    "others": ["db"],
}


@pytest.fixture(autouse=True)
def arguments(monkeypatch: pytest.MonkeyPatch) -> t.Callable[..., None]:
    def given(**options: t.Any) -> None:
        monkeypatch.setattr(context, "CLIARGS", CLIArgs(options))

    given()
    return given


@pytest.mark.parametrize(
    ("pattern", "canary", "hosts"),
    [
        ("gitpod_runners", "", ["ap", "eu", "us"]),
        ("gitpod_runners", None, ["ap", "eu", "us"]),
        ("gitpod_runners", " us\r\n", ["us", "ap", "eu"]),
        (["europe", "us"], "us", ["us", "eu"]),
        ("europe\nus\n", "", ["eu", "us"]),
        ("gitpod_runners:!europe", "", ["ap", "us"]),
        ("gitpod_runners:&europe", "", ["eu"]),
    ],
)
def test_the_canary_comes_first_and_then_the_names(pattern: t.Any, canary: t.Any, hosts: list[str]) -> None:
    assert play_hosts(pattern, GROUPS, canary) == hosts


def test_an_inventory_without_the_group_fails() -> None:
    with pytest.raises(AnsibleFilterError, match=r"no host in gitpod_runners \(its groups are others\).*gitpod_hosts"):
        play_hosts("gitpod_runners", {"all": ["db"], "ungrouped": [], "others": ["db"]})
    with pytest.raises(AnsibleFilterError, match="it has no groups"):
        play_hosts("gitpod_runners", {"all": [], "ungrouped": []})


def test_a_limit_that_leaves_no_runner_fails(arguments: t.Callable[..., None]) -> None:
    arguments(subset="db")
    with pytest.raises(AnsibleFilterError, match="limit db leaves none of the 3 runners"):
        play_hosts("gitpod_runners", GROUPS)
    arguments(subset="eu,db")
    assert play_hosts("gitpod_runners", GROUPS) == ["ap", "eu", "us"], "Ansible itself lays the limit over it"


def test_a_canary_that_is_no_runner_fails_and_one_that_is_left_out_does_not(arguments: t.Callable[..., None]) -> None:
    with pytest.raises(AnsibleFilterError, match="gitpod_rollout_canary is 'db'"):
        play_hosts("gitpod_runners", GROUPS, "db")
    arguments(subset="eu")
    assert play_hosts("gitpod_runners", GROUPS, "us") == ["us", "ap", "eu"]


def test_without_hosts_to_run_on_nothing_is_wrong(arguments: t.Callable[..., None]) -> None:
    arguments(syntax=True)
    assert play_hosts("gitpod_runners", {"all": [], "ungrouped": []}) == ["gitpod_runners"]


def test_names_that_mean_something_in_a_pattern_stay_in_ansibles_order() -> None:
    groups = {"all": ["b", "a[1]"], "ungrouped": [], "gitpod_runners": ["b", "a[1]"]}
    assert play_hosts("gitpod_runners", groups, "b") == ["b", "gitpod_runners"]


def test_every_playbook_over_runners_fails_without_any() -> None:
    plays = [
        (path.name, play)
        for path in (ROOT / "playbooks").glob("*.yml")
        for play in yaml.safe_load(path.read_text("utf-8"))
        if play["hosts"] != "localhost"
    ]
    assert len({name for name, _play in plays}) == 9
    assert [name for name, play in plays if "play_hosts(groups" not in play["hosts"]] == []
