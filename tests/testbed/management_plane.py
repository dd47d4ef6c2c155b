# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in management plane on the official SDK's server classes: the real protocol, tokens that are checked,
exchange tokens that work once and expire, and phases that move when the runner's stack is up."""

from __future__ import annotations

import dataclasses
import secrets
import time
import typing as t
import uuid

from connectrpc.code import Code
from connectrpc.errors import ConnectError
from gitpod.v1 import runner_configuration_pb2, runner_pb2
from gitpod.v1.runner_connect import RunnerService, RunnerServiceASGIApplication

from .aws import control, state

TOKEN_LIFETIME = 24 * 3600.0
PAGE_SIZE = 25


@dataclasses.dataclass
class ExchangeToken:
    """One exchange token; C(used_by) is the name of the stack that presented it."""

    value: str
    runner_id: str
    expires: float
    used_by: str = ""


class ManagementPlane:
    """Runners, tokens, and a clock that tests can put forward."""

    def __init__(self) -> None:
        self.api_token = f"ona_{secrets.token_urlsafe(32)}"
        self.runners: dict[str, t.Any] = {}
        self.tokens: list[ExchangeToken] = []
        self.orders: dict[str, tuple[str, str]] = {}
        self.advanced = 0.0

    def now(self) -> float:
        """Seconds since the epoch, as far as tokens are concerned."""
        return time.time() + self.advanced

    def reset(self) -> None:
        """Forget everything but the API token."""
        self.runners.clear()
        self.tokens.clear()
        self.orders.clear()
        self.advanced = 0.0

    def mint(self, runner_id: str) -> str:
        """A new exchange token of a runner."""
        token = ExchangeToken(f"gitpod_exchange_{secrets.token_urlsafe(24)}", runner_id, self.now() + TOKEN_LIFETIME)
        self.tokens.append(token)
        return token.value

    def add(self, name: str, region: str, runner_id: str = "", request: t.Any = None) -> t.Any:
        """A runner; C(request) is the CreateRunnerRequest, when there is one."""
        runner = runner_pb2.Runner(
            runner_id=runner_id or str(uuid.uuid4()),
            name=name,
            provider=runner_configuration_pb2.RUNNER_PROVIDER_AWS_EC2,
        )
        if request is not None:
            runner.spec.CopyFrom(request.spec)
            runner.provider, runner.kind = request.provider, request.kind
        else:
            runner.spec.configuration.region = region
            runner.spec.variant = runner_pb2.RUNNER_VARIANT_ENTERPRISE
        runner.created_at.GetCurrentTime()
        runner.status.phase = runner_pb2.RUNNER_PHASE_CREATED
        runner.status.region = runner.spec.configuration.region
        self.runners[runner.runner_id] = runner
        return runner

    def observe(self, runner: t.Any) -> t.Any:
        """The runner with its phase as its stack has it now.

        A stack presents its exchange token when it is complete. The token must be this runner's, unexpired, and not
        presented by another stack before.
        """
        order = self.orders.get(runner.runner_id)
        stack = state.stack_of_runner(runner.runner_id)
        phase, message = runner_pb2.RUNNER_PHASE_CREATED, "Waiting for the runner to connect"
        if order:
            phase, message = runner_pb2.RunnerPhase.Value(f"RUNNER_PHASE_{order[0].upper()}"), order[1]
        elif stack and stack.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"):
            phase, message = self._connected(runner, stack)
        elif stack:
            phase, message = runner_pb2.RUNNER_PHASE_INACTIVE, f"The stack is {stack.status}"
        runner.status.phase, runner.status.message = phase, message
        runner.status.version = "20260115.2" if phase == runner_pb2.RUNNER_PHASE_ACTIVE else ""
        return runner

    def _connected(self, runner: t.Any, stack: state.StackView) -> tuple[t.Any, str]:
        for token in self.tokens:
            if token.runner_id == runner.runner_id and token.value in stack.values:
                if token.used_by not in ("", stack.name):
                    return runner_pb2.RUNNER_PHASE_DEGRADED, "The exchange token was used before"
                if not token.used_by and self.now() > token.expires:
                    return runner_pb2.RUNNER_PHASE_DEGRADED, "The exchange token has expired"
                token.used_by = stack.name
                return runner_pb2.RUNNER_PHASE_ACTIVE, ""
        return runner_pb2.RUNNER_PHASE_DEGRADED, "The exchange token is not one of this runner"

    def handle(self, method: str, body: dict[str, t.Any], _query: dict[str, t.Any]) -> dict[str, t.Any]:
        """POST C(advance_seconds) puts the clock forward; C(runner_id), C(phase), C(message) order a phase."""
        if method == "POST":
            self.advanced += float(body.get("advance_seconds", 0))
            if "runner_id" in body:
                self.orders[body["runner_id"]] = (body["phase"], body.get("message", ""))
        return {"runners": {key: runner.name for key, runner in self.runners.items()}, "tokens": len(self.tokens)}


