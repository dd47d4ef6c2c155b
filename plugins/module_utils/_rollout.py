# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Batches of a rollout: which one this is, what is worth saying at its start, and whether it may begin. Pure."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.model import as_text
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import InputError

MOST_NAMES = 8


def batches(wanted: t.Any, without: t.Sequence[str] = ("100%",)) -> list[str]:
    """Sizes of the batches as Ansible's C(serial) takes them.

    :param wanted: a list of numbers and shares, one of them, or text with commas, as a controller's survey answers.
    :param without: the sizes when nothing is wanted.
    """
    entries = wanted if isinstance(wanted, (list, tuple)) else [wanted]
    texts = [part.strip() for entry in entries if entry is not None for part in re.split(r"[,\r\n]", as_text(entry))]
    return [text for text in texts if text] or list(without)


def serial(wanted: t.Any, without: t.Sequence[str] = ("100%",), canary: t.Any = "") -> list[str]:
    """The same for a play's C(serial), which Ansible evaluates before any task could say what is wrong.

    What is no size would end Ansible in a traceback. The contract names it and nothing begins, so the sizes that hold
    when nothing is wanted stand in.

    :param canary: a runner that goes first (gitpod_rollout_canary): alone, where no sizes are wanted.
    """
    named = canary is not None and bool(as_text(canary).strip())
    default = ("1", "100%") if named and list(without) == ["100%"] else without
    sizes = batches(wanted, default)
    return sizes if all(map(is_size, sizes)) else list(default)


def is_size(entry: t.Any) -> bool:
    """Whether an entry is a number from 1, or a share from 1% to 100%."""
    text = as_text(entry).strip()
    return bool(re.fullmatch(r"0*[1-9]\d{0,5}|0*(100|[1-9]\d?) ?%", text, re.ASCII))


def batch_sizes(wanted: t.Sequence[t.Any], hosts: int) -> list[int]:
    """How many hosts each batch has, as Ansible's C(serial) splits them: the last entry repeats, a share is of all.

    :param wanted: numbers, or shares such as C(25%); empty is one batch.
    :raises InputError: an entry is neither.
    """
    sizes: list[int] = []
    entries = list(wanted) or ["100%"]
    while sum(sizes) < hosts:
        entry = entries[min(len(sizes), len(entries) - 1)]
        sizes.append(min(_size(entry, hosts), hosts - sum(sizes)))
    return sizes


def _size(entry: t.Any, hosts: int) -> int:
    text = str(entry).strip()
    share = text.endswith("%")
    if not is_size(text):
        raise InputError(
            f"{text[:40]!r} is not the size of a batch",
            next_step='Write gitpod_rollout_batches as numbers and shares, such as [1, "25%", "100%"]',
        )
    number = int(text.rstrip("%"))
    return max(1, int(number / 100 * hosts)) if share else number


def batch_lines(
    wanted: t.Sequence[t.Any], batch: t.Sequence[str], hosts: t.Sequence[str], forks: int, tolerated: int
) -> list[str]:
    """What a person wants to know when a batch begins; empty when there is nothing to say.

    :param batch: the hosts of this batch, in the play's order.
    :param hosts: all hosts of the play.
    :param forks: how many hosts Ansible works on at a time.
    :param tolerated: how many runners may have failed for the next batch to begin.
    """
    sizes = batch_sizes(wanted, len(hosts))
    lines = []
    if len(sizes) > 1:
        ends = [sum(sizes[: index + 1]) for index in range(len(sizes))]
        first = list(hosts).index(batch[0])
        number = next(index for index, end in enumerate(ends, 1) if first < end)
        named = ", ".join(batch[:MOST_NAMES]) + (f" and {len(batch) - MOST_NAMES} more" * (len(batch) > MOST_NAMES))
        lines.append(f"Batch {number} of {len(sizes)}: {named}")
        if number < len(sizes):
            lines.append(f"The next batch begins when these are verified and at most {tolerated} failed")
    if forks < len(batch):
        lines.append(
            f"Ansible works on {forks} of these {len(batch)} runners at a time (forks): their stacks are created side"
            " by side, and Route 53, waiting and verifying are one process each all the same; certificates,"
            f" registrations, endpoints and other DNS providers take turns. With --forks {len(batch)} none waits"
        )
    return lines


def unheeded(wanted: t.Sequence[t.Any], batch: t.Sequence[str], hosts: t.Sequence[str]) -> bool:
    """Whether Ansible made the first batch larger than asked for, because it did not see the variable in time.

    The size of batches is settled before the inventory's variables are read, so only extra variables count.
    """
    if not hosts or hosts[0] not in batch:
        return False
    return len(batch) > batch_sizes(wanted, len(hosts))[0]


def not_first(canary: str, batch: t.Sequence[str], hosts: t.Sequence[str]) -> bool:
    """Whether the canary is not the one that begins, because Ansible did not see the variable in time.

    :param batch: the hosts of this batch.
    :param hosts: all hosts of the play, without those that C(--limit) leaves out.
    """
    return bool(canary) and canary in hosts and hosts[0] in batch and batch[0] != canary


def several(sizes: t.Sequence[str]) -> bool:
    """Whether more than one batch is wanted, however many hosts there are."""
    return [size.replace(" ", "") for size in sizes] != ["100%"]
