# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module runner_together does: one step of many runners, each in a thread of its own; none ends the others."""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import queue
import threading
import traceback
import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.parameters import remove_values

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws import of_profile
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws_module import connection_of
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import options as stack_options
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import result as stack
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.secrecy import (
    secret_texts,
    texts,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import InputError, RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.clients import descriptions
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._modules import FAULT
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._route53 import operation as route53
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._route53 import options as route53_options
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import printable

Result = dict[str, t.Any]
Options = t.Mapping[str, t.Any]
# How many are at work at a time. A stack may first wait for minutes until another one is deleted; Route 53 takes five
# requests a second of an account (developer guide, "Quotas").
STACKS, ZONES = 32, 8
# Of the module's own options; which account it is is no secret.
SECRET_KEYS = ("secret_key", "session_token")


def _nothing(_options: Options) -> set[str]:
    return set()


def _secrets_of_stack(options: Options) -> set[str]:
    """As the module of the step itself knows them, before it has read the template."""
    return secret_texts(options["parameters"]) | texts(options["secret_parameters"])


@dataclasses.dataclass(frozen=True)
class Step:
    """A module of the collection, as far as it can be carried out for many runners.

    :param specification: of its options, and C(rules) between them.
    :param carry_out: what the module does.
    :param threads: for how many runners at a time.
    :param secrets: of its options, the texts that may be shown nowhere.
    """

    specification: t.Mapping[str, t.Any]
    rules: t.Mapping[str, t.Any]
    carry_out: t.Callable[[t.Any], Result]
    threads: int
    secrets: t.Callable[[Options], set[str]] = _nothing


STEPS: t.Mapping[str, Step] = {
    "runner_stack": Step(stack_options.ARGUMENT_SPEC, stack_options.RULES, stack.run, STACKS, _secrets_of_stack),
    "runner_dns": Step(route53_options.ARGUMENT_SPEC, route53_options.RULES, route53.run, ZONES),
}


class OfOne:
    """A module as the operation of one runner sees it: its own options and secrets, clients of its region and profile.

    What is hidden of one runner is a plain word for another, whose result would have holes in it.

    :param module: is shared by all of them, and so is C(lock), because neither it nor its sessions are made for several
        threads.
    """

    def __init__(self, module: t.Any, lock: t.Any, where: Options) -> None:
        self._module, self._lock = module, lock
        self._connection = {"region_name": where["region"], **of_profile(where["profile"])}
        self._hidden: set[str] = set()
        self.params: dict[str, t.Any] = {}
        self.check_mode: bool = module.check_mode
        self.region: str = where["region"]

    def take(self, step: Step, options: Options) -> None:
        """The step's options, with their defaults and types.

        :raises InputError: the module would not take them.
        """
        if options.get("template_file"):
            raise InputError("Nobody reads template_file here", next_step="Give template_body")
        if isinstance(options.get("release_version"), (int, float)):
            number = options["release_version"]
            raise InputError(
                f"release_version {number} is a number, and zeros at its end are lost", next_step="Write it in quotes"
            )
        # All of what may be secret, until it is known which is.
        covered = [name for name, entry in step.specification.items() if entry.get("no_log")]
        self._hidden = {text for name in covered for text in texts(options.get(name))}
        checked = ArgumentSpecValidator(step.specification, **step.rules).validate(options)
        if checked.error_messages:
            raise InputError("; ".join(checked.error_messages))
        self.params = dict(checked.validated_parameters)
        self._hidden = step.secrets(self.params)

    def client(self, service: str, **arguments: t.Any) -> t.Any:
        """As C(RunnerModule.client)."""
        with self._lock:
            return self._module.client(service, **{**self._connection, **arguments})

    def cover(self, _option: str, _public: t.Collection[str]) -> None:
        """Nothing but secrets is hidden."""

    def hide(self, found: t.Iterable[str]) -> None:
        """As C(RunnerModule.hide)."""
        self._hidden = self._hidden.union(text for text in found if text)

    def masked(self, value: t.Any) -> t.Any:
        """As C(RunnerModule.masked); of a result, each of its texts."""
        return remove_values(value, self._hidden)


def run(module: t.Any) -> Result:
    """Take the step of every runner; the results by host.

    :raises InputError: a host is named twice.
    """
    # What amazon.aws refuses it would refuse for each, and end the module amid the others.
    connection_of(module)
    step, runners = STEPS[module.params["module"]], module.params["runners"]
    # Which may be told; all else is hidden until the results are without secrets.
    module.cover("runners", {entry["host"] for entry in runners})
    twice = [host for host, count in collections.Counter(entry["host"] for entry in runners).items() if count > 1]
    if twice:
        raise InputError(f"runners has {', '.join(sorted(twice))} more than once", next_step="Name each host once")
    module.share_descriptions(descriptions())
    lock = threading.RLock()
    found = _side_by_side(lambda entry: _guarded(OfOne(module, lock, entry), step, entry), runners, step.threads)
    # Each result is without its own runner's secrets.
    module.cover("runners", {text for entry in runners for text in texts(entry)})
    module.hide(str(module.params[name]) for name in SECRET_KEYS if module.params.get(name))
    return {"changed": any(result.get("changed", False) for result in found.values()), "runners": found}


def _side_by_side(take: t.Callable[[Options], Result], runners: t.Sequence[Options], most: int) -> dict[str, Result]:
    """What C(take) returns for each runner, by host.

    :param most: at a time.
    """
    left: queue.SimpleQueue[Options] = queue.SimpleQueue()
    for entry in runners:
        left.put(entry)
    found: dict[str, Result] = {}

    def work() -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                entry = left.get_nowait()
                found[entry["host"]] = take(entry)

    # Daemons, so that a run that is broken off begins nothing more.
    for thread in [_begun(work) for _number in range(min(most, len(runners)))]:
        thread.join()
    return {entry["host"]: found[entry["host"]] for entry in runners}


def _begun(work: t.Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def _guarded(one: OfOne, step: Step, entry: Options) -> Result:
    """The runner's result; whatever goes wrong is this runner's failure alone, as its own module would have it."""
    try:
        one.take(step, entry["options"])
        return t.cast("Result", one.masked(printable(step.carry_out(one))))
    except RunnerError as error:
        found = {"failed": True, "changed": False, "msg": error.message, **error.details}
    except (Exception, SystemExit) as error:  # a module's own way out must not be a fleet's
        told = RunnerError(f"The module ended with {type(error).__name__}", str(error), FAULT)
        found = {"failed": True, "changed": False, "msg": told.message, "exception": traceback.format_exc()}
    return t.cast("Result", one.masked(printable(found)))