class Service(RunnerService):
    """RunnerService as far as runners are registered and watched."""

    def __init__(self, plane: ManagementPlane) -> None:
        self._plane = plane

    def _authenticate(self, context: t.Any) -> None:
        headers = context.request_headers
        given = headers() if callable(headers) else headers
        if given.get("authorization", "") != f"Bearer {self._plane.api_token}":
            raise ConnectError(Code.UNAUTHENTICATED, "invalid or missing token")

    def _runner(self, runner_id: str) -> t.Any:
        if runner_id not in self._plane.runners:
            raise ConnectError(Code.NOT_FOUND, f"runner {runner_id} not found")
        return self._plane.observe(self._plane.runners[runner_id])

    async def create_runner(self, request: t.Any, ctx: t.Any) -> t.Any:
        """Names are not unique."""
        self._authenticate(ctx)
        if not request.name:
            raise ConnectError(Code.INVALID_ARGUMENT, "name is required")
        runner = self._plane.add(request.name, request.spec.configuration.region, request=request)
        token = self._plane.mint(runner.runner_id)
        return runner_pb2.CreateRunnerResponse(runner=runner, exchange_token=token)

    async def get_runner(self, request: t.Any, ctx: t.Any) -> t.Any:
        """One runner."""
        self._authenticate(ctx)
        return runner_pb2.GetRunnerResponse(runner=self._runner(request.runner_id))

    async def list_runners(self, request: t.Any, ctx: t.Any) -> t.Any:
        """A page of runners; the token is the number of those before."""
        self._authenticate(ctx)
        wanted = list(request.filter.providers)
        found = [
            self._plane.observe(runner)
            for _key, runner in sorted(self._plane.runners.items())
            if not wanted or runner.provider in wanted
        ]
        start = int(request.pagination.token or 0)
        size = request.pagination.page_size or PAGE_SIZE
        response = runner_pb2.ListRunnersResponse(runners=found[start : start + size])
        if start + size < len(found):
            response.pagination.next_token = str(start + size)
        return response

    async def update_runner(self, request: t.Any, ctx: t.Any) -> t.Any:
        """Only the name is changed here."""
        self._authenticate(ctx)
        runner = self._runner(request.runner_id)
        if request.HasField("name"):
            runner.name = request.name
        return runner_pb2.UpdateRunnerResponse()

    async def delete_runner(self, request: t.Any, ctx: t.Any) -> t.Any:
        """Refused while a stack exists, unless forced."""
        self._authenticate(ctx)
        self._runner(request.runner_id)
        if state.stack_of_runner(request.runner_id) and not request.force:
            raise ConnectError(Code.FAILED_PRECONDITION, "runner still has environments")
        del self._plane.runners[request.runner_id]
        return runner_pb2.DeleteRunnerResponse()

    async def create_runner_token(self, request: t.Any, ctx: t.Any) -> t.Any:
        """Another exchange token."""
        self._authenticate(ctx)
        self._runner(request.runner_id)
        return runner_pb2.CreateRunnerTokenResponse(exchange_token=self._plane.mint(request.runner_id))


def create_application(plane: ManagementPlane) -> t.Any:
    """The ASGI application below /api, where the real one is."""
    service = RunnerServiceASGIApplication(Service(plane))
    control.register("/_testbed/management", plane.handle)

    async def application(scope: dict[str, t.Any], receive: t.Any, send: t.Any) -> None:
        if scope["type"] == "http" and scope["path"].startswith("/api/"):
            await service({**scope, "path": scope["path"][4:], "root_path": ""}, receive, send)
            return
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 404, "headers": []})
            await send({"type": "http.response.body", "body": b""})

    return application
