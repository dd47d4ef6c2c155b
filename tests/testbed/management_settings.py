# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a runner is set up with at the stand-in management plane: validation, sharing, models, warm pools.

The values that fields may have, and which messages there are, are the SDK's own declarations. What the real management
plane says in a refusal is not known; that it refuses is taken from the vendor's provider (its documents tell that a
warm pool needs prebuilds of its class, an LLM integration a key and models, and not to share with a group twice).
That only a runner that is connected validates is severity of this stand-in: the schema is the runner's own.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t
import uuid

from connectrpc.code import Code
from connectrpc.errors import ConnectError
from gitpod.v1 import (
    group_pb2,
    model_pb2,
    prebuild_pb2,
    project_pb2,
    runner_configuration_pb2,
    runner_pb2,
)
from gitpod.v1.group_connect import GroupService
from gitpod.v1.prebuild_connect import PrebuildService
from gitpod.v1.project_connect import ProjectService

from .management_paging import not_found, page

if t.TYPE_CHECKING:
    from .management_plane import ManagementPlane

MACHINES = ("m6i.large", "m6i.xlarge", "m6i.2xlarge", "c7i.2xlarge")
DISK = (20, 2000)
SYSTEMS = ("github", "gitlab", "bitbucket", "azuredevops_entra", "azuredevops_server")
# A client secret with this in it is one that the source control system does not know.
REVOKED = "revoked"
_HOST = re.compile(r"[a-z0-9.-]+(:\d+)?(/[\w.-]+)?")


@dataclasses.dataclass
class Settings:
    """Groups and projects of the organization; policies, LLM integrations and warm pools of its runners."""

    groups: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    policies: dict[tuple[str, str], t.Any] = dataclasses.field(default_factory=dict)
    models: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    # API keys in the order in which they came, by the integration's ID.
    keys: dict[str, list[str]] = dataclasses.field(default_factory=dict)
    projects: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    pools: dict[str, t.Any] = dataclasses.field(default_factory=dict)

    def add_group(self, name: str) -> str:
        """A group; its ID."""
        group = group_pb2.Group(id=str(uuid.uuid4()), name=name)
        self.groups[group.id] = group
        return str(group.id)

    def add_project(self, name: str, prebuilds: t.Sequence[str] = ()) -> str:
        """A project with prebuilds of these environment classes; its ID."""
        project = project_pb2.Project(id=str(uuid.uuid4()))
        project.metadata.name = name
        project.prebuild_configuration.enabled = bool(prebuilds)
        project.prebuild_configuration.environment_class_ids.extend(prebuilds)
        self.projects[project.id] = project
        return str(project.id)


