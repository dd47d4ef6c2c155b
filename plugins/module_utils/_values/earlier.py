# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the earlier stages of a run found or made, as far as later ones need it. Pure."""

from __future__ import annotations

import dataclasses
import typing as t


@dataclasses.dataclass(frozen=True)
class Earlier:
    """Results of earlier stages; empty where a stage did not run.

    :param registration: the fact C(gitpod_registration_result).
    :param exchange_token: the token that the registration minted, a secret.
    :param certificate: the fact C(gitpod_certificate_result).
    :param settled_release: the release that an upgrade settled for all its batches.
    :param resolved_release: the newest of the channel that a new stack gets, as the look before the first batch saw it:
        a channel that moves on meanwhile gives later batches no other.
    :param running_release: the runner's own, as a look at the management plane has seen it.
    :param stack: the fact C(gitpod_stack_result).
    :param started: the fact C(gitpod_stack_started).
    :param network: the fact C(gitpod_network_endpoints_result).
    :param network_started: the fact C(gitpod_network_endpoints_started).
    :param endpoint: the fact C(gitpod_privatelink_result).
    :param endpoint_started: the fact C(gitpod_privatelink_started).
    :param dns: the fact C(gitpod_dns_result).
    """

    registration: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    exchange_token: str = dataclasses.field(default="", repr=False)
    certificate: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    settled_release: str = ""
    resolved_release: str = ""
    running_release: str = ""
    stack: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    started: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    network: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    network_started: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    endpoint: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    endpoint_started: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    dns: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)

    def public(self) -> dict[str, t.Any]:
        """Everything but the secret, as plain data."""
        fields = (field.name for field in dataclasses.fields(self) if field.name != "exchange_token")
        return {name: value for name in fields if (value := getattr(self, name))}

    def runner_id(self, values: t.Mapping[str, t.Any]) -> str:
        """The inventory's, or the one that the registration found."""
        return str(values.get("gitpod_runner_id") or self.registration.get("runner_id") or "")

    @property
    def running_version(self) -> str:
        """The runner's own release, as far as anybody has seen it."""
        runner = self.registration.get("runner") or {}
        return self.running_release or str(runner.get("version") or "")

    @property
    def certificate_arn(self) -> str:
        """Of the certificate that was found or requested."""
        return str(self.certificate.get("certificate_arn") or "")

    @property
    def stack_name(self) -> str:
        """A stack that was taken over has a name of its own."""
        return str((self.started.get("stack") or self.stack.get("stack") or {}).get("name") or "")

    @property
    def load_balancer(self) -> t.Mapping[str, t.Any]:
        """Of the runner's stack."""
        return self.stack.get("load_balancer") or {}

    @property
    def awaits_approval(self) -> bool:
        """Whether a creation waits for approval, which has no load balancer yet (C(gitpod_stack_review))."""
        return bool(self.stack.get("operation") == "review")

    @property
    def awaits_records(self) -> bool:
        """Whether records were handed to somebody who adds them later (C(gitpod_dns_hand_over))."""
        return bool(self.dns.get("in_progress") and self.dns.get("awaited_records"))
