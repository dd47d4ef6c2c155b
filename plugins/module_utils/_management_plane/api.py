# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls of the management plane, each with its intent; messages of the SDK stop here."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.calls import (
    PAGE_SIZE,
    Changes,
    empty,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.configuration_calls import (
    ConfigurationCalls,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.model import (
    AWS,
    Configuration,
    Runner,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.sharing_calls import (
    SharingCalls,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.warm_pool_calls import (
    WarmPoolCalls,
)


@dataclasses.dataclass(frozen=True)
class Creation:
    """A runner that was made.

    :param token: its first exchange token, which is lost with the answer that brings it.
    :param sure: whether exactly this one was made: every try was answered.
    """

    runner: Runner
    token: str = dataclasses.field(default="", repr=False)
    sure: bool = True


class Api(ConfigurationCalls, SharingCalls, WarmPoolCalls):
    """The calls that the collection makes: those about runners, and those that set one up."""

    def runners(self, provider: str = AWS) -> list[Runner]:
        """All runners of a provider that the token's user may see."""
        from gitpod.v1 import runner_configuration_pb2, runner_pb2

        request = runner_pb2.ListRunnersRequest()
        request.pagination.page_size = PAGE_SIZE
        if provider:
            number = runner_configuration_pb2.RunnerProvider.Value(f"RUNNER_PROVIDER_{provider.upper()}")
            request.filter.providers.append(number)
        pages = self._pages(self._client.runner.list_runners, request, "list the runners")
        found = self._each((raw for page in pages for raw in page.runners), "runner_id")
        return [Runner.from_api(raw) for raw in found]

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
        found = self._each(entry for page in pages for entry in page.environments)
        return sum(entry.status.phase != deleted for entry in found)


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
