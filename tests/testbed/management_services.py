# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The services of the management plane, as far as runners are registered, set up and watched."""

from __future__ import annotations

import secrets
import typing as t
import uuid

from connectrpc.code import Code
from connectrpc.errors import ConnectError
from gitpod.v1 import runner_configuration_pb2, runner_pb2
from gitpod.v1.runner_configuration_connect import RunnerConfigurationService
from gitpod.v1.runner_connect import RunnerService

from .aws import state
from .environments import DELETED
from .management_paging import not_found, page
from .management_settings import Sharing, Validation

if t.TYPE_CHECKING:
    from .management_plane import ManagementPlane

SHORTEST_WINDOW = 2
HOURS = 24


class Runners(Sharing, RunnerService):
    """RunnerService."""

    def __init__(self, plane: ManagementPlane) -> None:
        self._plane = plane

    def _runner(self, runner_id: str) -> t.Any:
        if runner_id not in self._plane.runners:
            raise not_found("runner", runner_id)
        return self._plane.observe(self._plane.runners[runner_id])

    async def create_runner(self, request: t.Any, _ctx: t.Any) -> t.Any:
        """Names are not unique; an AWS runner needs a region."""
        if not request.provider:
            raise ConnectError(Code.INVALID_ARGUMENT, "provider is required")
        aws = request.provider == runner_configuration_pb2.RUNNER_PROVIDER_AWS_EC2
        if aws and not request.spec.configuration.region:
            raise ConnectError(Code.INVALID_ARGUMENT, "region is required")
        if request.spec.configuration.HasField("update_window"):
            _check_window(request.spec.configuration.update_window)
        await self._plane.severity.before_creating()
        runner = self._plane.add(request.name, request.spec.configuration.region, request=request)
        token = self._plane.mint(runner.runner_id)
        return runner_pb2.CreateRunnerResponse(runner=runner, exchange_token=token)

    async def get_runner(self, request: t.Any, _ctx: t.Any) -> t.Any:
        """One runner."""
        return runner_pb2.GetRunnerResponse(runner=_public(self._runner(request.runner_id)))

    async def list_runners(self, request: t.Any, _ctx: t.Any) -> t.Any:
        """A page of runners in a stable order."""
        wanted = list(request.filter.providers)
        found = [
            _public(self._plane.observe(runner))
            for _key, runner in sorted(self._plane.runners.items())
            if (not wanted or runner.provider in wanted) and self._plane.severity.listed(runner.runner_id)
        ]
        return page(request, found, runner_pb2.ListRunnersResponse(), "runners")

    async def update_runner(self, request: t.Any, _ctx: t.Any) -> t.Any:
        """Only what is present is changed; an empty update window takes the window away."""
        runner = self._runner(request.runner_id)
        if request.HasField("name"):
            runner.name = request.name
        given, kept = request.spec.configuration, runner.spec.configuration
        for name in ("release_channel", "auto_update", "log_level", "devcontainer_image_cache_enabled"):
            if given.HasField(name):
                setattr(kept, name, getattr(given, name))
        if given.HasField("update_window"):
            kept.ClearField("update_window")
            if given.update_window.HasField("start_hour"):
                _check_window(given.update_window)
                kept.update_window.CopyFrom(given.update_window)
        for field, _value in given.metrics.ListFields():
            setattr(kept.metrics, field.name, getattr(given.metrics, field.name))
        return runner_pb2.UpdateRunnerResponse()

    async def delete_runner(self, request: t.Any, _ctx: t.Any) -> t.Any:
        """Refused while there are environments, unless forced; a runner that is connected winds down first."""
        runner = self._runner(request.runner_id)
        on_it = [
            key
            for key, entry in self._plane.environments.items()
            if entry.metadata.runner_id == runner.runner_id and self._plane.lives.aged(entry).status.phase != DELETED
        ]
        if on_it and not request.force:
            raise ConnectError(Code.FAILED_PRECONDITION, "runner still has environments")
        for key in on_it:
            del self._plane.environments[key]
        if state.stack_of_runner(request.runner_id) and not request.force:
            self._plane.orders[runner.runner_id] = ("deleting", "")
        else:
            del self._plane.runners[request.runner_id]
        return runner_pb2.DeleteRunnerResponse()

    async def create_runner_token(self, request: t.Any, _ctx: t.Any) -> t.Any:
        """Another exchange token."""
        self._runner(request.runner_id)
        return runner_pb2.CreateRunnerTokenResponse(exchange_token=self._plane.mint(request.runner_id))


def _check_window(window: t.Any) -> None:
    hours = (window.end_hour - window.start_hour) % HOURS if window.HasField("end_hour") else SHORTEST_WINDOW
    if hours < SHORTEST_WINDOW or max(window.start_hour, window.end_hour) >= HOURS:
        raise ConnectError(Code.INVALID_ARGUMENT, "update_window must be at least 2 hours long")


def _public(runner: t.Any) -> t.Any:
    """The runner without what is write-only."""
    shown = runner_pb2.Runner()
    shown.CopyFrom(runner)
    shown.spec.configuration.metrics.password = ""
    if not runner.spec.configuration.HasField("metrics"):
        shown.spec.configuration.ClearField("metrics")
    return shown


