# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a runner is set up with, as the management plane has it: its schema, sharing, models, warm pools."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.model import short

MODEL, ROLE, WARM_POOL, PHASE = "SUPPORTED_MODEL_", "RUNNER_ROLE_", "WARM_POOL_PHASE_", "LLM_INTEGRATION_PHASE_"
DISABLED = "disabled"


@dataclasses.dataclass(frozen=True)
class Field:
    """What is said of a field: a fault of a value, or what it takes."""

    name: str
    text: str


@dataclasses.dataclass(frozen=True)
class Schema:
    """What a runner can be configured with (message gitpod.v1.RunnerConfigurationSchema).

    :param classes: keys of an environment class's configuration, with what each takes.
    :param systems: IDs of source control systems, each with the callback URL of its OAuth application, or empty.
    """

    classes: tuple[Field, ...] = ()
    systems: t.Mapping[str, str] = dataclasses.field(default_factory=dict)

    @classmethod
    def from_api(cls, raw: t.Any) -> Schema:
        """From the message."""
        systems = {system.scm_id: system.oauth.callback_url for system in raw.scm}
        return cls(tuple(Field(field.id, _takes(field)) for field in raw.environment_classes), systems)


def _takes(field: t.Any) -> str:
    """What a field takes, in words."""
    words = "required" if field.required else "optional"
    if field.HasField("enum"):
        values = [value.title for value in field.enum.possible_values] or list(field.enum.values)
        return f"{words}, one of {', '.join(values)}"
    if field.HasField("int"):
        return f"{words}, {field.int.min} to {field.int.max}"
    return f"{words}, true or false" if field.HasField("bool") else words


@dataclasses.dataclass(frozen=True)
class Group:
    """A group of the organization."""

    id: str
    name: str


@dataclasses.dataclass(frozen=True)
class Policy:
    """What a group may do with a runner: C(user) uses it, C(admin) configures and shares it too."""

    group_id: str
    role: str

    @classmethod
    def from_api(cls, raw: t.Any) -> Policy:
        """From a message gitpod.v1.RunnerPolicy."""
        from gitpod.v1 import runner_pb2

        return cls(raw.group_id, short(runner_pb2.RunnerRole, raw.role, ROLE))


@dataclasses.dataclass(frozen=True)
class LlmIntegration:
    """How a runner reaches language models; the API key never comes back.

    :param models: as the API names them, such as C(sonnet_4_5), sorted.
    :param max_tokens: 0 for the model's own.
    """

    id: str
    endpoint: str = ""
    models: tuple[str, ...] = ()
    max_tokens: int = 0
    enabled: bool = True
    phase_reason: str = ""

    @property
    def name(self) -> str:
        """By which it is told."""
        return self.endpoint or "the provider's own endpoint"

    @classmethod
    def from_api(cls, raw: t.Any) -> LlmIntegration:
        """From a message gitpod.v1.LLMIntegration."""
        from gitpod.v1 import model_pb2

        models = sorted(short(model_pb2.SupportedModel, number, MODEL) for number in raw.models)
        phase = short(model_pb2.LLMIntegrationPhase, raw.phase, PHASE)
        return cls(raw.id, raw.endpoint, tuple(models), raw.max_tokens, phase != DISABLED, raw.phase_reason)

    @staticmethod
    def numbers(models: t.Iterable[str]) -> list[int]:
        """The API's numbers of models.

        :raises ValueError: the SDK does not know one.
        """
        from gitpod.v1 import model_pb2

        return [model_pb2.SupportedModel.Value(f"{MODEL}{model.upper()}") for model in models]

    @staticmethod
    def phase(enabled: bool) -> int:
        """The API's number of the phase that is asked for."""
        from gitpod.v1 import model_pb2

        return int(model_pb2.LLMIntegrationPhase.Value(f"{PHASE}{'AVAILABLE' if enabled else 'DISABLED'}"))

    def as_result(self) -> dict[str, t.Any]:
        """Plain data for a module's result."""
        return {
            "id": self.id,
            "endpoint": self.endpoint,
            "models": list(self.models),
            "max_tokens": self.max_tokens,
            "enabled": self.enabled,
            "phase_reason": self.phase_reason,
        }


def known_models() -> list[str]:
    """The models that the SDK knows."""
    from gitpod.v1 import model_pb2

    names = (value.name.removeprefix(MODEL).lower() for value in model_pb2.SupportedModel.DESCRIPTOR.values)
    return sorted(name for name in names if name != "unspecified")


@dataclasses.dataclass(frozen=True)
class WarmPool:
    """Environments of one project and class that are kept ready.

    :param phase: C(pending), C(ready), C(degraded), C(deleting) or C(deleted).
    """

    id: str
    project_id: str
    class_id: str
    min_size: int = 0
    max_size: int = 1
    phase: str = ""
    failure: str = ""

    @classmethod
    def from_api(cls, raw: t.Any) -> WarmPool:
        """From a message gitpod.v1.WarmPool; one of before sizes had bounds keeps as many as it says (desired_size)."""
        from gitpod.v1 import prebuild_pb2

        spec = raw.spec
        return cls(
            id=raw.id,
            project_id=raw.metadata.project_id,
            class_id=raw.metadata.environment_class_id,
            min_size=spec.min_size if spec.HasField("min_size") else spec.desired_size,
            max_size=spec.max_size if spec.HasField("max_size") else spec.desired_size,
            phase=short(prebuild_pb2.WarmPoolPhase, raw.status.phase, WARM_POOL),
            failure=raw.status.failure_message,
        )

    @property
    def leaving(self) -> bool:
        """Whether it is being deleted, or is."""
        return self.phase in ("deleting", "deleted")

    def as_result(self) -> dict[str, t.Any]:
        """Plain data for a module's result."""
        return {
            "id": self.id,
            "project_id": self.project_id,
            "environment_class_id": self.class_id,
            "min_size": self.min_size,
            "max_size": self.max_size,
            "phase": self.phase,
            "failure_message": self.failure,
        }
