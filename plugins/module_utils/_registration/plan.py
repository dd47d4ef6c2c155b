# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which runner is meant and what has to be done to have it as it is wanted. Pure.

Rules: the vendor's guide, "Create Enterprise Runner in Gitpod" (runners are regional, the region never changes); names
are not unique in the management plane, so a runner is known by provider, name and region together.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import InputError, RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.model import (
    AWS,
    CONNECTED,
    ENTERPRISE,
    Configuration,
    Runner,
    configuration_as_result,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration.model import Wanted

NOBODY = Runner("", "")


@dataclasses.dataclass(frozen=True)
class Plan:
    """What to do.

    :param create: whether a runner has to be created.
    :param rename: the new name, or empty.
    :param changes: fields of Configuration that differ, with their new values.
    :param send_password: whether the metrics password is sent although nothing else of the metrics changes.
    :param after: the runner as it is then; of a new one the ID is not known.
    """

    create: bool = False
    rename: str = ""
    changes: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    send_password: bool = False
    after: Runner = NOBODY

    @property
    def changed(self) -> bool:
        """Whether there is anything to do."""
        return self.create or self.send_password or bool(self.rename or self.changes)


def choose(runners: t.Sequence[Runner], wanted: Wanted) -> Runner | None:
    """The runner that is meant, or C(None) when there is none yet. One that is being deleted never is.

    :raises RunnerError: two match, or the only one of that name is in another region.
    """
    named = _named(runners, wanted)
    here = [runner for runner in named if runner.region == wanted.region]
    if twins(runners, wanted):
        raise RunnerError(
            f"{len(here)} runners are named {wanted.name} in {wanted.region}; nothing was changed",
            "; ".join(_described(runner) for runner in here),
            "Say which one is meant (gitpod_runner_id), or delete the other one",
            {"runner_ids": [runner.id for runner in here]},
        )
    if not here and named and not wanted.same_name_elsewhere:
        raise RunnerError(
            f"The runner {wanted.name} is in {', '.join(sorted(runner.region or 'no region' for runner in named))}, "
            f"not in {wanted.region}; nothing was changed",
            f"A runner's region never changes. {'; '.join(_described(runner) for runner in named)}",
            "Correct the region or the name, delete that runner, or allow one name in several regions with "
            "same_name_elsewhere (gitpod_registration_same_name_elsewhere)",
            {"runner_ids": [runner.id for runner in named]},
        )
    if here and not here[0].id:
        raise RunnerError(
            f"The management plane lists the runner {wanted.name} without an ID; nothing was changed",
            next_step="Run again; if it stays, show this to Gitpod",
        )
    return here[0] if here else None


def _named(runners: t.Sequence[Runner], wanted: Wanted) -> list[Runner]:
    return [
        runner for runner in runners if runner.provider == AWS and not runner.leaving and runner.name == wanted.name
    ]


def twins(runners: t.Sequence[Runner], wanted: Wanted) -> bool:
    """Whether more than one runner is meant by the same name and region."""
    return sum(runner.region == wanted.region for runner in _named(runners, wanted)) > 1


def _described(runner: Runner) -> str:
    made = f", made {runner.created_at}" if runner.created_at else ""
    return f"{runner.id} ({runner.region or 'no region'}, {runner.phase or 'no phase'}{made})"


def check_place(runner: Runner, wanted: Wanted) -> None:
    """Refuse a runner, named by its ID, that is not the one that the rest describes.

    :raises RunnerError: another region or provider.
    """
    if runner.provider != AWS:
        raise RunnerError(
            f"The runner {runner.id} is of the provider {runner.provider}, not {AWS}; nothing was changed"
        )
    if wanted.region and runner.region and runner.region != wanted.region:
        raise RunnerError(
            f"The runner {runner.id} is in {runner.region}, not in {wanted.region}; nothing was changed",
            "A runner's region never changes",
            "Correct gitpod_region, or register another runner",
        )


def check_variant(runner: Runner) -> None:
    """:raises RunnerError: it is of another variant, which can never be made so."""
    if runner.variant and runner.variant != ENTERPRISE:
        raise RunnerError(
            f"The runner {runner.id} is of the variant {runner.variant}, not {ENTERPRISE}; nothing was changed",
            "A runner's variant never changes",
            "Register another runner under another name, or delete this one first",
        )


def plan(runner: Runner | None, wanted: Wanted) -> Plan:
    """What has to be done; C(runner) is the one that is meant.

    :raises RunnerError: it can never be made so.
    """
    if runner is None:
        if not wanted.region:
            raise InputError("A new runner needs a region; nothing was changed", next_step="Set region")
        configuration = dataclasses.replace(Configuration(), **wanted.changes(Configuration()))
        after = Runner("", wanted.name, region=wanted.region, variant=ENTERPRISE, configuration=configuration)
        return Plan(create=True, after=after)
    check_place(runner, wanted)
    check_variant(runner)
    changes = wanted.changes(runner.configuration)
    rename = wanted.name if wanted.name and wanted.name != runner.name else ""
    configuration = dataclasses.replace(runner.configuration, **changes)
    after = dataclasses.replace(runner, name=rename or runner.name, configuration=configuration)
    # With other metrics settings the password goes along anyway.
    send = wanted.renew_password and "metrics" not in changes
    return Plan(rename=rename, changes=changes, send_password=send, after=after)


def actions(runner: Runner | None, todo: Plan) -> list[str]:
    """What is done, in sentences."""
    if todo.create or runner is None:
        return [f"create the runner {todo.after.name} in {todo.after.region}"] if todo.create else []
    found = [f"rename the runner {runner.id} from {runner.name} to {todo.rename}"] if todo.rename else []
    shown = configuration_as_result(todo.after.configuration)
    found += [
        f"set {key} of the runner {runner.id} to {_text(shown[key])}"
        if shown[key] is not None
        else f"remove {key} of the runner {runner.id}"
        for key in todo.changes
    ]
    return found + ([f"send the metrics password of the runner {runner.id}"] if todo.send_password else [])


def _text(value: t.Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_text(entry)}" for key, entry in value.items())
    return str(value).lower() if isinstance(value, bool) or value is None else str(value)


def as_text(runner: Runner | None) -> str:
    """The runner's declared part, for a diff."""
    if runner is None:
        return ""
    lines = [f"name: {runner.name}", f"region: {runner.region}", f"variant: {runner.variant or ENTERPRISE}"]
    lines += [f"{key}: {_text(value)}" for key, value in configuration_as_result(runner.configuration).items()]
    return "".join(f"{line}\n" for line in lines)


@dataclasses.dataclass(frozen=True)
class Permissions:
    """What the options allow although it may lose something.

    :param stack_exists: what runner_stack_info says, or C(None) when nobody asked it.
    """

    with_environments: bool = False
    with_stack: bool = False
    force: bool = False
    stack_exists: bool | None = None


def refuse_losses(runner: Runner, environments: int, allowed: Permissions) -> None:
    """Refuse to delete a runner that is in use; every reason at once.

    Without word of the stack, a runner that is connected is taken as proof of one.

    :raises RunnerError: environments or a stack exist and nothing allows it.
    """
    reasons, ways = [], []
    if environments and not (allowed.with_environments or allowed.force):
        reasons.append(f"{environments} environment{'s' if environments > 1 else ''} on it, archived ones included")
        ways.append(
            "delete them, or allow it with delete_with_environments, or with force "
            "(gitpod_teardown_delete_environments), which loses what was not pushed"
        )
    connected = runner.phase in CONNECTED
    exists = connected if allowed.stack_exists is None else allowed.stack_exists
    if exists and not allowed.with_stack:
        seen = "its stack exists" if allowed.stack_exists else f"it is {runner.phase}, so its stack exists"
        reasons.append(seen)
        ways.append(
            "delete the stack first, or allow it with delete_with_stack"
            if allowed.stack_exists
            else "correct gitpod_runner_id, gitpod_region or the account if the stack is another host's; else delete it"
            " first, or allow it with delete_with_stack"
        )
    if reasons:
        raise RunnerError(
            f"The runner {runner.name} ({runner.id}) is in use; nothing was changed",
            "; ".join(reasons),
            "; ".join(ways).capitalize(),
            {"environments": environments, "runner": runner.as_result()},
        )
