# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of further template parameters, of policies, and of batches: what is refused only after things were made.

No message repeats a parameter's value, because the template may hide it (NoEcho).
"""

from __future__ import annotations

import json
import re
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.labels import (
    LABELS,
    SECRET_LABELS,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.model import (
    MALFORMED,
    MOST_ENTRIES,
    Inventory,
    Problem,
    quoted,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.rules_secrets import is_token
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._rollout import batches as sizes_of
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._rollout import is_size

PARAMETERS, BATCHES = "gitpod_stack_parameters", "gitpod_rollout_batches"
# CloudFormation quotas, "Parameters": 200 a template, 4,096 bytes a value.
LONGEST_PARAMETER = 4096
MOST_PARAMETERS = 200
_TOO_LONG = f"has more than {LONGEST_PARAMETER:,} bytes, which CloudFormation does not take"
# Longest document: CloudFormation, StackPolicyBody (botocore 1.44); VPC endpoints guide, "Endpoint policies".
_POLICIES: t.Mapping[str, int] = {"gitpod_stack_policy": 16_384, "gitpod_privatelink_policy": 20_480}
_LISTED = (str, int)


def parameters(inventory: Inventory) -> list[Problem]:
    """Each value is one text, or a list of texts; a number whose digits YAML may have changed is not taken for one."""
    given = inventory.mapping(PARAMETERS)
    faults = [f"{quoted(name)} {fault}" for name, value in given.items() if (fault := _fault(str(name), value))]
    if len(given) > MOST_PARAMETERS:
        faults.append(f"{len(given)} parameters are given, and a template has {MOST_PARAMETERS} at most")
    if not faults:
        return []
    more = f"; and {len(faults) - MOST_ENTRIES} more" if len(faults) > MOST_ENTRIES else ""
    remediation = "Write each value as one text in quotes, or as a list of texts; an empty text empties it."
    return [Problem(MALFORMED, PARAMETERS, f"{'; '.join(faults[:MOST_ENTRIES])}{more}.", remediation)]


def _fault(name: str, value: t.Any) -> str:
    if not name.strip():
        return "is no name of a parameter"
    if value is None:
        return "has no value"
    if isinstance(value, float):
        return "is a number with a fraction, whose last zeros YAML has taken away"
    if isinstance(value, (list, tuple)):
        if not all(isinstance(item, _LISTED) for item in value):
            return "is a list in which not everything is text"
        value = ",".join(map(str, value))
    if not isinstance(value, _LISTED):
        return "is a dictionary, not text" if isinstance(value, dict) else "is not text"
    return _text_fault(name, value)


def is_exchange_token(name: str) -> bool:
    """Whether a parameter's name is the template's label of the exchange token, or one of its logical IDs."""
    return re.sub(r"[^a-z]", "", name.lower()).endswith("exchangetoken")


def _text_fault(name: str, value: t.Any) -> str:
    if is_exchange_token(name):
        # The token's own variable has the same rule.
        if not isinstance(value, str):
            return "is a number, and YAML may have changed its digits"
        if not is_token(value.strip()):
            return "has blanks, line breaks or other characters in it that no token has"
    return _TOO_LONG if isinstance(value, str) and _is_long(value) else ""


def _is_long(text: str) -> bool:
    return len(text.encode("utf-8", "replace")) > LONGEST_PARAMETER


def lengths(inventory: Inventory) -> list[Problem]:
    """Variables that become parameters, a list as one text with commas."""
    long = [
        name
        for name in (*LABELS.values(), *SECRET_LABELS.values())
        if _is_long(inventory.text(name) or ",".join(inventory.items(name)))
    ]
    return [Problem(MALFORMED, name, f"It {_TOO_LONG}.", "Shorten it.") for name in long]


def policies(inventory: Inventory) -> list[Problem]:
    """A policy says something (IAM, "Grammar of the IAM JSON policy language": Statement is required)."""
    problems = []
    for name, longest in _POLICIES.items():
        policy = inventory.mapping(name)
        if policy and not isinstance(policy.get("Statement"), (list, dict)):
            summary = "The policy has no Statement."
            problems.append(Problem(MALFORMED, name, summary, "Write a policy document with its Statement."))
        elif (size := len(json.dumps(policy, default=str))) > longest:
            # As it is sent: a letter that is not ASCII takes six characters.
            summary = f"The policy has {size:,} characters, and AWS takes {longest:,}."
            problems.append(Problem(MALFORMED, name, summary, "Shorten it."))
    return problems


def batches(inventory: Inventory) -> list[Problem]:
    """Sizes of batches are numbers from 1, or shares from 1% to 100%."""
    wrong = [size for size in sizes_of(inventory.values.get(BATCHES), ()) if not is_size(size)]
    if not wrong:
        return []
    shown = ", ".join(quoted(item) for item in wrong[:MOST_ENTRIES])
    remediation = 'Write numbers and shares, such as [1, "25%", "100%"]; in a survey, one a line.'
    return [Problem(MALFORMED, BATCHES, f"Not the size of a batch: {shown}.", remediation)]


RULES = (parameters, lengths, policies, batches)
