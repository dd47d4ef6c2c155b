# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of the stages: which module takes each, with which options, and what is told of it. Pure."""

from __future__ import annotations

import dataclasses
import time
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._certificate import desired as certificate
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import desired as stack
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.changes import describe
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns import desired as dns
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import InputError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints import (
    desired as network_endpoints,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._ownership import BY_HAND, UNKNOWN
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink import desired as endpoint
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._registration import desired as registration
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._teardown import desired as teardown
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import block
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values import results
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.earlier import Earlier
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification.desired import probe

Options = dict[str, t.Any]
Result = dict[str, t.Any]
# What Ansible shows of the task that returned it, and would show of the next one again.
SAID_ONCE = frozenset({"diff", "warnings", "deprecations", "invocation", "skip_reason"})


@dataclasses.dataclass(frozen=True)
class Situation:
    """What a step is taken in.

    :param values: typed, secrets included.
    :param earlier: what earlier stages left behind.
    :param variables: the host's, for what the same stage has registered.
    :param options: what the task adds.
    """

    values: t.Mapping[str, t.Any] = dataclasses.field(repr=False)
    earlier: Earlier
    variables: t.Mapping[str, t.Any] = dataclasses.field(repr=False)
    options: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict, repr=False)
    check_mode: bool = False

    @property
    def name(self) -> str:
        """The runner's."""
        return str(self.values["gitpod_runner_name"])

    def registered(self, name: str) -> dict[str, t.Any]:
        """What an earlier task of the stage registered; empty when it was skipped."""
        found = self.variables.get(name)
        return found if isinstance(found, dict) and not found.get("skipped") else {}


Lines = list[str]


def _nothing(_situation: Situation) -> str:
    return ""


def _silent(_situation: Situation, _result: Result) -> Lines:
    return []


def _no_result(_situation: Situation) -> Result:
    return {}


@dataclasses.dataclass(frozen=True)
class Step:
    """How a stage takes a step.

    :param module: of the collection.
    :param options: of the module.
    :param idle: why there is nothing to do, or empty.
    :param finish: adds to the module's result what later steps need; returns the lines that a person wants to see.
    :param stands: the result where there is nothing to do; when it is empty, the step is skipped.
    """

    module: str
    options: t.Callable[[Situation], Options]
    idle: t.Callable[[Situation], str] = _nothing
    finish: t.Callable[[Situation, Result], Lines] = _silent
    stands: t.Callable[[Situation], Result] = _no_result


def _of(function: t.Callable[[t.Mapping[str, t.Any], Earlier], Options]) -> t.Callable[[Situation], Options]:
    return lambda situation: function(situation.values, situation.earlier)


def _no_certificate(situation: Situation) -> str:
    wanted = certificate.wanted(situation.values)
    return "" if wanted else "no certificate is asked for (gitpod_certificate_request)"


def _certificate_is_issued(situation: Situation) -> str:
    # Whoever was handed the records may take days.
    waits = situation.earlier.certificate.get("in_progress") and not situation.earlier.awaits_records
    going_on = waits and not situation.check_mode
    return _no_certificate(situation) or ("" if going_on else "nothing is going on")


def _certificate_arn(situation: Situation, result: Result) -> Lines:
    """What check mode hands on in place of an ARN that only AWS can give."""
    found = result.get("certificate") or {}
    result.update(
        certificate_arn=found.get("arn") or certificate.foreseen_arn(situation.values),
        status=found.get("status") or "",
        not_after=found.get("not_after") or "",
    )
    return []


def _certificate_waited(situation: Situation, result: Result) -> Lines:
    """The wait makes nothing; what was requested, and with which records, the start knows."""
    for name in ("requested", "validation_records"):
        if situation.earlier.certificate.get(name):
            result[name] = situation.earlier.certificate[name]
    return _certificate_arn(situation, result)


def _certificate_stands(situation: Situation) -> Result:
    return {} if _no_certificate(situation) else _unchanged(situation.earlier.certificate)


def _not_registered(situation: Situation) -> str:
    wanted = registration.wanted(situation.values)
    return "" if wanted else "the inventory has the runner's ID, or no API token"


def _nothing_to_register(situation: Situation) -> str:
    """Settings of a runner that has an ID are kept too."""
    return "" if registration.kept(situation.values) else _not_registered(situation)


def _stack_status(situation: Situation) -> str:
    """As the registration's own look has it."""
    return str((situation.registered("__gitpod_registration_stack").get("stack") or {}).get("status") or "")


def _registration(situation: Situation) -> Options:
    return {**registration.start(situation.values, situation.earlier), "stack_status": _stack_status(situation)}


def _hand_on(situation: Situation, result: Result) -> Lines:
    """The registration without its token, and lines, because a result with a token is shown nowhere."""
    result["handed_on"] = registration.handed_on(result, situation.values, _stack_status(situation))
    would = "would " if situation.check_mode else ""
    return [f"{situation.name}: {would}{line}" for line in result["handed_on"]["actions"]]


