# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose a thing is, for every kind of thing (DESIGN.md, "Whose is it"; docs/ownership.md). Pure.

A name, or the tag C(gitpod:managed-by) alone, never makes a thing this runner's. What is not known is not its own.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._tags import (
    MANAGED_BY,
    MANAGED_BY_TAG,
    RUNNER_ID_TAG,
    RUNNER_NAME_TAG,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import clean

# The runner's own; made by hand for it, and not taken over; another runner's; used by the runner and by others; no
# runner's; and what could not be told.
OURS, BY_HAND, ANOTHERS, SHARED, STRANGERS, UNKNOWN = "ours", "by_hand", "anothers", "shared", "strangers", "unknown"
RELATIONS = (OURS, BY_HAND, ANOTHERS, SHARED, STRANGERS, UNKNOWN)
UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# So much of a description is told.
_TOLD = 80
# CloudFormation's own (CloudFormation user guide, "Resource tags").
STACK_ID_TAG = "aws:cloudformation:stack-id"
# The annotation of an environment that an acceptance has made: the runner's ID.
ACCEPTANCE = "gitpod.enterprise_runner/acceptance"

Tags = t.Mapping[str, str]


@dataclasses.dataclass(frozen=True)
class Runner:
    """The runner that asks.

    :param id: the management plane's identifier, or empty where it is not known yet.
    """

    name: str = ""
    id: str = ""

    @property
    def known(self) -> bool:
        """Whether it is said at all who asks."""
        return bool(self.name or self.id)

    def __str__(self) -> str:
        return " ".join(part for part in (self.name, f"({self.id})" if self.id and self.name else self.id) if part)


NOBODY = Runner()


@dataclasses.dataclass(frozen=True)
class Verdict:
    """Whose a thing is.

    :param relation: one of C(RELATIONS).
    :param reason: what tells so, as the words after "because".
    :param whose: the owner in words, as far as it is known, such as C(the runner gitpod-us).
    :param shared_with: names of the other runners that use it.
    """

    relation: str
    reason: str
    whose: str = ""
    shared_with: tuple[str, ...] = ()

    @property
    def goes(self) -> bool:
        """Whether a runner that leaves takes it along, or its part of it."""
        return self.relation in (OURS, SHARED)

    def as_result(self) -> dict[str, t.Any]:
        """Plain data for a module's result."""
        return {**dataclasses.asdict(self), "shared_with": list(self.shared_with)}


def same_id(one: str, other: str) -> bool:
    """Whether both are one identifier; the case of hexadecimal digits says nothing."""
    return bool(one) and one.casefold() == other.casefold()


def by_tags(tags: Tags | None, runner: Runner) -> Verdict:
    """What has nothing but tags that tell: a certificate, a bucket by its stack, an endpoint, a security group.

    :param tags: C(None) when they could not be read.
    """
    if tags is None:
        return Verdict(UNKNOWN, "its tags could not be read")
    identifier, name = clean(tags.get(RUNNER_ID_TAG, "")), clean(tags.get(RUNNER_NAME_TAG, ""))
    whose = f"the runner {Runner(name, identifier)}"
    if identifier and runner.id and not same_id(identifier, runner.id):
        return Verdict(ANOTHERS, f"its tag {RUNNER_ID_TAG} is {identifier}", whose)
    if name and runner.name and name != runner.name:
        return Verdict(ANOTHERS, f"its tag {RUNNER_NAME_TAG} is {name}", whose)
    if not (identifier or name):
        return Verdict(STRANGERS, "none of its tags names a runner")
    if tags.get(MANAGED_BY_TAG) != MANAGED_BY:
        return Verdict(STRANGERS, f"it has no tag {MANAGED_BY_TAG} of this collection")
    if same_id(identifier, runner.id):
        return Verdict(OURS, f"its tag {RUNNER_ID_TAG} is {identifier}")
    if name and runner.name:
        return Verdict(OURS, f"its tag {RUNNER_NAME_TAG} is {name}")
    return Verdict(UNKNOWN, f"its tags name {whose}, and this runner's own name or ID is not known", whose)


