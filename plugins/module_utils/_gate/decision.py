# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may go on, who is refused and why, and whether the first batch may begin. Pure."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.findings import (
    FAIL,
    Finding,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._gate.model import (
    Runner,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._gate.wrapping import (
    MOST_BYTES,
    cut,
    listed,
    shortened,
)

# Leaves room for Ansible's own words around a message in a line.
MOST_MESSAGE_BYTES = MOST_BYTES - 100
# Of a name in a sentence, in characters.
LONGEST_NAME = 60


@dataclasses.dataclass(frozen=True)
class Decision:
    """What the gate decides.

    :param begins: whether the first batch may begin.
    :param go: hosts that may go on, in the order of the play; empty unless it begins.
    :param refused: by host that something is wrong with, the message that its failure has, one line.
    :param held: by host that nothing is wrong with but that may not begin, likewise.
    :param message: the decision in one sentence or two.
    """

    begins: bool
    go: tuple[str, ...]
    refused: t.Mapping[str, str]
    held: t.Mapping[str, str]
    message: str

    def as_result(self) -> dict[str, t.Any]:
        """Plain data."""
        return {
            "begins": self.begins,
            "go": list(self.go),
            "refused": dict(self.refused),
            "held": dict(self.held),
            "message": self.message,
        }


def decide(
    runners: t.Sequence[Runner], labels: t.Mapping[str, str], batches: t.Sequence[t.Sequence[str]], max_failures: int
) -> Decision:
    """Decide.

    In one batch a runner never stops another. In several, a runner that is refused at the gate is one that has failed,
    so that a mistake in the last batch is told before the first begins (docs/fleet.md).

    :param labels: names to show, by host.
    :param batches: the hosts of each; more than one makes C(max_failures) count.
    :param max_failures: how many runners may have failed for a batch to begin (gitpod_rollout_max_failures).
    """
    refused = {runner.host: refusal(runner) for runner in runners if runner.refused}
    ready = tuple(runner.host for runner in runners if not runner.refused)
    names = listed([cut(labels[host], LONGEST_NAME) for host in refused])
    if not ready:
        return Decision(False, (), refused, {}, "Nothing begins: no runner may go on." if runners else "No runner.")
    counted = f"{len(refused)} of {len(runners)} runners {_is_or_are(len(refused))} refused ({names})"
    if len(batches) > 1 and len(refused) > max_failures:
        why = f"No batch begins: {counted}, and gitpod_rollout_max_failures is {max_failures}."
        next_step = "Correct what failed, or leave these runners out with --limit, and run again."
        held = dict.fromkeys(
            ready, shortened(f"Nothing is wrong with this runner. {why} {next_step}", MOST_MESSAGE_BYTES)
        )
        return Decision(False, (), refused, held, f"{why} {next_step}")
    going = f"{len(ready)} {'runner goes' if len(ready) == 1 else 'runners go'} on"
    return Decision(True, ready, refused, {}, f"{going}; {counted}." if refused else f"{going}.")


def _is_or_are(number: int) -> str:
    return "is" if number == 1 else "are"


def refusal(runner: Runner) -> str:
    """What the host's failed task says, in one line: as many problems as fit, each with what to do."""
    failed = [finding for finding in runner.findings if finding.status == FAIL]
    count = f"{len(failed)} problem{'' if len(failed) == 1 else 's'}"
    text = f"{cut(runner.name, LONGEST_NAME)} is refused at the gate, nothing was changed; {count}:"
    for number, finding in enumerate(failed):
        more = f" {_told(finding)}"
        rest = f" And {len(failed) - number} more, in the table."
        if number and len((text + more + rest).encode()) > MOST_MESSAGE_BYTES:
            return text + rest
        text += more
    return shortened(text, MOST_MESSAGE_BYTES)


def _told(finding: Finding) -> str:
    """Errors name the user's variable; the IDs of the contract have it already."""
    variable = f" ({finding.variable})" if finding.variable and finding.variable not in finding.id else ""
    what = f"{finding.id}{variable}: {finding.summary.rstrip('.')}"
    return f"{what} -> {finding.remediation.rstrip('.')}." if finding.remediation else f"{what}."
