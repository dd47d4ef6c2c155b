# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documented policies against the service authorization reference (npm iam-data); planted faults are found."""

from __future__ import annotations

import copy
import json
import pathlib
import re
import shutil
import subprocess
import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._permissions import policy
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._permissions.stages import PLAYBOOKS, STAGES

ROOT = pathlib.Path(__file__).resolve().parents[2]
INSTALLED = ROOT / ".venv/iam"
Document = dict[str, t.Any]
pytestmark = pytest.mark.skipif(
    not shutil.which("node") or not (INSTALLED / "node_modules").exists(), reason="Node is not installed"
)
# Keys that every request has, whatever the action (IAM user guide, "Global condition context keys").
EVERYWHERE = ("aws:requestedregion",)
# Actions that know resources, and why they are allowed on all of them.
WIDE = {
    "cloudformation:DescribeStacks": "a runner's stack is found by its tags, under any name",
    "cloudformation:GetTemplateSummary": "of a template that no stack has yet",
    "route53:ListHostedZones": "which zone holds the domain is looked up",
    "servicequotas:GetAWSDefaultServiceQuota": "it has no resource",
}


def reference(names: t.Iterable[str]) -> dict[str, t.Any]:
    done = subprocess.run(
        ["node", str(ROOT / "tests/iam/facts.mjs"), str(INSTALLED)],
        input=json.dumps(sorted(set(names))),
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, t.Any] = json.loads(done.stdout)
    return found


def _pattern(arn: str) -> re.Pattern[str]:
    """Which resources can be of a type: a variable of the reference's pattern stands for anything, a bucket's name for
    no object."""
    parts = re.split(r"\$\{([^}]*)\}", arn)
    return re.compile(
        "".join(
            re.escape(part) if number % 2 == 0 else "[^/]*" if part == "BucketName" else ".*"
            for number, part in enumerate(parts)
        )
    )


def fits(resource: str, arns: t.Iterable[str]) -> bool:
    plain = re.sub(r"<[^>]*>", "x", resource.replace("<path>", "/path").replace("/*", "/x/x").replace(":*", ":x/x"))
    if resource in ("<service role>", "<the role>"):
        plain = "arn:x:iam::x:role/x"
    return any(_pattern(arn).fullmatch(plain) for arn in arns)


def problems(document: Document, known: t.Mapping[str, t.Any]) -> list[str]:
    """One sentence for each fault of a policy."""
    found: list[str] = []
    seen: set[tuple[str, ...]] = set()
    for statement in document["Statement"]:
        # What two options bring in stands with each, because each can be left out.
        option = statement.get("Sid", "").rstrip("0123456789")
        listed = statement["Resource"]
        resources = [listed] if isinstance(listed, str) else listed
        keys = {key for condition in statement.get("Condition", {}).values() for key in condition}
        for name in statement["Action"]:
            found += _of_action(name, resources, keys, known)
            for resource in resources:
                place = (option, name, resource, json.dumps(statement.get("Condition", {}), sort_keys=True))
                if place in seen:
                    found.append(f"{name} stands twice for {resource}")
                seen.add(place)
    return found


def _of_action(name: str, resources: list[str], keys: set[str], known: t.Mapping[str, t.Any]) -> list[str]:
    entry = known[name]
    if entry is None:
        return [f"{name} does not exist"]
    types = [kind["arn"] for kind in entry["resources"]]
    found = []
    for resource in resources:
        if resource == "*":
            if types and name not in WIDE and not name.partition(":")[2].startswith(("Describe", "List")):
                found.append(f"{name} can be limited to a resource")
        elif not fits(resource, types):
            found.append(f"{name} has no resource {resource}")
    possible = [*entry["keys"], *(key for kind in entry["resources"] for key in kind["keys"])]
    for key in keys:
        matches = (re.sub(r"\$\{[^}]*\}", ".*", one) for one in possible)
        if key.lower() not in EVERYWHERE and not any(re.fullmatch(one, key, re.IGNORECASE) for one in matches):
            found.append(f"{name} has no condition key {key}")
    return found


@pytest.fixture(scope="module")
def known() -> dict[str, t.Any]:
    names = {action.name for stage in STAGES.values() for action in stage}
    return reference([*names, "ec2:CreateVpcEndpoints", "s3:ListAllMyBuckets"])


def documents() -> list[Document]:
    every = [document for playbook in PLAYBOOKS for document in policy.policies_of_playbook(playbook)]
    return [*every, *(policy.policy(stage) for stage in STAGES)]


def test_every_documented_policy_is_clean(known: dict[str, t.Any]) -> None:
    assert [problem for document in documents() for problem in problems(document, known)] == []


def statement(action: str, resource: t.Any, **condition: t.Any) -> Document:
    made: Document = {"Effect": "Allow", "Action": [action], "Resource": resource}
    return {**made, "Condition": {"StringEquals": condition}} if condition else made


STACK = "arn:<partition>:cloudformation:<region>:<account>:stack/<stack name>/*"


@pytest.mark.parametrize(
    ("planted", "told"),
    [
        (statement("ec2:CreateVpcEndpoints", "*"), "ec2:CreateVpcEndpoints does not exist"),
        (statement("cloudformation:DeleteStack", "*"), "cloudformation:DeleteStack can be limited to a resource"),
        (
            statement("ec2:ModifyVpcEndpoint", "arn:<partition>:ec2:<region>:<account>:vpc/*"),
            "ec2:ModifyVpcEndpoint has no resource arn:<partition>:ec2:<region>:<account>:vpc/*",
        ),
        (
            statement("s3:DeleteBucket", "arn:<partition>:s3:::<template bucket>/*"),
            "s3:DeleteBucket has no resource arn:<partition>:s3:::<template bucket>/*",
        ),
        (
            statement("cloudformation:DeleteStack", STACK, **{"ec2:CreateAction": "CreateStack"}),
            "cloudformation:DeleteStack has no condition key ec2:CreateAction",
        ),
    ],
)
def test_a_planted_fault_is_found(known: dict[str, t.Any], planted: Document, told: str) -> None:
    document = copy.deepcopy(policy.policy("stack"))
    document["Statement"].append(planted)
    assert told in problems(document, known)


def test_an_action_that_stands_twice_is_found(known: dict[str, t.Any]) -> None:
    document = copy.deepcopy(policy.policy("stack"))
    document["Statement"].append(copy.deepcopy(document["Statement"][0]))
    assert any("stands twice" in problem for problem in problems(document, known))
