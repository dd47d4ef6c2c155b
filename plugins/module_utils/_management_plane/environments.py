# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Environments at the management plane, as far as this collection makes and removes its own.

Of other people's environments nothing is kept: a list is read for annotations, and what has not ours is passed over.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import NotFoundError, RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.api import Api
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.calls import (
    PAGE_SIZE,
    empty,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.model import short
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._ownership import OURS, of_environment
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._ownership import Runner as Owner
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import brief

# gitpod.v1.EnvironmentPhase, without its prefix.
CREATING, STARTING, RUNNING, UPDATING = "creating", "starting", "running", "updating"
STOPPING, STOPPED, DELETING, DELETED = "stopping", "stopped", "deleting", "deleted"
# Seconds without anybody connected after which an environment stops by itself: the shortest that the API takes
# (buf.validate rule of EnvironmentSpec.Timeout, gitpod-sdk 1.2). What a killed run leaves behind costs no more.
IDLE = 1800
LONGEST_TEXT = 600


@dataclasses.dataclass(frozen=True)
class Environment:
    """One of our own environments.

    :param failures: why it failed; any makes it a failed one (ona_sdk.environments, _environment_failure_error).
    :param troubles: what its parts say of themselves, without that it has failed.
    :param urls: under which it is reached; there are none before it runs.
    """

    id: str
    name: str
    phase: str = ""
    failures: tuple[str, ...] = ()
    troubles: tuple[str, ...] = ()
    urls: tuple[str, ...] = dataclasses.field(default=(), repr=False)
    annotations: t.Mapping[str, str] = dataclasses.field(default_factory=dict)

    @classmethod
    def from_api(cls, raw: t.Any) -> Environment:
        """From a message gitpod.v1.Environment."""
        from gitpod.v1 import environment_pb2

        status, places = raw.status, raw.status.environment_urls
        parts = (status.machine, status.content, status.devcontainer, status.automations_file)
        said = [*(part.failure_message for part in parts), *status.warning_message, _refusal(status.runner_ack)]
        urls = [places.ops, *(port.url for port in places.ports), places.logs, places.support_bundle]
        return cls(
            id=raw.id,
            name=raw.metadata.name,
            phase=short(environment_pb2.EnvironmentPhase, status.phase, "ENVIRONMENT_PHASE_"),
            failures=tuple(brief(text, LONGEST_TEXT) for text in status.failure_message if text.strip()),
            troubles=tuple(brief(text, LONGEST_TEXT) for text in said if text.strip()),
            urls=tuple(url for url in urls if url),
            annotations=dict(raw.metadata.annotations),
        )


def _refusal(acknowledged: t.Any) -> str:
    """What the runner says when it does not take an environment that it was given."""
    from gitpod.v1 import environment_pb2

    codes = environment_pb2.EnvironmentStatus.RunnerACK
    refused = (codes.STATUS_CODE_INVALID_RESOURCE, codes.STATUS_CODE_FAILED_PRECONDITION)
    return str(acknowledged.message) if acknowledged.status_code in refused else ""


@dataclasses.dataclass(frozen=True)
class Order:
    """An environment to be made.

    :param repository: URL, or empty for an empty environment.
    :param annotations: by which it is found again; of these C(unique) is the key whose value no other has.
    """

    runner_id: str
    name: str
    class_id: str
    repository: str
    annotations: t.Mapping[str, str]
    unique: str

    @property
    def run(self) -> tuple[str, str]:
        """What only it has."""
        return self.unique, self.annotations[self.unique]


@dataclasses.dataclass(frozen=True)
class Made:
    """An environment that was made.

    :param sure: whether exactly this one was: every try was answered.
    """

    environment: Environment
    sure: bool = True


class EnvironmentApi(Api):
    """The calls about environments, besides the others."""

    def environment(self, environment_id: str) -> Environment:
        """:raises NotFoundError: there is none with this ID, or no more."""
        from gitpod.v1 import environment_pb2

        request = environment_pb2.GetEnvironmentRequest(environment_id=environment_id)
        what = f"read the environment {environment_id}"
        raw = self._client.call(self._client.environment.get_environment, request, what).environment
        if raw.id != environment_id:
            raise empty(what)
        return Environment.from_api(raw)

    def own_environments(self, runner_id: str, run: tuple[str, str] | None = None) -> list[Environment]:
        """Those of a runner that an acceptance has made, and that are not deleted.

        :param run: an annotation and its value, of the one that is meant.
        """
        from gitpod.v1 import environment_pb2

        request = environment_pb2.ListEnvironmentsRequest()
        request.pagination.page_size = PAGE_SIZE
        request.filter.runner_ids.append(runner_id)
        request.filter.archival_status = environment_pb2.ListEnvironmentsRequest.ARCHIVAL_STATUS_ALL
        what = f"look for environments that an earlier acceptance left on the runner {runner_id}"
        pages = self._pages(self._client.environment.list_environments, request, what)
        runner = Owner(id=runner_id)
        own = {
            raw.id: Environment.from_api(raw)
            for page in pages
            for raw in page.environments
            if raw.id
            and raw.metadata.runner_id == runner_id
            and of_environment(runner, raw.metadata.annotations).relation == OURS
            and (run is None or raw.metadata.annotations.get(run[0]) == run[1])
        }
        return [found for found in own.values() if found.phase != DELETED]

    def create_environment(self, order: Order, over: t.Callable[[], bool] = lambda: False) -> Made:
        """Make it; one whose answer was lost is found again by what only it has, unless the list lags behind.

        :param over: whether no further try is to begin after one whose answer was lost.
        """
        from gitpod.v1 import environment_pb2

        request = environment_pb2.CreateEnvironmentRequest(name=order.name, annotations=order.annotations)
        request.spec.desired_phase = environment_pb2.ENVIRONMENT_PHASE_RUNNING
        # The field is a keyword of Python.
        setattr(request.spec.machine, "class", order.class_id)
        request.spec.timeout.disconnected.seconds = IDLE
        if order.repository:
            request.spec.content.initializer.specs.add().context_url.url = order.repository

        looked: list[str] = []

        def done() -> Environment | None:
            looked.append(order.name)
            if over():
                raise RunnerError("The run was broken off while the environment was created")
            return next(iter(self.own_environments(order.runner_id, order.run)), None)

        what = f"create the environment {order.name}"
        answer = self._client.call(self._client.environment.create_environment, request, what, done)
        if isinstance(answer, Environment):
            return Made(answer, sure=False)
        found = Environment.from_api(answer.environment) if answer.environment.id else done()
        if found is None:
            raise empty(what)
        return Made(found, not looked)

    def stop_environment(self, found: Environment) -> None:
        """Ask it to stop; it takes its time."""
        from gitpod.v1 import environment_pb2

        request = environment_pb2.StopEnvironmentRequest(environment_id=found.id)
        self._client.call(self._client.environment.stop_environment, request, f"stop the environment {found.name}")

    def delete_environment(self, found: Environment, force: bool = False) -> None:
        """Ask for its deletion, before which the API stops it; one that is gone already is as it should be.

        :param force: at once, whatever it does.
        """
        from gitpod.v1 import environment_pb2

        request = environment_pb2.DeleteEnvironmentRequest(environment_id=found.id, force=force)
        try:
            self._client.call(
                self._client.environment.delete_environment, request, f"delete the environment {found.name}"
            )
        except NotFoundError:
            return


def current(api: EnvironmentApi, found: Environment) -> Environment:
    """The environment as it is now; one that the API no longer knows is a deleted one.

    :raises ApiError: it could not be read.
    """
    try:
        return api.environment(found.id)
    except NotFoundError:
        return dataclasses.replace(found, phase=DELETED)
