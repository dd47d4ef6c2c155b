# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What SimulatePrincipalPolicy answers in the test bed, against AWS's recorded answers."""

from __future__ import annotations

import json
import pathlib
import shutil
import sys
import time

import pytest
from botocore.exceptions import ClientError

from tests.testbed.client import TestBed
from tests.testbed.tests.roles import ACCOUNT, EVERYTHING, REGION, STACK, Role, allow, deny, document
from tests.testbed.tests.test_servers import process, testbed

__all__ = ["process", "testbed"]
pytestmark = pytest.mark.skipif(not shutil.which("node"), reason="Node is not installed (make debian-packages)")


def test_a_simulation_answers_as_recorded(testbed: TestBed) -> None:
    role = Role(testbed, allow("s3:PutObject", resource="arn:aws:s3:::bucket"), allow("s3:PutObject"))
    bucket = "arn:aws:s3:::bucket/key"
    allowed, denied = role.simulated("s3:PutObject", "s3:GetObjectVersion", ResourceArns=[bucket])
    assert (allowed["EvalDecision"], denied["EvalDecision"]) == ("allowed", "implicitDeny")
    assert {key for key in allowed if not allowed[key]} == {"EvalDecisionDetails", "MissingContextValues"}
    (statement,) = allowed["MatchedStatements"]
    assert (statement["SourcePolicyId"], statement["SourcePolicyType"]) == ("Inline", "IAM Policy")
    text = json.dumps(document(allow("s3:PutObject", resource="arn:aws:s3:::bucket"), allow("s3:PutObject")))
    start, end = (statement[f"{side}Position"]["Column"] - 1 for side in ("Start", "End"))
    assert json.loads(text[start:end]) == allow("s3:PutObject")
    (specific,) = allowed["ResourceSpecificResults"]
    assert (specific["EvalResourceName"], specific["EvalResourceDecision"]) == (bucket, "allowed")
    assert denied["MatchedStatements"] == []


def test_a_simulation_tells_what_context_it_misses(testbed: TestBed) -> None:
    role = Role(testbed, allow("ec2:AllocateAddress", StringEquals={"aws:RequestedRegion": REGION}))
    (without,) = role.simulated("ec2:AllocateAddress")
    assert (without["EvalDecision"], without["EvalResourceName"]) == ("implicitDeny", "*")
    assert without["MissingContextValues"] == ["aws:RequestedRegion"]
    key = {"ContextKeyName": "aws:RequestedRegion", "ContextKeyValues": [REGION], "ContextKeyType": "string"}
    (given,) = role.simulated("ec2:AllocateAddress", ContextEntries=[key])
    assert (given["EvalDecision"], given["MissingContextValues"]) == ("allowed", [])
    address = f"arn:aws:ec2:{REGION}:{ACCOUNT}:elastic-ip/eipalloc-1"
    (named,) = role.simulated("ec2:AllocateAddress", ResourceArns=[address])
    assert named["MissingContextValues"] == []
    assert named["ResourceSpecificResults"][0]["MissingContextValues"] == ["aws:RequestedRegion"]


def test_a_simulation_for_every_resource_is_not_satisfied_by_some(testbed: TestBed) -> None:
    role = Role(testbed, allow("cloudformation:DeleteStack", resource=STACK), allow("cloudformation:CreateStack"))
    some, every = role.simulated("cloudformation:DeleteStack", "cloudformation:CreateStack")
    assert (some["EvalDecision"], every["EvalDecision"]) == ("implicitDeny", "allowed")
    (named,) = role.simulated("cloudformation:DeleteStack", ResourceArns=[STACK])
    assert named["EvalDecision"] == "allowed"


def test_a_simulation_includes_boundaries_and_the_organisation(testbed: TestBed) -> None:
    role = Role(testbed, EVERYTHING, boundary=deny("iam:ListUsers"))
    (plain,) = Role(testbed, EVERYTHING).simulated("iam:ListUsers")
    assert not {"OrganizationsDecisionDetail", "PermissionsBoundaryDecisionDetail"} & set(plain)
    testbed.control("POST", "iam", {"service_control_policies": [document(EVERYTHING, deny("ec2:DescribeVpcs"))]})
    (bounded,) = role.simulated("iam:ListUsers")
    assert bounded["EvalDecision"] == "explicitDeny"
    assert bounded["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False}
    assert bounded["OrganizationsDecisionDetail"] == {"AllowedByOrganizations": True}
    kinds = {entry["SourcePolicyType"] for entry in bounded["MatchedStatements"]}
    assert kinds == {"IAM Policy", "Permissions Boundary Policy"}
    (organised,) = Role(testbed, EVERYTHING).simulated("ec2:DescribeVpcs")
    assert organised["OrganizationsDecisionDetail"] == {"AllowedByOrganizations": False}
    assert organised["EvalDecision"] == "explicitDeny"


def test_a_simulation_comes_in_pages_and_knows_its_principals(testbed: TestBed) -> None:
    role = Role(testbed, EVERYTHING)
    testbed.control("POST", "iam", {"page": 2})
    iam = role.of_account("iam")
    actions = ["ec2:DescribeVpcs", "ec2:DescribeSubnets", "ec2:DescribeImages"]
    first = iam.simulate_principal_policy(PolicySourceArn=role.arn, ActionNames=actions)
    assert (len(first["EvaluationResults"]), first["IsTruncated"]) == (2, True)
    second = iam.simulate_principal_policy(PolicySourceArn=role.arn, ActionNames=actions, Marker=first["Marker"])
    assert [entry["EvalActionName"] for entry in second["EvaluationResults"]] == actions[2:]
    assert second["IsTruncated"] is False
    for arn, code in (
        (f"arn:aws:iam::{ACCOUNT}:role/gone", "NoSuchEntity"),
        (role.session_arn, "InvalidInput"),
        (f"arn:aws:iam::{ACCOUNT}:root", "InvalidInput"),
    ):
        with pytest.raises(ClientError) as refused:
            iam.simulate_principal_policy(PolicySourceArn=arn, ActionNames=actions)
        assert refused.value.response["Error"]["Code"] == code


def test_the_simulator_ends_with_the_test_bed() -> None:
    with TestBed.start(sys.executable, stack_seconds=2) as testbed:
        Role(testbed, EVERYTHING).simulated("ec2:DescribeVpcs")
        started = testbed.control("GET", "iam")["judge"]
        assert is_running(started)
    end = time.monotonic() + 10
    while is_running(started) and time.monotonic() < end:
        time.sleep(0.05)
    assert not is_running(started)


def is_running(process_id: int) -> bool:
    """Whether there is such a process, and it is not one that has ended and waits for its parent."""
    try:
        return pathlib.Path(f"/proc/{process_id}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