def of_stack(
    runner: Runner,
    tags: Tags | None,
    parameters: t.Mapping[str, str],
    description: str = "",
    named: bool = False,
) -> Verdict:
    """A stack: its tags tell, then the runner's ID among its parameters; in which status it is says nothing.

    :param parameters: values by name.
    :param description: the template's own words, told where nothing else says whose the stack may be.
    :param named: whether the option that takes a stack over names this one.
    """
    found = by_tags(tags, runner)
    key, identifier = runner_id_among(parameters)
    if runner.id and any(same_id(runner.id, value) for value in parameters.values()):
        return _with_our_id(runner, found, named)
    contradicts = bool(identifier and runner.id) and RUNNER_ID_TAG not in (tags or {})
    if found.relation in (ANOTHERS, UNKNOWN) or (found.relation == OURS and not contradicts):
        return found
    if not identifier:
        return Verdict(STRANGERS, _nothing_tells(tags or {}, description))
    if not runner.id:
        told = f"its parameter {key} is {identifier}, and this runner's own ID is not known"
        return Verdict(UNKNOWN, told, f"the runner {identifier}")
    return Verdict(ANOTHERS, f"its parameter {key} is {identifier}", f"the runner {identifier}")


def _with_our_id(runner: Runner, by_its_tags: Verdict, named: bool) -> Verdict:
    """A stack among whose parameters the runner's ID is; tags of another name still say whose it is.

    A copied inventory has the first runner's ID, and the name of the stack that was taken over too.
    """
    if by_its_tags.relation in (OURS, ANOTHERS):
        return by_its_tags
    told = f"the runner's ID {runner.id} is among its parameters"
    if named:
        return Verdict(OURS, f"{told}, and it is named to be taken over")
    if by_its_tags.relation == UNKNOWN:
        return by_its_tags
    return Verdict(BY_HAND, f"{told}, but its tags do not say that this collection has it", f"the runner {runner}")


def runner_id_among(parameters: t.Mapping[str, t.Any]) -> tuple[str, str]:
    """Name and value of the parameter that looks like a runner's ID, both empty without one.

    The template's names change between releases: one that says so counts first, else the only value that is a UUID.
    """
    # CloudFormation shows a NoEcho value as asterisks (API reference, Parameter), which name nobody.
    texts = {key: clean(value) for key, value in parameters.items() if isinstance(value, str) and set(value) - {"*"}}
    said = [(key, value) for key, value in texts.items() if _says_runner_id(key)]
    shaped = [(key, value) for key, value in texts.items() if UUID.fullmatch(value)]
    for found in (said, shaped):
        if len(found) == 1:
            return found[0]
    return "", ""


def may_be_a_runners(parameters: t.Mapping[str, t.Any]) -> bool:
    """Whether anything among a stack's parameters may be a runner's ID: enough to keep what that runner would need."""
    return any(_says_runner_id(key) or UUID.fullmatch(str(value)) for key, value in parameters.items())


def of_any_runner(tags: Tags, names: t.Iterable[str], description: str = "") -> Verdict:
    """A stack, asked by somebody who names no runner: C(UNKNOWN) for a runner's, whichever, else C(STRANGERS).

    A value proves nothing here: any UUID may be a tenant's.

    :param names: of its parameters, logical IDs and the template's labels.
    """
    if by_tags(tags, NOBODY).relation == UNKNOWN:
        return Verdict(UNKNOWN, "its tags name a runner")
    said = next((name for name in names if _says_runner_id(name)), "")
    if said:
        return Verdict(UNKNOWN, f"its parameter {clean(said)} is a runner's ID")
    return Verdict(STRANGERS, _nothing_tells(tags, description))


# Words of a name in any spelling: RunnerID, runner_id, Runner ID, GitpodRunnerIdentifier.
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_SAYS_RUNNER_ID = re.compile(r"(^| )(\w*runner (id|identifier|uuid)|\w*runnerid)( |$)")


def _says_runner_id(name: str) -> bool:
    """Whether a parameter's name says that it is a runner's ID; C(RunnerIdleMinutes) does not."""
    return bool(_SAYS_RUNNER_ID.search(" ".join(_WORDS.findall(name)).casefold()))


def _nothing_tells(tags: Tags, description: str) -> str:
    told = "neither its tags nor its parameters name a runner"
    listed = ", ".join(f"{clean(key)}={clean(value)}" for key, value in sorted(tags.items())[:3])
    told += f"; its tags are {listed}" if listed else ""
    return told + (f"; it says of itself: {clean(description)[:_TOLD]}" if description else "")


def of_shared(runner: Runner, tags: Tags | None, uses: bool, others: t.Sequence[str], owner: str = "") -> Verdict:
    """An endpoint or a security group, which runners of one VPC share; whoever leaves takes its own part.

    :param uses: whether the runner is among its users, as its tags record them (C(_privatelink.users)).
    :param others: names of the other users.
    :param owner: name of the runner that it was made for, or empty.
    """
    found = by_tags(tags, runner)
    if found.relation == UNKNOWN or not uses:
        return found if found.relation != OURS else Verdict(STRANGERS, "its tags do not name the runner as a user")
    reason = found.reason if found.relation == OURS else f"its tags name {runner} among its users"
    if others:
        return Verdict(SHARED, reason, f"the runner {owner}" if owner else "", tuple(others))
    return Verdict(OURS, reason)


