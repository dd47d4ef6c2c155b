# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The IAM policies of one runner, ready to attach: those of site.yml, and those of the template's resources. Pure."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.unread import Unread
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import Template
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._permissions import needs_policy, policy
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._permissions.needs import Needs
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight import naming, template_needs
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.certificates import parse_reference
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import Caller, Facts
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.simulating import references, settings
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.wanted import Wanted

# Secrets Manager ends a secret's ARN so (user guide, "What's in a secret").
_RANDOM = re.compile(r"-[A-Za-z0-9]{6}$")
ANY = "*"


def policies(wanted: Wanted, facts: Facts) -> dict[str, policy.Document]:
    """By the end of a file's name, such as C(site-1) and C(template-1); none without an account."""
    if not isinstance(facts.caller, Caller):
        return {}
    site = [
        policy.filled(document, values(wanted, facts, facts.caller))
        for document in policy.policies_of_playbook("site", settings(wanted))
    ]
    found = {f"site-{number}": document for number, document in enumerate(site, 1)}
    template, needed = facts.template, facts.template_needs
    if isinstance(template, Template) and isinstance(needed, Needs):
        place = template_needs.place(wanted, facts.caller, template)
        documents = needs_policy.documents(needed, place)
        found.update({f"template-{number}": document for number, document in enumerate(documents, 1)})
    return found


def values(wanted: Wanted, facts: Facts, caller: Caller) -> dict[str, str]:
    """What stands in the placeholders of docs/permissions.md for this runner; C(*) where that is not known."""
    parameter, secret = references(parse_reference(wanted.custom_ca))
    return {
        "partition": caller.partition,
        "region": wanted.region,
        "account": caller.account,
        "stack name": wanted.stack_name,
        "stack name in lower case": wanted.stack_name.lower(),
        "service role": wanted.service_role_arn or ANY,
        "hosted zone": _zone(wanted, facts),
        "domain": wanted.domain_name or ANY,
        "template bucket": wanted.template_bucket or ANY,
        "path": f"/{parameter.lstrip('/')}" if parameter else ANY,
        "secret": _secret(secret) if secret else ANY,
        "the role": wanted.dns_role_arn or ANY,
    }


def _zone(wanted: Wanted, facts: Facts) -> str:
    """The one zone that is written to; C(*) where there are several, or none was seen."""
    zones: t.Any = () if isinstance(facts.hosted_zones, Unread) else facts.hosted_zones or ()
    held = naming.holding(zones, wanted.domain_name, wanted.dns_zone_ids) if wanted.domain_name else ()
    return held[0].id if len(held) == 1 else ANY


def _secret(name: str) -> str:
    """A secret's name, also of its ARN."""
    return _RANDOM.sub("", name.rpartition(":secret:")[2]) if name.startswith("arn:") else name
