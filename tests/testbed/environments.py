# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""EnvironmentService: an environment's life, with its failures.

creating, starting, running; stopping, stopped; deleting, deleted (gitpod.v1.EnvironmentPhase). A phase is what time has
made of it since the last call, so nothing runs in the background. What the API's reference says holds: creating starts
it, deleting stops it first, and URLs are there only while it runs. What it refuses with, and whether a deleted one is
still read, nobody outside has recorded: orders choose.
"""

from __future__ import annotations

import asyncio
import dataclasses
import time
import typing as t
import uuid

from connectrpc.code import Code
from connectrpc.errors import ConnectError
from gitpod.v1 import environment_pb2, runner_pb2
from gitpod.v1.environment_connect import EnvironmentService

from .aws import state

if t.TYPE_CHECKING:
    from .management_plane import ManagementPlane

PHASES = environment_pb2.EnvironmentPhase
CREATING, STARTING, RUNNING, STOPPING, STOPPED, DELETING, DELETED = (
    PHASES.Value(f"ENVIRONMENT_PHASE_{name}")
    for name in ("CREATING", "STARTING", "RUNNING", "STOPPING", "STOPPED", "DELETING", "DELETED")
)
# EnvironmentSpec.Timeout's rule, in the words of its own message.
SHORTEST_TIMEOUT = 1800
# How it may end before it runs.
OUTCOMES = ("", "fails", "stops", "vanishes", "never")


@dataclasses.dataclass
class Orders:
    """How environments live from now on.

    :param seconds: of each phase that passes by itself: creating, starting, stopping, deleting.
    :param outcome: C(fails) with C(messages) while it starts, C(stops) or C(vanishes) instead of running; C(never).
    :param refuse: code and message by method, such as C({"DeleteEnvironment": ["failed_precondition", "in use"]}).
    :param refuse_unless_forced: whether only a deletion without force is refused, and gets stuck where it is not.
    :param quota: how many environments there may be, or C(None).
    :param late: seconds after which a creation is carried out whose answer is lost at once; 0 for none.
    :param forgets: whether a deleted one is not found any more, rather than deleted.
    :param domain: below which its URLs are; empty is that of the runner's stack.
    :param urls: whether it has any.
    """

    seconds: dict[str, float] = dataclasses.field(default_factory=dict)
    outcome: str = ""
    messages: list[str] = dataclasses.field(default_factory=list)
    refuse: dict[str, list[str]] = dataclasses.field(default_factory=dict)
    refuse_unless_forced: bool = False
    quota: int | None = None
    late: float = 0.0
    forgets: bool = False
    domain: str = ""
    urls: bool = True

    def __post_init__(self) -> None:
        if self.outcome not in OUTCOMES:
            raise ValueError(f"outcome is one of {', '.join(OUTCOMES)}")

    def after(self, phase: str) -> float:
        """Seconds that a phase takes."""
        return self.seconds.get(phase, 0.2)


@dataclasses.dataclass
class Life:
    """What is asked of an environment, and since when it is in its phase; a deletion may have been forced."""

    since: float
    goal: int = RUNNING
    forced: bool = False


class Lives:
    """The lives of the environments that were created through the API, by runner where orders differ."""

    def __init__(self, plane: ManagementPlane) -> None:
        self._plane = plane
        self.orders: dict[str, Orders] = {}
        self.lives: dict[str, Life] = {}

    def reset(self) -> None:
        """All live well."""
        self.orders.clear()
        self.lives.clear()

    def of(self, runner_id: str) -> Orders:
        """A runner's orders, or those for all."""
        return self.orders.get(runner_id) or self.orders.get("") or Orders()

    def aged(self, environment: t.Any) -> t.Any:
        """The environment as it is now."""
        life = self.lives.get(environment.id)
        while life is not None and self._moved(environment, life):
            pass
        self._places(environment)
        return environment

    def _moved(self, environment: t.Any, life: Life) -> bool:
        """Whether time brought it into its next phase."""
        orders, phase = self.of(environment.metadata.runner_id), environment.status.phase
        following = self._following(orders, phase, life)
        if following is None:
            return False
        passing = PHASES.Name(phase).removeprefix("ENVIRONMENT_PHASE_").lower()
        # What is to end does not first become what it was to be.
        passes = (STOPPING, DELETING) if life.goal != RUNNING else (CREATING, STARTING, STOPPING, DELETING)
        if phase in passes:
            if time.monotonic() < life.since + orders.after(passing):
                return False
            life.since += orders.after(passing)
        else:
            life.since = time.monotonic()
        environment.status.phase = following
        if following == STARTING and orders.outcome == "fails":
            environment.status.failure_message.extend(orders.messages or ["the machine did not start"])
        return True

    @staticmethod
    def _following(orders: Orders, phase: int, life: Life) -> int | None:
        """The next phase on the way to the goal; C(None) where it stays."""
        if life.goal == RUNNING:
            ends = {"stops": STOPPING, "vanishes": DELETED, "never": None, "fails": None}
            return {
                CREATING: STARTING,
                STARTING: ends[orders.outcome] if orders.outcome else RUNNING,
                STOPPING: STOPPED,
            }.get(phase)
        if life.goal == DELETED and life.forced:
            return {DELETING: DELETED}.get(phase, None if phase == DELETED else DELETING)
        if life.goal == DELETED and orders.refuse_unless_forced and phase == DELETING:
            return None
        down = {CREATING: STOPPING, STARTING: STOPPING, RUNNING: STOPPING, STOPPING: STOPPED}
        return ({**down, STOPPED: DELETING, DELETING: DELETED} if life.goal == DELETED else down).get(phase)

    def _places(self, environment: t.Any) -> None:
        """URLs, which it has while it runs."""
        orders = self.of(environment.metadata.runner_id)
        environment.status.ClearField("environment_urls")
        domain = orders.domain or domain_of(environment.metadata.runner_id)
        if environment.status.phase == RUNNING and orders.urls and domain and environment.id in self.lives:
            places = environment.status.environment_urls
            places.ops = f"https://{environment.id}--ops.{domain}/"
            places.logs = f"https://{environment.id}--logs.{domain}/logs?token=s3cret-of-a-url"
            places.ssh.url = f"ssh://{environment.id}@{domain}:29222"

    def runs(self, host: str) -> bool:
        """Whether an environment that runs is reached under this name."""
        identifier = host.partition("--")[0]
        found = self._plane.environments.get(identifier)
        return found is not None and self.aged(found).status.phase == RUNNING

    def handle(self, body: dict[str, t.Any]) -> None:
        """C(environments) are orders, by runner or under the empty name for all."""
        for runner_id, order in body.get("environments", {}).items():
            self.orders[runner_id] = Orders(**order)

    def told(self) -> list[dict[str, t.Any]]:
        """Every environment with its phase and annotations, for tests."""
        return [
            {
                "id": key,
                "name": entry.metadata.name,
                "runner_id": entry.metadata.runner_id,
                "phase": PHASES.Name(self.aged(entry).status.phase).removeprefix("ENVIRONMENT_PHASE_").lower(),
                "annotations": dict(entry.metadata.annotations),
            }
            for key, entry in list(self._plane.environments.items())
        ]


