# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls that set a runner up: environment classes, source control, models; each with its intent."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.calls import (
    PAGE_SIZE,
    Calls,
    Changes,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.model import (
    EnvironmentClass,
    Integration,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.settings import (
    Field,
    LlmIntegration,
    Schema,
)


class ConfigurationCalls(Calls):
    """RunnerConfigurationService."""

    def environment_classes(self, runner_id: str) -> list[EnvironmentClass]:
        """All classes of a runner, disabled ones too."""
        from gitpod.v1 import runner_configuration_pb2

        request = runner_configuration_pb2.ListEnvironmentClassesRequest()
        request.pagination.page_size = PAGE_SIZE
        request.filter.runner_ids.append(runner_id)
        what = f"list the environment classes of the runner {runner_id}"
        pages = self._pages(self._client.configuration.list_environment_classes, request, what)
        found = self._each(raw for page in pages for raw in page.environment_classes)
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
            return next(
                (entry for entry in new if entry.name == name and _has(entry.configuration, configuration)), None
            )

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
        found = self._each(raw for page in pages for raw in page.integrations)
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
            # Another run may have made another one of this host meanwhile, which then is not what was asked for.
            found = (entry for entry in self.integrations(runner_id) if (entry.scm_id, entry.host) == (scm_id, host))
            return next((entry for entry in found if _has(_fields_of(entry), _comparable(fields))), None)

        rpc = self._client.configuration.create_scm_integration
        return self._identifier(rpc, request, f"create the integration of {host}", done)

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

    def schema(self, runner_id: str) -> Schema:
        """What the runner takes as configuration of its classes and integrations; empty before it has said so."""
        from gitpod.v1 import runner_configuration_pb2

        request = runner_configuration_pb2.GetRunnerConfigurationSchemaRequest(runner_id=runner_id)
        what = f"read what the runner {runner_id} can be configured with"
        answer = self._client.call(self._client.configuration.get_runner_configuration_schema, request, what)
        return Schema.from_api(answer.schema)

    def class_faults(
        self, runner_id: str, name: str, description: str, configuration: t.Mapping[str, str]
    ) -> list[Field]:
        """What the management plane's own validation says against a new class; nothing where it is well."""
        from gitpod.v1 import runner_configuration_pb2

        request = runner_configuration_pb2.ValidateRunnerConfigurationRequest(runner_id=runner_id)
        wanted = request.environment_class
        wanted.runner_id, wanted.display_name, wanted.description, wanted.enabled = runner_id, name, description, True
        for key, value in sorted(configuration.items()):
            wanted.configuration.add(key=key, value=value)
        found = self._validated(request, f"validate the environment class {name}").environment_class
        told = [("display_name", found.display_name_error), ("description", found.description_error)]
        told += [(fault.key, fault.error) for fault in found.configuration_errors]
        return _faults(found.valid, told)

    def integration_faults(self, runner_id: str, entry: Integration, secret: str = "") -> list[Field]:
        """The same for a source control integration.

        :param secret: the client secret that is to be sent; without it, the one that the management plane has counts.
        """
        from gitpod.v1 import runner_configuration_pb2

        request = runner_configuration_pb2.ValidateRunnerConfigurationRequest(runner_id=runner_id)
        wanted = request.scm_integration
        wanted.SetInParent()
        wanted.id, wanted.scm_id, wanted.host, wanted.pat = entry.id, entry.scm_id, entry.host, entry.pat
        if entry.oauth:
            wanted.oauth_client_id = entry.client_id
            if secret:
                wanted.oauth_plaintext_client_secret = secret
            elif entry.encrypted_secret:
                wanted.oauth_encrypted_client_secret = entry.encrypted_secret
        for name in ("issuer_url", "virtual_directory"):
            if getattr(entry, name):
                setattr(wanted, name, getattr(entry, name))
        what = f"validate the integration of {entry.scm_id} at {entry.host}"
        found = self._validated(request, what).scm_integration
        names = {"scm_id": "scm_id", "host": "host", "oauth": "oauth_client_id", "pat": "personal_access_token"}
        return _faults(found.valid, [(option, getattr(found, f"{name}_error")) for name, option in names.items()])

    def _validated(self, request: t.Any, what: str) -> t.Any:
        return self._client.call(self._client.configuration.validate_runner_configuration, request, what)

    def llm_integrations(self, runner_id: str) -> list[LlmIntegration]:
        """All integrations of language models of a runner."""
        from gitpod.v1 import runner_configuration_pb2

        request = runner_configuration_pb2.ListLLMIntegrationsRequest()
        request.pagination.page_size = PAGE_SIZE
        request.filter.runner_ids.append(runner_id)
        what = f"list the LLM integrations of the runner {runner_id}"
        pages = self._pages(self._client.configuration.list_llm_integrations, request, what)
        found = self._each(raw for page in pages for raw in page.integrations)
        return [LlmIntegration.from_api(raw) for raw in found if raw.runner_id == runner_id]

    def create_llm_integration(self, runner_id: str, entry: LlmIntegration, api_key: str) -> str:
        """A new integration; its ID."""
        from gitpod.v1 import runner_configuration_pb2

        request = runner_configuration_pb2.CreateLLMIntegrationRequest(
            runner_id=runner_id, endpoint=entry.endpoint, api_key=api_key, max_tokens=entry.max_tokens
        )
        request.models.extend(LlmIntegration.numbers(entry.models))
        before = {found.id for found in self.llm_integrations(runner_id)}

        def done() -> LlmIntegration | None:
            new = [found for found in self.llm_integrations(runner_id) if found.id not in before]
            same = (found for found in new if found.endpoint == entry.endpoint)
            return next((found for found in same if found.models == tuple(sorted(entry.models))), None)

        rpc = self._client.configuration.create_llm_integration
        return self._identifier(rpc, request, f"create the LLM integration {entry.name}", done)

    def update_llm_integration(self, integration_id: str, changes: Changes, api_key: str = "") -> None:
        """:param changes: C(models), C(max_tokens) and C(enabled), what is to change."""
        from gitpod.v1 import runner_configuration_pb2

        request = runner_configuration_pb2.UpdateLLMIntegrationRequest(id=integration_id)
        if "models" in changes:
            request.models.extend(LlmIntegration.numbers(changes["models"]))
        if "max_tokens" in changes:
            request.max_tokens = changes["max_tokens"]
        if "enabled" in changes:
            request.phase = LlmIntegration.phase(changes["enabled"])  # type: ignore[assignment]
        if api_key:
            request.api_key = api_key
        rpc = self._client.configuration.update_llm_integration
        self._client.call(rpc, request, f"change the LLM integration {integration_id}")

    def delete_llm_integration(self, integration_id: str) -> None:
        """Delete it; one that is in use is refused."""
        from gitpod.v1 import runner_configuration_pb2

        request = runner_configuration_pb2.DeleteLLMIntegrationRequest(id=integration_id)
        rpc = self._client.configuration.delete_llm_integration
        self._client.call(rpc, request, f"delete the LLM integration {integration_id}")


def _has(there: t.Mapping[str, t.Any], wanted: t.Mapping[str, t.Any]) -> bool:
    """Whether what is there has all that is wanted, and perhaps more that the management plane added."""
    return all(there.get(key) == value for key, value in wanted.items())


def _fields_of(entry: Integration) -> dict[str, t.Any]:
    """By the names that a creation has for them."""
    return {
        "oauth_client_id": entry.client_id,
        "issuer_url": entry.issuer_url,
        "pat": entry.pat,
        "virtual_directory": entry.virtual_directory,
    }


def _comparable(fields: Changes) -> dict[str, t.Any]:
    """Without the secret, which never comes back."""
    return {key: value for key, value in fields.items() if key != "oauth_plaintext_client_secret"}


def _faults(valid: bool, told: t.Sequence[tuple[str, str]]) -> list[Field]:
    """What is told against each field; a refusal that names none is one all the same."""
    found = [Field(name, text) for name, text in told if text]
    return found or ([] if valid else [Field("", "it is not valid, and the management plane does not say why")])