class Configurations(Validation, RunnerConfigurationService):
    """RunnerConfigurationService: environment classes and source control integrations."""

    def __init__(self, plane: ManagementPlane) -> None:
        self._plane = plane

    def _of(self, kept: dict[str, t.Any], key: str, kind: str) -> t.Any:
        if key not in kept:
            raise not_found(kind, key)
        return kept[key]

    async def create_environment_class(self, request: t.Any, _ctx: t.Any) -> t.Any:
        """A machine type is required."""
        self._of(self._plane.runners, request.runner_id, "runner")
        if not any(field.key == "machineType" for field in request.configuration):
            raise ConnectError(Code.INVALID_ARGUMENT, "configuration: machineType is required")
        entry = runner_configuration_pb2.EnvironmentClass(
            id=str(uuid.uuid4()),
            runner_id=request.runner_id,
            display_name=request.display_name,
            description=request.description,
            configuration=request.configuration,
            enabled=True,
        )
        self._plane.classes[entry.id] = entry
        return runner_configuration_pb2.CreateEnvironmentClassResponse(id=entry.id)

    async def list_environment_classes(self, request: t.Any, _ctx: t.Any) -> t.Any:
        """Disabled ones too, unless a filter says otherwise."""
        wanted = request.filter
        found = [
            entry
            for _key, entry in sorted(self._plane.classes.items())
            if (not wanted.runner_ids or entry.runner_id in wanted.runner_ids)
            and (not wanted.HasField("enabled") or entry.enabled == wanted.enabled)
        ]
        return page(request, found, runner_configuration_pb2.ListEnvironmentClassesResponse(), "environment_classes")

    async def update_environment_class(self, request: t.Any, _ctx: t.Any) -> t.Any:
        """Everything but the configuration."""
        entry = self._of(self._plane.classes, request.environment_class_id, "environment class")
        for name in ("display_name", "description", "enabled"):
            if request.HasField(name):
                setattr(entry, name, getattr(request, name))
        return runner_configuration_pb2.UpdateEnvironmentClassResponse()

    async def create_scm_integration(self, request: t.Any, _ctx: t.Any) -> t.Any:
        """One for each system and host of a runner."""
        self._of(self._plane.runners, request.runner_id, "runner")
        key = (request.runner_id, request.scm_id, request.host)
        if any((entry.runner_id, entry.scm_id, entry.host) == key for entry in self._plane.integrations.values()):
            raise ConnectError(Code.ALREADY_EXISTS, f"{request.scm_id} at {request.host} exists")
        entry = runner_configuration_pb2.SCMIntegration(
            id=str(uuid.uuid4()), runner_id=request.runner_id, scm_id=request.scm_id, host=request.host
        )
        self._apply(entry, request)
        self._plane.integrations[entry.id] = entry
        return runner_configuration_pb2.CreateSCMIntegrationResponse(id=entry.id)

    def _apply(self, entry: t.Any, request: t.Any) -> None:
        creating = not hasattr(request, "id")
        if request.HasField("oauth_client_id"):
            entry.oauth.client_id = request.oauth_client_id
        if request.HasField("issuer_url"):
            entry.oauth.issuer_url = request.issuer_url
        if request.HasField("virtual_directory"):
            entry.virtual_directory = request.virtual_directory
        if creating or request.HasField("pat"):
            entry.pat = request.pat
        if request.HasField("oauth_plaintext_client_secret"):
            self._plane.client_secrets.setdefault(entry.id, []).append(request.oauth_plaintext_client_secret)
            entry.oauth.encrypted_client_secret = secrets.token_bytes(48)
        if entry.oauth.client_id and not entry.oauth.encrypted_client_secret:
            raise ConnectError(Code.INVALID_ARGUMENT, "oauth_plaintext_client_secret is required")

    async def list_scm_integrations(self, request: t.Any, _ctx: t.Any) -> t.Any:
        """Secrets come back encrypted."""
        wanted = request.filter
        found = [
            entry
            for _key, entry in sorted(self._plane.integrations.items())
            if not wanted.runner_ids or entry.runner_id in wanted.runner_ids
        ]
        return page(request, found, runner_configuration_pb2.ListSCMIntegrationsResponse(), "integrations")

    async def update_scm_integration(self, request: t.Any, _ctx: t.Any) -> t.Any:
        """Only what is present is changed; an empty client ID takes OAuth away."""
        entry = self._of(self._plane.integrations, request.id, "integration")
        changed = runner_configuration_pb2.SCMIntegration()
        changed.CopyFrom(entry)
        self._apply(changed, request)
        if not changed.oauth.client_id:
            changed.ClearField("oauth")
        entry.CopyFrom(changed)
        return runner_configuration_pb2.UpdateSCMIntegrationResponse()

    async def delete_scm_integration(self, request: t.Any, _ctx: t.Any) -> t.Any:
        """Gone."""
        self._of(self._plane.integrations, request.id, "integration")
        del self._plane.integrations[request.id]
        return runner_configuration_pb2.DeleteSCMIntegrationResponse()
