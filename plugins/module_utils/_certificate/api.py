# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ACM calls, each with its intent; nothing here decides anything."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws import boto3_tags, intent
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._certificate.model import (
    FAILED,
    ISSUED,
    KEY_TYPES,
    PENDING,
    Certificate,
    both_names,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._certificate.plan import Wanted
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import (
    ApiError,
    NotFoundError,
    RunnerError,
)


def described(acm: t.Any, arn: str) -> Certificate:
    """One certificate as ACM describes it, without its tags: the one reader of that answer.

    AWS's own errors pass, because looks tell what could not be read in their own words.
    """
    return Certificate.from_detail(acm.describe_certificate(CertificateArn=arn, aws_retry=True)["Certificate"])


def _names_unsure(raw: t.Mapping[str, t.Any]) -> bool:
    """Whether a summary may leave names out: it holds a hundred at most."""
    return bool(raw.get("HasAdditionalSubjectAlternativeNames")) or not raw.get("SubjectAlternativeNameSummaries")


class Api:
    """The calls that a runner's certificate needs, in its region."""

    def __init__(self, acm: t.Any) -> None:
        self._acm = acm

    def certificates(self, domain: str) -> list[Certificate]:
        """Those of the region that cover the domain and its wildcard, with all that is known of them."""
        found: list[Certificate] = []
        for raw in self._listed():
            if _names_unsure(raw) or Certificate.from_summary(raw).covers(domain):
                found += [certificate for certificate in [self.certificate(raw["CertificateArn"])] if certificate]
        return [certificate for certificate in found if certificate.covers(domain)]

    def summaries(self, domain: str) -> list[Certificate]:
        """The same as far as the list itself tells, in one call a page: of a hundred names each, and without tags.

        Of what is not issued all is read: whose it is decides whether it is waited for, and the list says that it is
        pending where the detail says that it has failed. So it is where the list does not tell whether one is in use.
        """
        seen = []
        for raw in self._listed():
            entry = Certificate.from_summary(raw)
            if _names_unsure(raw) or entry.covers(domain):
                told = entry.status == ISSUED and "InUse" in raw and not _names_unsure(raw)
                seen.append(entry if told else self.certificate(entry.arn))
        return [certificate for certificate in seen if certificate and certificate.covers(domain)]

    def _listed(self) -> t.Iterator[dict[str, t.Any]]:
        arguments: dict[str, t.Any] = {
            "CertificateStatuses": [ISSUED, PENDING, *FAILED],
            "Includes": {"keyTypes": list(KEY_TYPES)},
        }
        while True:
            with intent("list the certificates"):
                page = self._acm.list_certificates(**arguments, aws_retry=True)
            yield from page["CertificateSummaryList"]
            if not page.get("NextToken"):
                return
            arguments["NextToken"] = page["NextToken"]

    def certificate(self, arn: str) -> Certificate | None:
        """One certificate with its tags; C(None) when there is none."""
        try:
            with intent(f"read the certificate {arn}"):
                found = described(self._acm, arn)
            with intent(f"read the tags of {arn}"):
                tags = self._acm.list_tags_for_certificate(CertificateArn=arn, aws_retry=True)["Tags"]
        except NotFoundError:
            return None
        return dataclasses.replace(found, tags={tag["Key"]: tag.get("Value", "") for tag in tags})

    def request(self, wanted: Wanted, token: str) -> str:
        """Request one, validated through DNS; its ARN."""
        domain, wildcard = both_names(wanted.domain)
        with intent(f"request a certificate for {domain} and {wildcard}"):
            answer = self._acm.request_certificate(
                DomainName=domain,
                SubjectAlternativeNames=[domain, wildcard],
                ValidationMethod="DNS",
                IdempotencyToken=token,
                KeyAlgorithm=wanted.key_type,
                Tags=boto3_tags(wanted.tags),
                aws_retry=True,
            )
        return str(answer["CertificateArn"])

    def delete(self, certificate: Certificate) -> None:
        """Delete it; one that is gone already is what was asked for.

        :raises RunnerError: a load balancer still serves it.
        """
        try:
            with intent(f"delete the certificate {certificate.arn}"):
                self._acm.delete_certificate(CertificateArn=certificate.arn, aws_retry=True)
        except NotFoundError:
            return
        except ApiError as error:
            if error.code != "ResourceInUseException":
                raise
            users = ", ".join(certificate.in_use_by)
            raise RunnerError(
                error.what, f"It is in use by {users}" if users else error.why, "Delete the runner's stack first"
            ) from error
