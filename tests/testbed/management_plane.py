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

from gitpod.v1 import environment_pb2, runner_configuration_pb2, runner_pb2
from gitpod.v1.environment_connect import EnvironmentServiceASGIApplication
from gitpod.v1.group_connect import GroupServiceASGIApplication
from gitpod.v1.prebuild_connect import PrebuildServiceASGIApplication
from gitpod.v1.project_connect import ProjectServiceASGIApplication
from gitpod.v1.runner_configuration_connect import RunnerConfigurationServiceASGIApplication
from gitpod.v1.runner_connect import RunnerServiceASGIApplication

from .aws import control, state, updater
from .environments import Environments, Lives
from .management_rules import Fault, Gate
from .management_settings import Groups, Projects, Settings, WarmPools
from .management_severity import Severity, Strange, Stranger

TOKEN_LIFETIME = 24 * 3600.0
# Of a runner whose phase is ordered although it has no stack.
WITHOUT_A_STACK = "20260105.12"
# Field 9999, a text: what an API that is newer than the SDK sends.
UNKNOWN_FIELD = b"\xfa\xf0\x04\x05newer"


@dataclasses.dataclass
class ExchangeToken:
    """One exchange token; C(used_by) is the ID of the stack that presented it."""

    value: str
    runner_id: str
    expires: float
    used_by: str = ""