def domain_of(runner_id: str) -> str:
    """The domain of the runner's stack: the certificate's that its load balancer shows."""
    stack = state.stack_of_runner(runner_id)
    values = stack.values if stack else ()
    names = (name for found in state.all_load_balancers() for name in found.certificate_names)
    return next((name for name in names if name in values), "")


class Environments(EnvironmentService):
    """The calls."""

    def __init__(self, plane: ManagementPlane) -> None:
        self._plane = plane

    async def list_environments(self, request: t.Any, _ctx: t.Any) -> t.Any:
        """Archived ones only when asked for, as the API does."""
        from .management_paging import page

        wanted = request.filter
        everything = wanted.archival_status == environment_pb2.ListEnvironmentsRequest.ARCHIVAL_STATUS_ALL
        found = [
            self._plane.lives.aged(entry)
            for _key, entry in sorted(self._plane.environments.items())
            if (not wanted.runner_ids or entry.metadata.runner_id in wanted.runner_ids)
            and (everything or not entry.metadata.HasField("archived_at"))
            and self._plane.severity.listed(entry.id)
        ]
        return page(request, found, environment_pb2.ListEnvironmentsResponse(), "environments")

    def _found(self, environment_id: str) -> t.Any:
        entry = self._plane.environments.get(environment_id)
        if entry is None:
            raise ConnectError(Code.NOT_FOUND, f"environment {environment_id} not found")
        self._plane.lives.aged(entry)
        if entry.status.phase == DELETED and self._plane.lives.of(entry.metadata.runner_id).forgets:
            raise ConnectError(Code.NOT_FOUND, f"environment {environment_id} not found")
        return entry

    async def get_environment(self, request: t.Any, _ctx: t.Any) -> t.Any:
        """One of them."""
        return environment_pb2.GetEnvironmentResponse(environment=self._found(request.environment_id))

    def _refused(self, runner_id: str, method: str) -> None:
        code, message = self._plane.lives.of(runner_id).refuse.get(method, ("", ""))
        if code:
            raise ConnectError(Code(code), message)

    async def create_environment(self, request: t.Any, _ctx: t.Any) -> t.Any:
        """Of a class that is enabled, on a runner that is up, below the quota."""
        chosen = self._plane.classes.get(getattr(request.spec.machine, "class"))
        if chosen is None:
            raise ConnectError(Code.INVALID_ARGUMENT, "spec.machine.class: environment class not found")
        idle = request.spec.timeout.disconnected.seconds
        if 0 < idle < SHORTEST_TIMEOUT:
            raise ConnectError(Code.INVALID_ARGUMENT, "spec.timeout.disconnected: must be 0s or at least 1800s")
        self._refused(chosen.runner_id, "CreateEnvironment")
        if not chosen.enabled:
            raise ConnectError(Code.FAILED_PRECONDITION, "environment class is disabled")
        runner = self._plane.observe(self._plane.runners[chosen.runner_id])
        if runner.status.phase not in (runner_pb2.RUNNER_PHASE_ACTIVE, runner_pb2.RUNNER_PHASE_DEGRADED):
            raise ConnectError(Code.FAILED_PRECONDITION, "runner is not active")
        quota = self._plane.lives.of(chosen.runner_id).quota
        alive = [entry for entry in self._plane.environments.values() if self._plane.lives.aged(entry).status.phase]
        if quota is not None and sum(entry.status.phase != DELETED for entry in alive) >= quota:
            raise ConnectError(Code.RESOURCE_EXHAUSTED, "maximum number of environments reached")
        entry = environment_pb2.Environment(id=str(uuid.uuid4()), spec=request.spec)
        entry.metadata.name, entry.metadata.runner_id = request.name, chosen.runner_id
        entry.metadata.annotations.update(request.annotations)
        entry.metadata.created_at.GetCurrentTime()
        entry.status.phase = CREATING
        self._plane.severity.lags(entry.id)
        late = self._plane.lives.of(chosen.runner_id).late
        if late:
            # Carried out when whoever asked has given up.
            asyncio.get_running_loop().call_later(late, self._begun, entry)
            raise ConnectError(Code.UNAVAILABLE, "upstream connect error or disconnect/reset before headers")
        self._begun(entry)
        return environment_pb2.CreateEnvironmentResponse(environment=entry)

    def _begun(self, entry: t.Any) -> None:
        self._plane.environments[entry.id] = entry
        self._plane.lives.lives[entry.id] = Life(time.monotonic())

    async def stop_environment(self, request: t.Any, _ctx: t.Any) -> t.Any:
        """It winds down."""
        entry = self._found(request.environment_id)
        self._refused(entry.metadata.runner_id, "StopEnvironment")
        self._asked(entry, STOPPED)
        return environment_pb2.StopEnvironmentResponse()

    async def delete_environment(self, request: t.Any, _ctx: t.Any) -> t.Any:
        """It is stopped first, unless forced."""
        entry = self._found(request.environment_id)
        orders = self._plane.lives.of(entry.metadata.runner_id)
        if not (request.force and orders.refuse_unless_forced):
            self._refused(entry.metadata.runner_id, "DeleteEnvironment")
        self._asked(entry, DELETED, request.force)
        return environment_pb2.DeleteEnvironmentResponse()

    def _asked(self, entry: t.Any, goal: int, forced: bool = False) -> None:
        """Another goal from now on; what was not created through the API lives from now on too."""
        life = self._plane.lives.lives.setdefault(entry.id, Life(time.monotonic()))
        if life.goal != DELETED or forced:
            life.goal, life.forced, life.since = goal, forced, time.monotonic()