class Validation:
    """The part of RunnerConfigurationService that judges, and its LLM integrations."""

    _plane: ManagementPlane

    def _connected(self, runner_id: str) -> None:
        if runner_id not in self._plane.runners:
            raise not_found("runner", runner_id)
        phase = self._plane.observe(self._plane.runners[runner_id]).status.phase
        if phase != runner_pb2.RUNNER_PHASE_ACTIVE:
            raise ConnectError(Code.FAILED_PRECONDITION, "the runner is not connected")

    async def get_runner_configuration_schema(self, request: t.Any, _ctx: t.Any) -> t.Any:
        """What the runner takes."""
        self._connected(request.runner_id)
        answer = runner_configuration_pb2.GetRunnerConfigurationSchemaResponse()
        schema = answer.schema
        schema.version = "1"
        machine = schema.environment_classes.add(id="machineType", name="Machine type", required=True)
        for name in MACHINES:
            machine.enum.possible_values.add(title=name)
        disk = schema.environment_classes.add(id="diskSizeGb", name="Disk")
        disk.int.min, disk.int.max = DISK
        for system in SYSTEMS:
            schema.scm.add(scm_id=system).oauth.callback_url = f"https://app.gitpod.io/auth/oauth2/{system}/callback"
        return answer

    async def validate_runner_configuration(self, request: t.Any, _ctx: t.Any) -> t.Any:
        """By field, what is wrong; the runner looks at what it would get."""
        self._connected(request.runner_id)
        answer = runner_configuration_pb2.ValidateRunnerConfigurationResponse()
        if request.HasField("environment_class"):
            self._judge_class(request.environment_class, answer.environment_class)
        if request.HasField("scm_integration"):
            self._judge_integration(request.scm_integration, answer.scm_integration)
        return answer

    @staticmethod
    def _judge_class(wanted: t.Any, verdict: t.Any) -> None:
        given = {field.key: field.value for field in wanted.configuration}
        faults = {key: "is not a field of this runner" for key in given if key not in ("machineType", "diskSizeGb")}
        if given.get("machineType") not in MACHINES:
            faults["machineType"] = f"{given.get('machineType') or 'nothing'} is not offered in this region"
        size = given.get("diskSizeGb", "100")
        if not size.isdigit() or not DISK[0] <= int(size) <= DISK[1]:
            faults["diskSizeGb"] = f"must be from {DISK[0]} to {DISK[1]}"
        for key, error in sorted(faults.items()):
            verdict.configuration_errors.add(key=key, error=error)
        if len(wanted.display_name) < 3:
            verdict.display_name_error = "is too short"
        verdict.valid = not faults and not verdict.display_name_error

    def _judge_integration(self, wanted: t.Any, verdict: t.Any) -> None:
        if wanted.scm_id not in SYSTEMS:
            verdict.scm_id_error = "is not supported"
        if not _HOST.fullmatch(wanted.host):
            verdict.host_error = "is no host"
        secret = wanted.oauth_plaintext_client_secret
        stored = self._plane.integrations.get(wanted.id)
        known = stored is not None and stored.oauth.encrypted_client_secret == wanted.oauth_encrypted_client_secret
        if wanted.oauth_client_id and not secret and not (known and wanted.oauth_encrypted_client_secret):
            verdict.oauth_error = "a client secret is needed"
        elif REVOKED in secret:
            # As careless as a service may be: it repeats what it was sent.
            verdict.oauth_error = f"the client secret {secret} is not one of {wanted.oauth_client_id}"
        if not wanted.oauth_client_id and not wanted.pat:
            verdict.pat_error = "one way to log in is needed"
        errors = (verdict.scm_id_error, verdict.host_error, verdict.oauth_error, verdict.pat_error)
        verdict.valid = not any(errors)

    async def create_llm_integration(self, request: t.Any, _ctx: t.Any) -> t.Any:
        """A key is needed; there may be several of one endpoint."""
        if request.runner_id not in self._plane.runners:
            raise not_found("runner", request.runner_id)
        if not request.api_key:
            raise ConnectError(Code.INVALID_ARGUMENT, "api_key is required")
        entry = runner_configuration_pb2.LLMIntegration(
            id=str(uuid.uuid4()),
            runner_id=request.runner_id,
            models=request.models,
            endpoint=request.endpoint,
            max_tokens=request.max_tokens,
            encrypted_api_key=uuid.uuid4().bytes,
            phase=model_pb2.LLM_INTEGRATION_PHASE_AVAILABLE,
        )
        self._plane.settings.models[entry.id] = entry
        self._plane.settings.keys[entry.id] = [request.api_key]
        return runner_configuration_pb2.CreateLLMIntegrationResponse(id=entry.id)

    async def list_llm_integrations(self, request: t.Any, _ctx: t.Any) -> t.Any:
        """Keys come back encrypted."""
        wanted = request.filter.runner_ids
        everything = (entry for _key, entry in sorted(self._plane.settings.models.items()))
        found = [entry for entry in everything if not wanted or entry.runner_id in wanted]
        return page(request, found, runner_configuration_pb2.ListLLMIntegrationsResponse(), "integrations")

    async def update_llm_integration(self, request: t.Any, _ctx: t.Any) -> t.Any:
        """Only what is present is changed; a list of models that is empty is not."""
        entry = self._plane.settings.models.get(request.id)
        if entry is None:
            raise not_found("LLM integration", request.id)
        for name in ("endpoint", "max_tokens", "phase"):
            if request.HasField(name):
                setattr(entry, name, getattr(request, name))
        if request.models:
            entry.ClearField("models")
            entry.models.extend(request.models)
        if request.HasField("api_key"):
            self._plane.settings.keys[entry.id].append(request.api_key)
            entry.encrypted_api_key = uuid.uuid4().bytes
        return runner_configuration_pb2.UpdateLLMIntegrationResponse()

    async def delete_llm_integration(self, request: t.Any, _ctx: t.Any) -> t.Any:
        """Gone."""
        if self._plane.settings.models.pop(request.id, None) is None:
            raise not_found("LLM integration", request.id)
        return runner_configuration_pb2.DeleteLLMIntegrationResponse()


