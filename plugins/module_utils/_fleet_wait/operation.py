# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module runner_fleet_wait does: every part waits in a thread of its own, and none ends the others."""

from __future__ import annotations

import collections
import dataclasses
import threading
import traceback
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._certificate import operation as certificate
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import result as stack
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.secrecy import texts
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import InputError, RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._fleet_wait.board import Board, Key
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._fleet_wait.event import event_of
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._fleet_wait.lane import Lane
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._fleet_wait.model import (
    CERTIFICATE,
    ENDPOINT,
    KINDS,
    NETWORK,
    STACK,
    Part,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.clients import FleetConnections
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints import (
    operation as network_endpoints,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink import operation as endpoint
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._teller import Teller
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._terminal import channel
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Clock

Result = dict[str, t.Any]
SERVICES = {STACK: "cloudformation", NETWORK: "ec2", ENDPOINT: "ec2", CERTIFICATE: "acm"}
JOINED = {NETWORK: network_endpoints.joined, ENDPOINT: endpoint.joined, CERTIFICATE: certificate.joined}


@dataclasses.dataclass(frozen=True)
class Work:
    """One part to wait for.

    :param place: what shares a limit of calls with others of the same place.
    :param join: waits with a clock, tells what it sees to the second argument, and returns the part's result.
    :param clients: of the runner's account and region; C(None) where no calls are made.
    """

    key: Key
    place: tuple[str, ...]
    join: t.Callable[[Clock, t.Callable[[t.Any], None]], Result]
    clients: t.Callable[[str], t.Any] | None = None


def run(module: t.Any) -> Result:
    """Wait for everything; the results by host and part.

    :raises InputError: a host is named twice.
    """
    options = module.params
    runners = options["runners"]
    twice = [host for host, count in collections.Counter(entry["host"] for entry in runners).items() if count > 1]
    if twice:
        raise InputError(f"runners has {', '.join(sorted(twice))} more than once", next_step="Name each host once")
    connect = FleetConnections(module).of
    works = [_work(entry, kind, connect, module.check_mode) for entry in runners for kind in KINDS if entry.get(kind)]
    for entry in runners:
        module.hide(
            text
            for value in ((entry.get(STACK) or {}).get("secret_parameters") or {}).values()
            for text in texts(value)
        )
    teller = Teller(options["progress_path"], options["progress_interval"], mask=module.masked)
    path, masked = options["events_path"], module.masked
    found = wait(works, teller, observe=lambda part: channel.write(path, event_of(part), mask=masked))
    return {
        "changed": any(result.get("changed", False) for result in found.values()),
        "runners": {entry["host"]: {kind: found.get((entry["host"], kind)) for kind in KINDS} for entry in runners},
    }


def _work(
    runner: t.Mapping[str, t.Any],
    kind: str,
    connect: t.Callable[[str, str], t.Callable[[str], t.Any]],
    check: bool,
) -> Work:
    region, profile, options = runner["region"], runner.get("profile") or "", runner[kind]
    clients = connect(region, profile)

    def join(clock: Clock, observe: t.Callable[[t.Any], None]) -> Result:
        if kind == STACK:
            return stack.joined(options, clients, check, clock, observe)
        return JOINED[kind](options, clients, region, check, clock, observe)

    return Work((runner["host"], kind), (kind, region, profile), join, clients)


def wait(
    works: t.Sequence[Work],
    teller: Teller,
    clock: Clock | None = None,
    observe: t.Callable[[Part], None] = lambda _part: None,
) -> dict[Key, Result]:
    """Wait for all at once; the result of each, that of one that failed with C(failed), C(msg) and its details.

    :param observe: is given each part after each look at it.
    """
    clock = clock or Clock()
    board = Board((work.key for work in works), teller, observe)
    lanes = {place: Lane(crowd, clock) for place, crowd in collections.Counter(work.place for work in works).items()}
    found: dict[Key, Result] = {}
    board.open()

    def carry_out(work: Work) -> None:
        start = clock.now()
        found[work.key] = _guarded(work, lanes[work.place], clock, board)
        board.ended(work.key, found[work.key], clock.now() - start)

    # Daemons, so that a run that is broken off ends here at once; AWS goes on by itself.
    threads = [threading.Thread(target=carry_out, args=(work,), daemon=True) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    board.close()
    return found


def _guarded(work: Work, lane: Lane, clock: Clock, board: Board) -> Result:
    """The part's result; whatever goes wrong is this part's failure alone."""
    host, kind = work.key
    observe = board.stack if kind == STACK else board.state
    try:
        clock.sleep(lane.spread * clock.jitter())
        if work.clients:
            client = work.clients(SERVICES[kind])
            client.meta.events.register_first("needs-retry", lane.heed, unique_id=f"lane-{id(lane)}")
        shared = dataclasses.replace(clock, stretch=lane.stretch, least=lane.least)
        return work.join(shared, lambda seen: observe(work.key, seen))
    except RunnerError as error:
        return {"failed": True, "changed": False, "msg": error.message, **error.details}
    except Exception as error:
        told = f"Waiting for the {kind} of {host} ended with a fault of the collection: {type(error).__name__}: {error}"
        return {"failed": True, "changed": False, "msg": told, "exception": traceback.format_exc()}
    finally:
        lane.left()
