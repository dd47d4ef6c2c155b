# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The custom certificate authority: where it is, and whether it can be used. Its content is never shown."""

from __future__ import annotations

import datetime

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _custom_ca
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.check import (
    Finding,
    failed,
    passed,
    skipped,
    unverifiable,
    warned,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.unread import known
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import status
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.certificates import (
    Reference,
    parse_reference,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.check import check
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import CaCertificate, Facts
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.wanted import Wanted
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._urls import without_secrets

SOON = datetime.timedelta(days=30)
NONE = "No custom certificate authority is set."
# CloudFormation user guide, "Dynamic references": what is behind one is read when the stack is created or updated.
UNVERSIONED = ", without a version, so nothing tells when it is another (docs/rotation.md)"


@check(
    "custom_ca.reference",
    asks="Is it a reference that CloudFormation resolves, certificates in PEM form, or a URL?",
    why="The guide's templates take a dynamic reference, and later ones the others too; what is behind a reference"
    " without a version is read at the next update, and nothing tells when it is another.",
    fix="Write `ssm:/path:version` or `secretsmanager:id` in `gitpod_custom_ca`; the collection adds the braces.",
)
def reference(wanted: Wanted, _facts: Facts) -> Finding:
    """The form only."""
    if not wanted.custom_ca:
        return skipped(NONE)
    kind = _custom_ca.kind_of(wanted.custom_ca)
    if kind == _custom_ca.PEM:
        return passed("The certificates themselves, which the template has to take.")
    if kind == _custom_ca.URL:
        return passed(f"{without_secrets(wanted.custom_ca)}, which the template has to take, and the runner to reach.")
    parsed = parse_reference(wanted.custom_ca)
    if parsed is None:
        return failed(
            "gitpod_custom_ca is no reference to a parameter or a secret.",
            "Write ssm:/path:version or secretsmanager:id, without braces.",
        )
    where = "Parameter Store" if parsed.service == "ssm" else "Secrets Manager"
    return passed(f"{parsed.name} in {where}{UNVERSIONED if not parsed.version else ''}.")


@check(
    "custom_ca.content",
    asks="Does it lead to PEM certificates that parse and have not expired?",
    why="A runner that does not trust the proxy's or the mirror's certificate cannot call out, and says so only in its"
    " logs.",
    fix="Put PEM certificates, and nothing else, into the parameter (type String) or secret, in the runner's region.",
)
def content(wanted: Wanted, facts: Facts) -> Finding:
    """Subjects and dates; never the content."""
    kind = _custom_ca.kind_of(wanted.custom_ca)
    if kind == _custom_ca.URL:
        return unverifiable("The runner itself reads it.", "Fetch it from where the runner is, and look at its dates.")
    parsed = parse_reference(wanted.custom_ca)
    if kind == _custom_ca.PEM:
        parsed = Reference("", "gitpod_custom_ca")
    if parsed is None:
        return skipped(NONE if not wanted.custom_ca else "There is no usable reference.")
    bundle = known(facts.custom_ca)
    if bundle is None:
        return failed(
            f"{parsed.name} does not exist in {wanted.region}.", "Create it there, or correct gitpod_custom_ca."
        )
    if bundle.leaving:
        return failed(
            f"{parsed.name} waits for its deletion, and nobody can read it, CloudFormation neither.",
            f"Take it back (aws secretsmanager restore-secret --secret-id {parsed.name}), or name another secret.",
        )
    if bundle.encrypted:
        return failed(
            f"{parsed.name} is a SecureString, which CloudFormation does not resolve with ssm.",
            "Store the certificates, which are public, as a String, or use Secrets Manager.",
        )
    if bundle.private_key:
        return failed(
            f"{parsed.name} holds a private key, which every environment would be given.",
            "Store the certificates alone, and replace the key: it has been exposed to readers of stack parameters.",
        )
    if not bundle.certificates or bundle.unreadable:
        count = f"{bundle.unreadable} PEM blocks that do not parse" if bundle.unreadable else "no PEM certificate"
        return failed(
            f"{parsed.name} holds {count}.", "Store certificates in PEM form, with their BEGIN and END lines."
        )
    return _validity(parsed.name, bundle.certificates, facts.now)


def _validity(name: str, certificates: tuple[CaCertificate, ...], now: datetime.datetime) -> Finding:
    expired = [entry.subject for entry in certificates if entry.expires <= now]
    if len(expired) == len(certificates):
        return failed(f"Every certificate in {name} has expired: {'; '.join(expired)}.", "Store the present ones.")
    if expired:
        return warned(f"Expired in {name}: {'; '.join(expired)}.", "Remove them; the others are still valid.")
    ending = [f"{entry.subject} on {entry.expires:%Y-%m-%d}" for entry in certificates if entry.expires - now < SOON]
    if ending:
        return warned(f"About to expire in {name}: {'; '.join(ending)}.", "Store their successors beside them.")
    if not any(entry.authority for entry in certificates):
        return warned(
            f"None of the certificates in {name} is one of an authority.",
            "Store the certificate of the authority, not that of a server.",
        )
    plural = "s" if len(certificates) > 1 else ""
    return passed(f"{name} holds {len(certificates)} valid certificate{plural}.")


@check(
    "custom_ca.taken_up",
    asks="Has the stack what is stored now?",
    why="CloudFormation resolves a reference without a version anew only when something else of the resource changes"
    " (aws-cloudformation/cloudformation-coverage-roadmap#844), so that a run whose other values are the same changes"
    " nothing.",
    fix="Name the version, such as `gitpod_custom_ca: ssm:/path:2`, and another one whenever the certificates change.",
)
def taken_up(wanted: Wanted, facts: Facts) -> Finding:
    """By the times of what is stored and of the stack's last update; a later update that left it out is not seen."""
    parsed = parse_reference(wanted.custom_ca)
    if parsed is None:
        return skipped(NONE if not wanted.custom_ca else "No reference is used.")
    if parsed.version:
        return passed(f"The reference names the version {parsed.version}.")
    stack, bundle = known(facts.stack), known(facts.custom_ca)
    if stack is None or not status.exists(stack.status) or bundle is None:
        return skipped("There is no stack yet, and its creation takes what is stored.")
    if parsed not in map(parse_reference, stack.parameters.values()):
        return passed("The stack has another value, and takes what is stored with the next update.")
    taken = stack.updated or stack.created
    if bundle.changed is None or not taken:
        return skipped("When it was changed is not known.")
    if bundle.changed <= datetime.datetime.fromisoformat(taken):
        return passed(f"{parsed.name} is older than the stack's last update.")
    return warned(
        f"{parsed.name} was changed on {bundle.changed:%Y-%m-%d %H:%M}, after the stack's last update, and a reference"
        " without a version is not resolved anew by a run that changes nothing else.",
        f"Name the version: gitpod_custom_ca: {parsed.at(bundle.version)}",
    )


CHECKS = (reference, content, taken_up)