# Of whoever has taken the load balancer from this runner's stack, and asks about records only.
OWN_STACK = Verdict(OURS, "the load balancer is that of the runner's stack")


def of_records(target: str, *load_balancers: str, stack: Verdict = OWN_STACK) -> Verdict:
    """A record of one of the runner's names: it is whose the load balancer is that it points to.

    :param target: where it points to, or empty when nobody could say.
    :param load_balancers: names of that of the stack and of those that it had before, each empty where there is none.
    :param stack: whose the stack is.
    """
    known = [name for name in load_balancers if name]
    if not target or not known:
        return Verdict(UNKNOWN, "nothing tells where it points to" if not target else "there is no load balancer")
    load_balancer = next((name for name in known if points_to(target, name)), "")
    if not load_balancer:
        return Verdict(STRANGERS, f"it points to {clean(target)}")
    if stack.relation != OURS:
        return dataclasses.replace(stack, reason=f"it points to a load balancer of which {stack.reason}")
    return Verdict(OURS, f"it points to the load balancer {clean(load_balancer)} of the runner's stack")


def points_to(target: str, load_balancer: str) -> bool:
    """Whether a record's target is this load balancer; the console writes C(dualstack.) before the name of an alias.

    Source: Elastic Load Balancing user guide, "Routing traffic to an ELB load balancer" of Route 53.
    """
    return bool(target) and _host(target) == _host(load_balancer)


def _host(name: str) -> str:
    folded = name.casefold().rstrip(".")
    return folded.removeprefix("dualstack.")


def of_bucket(stack_id: str, left_by: Verdict, tags: Tags | None) -> Verdict:
    """A bucket that a deleted stack left. Its name may be somebody else's today, who made it anew or imported it.

    CloudFormation tags the buckets that it makes with the stack's ID, and S3 lets nobody else set such a tag.

    :param left_by: whose the stack was.
    :param tags: of the bucket; C(None) when they could not be read.
    """
    if left_by.relation != OURS:
        return left_by
    if tags is None:
        return Verdict(UNKNOWN, "its tags, which alone tell which stack made it, could not be read")
    made_by = clean(tags.get(STACK_ID_TAG, ""))
    if made_by != stack_id:
        told = f"its tag {STACK_ID_TAG} is {made_by}" if made_by else f"it has no tag {STACK_ID_TAG}"
        return Verdict(STRANGERS, f"{told}, so no deleted stack of this runner left it")
    return left_by


def of_environment(runner: Runner, annotations: Tags) -> Verdict:
    """An environment at the management plane: an acceptance's own, or somebody's.

    Whose it is its annotations say, which the API keeps (the public source of openai/codex finds its own environments
    in the same way).
    """
    identifier = clean(annotations.get(ACCEPTANCE, ""))
    if not identifier:
        return Verdict(STRANGERS, f"it has no annotation {ACCEPTANCE}")
    if same_id(identifier, runner.id):
        return Verdict(OURS, f"its annotation {ACCEPTANCE} is {identifier}")
    return Verdict(ANOTHERS, f"its annotation {ACCEPTANCE} is {identifier}", f"the runner {identifier}")


def of_registration(runner: Runner, region: str, found: t.Mapping[str, str] | None) -> Verdict:
    """A registration at the management plane: its ID tells, or its name and region where no ID is known.

    :param found: C(id), C(name) and C(region); C(None) when it could not be read.
    """
    if found is None:
        return Verdict(UNKNOWN, "it could not be read")
    whose = f"the runner {Runner(found.get('name', ''), found.get('id', ''))}"
    if runner.id:
        there = clean(found.get("region", ""))
        if same_id(runner.id, found.get("id", "")) and region and there and there != region:
            # A runner never moves (guide): the ID stands in an inventory that was copied for another region.
            return Verdict(ANOTHERS, f"its region is {there}", whose)
        if same_id(runner.id, found.get("id", "")):
            return Verdict(OURS, f"its ID is {runner.id}")
        return Verdict(ANOTHERS, f"its ID is {found.get('id', '')}", whose)
    # Names are unique in a region as far as the collection registers; two are no one's (C(_registration.plan.choose)).
    if found.get("name") == runner.name and found.get("region") == region:
        return Verdict(OURS, f"its name is {runner.name} and its region {region}")
    return Verdict(ANOTHERS, f"its name is {found.get('name', '')} and its region {found.get('region', '')}", whose)
