# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Ansible's own events mean for the board, and which lines stay of them. Pure."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._terminal.model import (
    DONE,
    FAILED,
    HELD,
    QUEUED,
    REFUSED,
    RUNNING,
    UNVERIFIED,
    VERIFIED,
    WAITING,
    Event,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import brief, clean

COLLECTION = "gitpod.enterprise_runner."
# Whatever is installed, and however it is linked, this is how its files' paths end.
ROLES = "gitpod.enterprise_runner.gitpod_"
PLACE = "/ansible_collections/gitpod/enterprise_runner/"
# The stages of site.yml that reads of the whole fleet belong to.
READS = {
    "prerequisites": "prerequisites",
    "status": "status",
    "upgrade": "upgrade",
    "verification": "verify",
    "certificates": "certificate",
}
GATE_STATES = {"to do": QUEUED, "nothing to do": QUEUED, "refused": REFUSED, "held": HELD}
RUN_STATES = {"failed": FAILED, "waiting": WAITING, "unverified": UNVERIFIED, "verified": VERIFIED}
# What these decided and fail with was shown when it was decided, or will be by the report.
TOLD_ELSEWHERE = frozenset({"wait", "gate", "run", "status", "batch"})
# Steps of stages that show their own lines, whoever looks on, so no callback tells them again: a registration's result
# with a token is shown nowhere.
TELL_THEMSELVES = frozenset({("registration", "start")})
LONGEST = 300
# Its beginning was told; where no report follows, the rest is told at the end.
WHOLE = 4000
ASKING = frozenset({"runner_teardown_plan"})
# As the gate folds its rows (_gate/table.py).
FOLD_ABOVE, FOLD_AT_LEAST = 20, 4
Raw = t.Mapping[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Task:
    """A task of the collection's own playbooks and roles.

    :param action: without the collection.
    :param arguments: as they are written; a template is no value.
    """

    name: str
    action: str
    arguments: Raw = dataclasses.field(default_factory=dict)

    @property
    def stage(self) -> str:
        """Of one runner; empty for tasks that belong to none."""
        if self.action == "runner_stage":
            return str(self.arguments.get("stage") or "")
        return "dns" if self.action.startswith("runner_dns") else ""

    @property
    def of(self) -> str:
        """What an outcome is of."""
        return str(self.arguments.get("of") or "run") if self.action == "runner_outcome" else ""


def own(path: str) -> bool:
    """Whether a playbook, a role or a file of tasks is the collection's own.

    :param path: as Ansible tells it, perhaps with a line's number behind it; of a role that is included, its name.
    """
    return PLACE in path.replace("\\", "/") or path.startswith(ROLES)


def short(action: str) -> str:
    """An action without the collection."""
    return action[len(COLLECTION) :] if action.startswith(COLLECTION) else action.rpartition(".")[2]


def started(task: Task, host: str) -> list[Event]:
    """A task begins on a host."""
    return [Event(host, task.stage, RUNNING, task.name)] if task.stage else []


def ended(task: Task, host: str, result: Raw) -> list[Event]:
    """A task ended well on a host, or once for all hosts."""
    handlers: dict[str, t.Callable[[Raw], list[Event]]] = {
        "runner_gate": _gate,
        "runner_batch": _batch,
        "runner_fleet": lambda found: _read(str(task.arguments.get("read") or ""), found),
    }
    if task.action in handlers:
        return handlers[task.action](result)
    if task.of == "run":
        return [Event(host, state=RUN_STATES.get(str(result.get("state")), DONE), doing="")]
    if task.of:
        # Asked whether anything failed: nothing did.
        return []
    if result.get("in_progress"):
        # What was started goes on in AWS, and is waited for later.
        return [Event(host, task.stage, RUNNING, "begun")]
    return [Event(host, task.stage, QUEUED, "")] if task.stage else []


def failed(task: Task, host: str, result: Raw) -> list[Event]:
    """A task failed on a host."""
    if task.action == "runner_outcome" and task.of == "failure":
        return []
    state = REFUSED if task.of in ("gate", "batch") else FAILED
    # The row has more of it already than what is said to Ansible.
    doing = None if task.of in TOLD_ELSEWHERE else brief(result.get("msg") or task.name)
    return [Event(host, task.stage, state, doing)]


def _gate(result: Raw) -> list[Event]:
    found = []
    for host, runner in _dictionary(result.get("runners")).items():
        state = GATE_STATES.get(str(_dictionary(runner).get("state")), QUEUED)
        found.append(Event(host, "prerequisites", state, str(_dictionary(runner).get("state") or "")))
    return found


def _batch(result: Raw) -> list[Event]:
    """Who may not begin; of the others their tasks tell."""
    pairs = ((HELD, result.get("held")), (REFUSED, result.get("refused")))
    return [Event(host, state=state, doing=str(why)) for state, own in pairs for host, why in _dictionary(own).items()]


def _read(read: str, result: Raw) -> list[Event]:
    """What a read of the fleet found of each of its hosts."""
    stage = READS.get(read, "")
    found = []
    for host, raw in _dictionary(result.get("runners")).items():
        runner = _dictionary(raw)
        if stage == "verify":
            state = FAILED if runner.get("failed") else VERIFIED if runner.get("healthy") else UNVERIFIED
            state = QUEUED if runner.get("probe_hosts") else state
        else:
            state = FAILED if runner.get("failed") else QUEUED
        if stage:
            found.append(Event(host, stage, state, brief(runner.get("msg") or "") if state == FAILED else ""))
    return [*found, Event("", doing="")]


def changed_line(task: Task, host: str, result: Raw, check_mode: bool) -> str:
    """What stays of a change: one line in the words of whoever made it; empty of what somebody else tells."""
    if not result.get("changed") or task.of or tells_itself(task, result):
        return ""
    actions = result.get("actions")
    # A task's name is an imperative sentence, as the actions are.
    named = task.name[:1].lower() + task.name[1:]
    told = ", ".join(map(str, actions)) if isinstance(actions, list) and actions else named
    return clean(f"{host}: {'would ' if check_mode else ''}{brief(told, LONGEST)}")


def tells_itself(task: Task, result: Raw) -> bool:
    """Whether the task has displayed what it did: also a change set that waits for an approval (steps.py)."""
    step = (task.stage, str(task.arguments.get("step") or ""))
    return step in TELL_THEMSELVES or (step == ("stack", "start") and result.get("operation") == "review")


def folded(changes: t.Sequence[tuple[str, str]]) -> list[str]:
    """Lines of a task's changes; what several runners share is said once.

    :param changes: host and line of each, in the order in which they came.
    """
    groups: dict[str, list[tuple[str, str]]] = {}
    for host, line in changes:
        said = line.removeprefix(f"{host}: ")
        groups.setdefault(said.removesuffix(f" {host}"), []).append((host, line))
    found = []
    for said, group in groups.items():
        if len(group) >= FOLD_AT_LEAST:
            found.append(f"{len(group)} runners: {said}")
        else:
            found += [line for _host, line in group]
    return found


def recap_lines(counters: t.Mapping[str, Raw]) -> list[tuple[str, Raw]]:
    """Lines of the recap with the counters that each stands for; a large fleet's that are alike are folded.

    :param counters: by host, as Ansible summarizes it.
    """
    groups: dict[str, list[str]] = {}
    for host, own in counters.items():
        groups.setdefault(recap_line("", own, 0), []).append(host)
    names: dict[str, Raw] = {}
    for group in groups.values():
        if len(counters) > FOLD_ABOVE and len(group) >= FOLD_AT_LEAST:
            names[f"{len(group)} runners, each"] = counters[group[0]]
        else:
            names.update({host: counters[host] for host in group})
    width = max(map(len, names), default=0)
    return [(recap_line(name, own, width), own) for name, own in names.items()]


def failed_line(task: Task, host: str, result: Raw, longest: int = LONGEST) -> str:
    """What stays of a failure: its beginning, because the report has it in full; empty where it was told already.

    :param longest: characters of the message.
    """
    if task.of in TOLD_ELSEWHERE or task.of == "failure":
        return ""
    told = brief(result.get("msg") or "no message", longest)
    # Where somebody has to confirm, nothing has failed.
    return clean(f"{host}: {told}" if task.action in ASKING else f"{host}: {task.name} failed: {told}")


def recap_line(host: str, counters: Raw, width: int) -> str:
    """A host's line of the recap: counters that are never left out, and those that are not 0.

    :param counters: as Ansible summarizes a host.
    :param width: of the longest name.
    """
    named = {
        "ok": counters.get("ok", 0),
        "changed": counters.get("changed", 0),
        "failed": counters.get("failures", 0),
        "unreachable": counters.get("unreachable", 0),
        "skipped": counters.get("skipped", 0),
        "rescued": counters.get("rescued", 0),
        "ignored": counters.get("ignored", 0),
    }
    told = [f"{word}={number}".ljust(len(word) + 4) for word, number in named.items() if number or word in ALWAYS]
    return f"{clean(host).ljust(width)} : {' '.join(told)}".rstrip()


ALWAYS = ("ok", "changed", "failed")


def _dictionary(value: t.Any) -> dict[str, t.Any]:
    return {str(key): item for key, item in value.items()} if isinstance(value, t.Mapping) else {}