class ManagementPlane:
    """Runners, tokens, and a clock that tests can put forward."""

    def __init__(self) -> None:
        self.api_token = f"ona_{secrets.token_urlsafe(32)}"
        self.gate = Gate(lambda: self.api_token)
        self.runners: dict[str, t.Any] = {}
        self.tokens: list[ExchangeToken] = []
        self.orders: dict[str, tuple[str, str]] = {}
        # Releases to which runners have updated themselves, with the stack's release at that time.
        self.updates: dict[str, tuple[str, str]] = {}
        self.environments: dict[str, t.Any] = {}
        self.lives = Lives(self)
        self.classes: dict[str, t.Any] = {}
        self.integrations: dict[str, t.Any] = {}
        # Client secrets in the order in which they came, by the integration's ID.
        self.client_secrets: dict[str, list[str]] = {}
        self.settings = Settings()
        self.advanced = 0.0
        self.severity = Severity()
        self.stranger: Stranger | None = None

    def now(self) -> float:
        """Seconds since the epoch, as far as tokens are concerned."""
        return time.time() + self.advanced

    def reset(self) -> None:
        """Forget everything but the API token."""
        for kept in (self.runners, self.orders, self.updates, self.environments, self.classes, self.integrations):
            kept.clear()
        self.client_secrets.clear()
        self.settings = Settings()
        self.lives.reset()
        for listed in (self.tokens, self.gate.faults, self.gate.calls):
            listed.clear()
        self.advanced = 0.0
        self.severity = Severity()
        if self.stranger:
            self.stranger.rules.clear()

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
            runner.spec.configuration.release_channel = runner_pb2.RUNNER_RELEASE_CHANNEL_STABLE
            runner.spec.configuration.auto_update = True
            runner.spec.configuration.log_level = runner_pb2.LOG_LEVEL_INFO
            runner.spec.configuration.devcontainer_image_cache_enabled = True
        runner.created_at.GetCurrentTime()
        self.severity.made(runner)
        runner.status.phase = runner_pb2.RUNNER_PHASE_CREATED
        runner.status.region = runner.spec.configuration.region
        runner.MergeFromString(UNKNOWN_FIELD)
        runner.status.MergeFromString(UNKNOWN_FIELD)
        self.runners[runner.runner_id] = runner
        return runner

    def observe(self, runner: t.Any) -> t.Any:
        """The runner with its phase as its stack has it now.

        A stack presents its exchange token when it is complete. The token must be this runner's, unexpired, and not
        presented by another stack before.
        """
        order = self.orders.get(runner.runner_id)
        stack = state.stack_of_runner(runner.runner_id)
        phase: t.Any = runner_pb2.RUNNER_PHASE_CREATED
        message = "Waiting for the runner to connect"
        if order:
            # A number is a phase that the SDK does not know yet.
            known = order[0].isdigit()
            phase = int(order[0]) if known else runner_pb2.RunnerPhase.Value(f"RUNNER_PHASE_{order[0].upper()}")
            message = order[1]
        elif stack and stack.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"):
            phase, message = self._connected(runner, stack)
        elif stack:
            phase, message = runner_pb2.RUNNER_PHASE_INACTIVE, f"The stack is {stack.status}"
        runner.status.phase, runner.status.message = phase, message
        runner.status.version = (
            self._version(runner.runner_id, stack) if phase == runner_pb2.RUNNER_PHASE_ACTIVE else ""
        )
        return runner

    def _version(self, runner_id: str, stack: state.StackView | None) -> str:
        """What runs: the stack's template, until the runner updates itself; another template sets it anew."""
        deployed = stack.release if stack else WITHOUT_A_STACK
        version, before = self.updates.get(runner_id, ("", ""))
        return version if version and before == deployed else deployed

    def update_itself(self, runner_id: str, version: str) -> None:
        """What a runner does in its update window.

        :raises ValueError: it has no stack.
        """
        stack = state.stack_of_runner(runner_id)
        if stack is None:
            raise ValueError(f"the runner {runner_id} has no stack")
        updater.update(stack.id, version)
        self.updates[runner_id] = (version, stack.release)

    def _connected(self, runner: t.Any, stack: state.StackView) -> tuple[t.Any, str]:
        for token in self.tokens:
            if token.runner_id == runner.runner_id and token.value in stack.values:
                if token.used_by not in ("", stack.id):
                    return runner_pb2.RUNNER_PHASE_DEGRADED, "The exchange token was used before"
                if not token.used_by and self.now() > token.expires:
                    return runner_pb2.RUNNER_PHASE_DEGRADED, "The exchange token has expired"
                token.used_by = stack.id
                return runner_pb2.RUNNER_PHASE_ACTIVE, ""
        return runner_pb2.RUNNER_PHASE_DEGRADED, "The exchange token is not one of this runner"

    def add_environments(
        self, runner_id: str, count: int, archived: bool = False, name: str = "", annotations: t.Any = None
    ) -> None:
        """Environments that run on a runner."""
        for _number in range(count):
            environment = environment_pb2.Environment(id=str(uuid.uuid4()))
            environment.metadata.runner_id, environment.metadata.name = runner_id, name
            environment.metadata.annotations.update(annotations or {})
            environment.status.phase = environment_pb2.ENVIRONMENT_PHASE_RUNNING
            if archived:
                environment.metadata.archived_at.GetCurrentTime()
            self.environments[environment.id] = environment

    def add_class(self, runner_id: str, name: str, enabled: bool = True) -> None:
        """An environment class of a runner, as a person makes it in the dashboard."""
        entry = runner_configuration_pb2.EnvironmentClass(
            id=str(uuid.uuid4()), runner_id=runner_id, display_name=name, enabled=enabled
        )
        self.classes[entry.id] = entry

    def handle(self, method: str, body: dict[str, t.Any], _query: dict[str, t.Any]) -> dict[str, t.Any]:
        """POST C(advance_seconds) puts the clock forward; C(runner_id), C(phase), C(message) order a phase.

        C(unuse_tokens) has no token presented yet, as if the runners had not come up until now.

        C(faults) are rules (management_rules.Fault), in place of those before; likewise C(strange)
        (management_severity.Strange), and C(severity) is how the servers differ. C(add_runners) have name and region,
        C(add_environments) runner_id, count, archived, name and annotations; C(environments) are orders for the lives
        of those that are created (environments.Orders). C(add_classes) have runner_id, name and enabled.
        C(update_themselves) has releases by ID.
        C(remove_runners) are IDs. C(forget_calls) empties the list
        of calls. C(add_groups) have a name, C(add_projects) name and prebuilds. The answer is for tests, and so has
        secrets in it.
        """
        if method == "POST":
            self.advanced += float(body.get("advance_seconds", 0))
            if "runner_id" in body:
                self.orders[body["runner_id"]] = (body["phase"], body.get("message", ""))
            for updated, version in body.get("update_themselves", {}).items():
                self.update_itself(updated, version)
            self._order(body)
            if body.get("unuse_tokens"):
                for token in self.tokens:
                    token.used_by = ""
            if body.get("forget_calls"):
                self.gate.calls.clear()
            for runner_id in body.get("remove_runners", []):
                self.runners.pop(runner_id)
            self._add(body)
            self._live(body)
        return {
            "runners": {key: runner.name for key, runner in self.runners.items()},
            "tokens": len(self.tokens),
            "exchange_tokens": [dataclasses.asdict(token) for token in self.tokens],
            "client_secrets": self.client_secrets,
            "metrics_passwords": {
                key: runner.spec.configuration.metrics.password for key, runner in self.runners.items()
            },
            "llm_keys": self.settings.keys,
            "groups": {group.name: key for key, group in self.settings.groups.items()},
            "projects": {project.metadata.name: key for key, project in self.settings.projects.items()},
            "environments": self.lives.told(),
            "calls": self.gate.calls,
        }

    def _add(self, body: dict[str, t.Any]) -> None:
        """What there is from now on."""
        adders: dict[str, t.Callable[..., t.Any]] = {
            "add_runners": self._add_wanted,
            "add_groups": self.settings.add_group,
            "add_projects": self.settings.add_project,
        }
        for name, add in adders.items():
            for wanted in body.get(name, []):
                add(**wanted)

    def _live(self, body: dict[str, t.Any]) -> None:
        """Environments and their classes."""
        for wanted in body.get("add_environments", []):
            self.add_environments(**wanted)
        for wanted in body.get("add_classes", []):
            self.add_class(**wanted)
        if body.get("forget_environments"):
            self.environments.clear()
        self.lives.handle(body)

    def _order(self, body: dict[str, t.Any]) -> None:
        """How calls fail from now on."""
        if "faults" in body:
            self.gate.faults[:] = [Fault(**rule) for rule in body["faults"]]
        if "strange" in body and self.stranger:
            self.stranger.rules[:] = [Strange(**rule) for rule in body["strange"]]
        if "severity" in body:
            self.severity = Severity(**body["severity"])

    def _add_wanted(self, name: str, region: str, id: str = "", variant: str = "", provider: str = "") -> None:
        runner = self.add(name, region, id)
        if variant:
            runner.spec.variant = runner_pb2.RunnerVariant.Value(f"RUNNER_VARIANT_{variant.upper()}")
        if provider:
            runner.provider = runner_configuration_pb2.RunnerProvider.Value(f"RUNNER_PROVIDER_{provider.upper()}")


