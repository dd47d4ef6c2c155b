# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding a runner's stack, and whose it is: the one way for every stage, check, status and teardown.

A stack of the wanted name counts only when it is this runner's. One that was taken over has a name of its own: its tags
tell. C(docs/ownership.md) has the rules, C(_ownership) decides.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _ownership as ownership
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import status
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import Stack
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.review import CHANGE_SET_NAME
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import (
    DENIED_CODES,
    ApiError,
    RunnerError,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._ownership import (
    ANOTHERS,
    BY_HAND,
    NOBODY,
    OURS,
    STRANGERS,
    UNKNOWN,
    Runner,
    Verdict,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._tags import RUNNER_ID_TAG, RUNNER_NAME_TAG
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import clean

if t.TYPE_CHECKING:
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.api import Api

# There is no stack, or a shell without resources in which no change set waits: nobody has anything there.
FREE = "free"
GONE = ("ABSENT", "DELETE_COMPLETE")
_NAME = "gitpod_stack_name"


@dataclasses.dataclass(frozen=True)
class Found:
    """What was found.

    :param stack: C(ABSENT), with the wanted name, where there is none.
    :param named: whether the option that takes a stack over names it.
    :param name: that was asked for, where the stack has another.
    :param waiting: names of the change sets of a stack that has nothing else; C(None) where that is not known.
    """

    stack: Stack
    verdict: Verdict
    runner: Runner = NOBODY
    named: bool = False
    name: str = ""
    waiting: tuple[str, ...] | None = None

    @property
    def free(self) -> bool:
        """Whether nobody has a stack there."""
        return self.verdict.relation == FREE

    @property
    def usable(self) -> bool:
        """Whether it may be made, changed, and deleted."""
        return self.verdict.relation in (OURS, FREE)

    @property
    def empty(self) -> bool:
        """Whether it is a name without anything: neither resources nor a change set, so nobody's."""
        return self.free and self.stack.status == "REVIEW_IN_PROGRESS" and self.waiting == ()

    @property
    def readable(self) -> bool:
        """Whether what it says is said of this runner; one made by hand for it counts."""
        unsure = self.verdict.relation == UNKNOWN and self.named
        return self.usable or unsure or self.verdict.relation == BY_HAND

    @property
    def seen(self) -> Stack:
        """The stack as far as it is this runner's: of another's, only that this runner has none."""
        return self.stack if self.readable else Stack(self.name or self.stack.name)

    def known_as(self, runner: Runner) -> Found:
        """The same, judged again once more is known of the runner; what its change set tells is left as it was."""
        if self.free or self.stack.status == "REVIEW_IN_PROGRESS":
            return self
        stack = self.stack
        verdict = ownership.of_stack(runner, stack.tags, stack.parameters, stack.description, self.named)
        return dataclasses.replace(self, verdict=verdict, runner=runner)

    @property
    def told(self) -> str:
        """Whose it is, as a sentence without its end."""
        relation, whose = self.verdict.relation, self.verdict.whose
        if relation == FREE and self.stack.status == "REVIEW_IN_PROGRESS":
            return f"The stack {self.stack.name} ({self.stack.status}) is nobody's, because {self.verdict.reason}"
        if relation == FREE:
            return f"There is no stack {self.stack.name}"
        said = {
            OURS: "is this runner's",
            BY_HAND: "was made by hand for this runner and is not taken over",
            ANOTHERS: f"belongs to {whose}",
            STRANGERS: "is not a runner's that is known",
            UNKNOWN: "cannot be told to be this runner's",
        }[relation]
        return f"The stack {self.stack.name} ({self.stack.status}) {said}, because {self.verdict.reason}"

    @property
    def advice(self) -> str:
        """What to do about a stack that is not to be touched."""
        name, relation = self.stack.name, self.verdict.relation
        if self.stack.status == "REVIEW_IN_PROGRESS" and relation != FREE and self.waiting is None:
            return "Allow cloudformation:ListChangeSets and cloudformation:DescribeChangeSet"
        take_over = f"gitpod_stack_take_over: {name}"
        if relation == BY_HAND:
            return f"Set {take_over} to take it over as it is, or delete it"
        if relation == UNKNOWN and self.stack.status == "REVIEW_IN_PROGRESS" and self.waiting is None:
            return f"Allow both actions, or choose another {_NAME}"
        if relation == UNKNOWN:
            return "Set gitpod_runner_id, so that it can be told whose the stack is"
        correct = f"Choose another {_NAME}, or correct gitpod_runner_id and gitpod_runner_name"
        if self.waiting:
            correct += f". If nobody executes what waits in it ({', '.join(self.waiting)}), delete it in the console"
        if relation == ANOTHERS and _names_the_id(self.stack, self.runner):
            renamed = self.stack.tags.get(RUNNER_NAME_TAG, "")
            return f"{correct}. If the host was renamed, its runner keeps its name: gitpod_runner_name: {renamed}"
        if self.named:
            return f"{correct}; a stack is taken over only with this runner's ID among its parameters"
        return correct

    def refuse(self) -> None:
        """Stop where the stack is not this runner's.

        :raises RunnerError: with whose it is.
        """
        if not self.usable:
            raise RunnerError(
                f"{self.told.partition(', because ')[0]}; nothing was changed",
                self.verdict.reason,
                self.advice,
                {"ownership": self.verdict.as_result()},
            )


def find(api: Api, runner: Runner, name: str, take_over: str = "") -> Found:
    """The runner's stack: that of the name when it is this runner's, else the one that has its tags under any name.

    :param take_over: name of a stack that was made by hand for this runner, or for one that it was called before.
    :raises RunnerError: several stacks are this runner's.
    """
    stack = api.stack(name)
    if not runner.known:
        return _named_by_the_task(api, stack)
    found = judged(api, stack, runner, take_over)
    if found.verdict.relation == OURS:
        return found
    return _elsewhere(api, runner, found, take_over)


def judged(api: Api, stack: Stack, runner: Runner, take_over: str = "") -> Found:
    """Whose one stack is."""
    if stack.status in GONE:
        return Found(stack, Verdict(FREE, "there is none"), runner)
    tags, values, named = stack.tags, stack.parameters, bool(take_over) and take_over in (stack.name, stack.id)
    if stack.status == "REVIEW_IN_PROGRESS":
        return _in_review(api, stack, runner, named)
    verdict = ownership.of_stack(runner, tags, values, stack.description, named)
    return Found(stack, verdict, runner, named)


# Of several change sets in one shell the one that is least this runner's tells, also where one is to be taken over.
_LEAST_OURS_FIRST = (STRANGERS, ANOTHERS, UNKNOWN, BY_HAND, OURS)


def _in_review(api: Api, stack: Stack, runner: Runner, named: bool) -> Found:
    """Such a stack has neither tags nor parameters yet; its change sets do (CloudFormation API, DescribeChangeSet).

    One that waits for a review has its name; a run that was killed in between leaves one of another name. Whoever
    executes one, creates the stack or deletes it takes all the others with it (ExecuteChangeSet, CreateStack,
    DeleteStack), so that the shell is this runner's only when each of them is.
    """
    try:
        waiting = _change_sets(api, stack)
    except ApiError as error:
        if error.code not in DENIED_CODES:
            raise
        told = "its change sets, which alone tell, could not be read (cloudformation:ListChangeSets and"
        return Found(stack, Verdict(UNKNOWN, f"{told} cloudformation:DescribeChangeSet)"), runner, named)
    verdicts = [_of_change_set(runner, raw, named) for raw in waiting]
    if stack.tags:
        verdicts.append(_whose(runner, stack.tags, stack.parameters, stack.description, named))
    verdicts.sort(key=lambda verdict: _LEAST_OURS_FIRST.index(verdict.relation))
    free = Verdict(FREE, "it has no resources, and no change set waits in it")
    names = tuple(sorted(clean(raw.get("ChangeSetName", "")) for raw in waiting))
    return Found(stack, next(iter(verdicts), free), runner, named, waiting=names)


def _change_sets(api: Api, stack: Stack) -> list[dict[str, t.Any]]:
    """Every change set of a stack without resources; the list may not have this collection's newest yet."""
    reviewed = api.reviewed_change_set(stack.name, CHANGE_SET_NAME)
    listed = api.waiting_change_sets(stack.id or stack.name)
    known = [raw.get("ChangeSetId") for raw in listed]
    return [*([reviewed] if reviewed and reviewed.get("ChangeSetId") not in known else []), *listed]


def _of_change_set(runner: Runner, raw: t.Mapping[str, t.Any], named: bool) -> Verdict:
    tags = {entry["Key"]: entry["Value"] for entry in raw.get("Tags", [])}
    values = {entry["ParameterKey"]: entry.get("ParameterValue", "") for entry in raw.get("Parameters", [])}
    found = _whose(runner, tags, values, clean(raw.get("Description", "")), named)
    return dataclasses.replace(found, reason=f"of the change set {clean(raw.get('ChangeSetName', ''))}, {found.reason}")


def _whose(runner: Runner, tags: ownership.Tags, values: t.Mapping[str, str], description: str, named: bool) -> Verdict:
    if runner.known:
        return ownership.of_stack(runner, tags, values, description, named)
    return ownership.of_any_runner(tags, values, description)


def _elsewhere(api: Api, runner: Runner, found: Found, take_over: str) -> Found:
    """The runner's stack of another name; without one, what stands in the way of a new one, else what was found."""
    others = [stack for stack in api.stacks() if status.exists(stack.status) and stack.name != found.stack.name]
    seen = [judged(api, stack, runner, take_over) for stack in others]
    own = [entry for entry in seen if entry.verdict.relation == OURS]
    if len(own) > 1:
        raise RunnerError(
            f"{len(own)} stacks belong to the runner {runner}",
            ", ".join(entry.stack.name for entry in own),
            "Name the one that is meant (gitpod_stack_name)",
        )
    if own:
        # The list says less than the stack itself; termination protection may be missing there.
        return judged(api, api.stack(own[0].stack.id), runner, take_over)
    if not found.free and _names_the_id(found.stack, runner):
        return found
    # A second stack with the same runner's ID would take the first one's place at the management plane.
    same = [entry for entry in seen if _names_the_id(entry.stack, runner)]
    same.sort(key=lambda entry: entry.verdict.relation != BY_HAND)
    if not same:
        return found
    return dataclasses.replace(judged(api, api.stack(same[0].stack.id), runner, take_over), name=found.stack.name)


def users_of_vpc(stacks: t.Iterable[Stack], runner: Runner, vpc_id: str) -> list[Runner]:
    """The other runners whose stacks are in a VPC: its endpoint serves them, whether or not its tags name them.

    What they need is kept, so that a stack counts too that only may be a runner's, or only may be there.
    """
    found = []
    for stack in stacks:
        if not _may_be_in(stack, vpc_id):
            continue
        verdict = ownership.of_stack(runner, stack.tags, stack.parameters)
        if verdict.relation == BY_HAND:
            # A second stack with this runner's ID, made by hand beside its own. Under that ID it would be the runner.
            found.append(Runner(stack.name if stack.name != runner.name else f"stack {stack.name}"))
        unsure = verdict.relation == STRANGERS and ownership.may_be_a_runners(stack.parameters)
        if unsure or verdict.relation in (ANOTHERS, UNKNOWN):
            _key, identifier = ownership.runner_id_among(stack.parameters)
            name = stack.tags.get(RUNNER_NAME_TAG, "") or stack.name
            found.append(Runner(name, stack.tags.get(RUNNER_ID_TAG, "") or identifier))
    return found


def _may_be_in(stack: Stack, vpc_id: str) -> bool:
    """Whether a stack has something in the VPC; where its parameters name none, nobody knows in which it is."""
    if not status.exists(stack.status) or stack.status == "REVIEW_IN_PROGRESS":
        return False
    named = {word for value in stack.parameters.values() for word in value.split(",") if word.startswith("vpc-")}
    return vpc_id in named or not named


def others_with_id(stacks: t.Iterable[Stack], runner: Runner, own: Stack) -> list[str]:
    """Names of the stacks beside its own that have the runner's ID: whoever made them, they need its registration."""
    there = (stack for stack in stacks if status.exists(stack.status) and stack.id != own.id)
    return sorted(stack.name for stack in there if _names_the_id(stack, runner))


def _names_the_id(stack: Stack, runner: Runner) -> bool:
    values = (*stack.parameters.values(), stack.tags.get(RUNNER_ID_TAG, ""))
    return any(ownership.same_id(runner.id, value) for value in values)


def _named_by_the_task(api: Api, stack: Stack) -> Found:
    """A play of its own names a stack and no runner: any runner's is meant, but nothing that is no runner's."""
    if stack.status in GONE or stack.status == "REVIEW_IN_PROGRESS":
        found = judged(api, stack, NOBODY)
        sure = found.waiting is not None
    else:
        found, sure = Found(stack, _of_any_runner(api, stack)), True
    if not (sure and found.verdict.relation == UNKNOWN):
        return found
    return dataclasses.replace(found, verdict=Verdict(OURS, f"{found.verdict.reason}, and the task names the stack"))


def _of_any_runner(api: Api, stack: Stack) -> Verdict:
    """By what the stack itself says, else by the labels of its template."""
    told = ownership.of_any_runner(stack.tags, stack.parameters, stack.description)
    if told.relation == UNKNOWN:
        return told
    asked = api.template({"StackName": stack.id}).parameters
    return ownership.of_any_runner(stack.tags, [parameter.label for parameter in asked], stack.description)


def of_runner(stacks: t.Sequence[Stack], runner_id: str) -> Stack:
    """The stack that has this runner ID as a parameter's value or in its tag, whoever has it; to read.

    :raises RunnerError: more than one has.
    """
    runner = Runner(id=runner_id)
    found = [stack for stack in stacks if status.exists(stack.status) and _names_the_id(stack, runner)]
    if len(found) > 1:
        raise RunnerError(
            f"{len(found)} stacks belong to the runner {runner_id}",
            ", ".join(stack.name for stack in found),
            "Name the one that is meant (gitpod_stack_name)",
        )
    return found[0] if found else Stack("")
