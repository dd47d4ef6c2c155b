# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runners, environment classes and source control integrations as the management plane has them."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._release import plain

AWS = "aws_ec2"
ENTERPRISE = "enterprise"
CREATED, INACTIVE, ACTIVE, DEGRADED = "created", "inactive", "active", "degraded"
DELETING, DELETED = "deleting", "deleted"
# Phases in which something of the runner has connected with its exchange token.
CONNECTED = frozenset({ACTIVE, DEGRADED})


def short(enumeration: t.Any, number: int, prefix: str) -> str:
    """An enumeration's value as options spell it, such as C(active); one that the SDK does not know by its number."""
    try:
        return str(enumeration.Name(number)).removeprefix(prefix).lower().replace("unspecified", "")
    except ValueError:
        return f"unknown_{number}"


def _moment(raw: t.Any) -> str:
    """When it was made, as RFC 3339 has it; empty without, or with one that is no time of a calendar."""
    try:
        return str(raw.created_at.ToJsonString()) if raw.HasField("created_at") else ""
    except (ValueError, OverflowError):
        return ""


@dataclasses.dataclass(frozen=True)
class UpdateWindow:
    """Hours of the day (UTC) in which the runner may update itself."""

    start: int
    end: int


@dataclasses.dataclass(frozen=True)
class Metrics:
    """Where the runner sends metrics. The password is write-only."""

    enabled: bool = False
    url: str = ""
    username: str = ""
    managed: bool = False


@dataclasses.dataclass(frozen=True)
class Configuration:
    """What the management plane tells a runner; the defaults are those of a runner made in the dashboard."""

    release_channel: str = "stable"
    auto_update: bool = True
    log_level: str = "info"
    devcontainer_image_cache: bool = True
    update_window: UpdateWindow | None = None
    metrics: Metrics = Metrics()


@dataclasses.dataclass(frozen=True)
class Runner:
    """A runner.

    :param region: that of its configuration, or where it says that it runs.
    :param message: the runner's own words about its phase.
    """

    id: str
    name: str
    provider: str = AWS
    region: str = ""
    variant: str = ""
    phase: str = ""
    version: str = ""
    message: str = ""
    log_url: str = ""
    support_bundle_url: str = ""
    additional_info: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    configuration: Configuration = Configuration()
    created_at: str = ""

    @property
    def leaving(self) -> bool:
        """Whether it is being deleted, or is."""
        return self.phase in (DELETING, DELETED)

    @property
    def order(self) -> tuple[str, str]:
        """Its place among runners of one name, the oldest first: moment, then ID. The same for everybody."""
        seconds, _point, fraction = self.created_at.rstrip("Z").partition(".")
        return (f"{seconds}.{fraction:0<9}" if seconds else "~", self.id)

    @classmethod
    def from_api(cls, raw: t.Any) -> Runner:
        """The runner from a message gitpod.v1.Runner."""
        from gitpod.v1 import runner_configuration_pb2, runner_pb2

        status = raw.status
        return cls(
            id=raw.runner_id,
            name=raw.name,
            provider=short(runner_configuration_pb2.RunnerProvider, raw.provider, "RUNNER_PROVIDER_"),
            region=raw.spec.configuration.region or status.region,
            variant=short(runner_pb2.RunnerVariant, raw.spec.variant, "RUNNER_VARIANT_"),
            phase=short(runner_pb2.RunnerPhase, status.phase, "RUNNER_PHASE_"),
            version=plain(status.version),
            message=status.message,
            log_url=status.log_url,
            support_bundle_url=status.support_bundle_url,
            additional_info={field.key: field.value for field in status.additional_info},
            configuration=configuration_from_api(raw.spec.configuration),
            created_at=_moment(raw),
        )

    def as_result(self) -> dict[str, t.Any]:
        """Plain data for a module's result."""
        return {
            "id": self.id,
            "name": self.name,
            "provider": self.provider,
            "region": self.region,
            "variant": self.variant,
            "phase": self.phase,
            "version": self.version,
            "message": self.message,
            "log_url": self.log_url,
            "support_bundle_url": self.support_bundle_url,
            "additional_info": dict(self.additional_info),
            "configuration": configuration_as_result(self.configuration),
            "created_at": self.created_at,
        }


