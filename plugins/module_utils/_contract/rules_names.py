# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of the runner's and the stack's name: what CloudFormation, EC2 and tags refuse only after things were made."""

from __future__ import annotations

import re
import unicodedata

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.model import (
    MALFORMED,
    Inventory,
    Problem,
    listed,
    quoted,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.rules_tags import (
    LONGEST_VALUE,
    strange_characters,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._urls import without_secrets

STACK, RUNNER = "gitpod_stack_name", "gitpod_runner_name"
# CloudFormation, CreateStack, StackName: alphanumeric characters and hyphens, a letter first, 128 at most; its error
# says "[a-zA-Z][-a-zA-Z0-9]*" (terraform-provider-aws#42668).
_STACK_NAME = re.compile(r"[a-zA-Z][-a-zA-Z0-9]*")
LONGEST_STACK_NAME = 128
# EC2, CreateSecurityGroup, GroupName and Description: 255 of these characters; a group's name, in which case does not
# count, must not begin with sg-.
_GROUP_TEXT = re.compile(r"[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]*")
LONGEST_GROUP_TEXT = 255
GROUP_NAME = "{}-management-plane"
GROUP_DESCRIPTION = "HTTPS from the subnets of {} to the management plane endpoint"
# Of a runner in the management plane (SDK, message gitpod.v1.CreateRunnerRequest).
SHORTEST_NAME, LONGEST_NAME = 3, 127


def stack_name(inventory: Inventory) -> list[Problem]:
    """A stack's name has letters, digits and hyphens; which of three names to change depends on where it comes from."""
    name = inventory.stack_name
    faults = _stack_faults(name)
    if not name or not faults:
        return []
    fault = f"{quoted(name)} cannot be the name of a CloudFormation stack: it {' and '.join(faults)}."
    example = _fitting(name)
    if name == inventory.host and inventory.text(RUNNER) in ("", name):
        remediation = f"Set {STACK} or {RUNNER}, because the host's name is taken without them: {STACK}: {example}"
        return [Problem(MALFORMED, STACK, fault, remediation)]
    if name == inventory.text(RUNNER):
        remediation = f"Set {STACK}, because the runner's name is taken without it, such as {STACK}: {example}"
        return [Problem(MALFORMED, RUNNER, fault, f"{remediation}; or change {RUNNER}.")]
    return [Problem(MALFORMED, STACK, fault, f"Write letters, digits and hyphens, such as {example}")]


def _stack_faults(name: str) -> list[str]:
    faults = []
    strange = sorted(set(re.sub(r"[-a-zA-Z0-9]", "", name)))
    if strange:
        faults.append(f"has {listed(strange)} in it")
    if not _STACK_NAME.match(name):
        faults.append("does not begin with a letter")
    if len(name) > LONGEST_STACK_NAME:
        faults.append(f"has {len(name)} characters, more than {LONGEST_STACK_NAME}")
    return faults


def _fitting(name: str) -> str:
    """A name like it that CloudFormation takes."""
    letters = (
        unicodedata.normalize("NFKD", without_secrets(name)[:LONGEST_STACK_NAME])
        .encode("ascii", "ignore")
        .decode("ascii")
    )
    plain = re.sub(r"[^a-zA-Z0-9]+", "-", letters).strip("-")
    if not plain[:1].isalpha():
        plain = f"gitpod-{plain or 'runner'}"
    return plain[:LONGEST_STACK_NAME].rstrip("-")


def runner_name(inventory: Inventory) -> list[Problem]:
    """The runner's name is a tag of all that is created, the name of the endpoint's group, and what is registered."""
    name = inventory.runner_name
    faults = [*_tag_faults(name), *_group_faults(inventory, name), *_registered_faults(inventory, name)] if name else []
    if not faults:
        return []
    came = "" if inventory.text(RUNNER) else ", the host's name,"
    remediation = f"Set {RUNNER} to letters, digits and hyphens, {SHORTEST_NAME} to {LONGEST_NAME} characters."
    summary = f"{quoted(name)}{came} cannot be a runner's name: {'; '.join(faults)}."
    return [Problem(MALFORMED, RUNNER, summary, remediation)]


def _tag_faults(name: str) -> list[str]:
    strange = strange_characters(name)
    faults = [f"tags do not take {listed(strange)}"] if strange else []
    if len(name) > LONGEST_VALUE:
        faults.append(f"it has {len(name)} characters, and a tag takes {LONGEST_VALUE}")
    return faults


def _group_faults(inventory: Inventory, name: str) -> list[str]:
    """What EC2 refuses of the security group that the endpoint gets when none is given."""
    if not inventory.switch("gitpod_privatelink_enabled") or inventory.items("gitpod_privatelink_security_group_ids"):
        return []
    faults = []
    if name.lower().startswith("sg-"):
        faults.append(
            "the endpoint's security group is named after it, and EC2 takes no group whose name begins with sg-"
        )
    if not _GROUP_TEXT.fullmatch(name) and not strange_characters(name):
        faults.append(
            "the endpoint's security group is named after it, and EC2 takes only ASCII in the name of a group"
        )
    longest = LONGEST_GROUP_TEXT - max(len(text.format("")) for text in (GROUP_NAME, GROUP_DESCRIPTION))
    if len(name) > longest:
        faults.append(f"it has {len(name)} characters, and the endpoint's security group has room for {longest}")
    return faults


def _registered_faults(inventory: Inventory, name: str) -> list[str]:
    if not inventory.text("gitpod_api_token") or inventory.text("gitpod_runner_id"):
        return []
    if SHORTEST_NAME <= len(name) <= LONGEST_NAME:
        return []
    return [f"it cannot be registered, because it has {len(name)} characters"]


RULES = (stack_name, runner_name)
