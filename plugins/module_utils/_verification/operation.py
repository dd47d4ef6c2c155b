# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module runner_verification_info does: look until it settles, and judge."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.check import Result
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.model import Runner
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification import judging, runner, verdict
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification.gather import Gatherer
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification.here import (
    Network,
    wait_for_records,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification.model import Facts, Wanted
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification.progress import (
    teller,
    waiting_line,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Clock, Pace, poll

PACE = Pace(first=2.0, longest=15.0, growth=1.5)


def run(module: t.Any) -> dict[str, t.Any]:
    """Look at AWS and the management plane, then at the network when that is asked for, and return everything.

    :raises RunnerError: an option is wrong.
    """
    options = module.params
    network = Network(options["network"], options) if options["network"] else None
    if network:
        network.check(module)
    seen = _look(module)
    # Also where others look at the network afterwards, from inside the VPC.
    if options["route53"] and not module.check_mode:
        wait_for_records(module, options["route53"])
    # Of a stack that does not exist yet there is nothing to ask.
    if network and (seen["exists"] or not module.check_mode):
        # A runner that will not come up is told at once.
        wait_timeout = 0 if module.check_mode or seen["pointless"] else options["wait_timeout"]
        seen["network"] = network.look(module, seen, wait_timeout)
    return seen


def _look(module: t.Any) -> dict[str, t.Any]:
    """Look, wait until no check that counts fails, and return everything."""
    options = module.params
    wanted = _wanted(options, module.region)
    patience = verdict.Patience(0.0, 0.0) if module.check_mode else _patience(options)
    gatherer = Gatherer(module, wanted, runner.reader(options, wanted))
    clock, tell = Clock(), teller(options["progress_path"])
    start, facts = clock.now(), Facts()
    checks: list[Result] = []
    pointless = False
    for elapsed in poll(clock, patience.longest, PACE):
        facts = gatherer.look()
        checks = judging.judge(wanted, facts)
        pairs = [(check.identifier, check.status) for check in checks]
        pointless = verdict.counts(runner.PHASE, options["required"]) and runner.hopeless(wanted, facts)
        # Without a stack there is nothing to wait for.
        done = verdict.settled(patience.waits_for(pairs, elapsed), options["required"])
        if facts.outputs is None or pointless or done:
            break
        tell(waiting_line(pairs, elapsed, patience.longest))
    return {
        "changed": False,
        "exists": facts.outputs is not None,
        "healthy": verdict.healthy([(check.identifier, check.status) for check in checks]),
        "pointless": pointless,
        "checks": [check.as_result() for check in checks],
        "outputs": dict(facts.outputs or {}),
        "load_balancer": _balancer(facts),
        "endpoint": _endpoint(facts),
        "network": None,
        "runner": facts.runner.as_result() if isinstance(facts.runner, Runner) else None,
        "waited": round(clock.now() - start, 1),
    }


def _wanted(options: t.Mapping[str, t.Any], region: str) -> Wanted:
    return Wanted(
        stack_name=options["name"],
        region=region,
        runner_id=options["runner_id"] or "",
        runner_name=options["runner_name"] or "",
        vpc_id=options["vpc_id"] or "",
        privatelink=options["privatelink"],
        service_name=options["service_name"],
        service_region=options["service_region"],
        version=options["version"] or "",
        token_renewed=options["token_renewed"],
    )


def _patience(options: t.Mapping[str, t.Any]) -> verdict.Patience:
    own = options["phase_wait_timeout"]
    return verdict.Patience(options["wait_timeout"] if own is None else own, options["wait_timeout"])


def _balancer(facts: Facts) -> dict[str, t.Any] | None:
    found = facts.balancer
    if found is None:
        return None
    return {"dns_name": found.dns_name, "scheme": found.scheme, "state": found.state, "ports": list(found.ports)}


def _endpoint(facts: Facts) -> dict[str, t.Any] | None:
    if facts.endpoint is None:
        return None
    return {
        "id": facts.endpoint.id,
        "state": facts.endpoint.state,
        "private_dns_name": facts.private_dns_name,
        "addresses": sorted(address for own in facts.addresses.values() for address in own),
    }