def configuration_from_api(raw: t.Any) -> Configuration:
    """From a message gitpod.v1.RunnerConfiguration."""
    from gitpod.v1 import runner_pb2

    # A window without hours is one that was taken away.
    window = raw.update_window if raw.update_window.HasField("start_hour") else None
    metrics = raw.metrics
    return Configuration(
        release_channel=short(runner_pb2.RunnerReleaseChannel, raw.release_channel, "RUNNER_RELEASE_CHANNEL_"),
        auto_update=raw.auto_update,
        log_level=short(runner_pb2.LogLevel, raw.log_level, "LOG_LEVEL_"),
        devcontainer_image_cache=raw.devcontainer_image_cache_enabled,
        update_window=UpdateWindow(window.start_hour, window.end_hour) if window is not None else None,
        metrics=Metrics(metrics.enabled, metrics.url, metrics.username, metrics.managed_metrics_enabled),
    )


def configuration_as_result(configuration: Configuration) -> dict[str, t.Any]:
    """As the module's options spell it."""
    window = configuration.update_window
    return {
        "release_channel": configuration.release_channel,
        "auto_update": configuration.auto_update,
        "log_level": configuration.log_level,
        "devcontainer_image_cache": configuration.devcontainer_image_cache,
        "update_window": {"start_hour": window.start, "end_hour": window.end} if window else None,
        "metrics": dataclasses.asdict(configuration.metrics),
    }


@dataclasses.dataclass(frozen=True)
class EnvironmentClass:
    """A size of environments; its configuration never changes, and it is disabled rather than deleted."""

    id: str
    name: str
    description: str = ""
    configuration: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    enabled: bool = True

    @classmethod
    def from_api(cls, raw: t.Any) -> EnvironmentClass:
        """From a message gitpod.v1.EnvironmentClass."""
        configuration = {field.key: field.value for field in raw.configuration}
        return cls(raw.id, raw.display_name, raw.description, configuration, raw.enabled)

    def as_result(self) -> dict[str, t.Any]:
        """Plain data for a module's result."""
        return {
            "id": self.id,
            "display_name": self.name,
            "description": self.description,
            "configuration": dict(self.configuration),
            "enabled": self.enabled,
        }


@dataclasses.dataclass(frozen=True)
class Integration:
    """How a runner reaches a source control system; the client secret comes back encrypted only."""

    id: str
    scm_id: str
    host: str
    oauth: bool = False
    client_id: str = ""
    issuer_url: str = ""
    pat: bool = False
    virtual_directory: str = ""
    encrypted_secret: bytes = dataclasses.field(default=b"", repr=False, compare=False)

    @classmethod
    def from_api(cls, raw: t.Any) -> Integration:
        """From a message gitpod.v1.SCMIntegration."""
        oauth = raw.HasField("oauth") and bool(raw.oauth.client_id)
        return cls(
            id=raw.id,
            scm_id=raw.scm_id,
            host=raw.host,
            oauth=oauth,
            client_id=raw.oauth.client_id,
            issuer_url=raw.oauth.issuer_url,
            pat=raw.pat,
            virtual_directory=raw.virtual_directory,
            encrypted_secret=raw.oauth.encrypted_client_secret,
        )

    def as_result(self) -> dict[str, t.Any]:
        """Plain data for a module's result."""
        return {
            "id": self.id,
            "scm_id": self.scm_id,
            "host": self.host,
            "oauth": self.oauth,
            "oauth_client_id": self.client_id,
            "issuer_url": self.issuer_url,
            "personal_access_token": self.pat,
            "virtual_directory": self.virtual_directory,
        }