def create_application(plane: ManagementPlane) -> t.Any:
    """The ASGI application below /api, where the real one is."""
    from . import management_services as services

    applications = [
        RunnerServiceASGIApplication(services.Runners(plane), interceptors=[plane.gate]),
        RunnerConfigurationServiceASGIApplication(services.Configurations(plane), interceptors=[plane.gate]),
        EnvironmentServiceASGIApplication(Environments(plane), interceptors=[plane.gate]),
        GroupServiceASGIApplication(Groups(plane), interceptors=[plane.gate]),
        ProjectServiceASGIApplication(Projects(plane), interceptors=[plane.gate]),
        PrebuildServiceASGIApplication(WarmPools(plane), interceptors=[plane.gate]),
    ]
    control.register("/_testbed/management", plane.handle)

    async def application(scope: dict[str, t.Any], receive: t.Any, send: t.Any) -> None:
        if scope["type"] == "http" and scope["path"].startswith("/api/"):
            path = scope["path"][4:]
            found = next((entry for entry in applications if path.startswith(f"{entry.path}/")), None)
            if found:
                await found({**scope, "path": path, "root_path": ""}, receive, send)
                return
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 404, "headers": [(b"content-type", b"text/html")]})
            await send({"type": "http.response.body", "body": b"<h1>Not found</h1>"})

    plane.stranger = Stranger(application)
    return plane.stranger