def _no_endpoint(situation: Situation) -> str:
    return "" if situation.values["gitpod_privatelink_enabled"] else "gitpod_privatelink_enabled is not set"


def _no_network(situation: Situation) -> str:
    return "" if situation.values["gitpod_network_endpoints"] else "gitpod_network_endpoints is not set"


def _network_is_settled(situation: Situation) -> str:
    return _no_network(situation) or _settled(situation.earlier.network_started)


def _network_stands(situation: Situation) -> Result:
    return {} if _no_network(situation) else _unchanged(situation.earlier.network_started)


def _network_waited(situation: Situation, result: Result) -> Lines:
    """The wait looks at the runner's own endpoints alone; what the start found beside them stands too."""
    started = situation.earlier.network_started
    both = (*(started.get("endpoints") or []), *(result.get("endpoints") or []))
    found = {entry["service"]: entry for entry in both}
    result["endpoints"] = [found[service] for service in sorted(found)]
    for name in ("security_group", "left_alone"):
        if started.get(name) and not result.get(name):
            result[name] = started[name]
    return []


def _left_to_others(situation: Situation, result: Result) -> Lines:
    return [f"{situation.name}: {line}" for line in result.get("left_alone") or []]


def _endpoint_is_settled(situation: Situation) -> str:
    return _no_endpoint(situation) or _settled(situation.earlier.endpoint_started)


def _stack_is_settled(situation: Situation) -> str:
    return _settled(situation.earlier.started)


def _settled(started: t.Mapping[str, t.Any]) -> str:
    return "nothing is going on" if started and not started.get("in_progress", True) else ""


def _endpoint_stands(situation: Situation) -> Result:
    return {} if _no_endpoint(situation) else _unchanged(situation.earlier.endpoint_started)


def _stack_stands(situation: Situation) -> Result:
    return _unchanged(situation.earlier.started)


def _unchanged(started: t.Mapping[str, t.Any]) -> Result:
    """What was started and is settled, as the result of waiting for it: without what a task says once."""
    kept = {name: value for name, value in started.items() if name not in SAID_ONCE and not name.startswith("_")}
    return {**kept, "changed": False} if kept else {}


def _what_was_started(situation: Situation, result: Result) -> Lines:
    """The wait looks at the endpoint alone; what the start found beside it stands too."""
    started = situation.earlier.endpoint_started
    for name in ("security_group", "service", "left_out_subnet_ids", "left_alone"):
        if started.get(name) and not result.get(name):
            result[name] = started[name]
    return []


def _whose_turn(situation: Situation, result: Result) -> Lines:
    return [f"{situation.name}: {result.get('waiting_for')}"] if result.get("waiting_for_acceptance") else []


def _stack_look(situation: Situation) -> Options:
    return stack.whose(situation.values, situation.earlier)


def _started(situation: Situation, result: Result) -> Lines:
    """The changes that wait for approval, and from when on what was changed holds."""
    effects = [f"{situation.name}: {line}" for line in result.get("effects") or []]
    if result.get("operation") != "review":
        return effects
    told = ", ".join(result.get("actions") or [])
    first = f"{situation.name}: {told}; run again without gitpod_stack_review to execute exactly these changes"
    return [first, *(f"    {describe(change)}" for change in result.get("changes") or []), *effects]


def _probe(situation: Situation) -> Options:
    """The task is delegated to the probe; the values are those of the runner's host."""
    read = situation.registered(results.VERIFICATION)
    seen = results.of_fleet(situation.variables, results.VERIFICATION, str(situation.variables["inventory_hostname"]))
    elapsed = time.time() - float(read.get("looked_at") or time.time())
    return probe(situation.values, seen["seen"], elapsed, situation.check_mode)


def _asked(situation: Situation) -> Options:
    return dns.asked(situation.values, situation.options)


def _records(situation: Situation) -> Options:
    joined_later = bool(situation.options.get("joined_later"))
    return dns.route53(situation.values, situation.earlier.load_balancer, joined_later)


def _validation(situation: Situation) -> Options:
    return dns.validation(situation.values, situation.earlier.certificate.get("validation_records") or [])


def _torn_down(situation: Situation) -> dict[str, t.Any]:
    found = situation.registered("__gitpod_teardown_look")
    if not found:
        raise InputError(
            "What there is of the runner was not looked at, so nothing is removed",
            next_step="Run the teardown from its beginning (without --start-at-task, and with every step of --step)",
        )
    return found


def _neighbours(situation: Situation) -> dict[str, t.Any]:
    """The look that tells which other runners' stacks are in the VPC, whose use of the endpoint no tag records."""
    found = situation.registered("__gitpod_privatelink_look")
    if not found:
        raise InputError(
            "Nobody looked at who else uses the endpoint, so nothing is removed",
            next_step="Use the role gitpod_privatelink by its entry point absent, from its beginning",
        )
    return found


