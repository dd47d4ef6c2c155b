# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module runner_verification_info does: look until it settles, and judge."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import NotFoundError, RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification import judging, verdict
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification.gather import Gatherer
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification.model import Facts, Runner, Wanted
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification.progress import (
    teller,
    waiting_line,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Clock, Pace, poll

PACE = Pace(first=2.0, longest=15.0, growth=1.5)


def run(module: t.Any) -> dict[str, t.Any]:
    """Look, wait until no check that counts fails, and return everything."""
    options = module.params
    wanted = Wanted(
        stack_name=options["name"],
        region=module.region,
        runner_id=options["runner_id"] or "",
        vpc_id=options["vpc_id"] or "",
        privatelink=options["privatelink"],
        service_name=options["service_name"],
        service_region=options["service_region"],
        version=options["version"] or "",
    )
    gatherer = Gatherer(module, wanted, runner_reader(options))
    clock, tell = Clock(), teller(options["progress_path"])
    start, facts = clock.now(), Facts()
    pairs: list[tuple[str, str]] = []
    timeout = 0 if module.check_mode else options["wait_timeout"]
    for elapsed in poll(clock, timeout, PACE):
        facts = gatherer.look()
        checks = judging.judge(wanted, facts)
        pairs = [(check.identifier, check.status) for check in checks]
        # Without a stack there is nothing to wait for.
        if facts.outputs is None or verdict.settled(pairs, options["required"]):
            break
        tell(waiting_line(pairs, elapsed, timeout))
    return {
        "changed": False,
        "exists": facts.outputs is not None,
        "healthy": verdict.healthy(pairs),
        "checks": [check.as_result() for check in judging.judge(wanted, facts)],
        "outputs": dict(facts.outputs or {}),
        "load_balancer": _balancer(facts),
        "endpoint": _endpoint(facts),
        "waited": round(clock.now() - start, 1),
    }


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


def runner_reader(options: t.Mapping[str, t.Any]) -> t.Callable[[str], Runner] | None:
    """Reads a runner at the management plane; C(None) without a token. What goes wrong is told by each look."""
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.api import Api
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.client import (
        Client,
        Connection,
        token_of_the_environment,
    )

    if not ((options["api_token"] or "").strip() or token_of_the_environment()):
        return None

    def read(runner_id: str) -> Runner:
        try:
            found = Api(Client(Connection.of(options))).runner(runner_id)
        except NotFoundError:
            return Runner("", "", "", f"The management plane knows no runner {runner_id}")
        except ImportError as error:
            raise RunnerError(f"The SDK is missing: {error}", next_step="Install gitpod-sdk") from error
        return Runner(found.phase, found.version, found.region, found.message)

    return read
