# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificate of the load balancer, for the domain and its wildcard."""

from __future__ import annotations

import datetime

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._certificate.model import (
    ISSUED,
    KEY_TYPES,
    PENDING,
    Certificate,
    both_names,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.check import (
    Finding,
    failed,
    passed,
    skipped,
    warned,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.unread import known
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.check import check
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import Facts
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.wanted import Wanted

SOON = datetime.timedelta(days=30)
NOT_THERE = "There is no certificate to look at."
REQUESTED = "One is found or requested (gitpod_certificate_request)."
NONE = "The inventory names no certificate (gitpod_certificate_arn)."


def present(wanted: Wanted, facts: Facts) -> Certificate | None:
    """The certificate, if it exists."""
    return known(facts.certificate) if wanted.certificate_arn else None


@check(
    "certificate.issued",
    asks="Does the certificate exist in the runner's region, issued?",
    why="A TLS listener takes only an issued certificate of its own region and account.",
    fix="Request or import it in the region, or finish its validation.",
)
def issued(wanted: Wanted, facts: Facts) -> Finding:
    """By its ARN."""
    if not wanted.certificate_arn:
        return skipped(REQUESTED if wanted.certificate_request else NONE)
    if f":{wanted.region}:" not in wanted.certificate_arn:
        return failed(
            f"{wanted.certificate_arn} belongs to another region than {wanted.region}.",
            f"A load balancer takes certificates of its own region only: request or import one in {wanted.region}.",
        )
    found = known(facts.certificate)
    if found is None:
        return failed(f"{wanted.certificate_arn} does not exist in {wanted.region}.", "Correct gitpod_certificate_arn.")
    if found.status == ISSUED:
        return passed(f"{found.arn.rsplit('/', 1)[-1]} is issued.")
    if found.status == PENDING:
        how = "Create the CNAME records that ACM names" if found.validation == "DNS" else "Answer ACM's email"
        return failed("It waits for its validation.", f"{how}; it is then issued within minutes.")
    reason = f" ({found.failure})" if found.failure else ""
    return failed(f"Its status is {found.status}{reason}.", "Request a new one, and name its ARN.")


@check(
    "certificate.names",
    asks="Does it cover the domain and its wildcard?",
    why="Environments are reached under names below the domain; the vendor's guide asks for both names.",
    fix="Request a certificate for the domain with `*.` the domain as an additional name.",
)
def names(wanted: Wanted, facts: Facts) -> Finding:
    """The domain itself may also be covered by its parent's wildcard; the names below it may not."""
    found = present(wanted, facts)
    if found is None or not wanted.domain_name:
        return skipped(NOT_THERE)
    absent = found.not_covered(wanted.domain_name)
    domain, wildcard = both_names(wanted.domain_name)
    if absent:
        return failed(
            f"It is for {', '.join(found.names)} and not for {' and '.join(absent)}.",
            f"Request one for {domain} and {wildcard}.",
        )
    return passed(f"It is for {', '.join(found.names)}.")


@check(
    "certificate.expiry",
    asks="Is it valid for another 30 days?",
    why="ACM renews certificates 60 days ahead; one that is nearer to its end has not been renewed by itself.",
    fix="Renew or import it again under the same ARN, which the listener then uses by itself.",
)
def expiry(wanted: Wanted, facts: Facts) -> Finding:
    """From the time of the look."""
    found = present(wanted, facts)
    if found is None or found.expires is None:
        return skipped(NOT_THERE)
    left = found.expires - facts.now
    if left <= datetime.timedelta(0):
        return failed(f"It expired on {found.expires:%Y-%m-%d}.", "Renew it, or import a new one under the same ARN.")
    if left < SOON:
        return warned(
            f"It expires in {left.days} days, on {found.expires:%Y-%m-%d}.",
            "Find out why it was not renewed, or import a new one under the same ARN.",
        )
    return passed(f"It is valid for another {left.days} days.")


@check(
    "certificate.key",
    asks="Is its key of a kind that a network load balancer takes?",
    why=f"Network load balancers take {', '.join(sorted(KEY_TYPES))}; with any other, RSA_4096 among them, the"
    " listener is refused.",
    fix="Request or import a certificate with a key of these kinds.",
)
def key(wanted: Wanted, facts: Facts) -> Finding:
    """By ACM's name of the algorithm."""
    found = present(wanted, facts)
    if found is None or not found.key_algorithm:
        return skipped(NOT_THERE)
    if found.key_algorithm not in KEY_TYPES:
        return failed(
            f"Its key is {found.key_algorithm}, which a network load balancer does not take.",
            "Use RSA_2048 or EC_prime256v1.",
        )
    if found.key_algorithm == "RSA_1024":
        return warned("Its key is RSA_1024, which browsers refuse.", "Use RSA_2048 or EC_prime256v1.")
    return passed(f"Its key is {found.key_algorithm}.")


@check(
    "certificate.renewal",
    asks="Will it be renewed by itself?",
    why="ACM renews what it issued and validated through DNS; certificates that were validated by email need an answer"
    " to a message each year, and imported ones are never renewed.",
    fix="Use a certificate that ACM issues with DNS validation, or plan the renewal.",
)
def renewal(wanted: Wanted, facts: Facts) -> Finding:
    """By type and validation method."""
    found = present(wanted, facts)
    if found is None:
        return skipped(NOT_THERE)
    if found.kind == "IMPORTED":
        return warned("It is imported, and ACM does not renew it.", "Import its successor under the same ARN in time.")
    if found.validation == "EMAIL":
        return warned(
            "It was validated by email, and each renewal waits for an answer to one.",
            "Request one with DNS validation before this one ends.",
        )
    return passed("ACM renews it" + (" as long as its validation record stays." if found.validation == "DNS" else "."))


CHECKS = (issued, names, expiry, key, renewal)
