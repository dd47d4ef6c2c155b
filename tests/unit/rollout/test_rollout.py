# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Batches of a rollout: their sizes as Ansible makes them, what is said, what is noticed."""

from __future__ import annotations

import typing as t
from types import SimpleNamespace

import pytest
from ansible.executor.playbook_executor import PlaybookExecutor
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import InputError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._rollout import (
    batch_lines,
    batch_sizes,
    batches,
    not_first,
    serial,
    several,
    unheeded,
)

HOSTS = [f"runner-{number}" for number in range(16)]
ENTRIES = st.one_of(st.integers(1, 40), st.integers(1, 100).map(lambda share: f"{share}%"))


def ansibles_sizes(batches: list[t.Any], hosts: int) -> list[int]:
    """What ansible-core itself makes of it."""
    inventory = SimpleNamespace(get_hosts=lambda *_unused, **_named: list(range(hosts)))
    executor = SimpleNamespace(_inventory=inventory)
    play = SimpleNamespace(hosts="all", order=None, serial=batches)
    return [len(batch) for batch in PlaybookExecutor._get_serialized_batches(executor, play)]


@given(st.lists(ENTRIES, min_size=1, max_size=5), st.integers(1, 60))
def test_sizes_are_those_that_ansible_makes(batches: list[t.Any], hosts: int) -> None:
    assert batch_sizes(batches, hosts) == ansibles_sizes(batches, hosts)


@pytest.mark.parametrize(
    ("wanted", "sizes"),
    [
        ([1, "25%", "100%"], ["1", "25%", "100%"]),
        (("2",), ["2"]),
        ("1, 25%,100%", ["1", "25%", "100%"]),
        (["1, 25%", 100], ["1", "25%", "100"]),
        (4, ["4"]),
        ([], ["one", "then all"]),
        ("", ["one", "then all"]),
        (" , ", ["one", "then all"]),
        (None, ["one", "then all"]),
    ],
)
def test_batches_come_as_list_number_or_text(wanted: t.Any, sizes: list[str]) -> None:
    assert batches(wanted, ["one", "then all"]) == sizes


def test_nothing_wanted_is_one_batch() -> None:
    assert batches([]) == ["100%"]


def test_no_batches_are_one_batch() -> None:
    assert batch_sizes([], 16) == [16]
    assert batch_sizes([], 0) == []


@pytest.mark.parametrize("entry", ["many", "0", "-1", "", "25 percent", "0%"])
def test_what_is_no_size_is_told(entry: str) -> None:
    with pytest.raises(InputError, match="gitpod_rollout_batches"):
        batch_sizes([entry], 16)


@pytest.mark.parametrize(
    "wanted", ["many", "0", -1, "1.5", [0.5], ["1", "x"], "101%", "1\n25%\nall", {"a": 1}, True, ["%"]]
)
def test_what_is_no_size_ends_ansible_in_no_traceback(wanted: t.Any) -> None:
    """The play's serial is evaluated before any task; the contract tells, and nothing begins."""
    assert ansibles_sizes(serial(wanted, ["1", "100%"]), 4) == [1, 3]
    # Python writes no number of so many digits.
    assert ansibles_sizes(serial([wanted, 1 << 20_000], ["1", "100%"]), 4) == [1, 3]


@pytest.mark.parametrize("wanted", ["1\n25%\n100%", "1\r\n25%\r\n100%\r\n", [1, "25%", "100%"], "1, 25 %,100%"])
def test_a_surveys_lines_are_batches(wanted: t.Any) -> None:
    assert ansibles_sizes(serial(wanted), 8) == [1, 2, 5]


def test_a_batch_says_which_it_is_and_when_the_next_begins() -> None:
    lines = batch_lines([1, "25%", "100%"], HOSTS[1:5], HOSTS, 5, 2)
    assert lines == [
        "Batch 2 of 3: runner-1, runner-2, runner-3, runner-4",
        "The next batch begins when these are verified and at most 2 failed",
    ]
    assert batch_lines([1, "25%", "100%"], HOSTS[5:], HOSTS, 16, 0) == [
        "Batch 3 of 3: runner-5, runner-6, runner-7, runner-8, runner-9, runner-10, runner-11, runner-12 and 3 more"
    ]


def test_one_batch_with_enough_forks_needs_no_words() -> None:
    assert batch_lines([], HOSTS, HOSTS, 16, 0) == []


def test_too_few_forks_are_said_with_the_number_that_is_enough() -> None:
    (line,) = batch_lines([], HOSTS, HOSTS, 5, 0)
    assert "5 of these 16" in line
    assert "--forks 16" in line


def test_batches_that_ansible_did_not_heed_are_noticed_in_the_first_batch_only() -> None:
    assert unheeded([1, "100%"], HOSTS, HOSTS)
    assert not unheeded([1, "100%"], HOSTS[:1], HOSTS)
    assert not unheeded([1, "100%"], HOSTS[1:], HOSTS)
    assert not unheeded([], HOSTS, HOSTS)
    assert not unheeded([4], HOSTS[:3], HOSTS)


@pytest.mark.parametrize(
    ("wanted", "without", "canary", "sizes"),
    [
        ([], ["100%"], "", ["100%"]),
        ([], ["100%"], None, ["100%"]),
        ([], ["100%"], " \n", ["100%"]),
        ([], ["100%"], "runner-7", ["1", "100%"]),
        (["2", "100%"], ["100%"], "runner-7", ["2", "100%"]),
        ([], ["1", "25%", "100%"], "runner-7", ["1", "25%", "100%"]),
        ("nonsense", ["100%"], "runner-7", ["1", "100%"]),
    ],
)
def test_a_canary_that_is_named_goes_alone_unless_batches_are_wanted(
    wanted: t.Any, without: list[str], canary: t.Any, sizes: list[str]
) -> None:
    assert serial(wanted, without, canary) == sizes


def test_a_canary_that_ansible_did_not_heed_is_noticed_in_the_first_batch_only() -> None:
    assert not_first("runner-7", HOSTS[:1], HOSTS)
    assert not not_first("runner-0", HOSTS[:1], HOSTS)
    assert not not_first("", HOSTS[:1], HOSTS)
    assert not not_first("runner-7", HOSTS[1:], HOSTS), "a later batch"
    assert not not_first("elsewhere", HOSTS[:1], HOSTS), "the limit leaves it out"


def test_a_rollout_without_batches_is_not_several() -> None:
    assert not several(["100%"])
    assert not several(["100 %"])
    assert several(["1", "100%"])
    assert several(["50%"])
