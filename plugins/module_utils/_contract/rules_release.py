# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of what is deployed: the release, and the roles and topics that CloudFormation is given."""

from __future__ import annotations

import re

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.model import (
    CONTRADICTORY,
    MALFORMED,
    Inventory,
    Problem,
    listed,
    quoted,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._regions import partition_of

VERSION = "gitpod_stack_release_version"
# One of these names the template; without any, gitpod_stack_template_url does.
_CHOICES = (VERSION, "gitpod_stack_release_channel", "gitpod_stack_template_file")
_VERSIONS = (VERSION, "gitpod_verify_version")
TOPICS = "gitpod_stack_notification_arns"
# CloudFormation's model, NotificationARNs.
MOST_TOPICS = 5
_ROLES = ("gitpod_stack_service_role_arn", "gitpod_dns_role_arn")
_ROLE = re.compile(r"arn:(?P<partition>aws[a-z-]*):iam::\d{12}:role/[\w+=,.@/-]+", re.ASCII)
_TOPIC = re.compile(r"arn:(?P<partition>aws[a-z-]*):sns:[a-z0-9-]+:\d{12}:[\w.-]+", re.ASCII)


def version(inventory: Inventory) -> list[Problem]:
    """A release is C(YYYYMMDD.N), with or without C(v); as a number, it has lost its last zeros and cannot be told."""
    problems = []
    for name in _VERSIONS:
        value = inventory.values.get(name)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            summary = f"{value} is a number, and zeros at its end are lost."
            problems.append(Problem(MALFORMED, name, summary, "Write it in quotes, or as v20260115.10"))
    text = inventory.text(VERSION)
    if text and not re.fullmatch(r"v?\d{8}\.\d+", text, re.ASCII):
        problems.append(Problem(MALFORMED, VERSION, f"{quoted(text)} is not a release.", "Write v20260115.10"))
    return problems


def one_template(inventory: Inventory) -> list[Problem]:
    """A release, a channel and a file exclude each other."""
    given = [name for name in _CHOICES if inventory.text(name)]
    return [
        Problem(CONTRADICTORY, name, f"{given[0]} is set too, and one of them names the template.", "Set one of them.")
        for name in given[1:]
    ]


def arns(inventory: Inventory) -> list[Problem]:
    """Roles and topics by their ARNs, in the region's partition."""
    problems = []
    for name in (*_ROLES, TOPICS):
        form, example = (_TOPIC, "arn:aws:sns:us-east-1:123456789012:name") if name == TOPICS else (_ROLE, "")
        example = example or "arn:aws:iam::123456789012:role/name"
        given = inventory.items(name) if name == TOPICS else tuple(filter(None, (inventory.text(name),)))
        wrong = [value for value in given if not form.fullmatch(value)]
        if wrong:
            problems.append(Problem(MALFORMED, name, f"Not such an ARN: {listed(wrong)}.", f"Write {example}"))
            continue
        partition = partition_of(inventory.text("gitpod_region"))
        foreign = [value for value in given if value.split(":")[1] != partition]
        if foreign and inventory.text("gitpod_region"):
            summary = f"The region belongs to the partition {partition}, and these do not: {listed(foreign)}."
            problems.append(Problem(CONTRADICTORY, name, summary, "Name one of the region's partition."))
    topics = inventory.items(TOPICS)
    if len(topics) > MOST_TOPICS:
        summary = f"{len(topics)} topics are named, and CloudFormation takes {MOST_TOPICS}."
        problems.append(Problem(CONTRADICTORY, TOPICS, summary, f"Keep {MOST_TOPICS} at most."))
    return problems


RULES = (version, one_template, arns)
