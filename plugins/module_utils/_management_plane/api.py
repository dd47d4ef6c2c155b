# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls of the management plane, each with its intent; messages of the SDK stop here."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import ApiError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.model import (
    AWS,
    Configuration,
    EnvironmentClass,
    Integration,
    Runner,
)

if t.TYPE_CHECKING:
    from collections.abc import Callable

    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.client import Client
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Clock

PAGE_SIZE = 100
# More pages, bytes and seconds than any organization's list takes: one that never ends must not keep a module for ever.
MOST_PAGES = 1000
LARGEST_LIST = 64 * 1024 * 1024
LONGEST_LIST = 600.0
Changes = t.Mapping[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Creation:
    """A runner that was made.

    :param token: its first exchange token, which is lost with the answer that brings it.
    :param sure: whether exactly this one was made: every try was answered.
    """

    runner: Runner
    token: str = dataclasses.field(default="", repr=False)
    sure: bool = True


class Api:
    """The calls that the collection makes."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @property
    def clock(self) -> Clock:
        """By which calls wait."""
        return self._client.clock

    def _pages(self, rpc: Callable[[t.Any], t.Any], request: t.Any, what: str) -> t.Iterator[t.Any]:
        """Every page; never a shorter list than there is.

        :raises ApiError: the list does not end.
        """
        began, tokens, size = self.clock.now(), {""}, 0
        for _page in range(MOST_PAGES):
            answer = self._client.call(rpc, request, what)
            yield answer
            token, size = answer.pagination.next_token, size + answer.ByteSize()
            if not token:
                return
            if token in tokens or size > LARGEST_LIST or self.clock.now() - began > LONGEST_LIST:
                break
            tokens.add(token)
            request.pagination.token = token
        why = f"The list does not end: after {len(tokens)} pages another is promised, or one of them again"
        raise ApiError(f"Could not {what}", why, "Run again; if it stays, show this to Gitpod", "endless_list")

    def runners(self, provider: str = AWS) -> list[Runner]:
        """All runners of a provider that the token's user may see."""
        from gitpod.v1 import runner_configuration_pb2, runner_pb2

        request = runner_pb2.ListRunnersRequest()
        request.pagination.page_size = PAGE_SIZE
        if provider:
            number = runner_configuration_pb2.RunnerProvider.Value(f"RUNNER_PROVIDER_{provider.upper()}")
            request.filter.providers.append(number)
        pages = self._pages(self._client.runner.list_runners, request, "list the runners")
        # A list that changes while its pages are read may have a runner on two of them.
        everything = (raw for page in pages for raw in page.runners)
        found = {raw.runner_id or number: raw for number, raw in enumerate(everything)}
        return [Runner.from_api(raw) for raw in found.values()]

    def runner(self, runner_id: str) -> Runner:
        """:raises NotFoundError: there is none with this ID."""
        from gitpod.v1 import runner_pb2

        request = runner_pb2.GetRunnerRequest(runner_id=runner_id)
        what = f"read the runner {runner_id}"
        answer = self._client.call(self._client.runner.get_runner, request, what)
        if answer.runner.runner_id != runner_id:
            raise empty(what)
        return Runner.from_api(answer.runner)

    def create_runner(
        self, name: str, region: str, configuration: Configuration, metrics_password: str, before: t.Container[str]
    ) -> Creation:
        """A new runner of the enterprise variant.

        Names are not unique, so a try whose answer was lost is looked up before another one.

        :param before: IDs of the runners that there were.
        """
        from gitpod.v1 import runner_configuration_pb2, runner_pb2

        request = runner_pb2.CreateRunnerRequest(name=name, provider=runner_configuration_pb2.RUNNER_PROVIDER_AWS_EC2)
        request.spec.desired_phase = runner_pb2.RUNNER_PHASE_ACTIVE
        request.spec.variant = runner_pb2.RUNNER_VARIANT_ENTERPRISE
        request.spec.configuration.region = region
        _fill(request.spec.configuration, _as_changes(configuration), metrics_password)
        looked: list[str] = []

        def done() -> Runner | None:
            looked.append(name)
            new = [runner for runner in self.runners() if runner.id and runner.id not in before and not runner.leaving]
            return next((runner for runner in new if (runner.name, runner.region) == (name, region)), None)

        what = f"create the runner {name}"
        answer = self._client.call(self._client.runner.create_runner, request, what, done)
        if not isinstance(answer, Runner):
            if answer.runner.runner_id:
                return Creation(Runner.from_api(answer.runner), answer.exchange_token, not looked)
            answer = done()
        if answer is None:
            raise empty(what)
        return Creation(answer, sure=False)

    def update_runner(self, runner_id: str, name: str, changes: Changes, metrics_password: str) -> None:
        """Change what is named and nothing else.

        :param name: the new name, or empty.
        :param changes: fields of Configuration with their new values.
        """
        from gitpod.v1 import runner_pb2

        request = runner_pb2.UpdateRunnerRequest(runner_id=runner_id)
        if name:
            request.name = name
        if changes or metrics_password:
            _fill(request.spec.configuration, changes, metrics_password)
        self._client.call(self._client.runner.update_runner, request, f"change the runner {runner_id}")

    def delete_runner(self, runner_id: str, force: bool) -> None:
        """Delete it; C(force) deletes its environments too, whatever they hold."""
        from gitpod.v1 import runner_pb2

        request = runner_pb2.DeleteRunnerRequest(runner_id=runner_id, force=force)
        self._client.call(self._client.runner.delete_runner, request, f"delete the runner {runner_id}")

    def exchange_token(self, runner_id: str) -> str:
        """A new one-time token; it expires after 24 hours."""
        from gitpod.v1 import runner_pb2

        request = runner_pb2.CreateRunnerTokenRequest(runner_id=runner_id)
        what = f"mint an exchange token of the runner {runner_id}"
        token = str(self._client.call(self._client.runner.create_runner_token, request, what).exchange_token)
        if not token:
            raise empty(what)
        return token

    def environments(self, runner_id: str) -> int:
        """How many environments the runner has, archived ones too; deleted ones do not count."""
        from gitpod.v1 import environment_pb2

        request = environment_pb2.ListEnvironmentsRequest()
        request.pagination.page_size = PAGE_SIZE
        request.filter.runner_ids.append(runner_id)
        request.filter.archival_status = environment_pb2.ListEnvironmentsRequest.ARCHIVAL_STATUS_ALL
        what = f"list the environments of the runner {runner_id}"
        deleted = environment_pb2.ENVIRONMENT_PHASE_DELETED
        pages = self._pages(self._client.environment.list_environments, request, what)
        everything = (entry for page in pages for entry in page.environments)
        found = {entry.id or number: entry.status.phase for number, entry in enumerate(everything)}
        return sum(phase != deleted for phase in found.values())

    def environment_classes(self, runner_id: str) -> list[EnvironmentClass]:
        """All classes of a runner, disabled ones too."""
        from gitpod.v1 import runner_configuration_pb2

        request = runner_configuration_pb2.ListEnvironmentClassesRequest()
        request.pagination.page_size = PAGE_SIZE
        request.filter.runner_ids.append(runner_id)
        what = f"list the environment classes of the runner {runner_id}"
        pages = self._pages(self._client.configuration.list_environment_classes, request, what)
        found = [raw for page in pages for raw in page.environment_classes]
        return [EnvironmentClass.from_api(raw) for raw in found if raw.runner_id == runner_id]

    def create_environment_class(
        self, runner_id: str, name: str, description: str, configuration: t.Mapping[str, str]
    ) -> str:
        """A new class; its ID."""
        from gitpod.v1 import runner_configuration_pb2

        request = runner_configuration_pb2.CreateEnvironmentClassRequest(
            runner_id=runner_id, display_name=name, description=description
        )
        for key, value in sorted(configuration.items()):
            request.configuration.add(key=key, value=value)
        before = {entry.id for entry in self.environment_classes(runner_id)}

        def done() -> EnvironmentClass | None:
            new = [entry for entry in self.environment_classes(runner_id) if entry.id not in before]
            return next((entry for entry in new if entry.name == name), None)

        rpc = self._client.configuration.create_environment_class
        return self._identifier(rpc, request, f"create the environment class {name}", done)

    def update_environment_class(self, class_id: str, changes: Changes) -> None:
        """:param changes: C(description) and C(enabled), what is to change."""
        from gitpod.v1 import runner_configuration_pb2

        request = runner_configuration_pb2.UpdateEnvironmentClassRequest(environment_class_id=class_id, **changes)
        rpc = self._client.configuration.update_environment_class
        self._client.call(rpc, request, f"change the environment class {class_id}")

    def integrations(self, runner_id: str) -> list[Integration]:
        """All source control integrations of a runner."""
        from gitpod.v1 import runner_configuration_pb2

        request = runner_configuration_pb2.ListSCMIntegrationsRequest()
        request.pagination.page_size = PAGE_SIZE
        request.filter.runner_ids.append(runner_id)
        what = f"list the source control integrations of the runner {runner_id}"
        pages = self._pages(self._client.configuration.list_scm_integrations, request, what)
        found = [raw for page in pages for raw in page.integrations]
        return [Integration.from_api(raw) for raw in found if raw.runner_id == runner_id]

    def create_integration(self, runner_id: str, scm_id: str, host: str, fields: Changes) -> str:
        """A new integration; its ID.

        :param fields: further fields of CreateSCMIntegrationRequest.
        """
        from gitpod.v1 import runner_configuration_pb2

        request = runner_configuration_pb2.CreateSCMIntegrationRequest(
            runner_id=runner_id, scm_id=scm_id, host=host, **fields
        )

        def done() -> Integration | None:
            found = self.integrations(runner_id)
            return next((entry for entry in found if (entry.scm_id, entry.host) == (scm_id, host)), None)

        rpc = self._client.configuration.create_scm_integration
        return self._identifier(rpc, request, f"create the integration of {host}", done)

    def _identifier(self, rpc: Callable[[t.Any], t.Any], request: t.Any, what: str, done: Callable[[], t.Any]) -> str:
        """The ID of something new; an answer without one is looked up like one that was lost."""
        answer = self._client.call(rpc, request, what, done)
        found = answer if answer.id else done()
        if found is None:
            raise empty(what)
        return str(found.id)

    def update_integration(self, integration_id: str, fields: Changes) -> None:
        """:param fields: fields of UpdateSCMIntegrationRequest that are to change."""
        from gitpod.v1 import runner_configuration_pb2

        request = runner_configuration_pb2.UpdateSCMIntegrationRequest(id=integration_id, **fields)
        rpc = self._client.configuration.update_scm_integration
        self._client.call(rpc, request, f"change the integration {integration_id}")

    def delete_integration(self, integration_id: str) -> None:
        """Delete it."""
        from gitpod.v1 import runner_configuration_pb2

        request = runner_configuration_pb2.DeleteSCMIntegrationRequest(id=integration_id)
        rpc = self._client.configuration.delete_scm_integration
        self._client.call(rpc, request, f"delete the integration {integration_id}")


def empty(what: str) -> ApiError:
    """An answer without what was asked for, where it may not be taken for one."""
    why = "The management plane's answer does not hold what was asked for"
    return ApiError(f"Could not {what}", why, "Run again; if it stays, show this to Gitpod", "empty_answer")


def _as_changes(configuration: Configuration) -> dict[str, t.Any]:
    found = dict(vars(configuration))
    if found["update_window"] is None:
        del found["update_window"]
    return found


def _fill(message: t.Any, changes: Changes, metrics_password: str) -> None:
    """Set the fields of a runner configuration, that of a new runner or of an update, which spell them equally."""
    from gitpod.v1 import runner_pb2

    if "release_channel" in changes:
        name = f"RUNNER_RELEASE_CHANNEL_{changes['release_channel'].upper()}"
        message.release_channel = runner_pb2.RunnerReleaseChannel.Value(name)
    if "log_level" in changes:
        message.log_level = runner_pb2.LogLevel.Value(f"LOG_LEVEL_{changes['log_level'].upper()}")
    if "auto_update" in changes:
        message.auto_update = changes["auto_update"]
    if "devcontainer_image_cache" in changes:
        message.devcontainer_image_cache_enabled = changes["devcontainer_image_cache"]
    if "update_window" in changes:
        window = changes["update_window"]
        # An empty window takes the one away that is set.
        message.update_window.SetInParent()
        if window is not None:
            message.update_window.start_hour, message.update_window.end_hour = window.start, window.end
    if "metrics" in changes:
        metrics = changes["metrics"]
        message.metrics.enabled, message.metrics.url = metrics.enabled, metrics.url
        message.metrics.username, message.metrics.managed_metrics_enabled = metrics.username, metrics.managed
    if metrics_password:
        message.metrics.password = metrics_password