class Sharing:
    """The part of RunnerService that tells who may use a runner."""

    _plane: ManagementPlane

    def _policy(self, request: t.Any) -> t.Any:
        key = (request.runner_id, request.group_id)
        return runner_pb2.RunnerPolicy(group_id=request.group_id, role=self._plane.settings.policies[key])

    def _shared(self, request: t.Any, exists: bool) -> tuple[str, str]:
        """The key of a policy, which has to be there, or must not."""
        key = (request.runner_id, request.group_id)
        if request.runner_id not in self._plane.runners:
            raise not_found("runner", request.runner_id)
        if request.group_id not in self._plane.settings.groups:
            raise not_found("group", request.group_id)
        if (key in self._plane.settings.policies) != exists:
            code = Code.NOT_FOUND if exists else Code.ALREADY_EXISTS
            raise ConnectError(code, f"the group {request.group_id} has {'no' if exists else 'a'} role already")
        if hasattr(request, "role") and not request.role:
            raise ConnectError(Code.INVALID_ARGUMENT, "role is required")
        return key

    async def list_runner_policies(self, request: t.Any, _ctx: t.Any) -> t.Any:
        """A page of a runner's groups."""
        if request.runner_id not in self._plane.runners:
            raise not_found("runner", request.runner_id)
        found = [
            runner_pb2.RunnerPolicy(group_id=group_id, role=role)
            for (runner_id, group_id), role in sorted(self._plane.settings.policies.items())
            if runner_id == request.runner_id
        ]
        return page(request, found, runner_pb2.ListRunnerPoliciesResponse(), "policies")

    async def create_runner_policy(self, request: t.Any, _ctx: t.Any) -> t.Any:
        """Once for each group."""
        self._plane.settings.policies[self._shared(request, False)] = request.role
        return runner_pb2.CreateRunnerPolicyResponse(policy=self._policy(request))

    async def update_runner_policy(self, request: t.Any, _ctx: t.Any) -> t.Any:
        """Another role."""
        self._plane.settings.policies[self._shared(request, True)] = request.role
        return runner_pb2.UpdateRunnerPolicyResponse(policy=self._policy(request))

    async def delete_runner_policy(self, request: t.Any, _ctx: t.Any) -> t.Any:
        """Gone."""
        del self._plane.settings.policies[self._shared(request, True)]
        return runner_pb2.DeleteRunnerPolicyResponse()


class Groups(GroupService):
    """GroupService: which there are."""

    def __init__(self, plane: ManagementPlane) -> None:
        self._plane = plane

    async def list_groups(self, request: t.Any, _ctx: t.Any) -> t.Any:
        """Those whose name has the searched text in it, whatever its case."""
        everything = (group for _key, group in sorted(self._plane.settings.groups.items()))
        found = [group for group in everything if request.filter.search.lower() in group.name.lower()]
        return page(request, found, group_pb2.ListGroupsResponse(), "groups")


