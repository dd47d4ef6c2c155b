# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module runner_verification_info does: look at each runner until it settles, and judge."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.check import Result
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.api import Api
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.finding import find
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.standing import (
    DOMAIN,
    made_good,
    missing,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.clients import FleetConnections
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.fleet import Fleet, Host
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.module import Connected, looked
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.progress import named
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.model import Runner
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._probe import operation as probe
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._release import VERSION_TAG
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification import judging, runner, verdict
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification.gather import Gatherer
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification.here import (
    Network,
    wait_for_records,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification.model import Facts, Wanted
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Clock, Pace, poll

# Of the stack that was looked at.
STACK_KEYS = frozenset({"name", "id", "status", "creation_time"})
PACE = Pace(first=1.0, longest=15.0, growth=1.5)


def run(module: t.Any, connected: Connected = FleetConnections) -> dict[str, t.Any]:
    """What the module runner_verification_info does.

    :param connected: makes the clients.
    """
    return looked(module, look, "through the verification", connected)


def look(fleet: Fleet, host: Host) -> dict[str, t.Any]:
    """One runner's part: AWS and the management plane, then the network from here.

    :raises RunnerError: a value is wrong, or nothing can be said for the runner's profile or region.
    """
    if host.values.get(DOMAIN):
        # Before AWS is asked for anything.
        _network(host)
    deployed = _deployed(fleet, host)
    host = dataclasses.replace(host, values={**host.values, **deployed})
    values = host.values
    network = _network(host)
    seen = {**_watched(fleet, host), "deployed": deployed}
    # Also where others look at the network afterwards, from inside the VPC.
    if not fleet.check:
        wait_for_records(fleet, host)
    # A runner that will not come up is told at once.
    wait_timeout = 0 if fleet.check or seen["pointless"] else values["gitpod_verify_wait"]
    with concurrent.futures.ThreadPoolExecutor(1) as beside:
        # A probe changes nothing, but it is a command on somebody's machine, which check mode sends to nobody.
        probing = probe.wanted(values) and seen["exists"] and not fleet.check
        probes = beside.submit(probe.look, fleet, host, seen, wait_timeout) if probing else None
        # Of a stack that does not exist yet there is nothing to ask.
        if network and (seen["exists"] or not fleet.check):
            seen["network"] = network.look(fleet, seen, wait_timeout)
        seen["instances"] = probes.result() if probes else []
    return seen


def _network(host: Host) -> Network | None:
    """The look from here, if there is to be one.

    :raises RunnerError: with a value of the inventory nobody can look.
    """
    network = Network(host) if host.values.get("gitpod_verify_from_control_node") else None
    if network:
        network.check()
    return network


def _deployed(fleet: Fleet, host: Host) -> dict[str, t.Any]:
    """What the inventory leaves out as the stack has it; nothing is read when nothing is missing.

    What cannot be read stays unknown, and the checks that need it say so; only without a domain there is nothing to
    look at from here.

    :raises RunnerError: the domain is looked for, and the stack cannot be read.
    """
    if not missing(host.values):
        return {}
    clients, wanted = fleet.clients(host), wanted_of(host)
    api = Api(clients("cloudformation"), lambda: clients("elbv2"))
    try:
        return fleet.pool.run(lambda: made_good(api, find(api, wanted.runner, wanted.stack_name).seen, host.values))
    except RunnerError:
        if host.values.get("gitpod_verify_from_control_node") and not host.values.get(DOMAIN):
            raise
        return {}


def _watched(fleet: Fleet, host: Host) -> dict[str, t.Any]:
    """Look, wait until no check that counts fails, and return everything."""
    wanted, required = wanted_of(host), host.values.get("gitpod_verify_required") or []
    patience = verdict.Patience(0.0, 0.0) if fleet.check else patience_of(host)
    gatherer = Gatherer(fleet.clients(host), fleet.pool, wanted, runner.reader(host.values, wanted, fleet.pool))
    clock = Clock()
    start, facts = clock.now(), Facts()
    checks: list[Result] = []
    pointless = False
    for elapsed in poll(clock, patience.longest, PACE):
        facts = gatherer.look()
        checks = judging.judge(wanted, facts)
        pairs = [(check.identifier, check.status) for check in checks]
        pointless = verdict.counts(runner.PHASE, required) and runner.hopeless(wanted, facts)
        done = verdict.settled(patience.waits_for(pairs, elapsed), required)
        # Without a stack there is nothing to wait for; one that could not be read may be there.
        if absent(facts) or pointless or done:
            break
        fleet.board.waits(host.name, named([identifier for identifier, status in pairs if status == "fail"]))
    return {
        "exists": not absent(facts),
        "healthy": verdict.healthy([(check.identifier, check.status) for check in checks]),
        "pointless": pointless,
        "checks": [check.as_result() for check in checks],
        "stack": _stack(facts),
        "outputs": dict(facts.outputs or {}),
        "load_balancer": _balancer(facts),
        "endpoint": _endpoint(facts),
        "network": None,
        "instances": [],
        "runner": facts.runner.as_result() if isinstance(facts.runner, Runner) else None,
        "waited": round(clock.now() - start, 1),
    }


def absent(facts: Facts) -> bool:
    """Whether the runner has no stack, as CloudFormation says; not where it could not be asked."""
    return facts.outputs is None and "stack" not in facts.problems


def wanted_of(host: Host) -> Wanted:
    """What the runner is to be, by its inventory and by what this run did before."""
    values, earlier = host.values, host.earlier
    return Wanted(
        stack_name=earlier.stack_name or values["gitpod_stack_name"],
        region=values["gitpod_region"],
        runner_id=earlier.runner_id(values),
        runner_name=values["gitpod_runner_name"],
        vpc_id=values.get("gitpod_vpc_id") or "",
        privatelink=bool(values.get("gitpod_privatelink_enabled")),
        network=bool(values.get("gitpod_network_endpoints")),
        subnet_ids=tuple(values.get("gitpod_ec2_subnet_ids") or ()),
        service_name=values["gitpod_privatelink_service_name"],
        service_region=values["gitpod_privatelink_service_region"],
        version=values.get("gitpod_verify_version") or "",
        token_renewed=bool(earlier.registration.get("renew_exchange_token")),
    )


def patience_of(host: Host) -> verdict.Patience:
    """How long this runner's checks are waited for."""
    return verdict.Patience(host.values["gitpod_verify_phase_wait"], host.values["gitpod_verify_wait"])


def _stack(facts: Facts) -> dict[str, t.Any] | None:
    """Which one was looked at, and of which release, for a report of a run that verifies alone."""
    if facts.stack is None:
        return None
    told = {key: value for key, value in facts.stack.as_result().items() if key in STACK_KEYS}
    return {**told, "release_version": facts.stack.tags.get(VERSION_TAG, "")}


def _balancer(facts: Facts) -> dict[str, t.Any] | None:
    found = facts.balancer
    if found is None:
        return None
    shown = {"dns_name": found.dns_name, "scheme": found.scheme, "state": found.state, "vpc_id": found.vpc_id}
    return {**shown, "ports": list(found.ports)}


def _endpoint(facts: Facts) -> dict[str, t.Any] | None:
    if facts.endpoint is None:
        return None
    return {
        "id": facts.endpoint.id,
        "state": facts.endpoint.state,
        "private_dns_name": facts.private_dns_name,
        "addresses": sorted(address for own in facts.addresses.values() for address in own),
    }
