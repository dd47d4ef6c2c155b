# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An outcome as a module's result, and the options as what is wanted."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws import client, impatient_client
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import deletion, operation
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.api import Api
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.finding import find
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import (
    Stack,
    Template,
    Wanted,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.outcome import Mode, Outcome
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.secrecy import (
    hidden_names,
    secret_texts,
    texts,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.source import Source, of_stack
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.status import meaning
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.watch import Watching
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._progress import Snapshot, line
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._release import recorded
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._tags import ownership_tags
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._teller import Teller
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Clock


class HidingApi(Api):
    """Hides the values that are given to parameters which a template hides, from when it has read that template.

    :param given: values by parameter, however it is named.
    :param hide: takes texts that may be shown nowhere.
    """

    def __init__(
        self,
        client: t.Any,
        elbv2: t.Callable[[], t.Any],
        given: t.Mapping[str, t.Any],
        hide: t.Callable[[t.Collection[str]], None],
    ) -> None:
        super().__init__(client, elbv2)
        self._given, self._hide = given, hide
        self.hidden: set[str] = set()

    def template(self, location: t.Mapping[str, str]) -> Template:
        """What a template asks for."""
        found = super().template(location)
        self.hidden.update(hidden_names(self._given, found))
        self._hide(secret_texts(self._given, found))
        return found


def api_of(module: t.Any) -> Api:
    """The calls with the module's credentials."""
    return Api(client(module, "cloudformation"), lambda: client(module, "elbv2"))


def run(module: t.Any) -> dict[str, t.Any]:
    """What the module runner_stack does."""
    options = module.params
    given = options["parameters"]
    known = secret_texts(given) | {text for value in options["secret_parameters"].values() for text in texts(value)}
    module.cover("parameters", {text for value in given.values() for text in texts(value)} - known)
    module.hide(known)
    api = HidingApi(client(module, "cloudformation"), lambda: client(module, "elbv2"), given, module.hide)
    teller = Teller(options["progress_path"], options["progress_interval"], mask=module.masked)
    mode = Mode(
        check=module.check_mode,
        wait=options["wait"] or options["join"],
        watching=_watching(options, Clock(), observer(teller)),
    )
    if options["join"]:
        return _joined(api, options, mode)
    if options["state"] == "absent":
        outcome = deletion.absent(api, unwanted(options), mode)
    else:
        source = of_stack(options, _there(api, options), lambda: impatient_client(module, "s3"))
        outcome = operation.present(api, wanted(options, source), source.location, mode)
        return {
            **result(api, outcome),
            "target_release_version": source.version,
            "hidden_parameters": sorted(api.hidden),
        }
    return result(api, outcome)


def _there(api: Api, options: t.Mapping[str, t.Any]) -> Stack:
    """The runner's stack, where it decides which template is meant; whose it is, the operation judges."""
    asked = Wanted.of(options)
    if options["keep_release"] is not True:
        return Stack(asked.name)
    return find(api, asked.runner, asked.name, asked.take_over).seen


def joined(
    options: t.Mapping[str, t.Any],
    clients: t.Callable[[str], t.Any],
    check: bool,
    clock: Clock,
    observe: t.Callable[[Snapshot], None],
) -> dict[str, t.Any]:
    """What the module does with C(join), for whoever waits for several stacks at once.

    :param options: C(name), C(timeout), C(fail_fast) and C(operation_token) of the module.
    :param clients: makes the client of a service.
    :param observe: is told how far the operation is, at every look.
    """
    api = Api(clients("cloudformation"), lambda: clients("elbv2"))
    return _joined(api, options, Mode(check, wait=True, watching=_watching(options, clock, observe)))


def _joined(api: Api, options: t.Mapping[str, t.Any], mode: Mode) -> dict[str, t.Any]:
    return result(api, operation.join(api, options["name"], options["operation_token"] or "", mode))


def _watching(options: t.Mapping[str, t.Any], clock: Clock, observe: t.Callable[[Snapshot], None]) -> Watching:
    return Watching(timeout=options["timeout"], fail_fast=options["fail_fast"], clock=clock, observe=observe)


def wanted(options: t.Mapping[str, t.Any], source: Source) -> Wanted:
    """What the options ask for; what is deployed, and for whom, is recorded in the stack's tags."""
    found = Wanted.of(options)
    own = ownership_tags(found.runner.name, found.runner.id) if found.runner.known else {}
    tags = {**found.tags, **source.tags, **own}
    return dataclasses.replace(found, tags=tags, fingerprint=source.fingerprint, keeps_template=source.kept)


def unwanted(options: t.Mapping[str, t.Any]) -> deletion.Deletion:
    """What the options ask to be gone."""
    found = Wanted.of(options)
    return deletion.Deletion(
        found.name,
        options["force"] is True,
        tuple(options["retain_resources"]),
        found.cancel_update,
        found.runner,
        found.take_over,
    )


def observer(teller: Teller) -> t.Callable[[Snapshot], None]:
    """Tells how far the stack is."""
    return lambda snapshot: teller.tell(line(snapshot), snapshot.essence)


def result(api: Api, outcome: Outcome) -> dict[str, t.Any]:
    """Plain data with stable keys."""
    stack = outcome.stack
    settled = meaning(stack.status).good and not meaning(stack.status).in_progress
    return described(outcome, api.load_balancer(stack) if settled else None)


def described(outcome: Outcome, load_balancer: t.Mapping[str, str] | None) -> dict[str, t.Any]:
    """Plain data with stable keys, from what is known already."""
    stack = outcome.stack
    found: dict[str, t.Any] = {
        "changed": outcome.changed,
        "operation": outcome.operation,
        "in_progress": outcome.in_progress,
        "operation_token": outcome.token,
        "stack": stack.as_result(),
        "release_version": recorded(stack.tags),
        "outputs": dict(stack.outputs),
        "load_balancer": load_balancer,
        "changes": list(outcome.changes),
        "actions": list(outcome.actions),
        "effects": list(outcome.effects),
        "timeline": list(outcome.timeline),
        "kept_resources": list(outcome.kept),
    }
    if outcome.warnings:
        found["warnings"] = list(outcome.warnings)
    before, after = _compared(outcome)
    if before != after:
        header = f"stack {stack.name}"
        found["diff"] = {"before": before, "after": after, "before_header": header, "after_header": header}
    return found


def _compared(outcome: Outcome) -> tuple[str, str]:
    """What is shown as the difference; of what changes no text of the stack, such as its protection, what is done."""
    if outcome.before != outcome.after or not outcome.changed:
        return outcome.before, outcome.after
    return "", "".join(f"{action}\n" for action in outcome.actions)