class Projects(ProjectService):
    """ProjectService: which there are."""

    def __init__(self, plane: ManagementPlane) -> None:
        self._plane = plane

    async def list_projects(self, request: t.Any, _ctx: t.Any) -> t.Any:
        """Likewise."""
        everything = (project for _key, project in sorted(self._plane.settings.projects.items()))
        found = [project for project in everything if request.filter.search.lower() in project.metadata.name.lower()]
        return page(request, found, project_pb2.ListProjectsResponse(), "projects")


class WarmPools(PrebuildService):
    """PrebuildService: warm pools."""

    def __init__(self, plane: ManagementPlane) -> None:
        self._plane = plane

    def _pool(self, pool_id: str) -> t.Any:
        if pool_id not in self._plane.settings.pools:
            raise not_found("warm pool", pool_id)
        return self._plane.settings.pools[pool_id]

    async def create_warm_pool(self, request: t.Any, _ctx: t.Any) -> t.Any:
        """One for each project and class, where the project has prebuilds of the class."""
        project = self._plane.settings.projects.get(request.project_id)
        found = self._plane.classes.get(request.environment_class_id)
        if project is None:
            raise not_found("project", request.project_id)
        if found is None:
            raise not_found("environment class", request.environment_class_id)
        if request.environment_class_id not in project.prebuild_configuration.environment_class_ids:
            raise ConnectError(Code.FAILED_PRECONDITION, "prebuilds are not enabled for this environment class")
        key = (request.project_id, request.environment_class_id)
        pools = self._plane.settings.pools.values()
        if any((entry.metadata.project_id, entry.metadata.environment_class_id) == key for entry in pools):
            raise ConnectError(Code.ALREADY_EXISTS, "the project has a warm pool of this class")
        pool = prebuild_pb2.WarmPool(id=str(uuid.uuid4()))
        pool.metadata.project_id, pool.metadata.environment_class_id = key
        pool.metadata.runner_id = found.runner_id
        self._size(pool, request)
        pool.status.phase = prebuild_pb2.WARM_POOL_PHASE_PENDING
        self._plane.settings.pools[pool.id] = pool
        return prebuild_pb2.CreateWarmPoolResponse(warm_pool=pool)

    @staticmethod
    def _size(pool: t.Any, request: t.Any) -> None:
        least, most = (
            getattr(request, name) if request.HasField(name) else getattr(pool.spec, name)
            for name in ("min_size", "max_size")
        )
        if not most or least > most:
            raise ConnectError(Code.INVALID_ARGUMENT, "min_size must not be larger than max_size")
        pool.spec.min_size, pool.spec.max_size = least, most

    async def list_warm_pools(self, request: t.Any, _ctx: t.Any) -> t.Any:
        """Those of the classes and projects that are asked for."""
        wanted = request.filter
        found = [
            pool
            for _key, pool in sorted(self._plane.settings.pools.items())
            if (not wanted.project_ids or pool.metadata.project_id in wanted.project_ids)
            and (not wanted.environment_class_ids or pool.metadata.environment_class_id in wanted.environment_class_ids)
        ]
        return page(request, found, prebuild_pb2.ListWarmPoolsResponse(), "warm_pools")

    async def update_warm_pool(self, request: t.Any, _ctx: t.Any) -> t.Any:
        """Only what is present is changed."""
        pool = self._pool(request.warm_pool_id)
        self._size(pool, request)
        return prebuild_pb2.UpdateWarmPoolResponse(warm_pool=pool)

    async def delete_warm_pool(self, request: t.Any, _ctx: t.Any) -> t.Any:
        """It stays listed while it goes, as one that is being deleted."""
        self._pool(request.warm_pool_id).status.phase = prebuild_pb2.WARM_POOL_PHASE_DELETING
        return prebuild_pb2.DeleteWarmPoolResponse()
