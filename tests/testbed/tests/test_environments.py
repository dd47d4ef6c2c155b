# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of an environment on the test bed."""

from __future__ import annotations

import asyncio
import types
import typing as t

import pytest
from connectrpc.code import Code
from connectrpc.errors import ConnectError
from gitpod.v1 import environment_pb2

from tests.testbed import environments
from tests.testbed.environments import Environments, Orders
from tests.testbed.management_plane import ManagementPlane
from tests.testbed.management_severity import Severity

ID = "0192f3c8-5b6e-7a10-8c4d-1e2f3a4b5c01"
AT_ONCE = {"creating": 0.0, "starting": 0.0, "stopping": 0.0, "deleting": 0.0}


@pytest.fixture
def plane() -> ManagementPlane:
    made = ManagementPlane()
    made.add("gitpod-us-east-1", "us-east-1", ID)
    made.orders[ID] = ("active", "")
    made.add_class(ID, "Small")
    return made


def create(plane: ManagementPlane, name: str = "proof") -> str:
    (class_id,) = [entry.id for entry in plane.classes.values() if entry.enabled]
    request = environment_pb2.CreateEnvironmentRequest(name=name, annotations={"whose": "ours"})
    setattr(request.spec.machine, "class", class_id)
    return str(asyncio.run(Environments(plane).create_environment(request, None)).environment.id)


def phase(plane: ManagementPlane, environment_id: str) -> str:
    request = environment_pb2.GetEnvironmentRequest(environment_id=environment_id)
    found = asyncio.run(Environments(plane).get_environment(request, None)).environment
    return environment_pb2.EnvironmentPhase.Name(found.status.phase).removeprefix("ENVIRONMENT_PHASE_").lower()


def code(work: t.Callable[[], t.Any]) -> Code:
    with pytest.raises(ConnectError) as caught:
        work()
    return caught.value.code


def stop(plane: ManagementPlane, environment_id: str) -> None:
    request = environment_pb2.StopEnvironmentRequest(environment_id=environment_id)
    asyncio.run(Environments(plane).stop_environment(request, None))


def delete(plane: ManagementPlane, environment_id: str, force: bool = False) -> None:
    request = environment_pb2.DeleteEnvironmentRequest(environment_id=environment_id, force=force)
    asyncio.run(Environments(plane).delete_environment(request, None))


def test_it_goes_through_every_phase_in_its_time(plane: ManagementPlane, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(environments, "time", types.SimpleNamespace(monotonic=lambda: now[0]))
    plane.lives.orders[""] = Orders(seconds=dict.fromkeys(AT_ONCE, 5.0))
    found = create(plane)

    def watched(seconds: int) -> list[str]:
        """The phase in each second."""
        seen = []
        for _second in range(seconds):
            seen.append(phase(plane, found))
            now[0] += 1.0
        return seen

    assert watched(11) == ["creating"] * 5 + ["starting"] * 5 + ["running"]
    stop(plane, found)
    assert watched(6) == ["stopping"] * 5 + ["stopped"]
    delete(plane, found)
    assert watched(6) == ["deleting"] * 5 + ["deleted"]


@pytest.mark.parametrize(
    ("order", "ends"),
    [({}, "running"), ({"outcome": "stops"}, "stopped"), ({"outcome": "vanishes"}, "deleted")]
    + [({"outcome": outcome}, "starting") for outcome in ("fails", "never")],
)
def test_it_may_end_otherwise(plane: ManagementPlane, order: dict[str, t.Any], ends: str) -> None:
    plane.lives.orders[ID] = Orders(seconds=AT_ONCE, **order)
    found = create(plane)
    assert phase(plane, found) == ends
    assert bool(plane.environments[found].status.failure_message) == (order.get("outcome") == "fails")


def test_a_deletion_stops_it_first_and_force_does_not(plane: ManagementPlane) -> None:
    plane.lives.orders[""] = Orders(seconds={**AT_ONCE, "stopping": 60.0})
    gentle, forced = create(plane, "gentle"), create(plane, "forced")
    delete(plane, gentle)
    delete(plane, forced, force=True)
    assert (phase(plane, gentle), phase(plane, forced)) == ("stopping", "deleted")
    plane.lives.orders[""] = Orders(seconds=AT_ONCE, forgets=True)
    assert code(lambda: phase(plane, forced)) == Code.NOT_FOUND


def test_what_is_refused(plane: ManagementPlane) -> None:
    plane.lives.orders[""] = Orders(seconds=AT_ONCE, quota=1, refuse_unless_forced=True)
    plane.lives.orders[""].refuse["DeleteEnvironment"] = ["failed_precondition", "it is in use"]
    found = create(plane)
    assert code(lambda: create(plane)) == Code.RESOURCE_EXHAUSTED
    assert code(lambda: delete(plane, found)) == Code.FAILED_PRECONDITION
    delete(plane, found, force=True)
    assert phase(plane, found) == "deleted"
    plane.orders[ID] = ("inactive", "")
    assert code(lambda: create(plane)) == Code.FAILED_PRECONDITION
    assert plane.lives.told()[0]["annotations"] == {"whose": "ours"}


def test_a_list_may_have_it_later_and_a_creation_may_come_when_its_answer_is_lost(plane: ManagementPlane) -> None:
    plane.severity = Severity(list_lag=60.0, seed=1)
    request = environment_pb2.ListEnvironmentsRequest()
    found = create(plane)
    assert not asyncio.run(Environments(plane).list_environments(request, None)).environments
    assert phase(plane, found) == "creating"
    plane.severity = Severity()
    plane.lives.orders[""] = Orders(late=0.05)

    async def lost() -> int:
        (class_id,) = plane.classes
        asked = environment_pb2.CreateEnvironmentRequest(name="late")
        setattr(asked.spec.machine, "class", class_id)
        with pytest.raises(ConnectError) as caught:
            await Environments(plane).create_environment(asked, None)
        assert caught.value.code == Code.UNAVAILABLE
        before = len(plane.environments)
        await asyncio.sleep(0.2)
        return len(plane.environments) - before

    assert asyncio.run(lost()) == 1
