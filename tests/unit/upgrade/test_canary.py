# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first batch of an upgrade is the canary that is named, or the first runner by name, whatever the order is."""

from __future__ import annotations

import pathlib
import typing as t

import pytest
import yaml
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

ROOT = pathlib.Path(__file__).parents[3]
RUNNERS = ["eu", "ap", "us", "sa"]


def upgraded(directory: pathlib.Path, foreseen: list[str], variables: dict[str, t.Any]) -> list[str]:
    """The hosts of the play that upgrades, in its order.

    :param foreseen: in the order in which they were added to the group.
    """
    inventory = directory / "hosts.yml"
    hosts: dict[str, None] = dict.fromkeys(RUNNERS)
    inventory.write_text(yaml.safe_dump({"gitpod_runners": {"hosts": hosts}}, sort_keys=False), "utf-8")
    loader = DataLoader()
    manager = InventoryManager(loader, [str(inventory)])
    for name in foreseen:
        manager._inventory.add_group("gitpod_upgrade_foreseen")
        manager._inventory.add_child("gitpod_upgrade_foreseen", name)
    plays = yaml.safe_load((ROOT / "playbooks/upgrade.yml").read_text("utf-8"))
    (pattern,) = [play["hosts"] for play in plays if play["name"] == "Upgrade Gitpod Enterprise AWS Runners"]
    templar = Templar(loader, {"groups": manager.get_groups_dict(), **variables})
    return [str(host) for host in manager.get_hosts(templar.template(trust_as_template(pattern)))]


@pytest.mark.parametrize(
    ("variables", "order"),
    [
        ({}, ["ap", "eu", "us"]),
        ({"gitpod_hosts": "eu,us,ap"}, ["ap", "eu", "us"]),
        ({"gitpod_hosts": ["eu", "ap"]}, ["ap", "eu"]),
        ({"gitpod_hosts": "gitpod_runners:!us"}, ["ap", "eu"]),
        ({"gitpod_rollout_canary": "eu"}, ["eu", "ap", "us"]),
        ({"gitpod_rollout_canary": ""}, ["ap", "eu", "us"]),
        ({"gitpod_rollout_canary": None}, ["ap", "eu", "us"]),
        ({"gitpod_rollout_canary": " us\n", "gitpod_hosts": "us\r\neu\n"}, ["us", "eu"]),
        # It is in the play no more, because it could not be looked at.
        ({"gitpod_rollout_canary": "sa"}, ["ap", "eu", "us"]),
    ],
)
def test_runners_are_upgraded_by_name_the_canary_first(
    tmp_path: pathlib.Path, variables: dict[str, t.Any], order: list[str]
) -> None:
    assert upgraded(tmp_path, ["us", "ap", "eu"], variables) == order


def test_where_no_runner_could_be_looked_at_none_is_upgraded(tmp_path: pathlib.Path) -> None:
    assert upgraded(tmp_path, [], {}) == []