def _endpoint_is_needed(situation: Situation) -> str:
    relation = _neighbours(situation)["stack"]["relation"]
    return "a stack stays that may be this runner's and need it" if relation in (BY_HAND, UNKNOWN) else ""


def _endpoint_without(situation: Situation) -> Result:
    look, wanted = _neighbours(situation), endpoint.absent(situation.values, situation.earlier)
    there = [*look["endpoints"], *look["security_groups"]]
    needing = (entry["also_used_by"] for entry in there if entry["vpc_id"] == wanted["vpc_id"])
    return {**wanted, "also_used_by": next(needing, [])}


STEPS: t.Mapping[tuple[str, str], Step] = {
    ("certificate", "start"): Step("runner_certificate", _of(certificate.start), _no_certificate, _certificate_arn),
    ("certificate", "join"): Step(
        "runner_certificate", _of(certificate.join), _certificate_is_issued, _certificate_waited, _certificate_stands
    ),
    ("registration", "look"): Step("runner_stack_info", _stack_look, _not_registered),
    ("registration", "start"): Step("runner_registration", _registration, _nothing_to_register, _hand_on),
    ("network_endpoints", "start"): Step(
        "runner_network_endpoints", _of(network_endpoints.start), _no_network, _left_to_others
    ),
    ("network_endpoints", "join"): Step(
        "runner_network_endpoints",
        _of(network_endpoints.join),
        _network_is_settled,
        _network_waited,
        _network_stands,
    ),
    ("network_endpoints", "absent"): Step(
        "runner_network_endpoints", _of(network_endpoints.absent), _endpoint_is_needed, _left_to_others
    ),
    ("privatelink", "start"): Step("runner_endpoint", _of(endpoint.start), _no_endpoint, _whose_turn),
    ("privatelink", "join"): Step(
        "runner_endpoint", _of(endpoint.join), _endpoint_is_settled, _what_was_started, _endpoint_stands
    ),
    ("privatelink", "absent"): Step("runner_endpoint", _endpoint_without, _endpoint_is_needed),
    ("stack", "look"): Step("runner_stack_info", _stack_look),
    ("stack", "start"): Step("runner_stack", _of(stack.start), finish=_started),
    ("stack", "join"): Step("runner_stack", _of(stack.join), _stack_is_settled, stands=_stack_stands),
    ("dns", "ask"): Step("runner_propagation_info", _asked),
    ("dns", "route53"): Step("runner_dns", _records),
    ("dns", "validation"): Step("runner_dns", _validation),
    ("verify", "probe"): Step("runner_health_info", _probe),
    ("teardown", "look"): Step(
        "runner_teardown_info",
        lambda situation: teardown.look(situation.values, situation.earlier),
        # The first look of a run has none before it.
        finish=lambda situation, result: teardown.describe(
            situation.values, result, situation.registered("__gitpod_teardown_look")
        ),
    ),
    ("teardown", "records"): Step(
        "runner_dns",
        lambda situation: dns.removal(
            situation.values,
            _torn_down(situation)["domain"],
            _torn_down(situation)["targets"],
        ),
        lambda situation: teardown.no_records(_torn_down(situation)),
    ),
    ("teardown", "certificate"): Step(
        "runner_certificate",
        lambda situation: certificate.absent(
            situation.values,
            situation.earlier,
            _torn_down(situation)["domain"],
            _torn_down(situation)["load_balancer"] or {},
        ),
        lambda situation: "" if _torn_down(situation)["domain"] else "no domain is known",
    ),
    ("teardown", "registration"): Step(
        "runner_registration",
        lambda situation: registration.absent(
            situation.values, situation.earlier, _torn_down(situation)["stack"]["was_here"]
        ),
        lambda situation: teardown.no_registration(situation.values, _torn_down(situation)),
    ),
    ("teardown", "endpoint"): Step(
        "runner_endpoint",
        lambda situation: {**endpoint.absent(situation.values, situation.earlier), **situation.options},
    ),
    ("teardown", "network_endpoints"): Step(
        "runner_network_endpoints",
        lambda situation: {**network_endpoints.absent(situation.values, situation.earlier), **situation.options},
        finish=_left_to_others,
    ),
    ("teardown", "stack"): Step(
        "runner_stack",
        lambda situation: stack.absent(situation.values, situation.earlier, _torn_down(situation)["stack"]["name"]),
        lambda situation: teardown.no_stack(_torn_down(situation)),
    ),
    ("teardown", "buckets"): Step(
        "runner_retained_buckets",
        lambda situation: teardown.buckets(situation.values, situation.earlier, _torn_down(situation)),
        finish=teardown.told_of_buckets,
    ),
}


def shown(lines: t.Iterable[str]) -> str:
    """Lines as they are displayed."""
    return block(lines)
