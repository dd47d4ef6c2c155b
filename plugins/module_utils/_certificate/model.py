# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A certificate and the records that validate it, as plain values.

Source: ACM API reference, CertificateDetail and CertificateSummary; RFC 6125 section 6.4.3 (one label for an asterisk).
"""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.names import folded
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._ownership import OURS, Runner, by_tags

ISSUED = "ISSUED"
PENDING = "PENDING_VALIDATION"
FAILED = ("FAILED", "VALIDATION_TIMED_OUT")
# What TLS listeners of network load balancers take, no RSA_4096 (Network Load Balancer user guide, document history of
# January 2024); without a filter ACM lists only the first two
KEY_TYPES = ("RSA_2048", "RSA_1024", "RSA_3072", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1")


def both_names(domain: str) -> tuple[str, str]:
    """What a runner's certificate has to cover."""
    return folded(domain), f"*.{folded(domain)}"


@dataclasses.dataclass(frozen=True)
class ValidationRecord:
    """A CNAME record that proves control of a domain."""

    name: str
    value: str

    def as_result(self, ttl: int) -> dict[str, t.Any]:
        """Plain data, as the tasks for every DNS provider take it."""
        return {"name": self.name, "type": "CNAME", "value": self.value, "ttl": ttl}


@dataclasses.dataclass(frozen=True)
class Certificate:
    """A certificate of ACM; every stage, check and status has this one class.

    :param names: every name that it is for, folded, the domain first.
    :param key_algorithm: as in C(KEY_TYPES), however the answer spells it.
    :param kind: C(AMAZON_ISSUED), C(IMPORTED) or C(PRIVATE).
    :param validation: C(DNS), C(EMAIL) or empty.
    :param expires: when it ends, in UTC; C(None) until it is issued.
    :param failure: ACM's reason when it is not issued.
    :param renewal: how far a renewal has come, or empty.
    :param in_use: whether the list says that something serves it; what, only the detail tells.
    :param records: what validates it through DNS, each once.
    :param tags: C(None) while they were not read.
    """

    arn: str
    status: str
    names: tuple[str, ...] = ()
    key_algorithm: str = ""
    kind: str = "AMAZON_ISSUED"
    validation: str = ""
    expires: datetime.datetime | None = None
    failure: str = ""
    renewal: str = ""
    in_use: bool = False
    in_use_by: tuple[str, ...] = ()
    records: tuple[ValidationRecord, ...] = ()
    unvalidated: tuple[str, ...] = ()
    tags: t.Mapping[str, str] | None = None

    @classmethod
    def from_summary(cls, raw: t.Mapping[str, t.Any]) -> Certificate:
        """From an element of ListCertificates, which has a hundred names at most."""
        names = [raw.get("DomainName", ""), *raw.get("SubjectAlternativeNameSummaries", [])]
        return cls(
            arn=raw["CertificateArn"],
            status=raw.get("Status", ""),
            names=tuple(dict.fromkeys(folded(name) for name in names if name)),
            # Details, and lists of what was imported, say RSA-2048 where requests and other lists say RSA_2048.
            key_algorithm=raw.get("KeyAlgorithm", "").replace("-", "_"),
            kind=raw.get("Type", "AMAZON_ISSUED"),
            expires=_in_utc(raw.get("NotAfter")),
            in_use=bool(raw.get("InUse")),
        )

    @classmethod
    def from_detail(cls, raw: t.Mapping[str, t.Any], tags: t.Mapping[str, str] | None = None) -> Certificate:
        """From DescribeCertificate."""
        options = raw.get("DomainValidationOptions", [])
        records = [option["ResourceRecord"] for option in options if option.get("ResourceRecord")]
        # The wildcard has its parent's record.
        validating = dict.fromkeys(
            ValidationRecord(folded(record["Name"]), folded(record["Value"])) for record in records
        )
        return dataclasses.replace(
            cls.from_summary({**raw, "SubjectAlternativeNameSummaries": raw.get("SubjectAlternativeNames", [])}),
            validation=next((option["ValidationMethod"] for option in options if option.get("ValidationMethod")), ""),
            failure=raw.get("FailureReason", ""),
            renewal=raw.get("RenewalSummary", {}).get("RenewalStatus", ""),
            in_use_by=tuple(raw.get("InUseBy", [])),
            records=tuple(validating),
            unvalidated=tuple(
                folded(option["DomainName"]) for option in options if option.get("ValidationStatus") != "SUCCESS"
            ),
            tags=tags,
        )

    @property
    def served(self) -> bool:
        """Whether anything serves it, as far as list or detail tells."""
        return self.in_use or bool(self.in_use_by)

    def covers(self, domain: str) -> bool:
        """Whether it is for the domain and its wildcard."""
        return not self.not_covered(domain)

    def not_covered(self, domain: str) -> list[str]:
        """Which of the domain and its wildcard it is not for."""
        return [name for name in both_names(domain) if not self._matches(name)]

    def _matches(self, name: str) -> bool:
        first, _dot, parent = name.partition(".")
        return name in self.names or (first != "*" and f"*.{parent}" in self.names)

    def usable(self, now: datetime.datetime) -> bool:
        """Whether a load balancer can serve it now."""
        return self.status == ISSUED and (self.expires is None or self.expires > now)

    def days_left(self, now: datetime.datetime) -> int | None:
        """Whole days until its end, negative afterwards; C(None) while it has none."""
        return (self.expires - now) // datetime.timedelta(days=1) if self.expires else None

    def requested_by(self, runner: Runner) -> bool:
        """Whether this collection requested it, for this runner."""
        return by_tags(self.tags, runner).relation == OURS

    def other_users(self, load_balancer: str) -> tuple[str, ...]:
        """What serves it beside this load balancer, by ARN."""
        return tuple(arn for arn in self.in_use_by if arn != load_balancer)

    def as_result(self) -> dict[str, t.Any]:
        """Plain data for a module's result."""
        return {
            "arn": self.arn,
            "status": self.status,
            "names": list(self.names),
            "type": self.kind,
            "not_after": self.expires.isoformat() if self.expires else None,
            "failure_reason": self.failure,
            "in_use_by": list(self.in_use_by),
        }


def _in_utc(moment: datetime.datetime | None) -> datetime.datetime | None:
    return moment.replace(tzinfo=datetime.timezone.utc) if moment and not moment.tzinfo else moment
