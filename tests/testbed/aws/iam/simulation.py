# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SimulatePrincipalPolicy, answered from the principal's policies by the simulator that also enforces them.

Source: IAM API reference, SimulatePrincipalPolicy and EvaluationResult; recorded answers of AWS (localstack's and
cloud-custodian's tests, openshift/installer#1322): a service control policy and a boundary are evaluated, a condition
key that the request does not give is told as missing, and answers come in pages.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import typing as t
from xml.sax.saxutils import escape

from ..requests import Call, refusal
from . import principals
from .enforcement import judge, switch
from .judge import Check, Decision
from .need import Context, Request
from .principals import Principal

Answer = tuple[int, str, bytes]
OPERATION = ("iam", "SimulatePrincipalPolicy")
MOST = 100
_DECISIONS = {"Allowed": "allowed", "ExplicitlyDenied": "explicitDeny", "ImplicitlyDenied": "implicitDeny"}
# What AWS simulates all the same: an ARN that the action does not take is one that only C(*) allows.
_ODD_RESOURCES = ("must.use.wildcard", "no.resource.types", "multiple.resource.types")


async def answer(call: Call) -> Answer:
    """The whole call."""
    request = Request(call, "")
    arn = request.text("PolicySourceArn")
    try:
        principal = principals.of_arn(arn)
    except ValueError:
        text = f"Invalid Entity Arn: {arn} does not clearly define entity type and name."
        return refusal("iam", "InvalidInput", escape(text), 400)
    if principal is None:
        return refusal("iam", "NoSuchEntity", "Unable to retrieve specified IAM entity.", 404)
    more = tuple((f"PolicyInputList.{n}", text) for n, text in enumerate(request.texts("PolicyInputList"), 1))
    principal = dataclasses.replace(principal, scps=switch.scps, identity=(*principal.identity, *more))
    asked = list(itertools.product(request.texts("ActionNames"), request.texts("ResourceArns") or ["*"]))
    first = int(request.text("Marker") or 0)
    most = min(int(request.text("MaxItems") or MOST), switch.page)
    page = asked[first : first + most]
    context = _context(request)
    decisions = await _decided(principal, page, context)
    for (action, _resource), decision in zip(page, decisions, strict=True):
        if "error" in decision:
            return refusal("iam", "InvalidInput", escape(f"{action}: {decision['error']}"), 400)
    results = "".join(_result(principal, *entry) for entry in zip(page, decisions, strict=True))
    marker = str(first + most) if first + most < len(asked) else ""
    return 200, "text/xml", _page(results, marker).encode()


def _context(request: Request) -> Context:
    found: Context = {}
    for entry in request.structures("ContextEntries"):
        values = [value for key, value in entry.items() if key.startswith("ContextKeyValues.")]
        several = entry.get("ContextKeyType", "string").endswith("List")
        found[entry["ContextKeyName"]] = values if several else values[0]
    return found


def _literal(resource: str) -> str:
    """An asterisk in an ARN is a character like others here: the judge would take it for whatever overlaps."""
    return resource if resource == "*" else resource.replace("*", "unnamed")


async def _decided(principal: Principal, page: t.Sequence[tuple[str, str]], context: Context) -> list[Decision]:
    if principal.is_unlimited:
        # The judge remembers the same question: of a fleet's runners it is then asked once.
        return await judge.decide(principal, [Check(action=action, resource="*", context={}) for action, _at in page])
    checks = [Check(action=action, resource=_literal(resource), context=context) for action, resource in page]
    decisions = await judge.decide(principal, checks)
    odd = [
        index
        for index, decision in enumerate(decisions)
        if any(reason in decision.get("error", "") for reason in _ODD_RESOURCES)
    ]
    again = [Check(action=checks[index]["action"], resource="*", context=context) for index in odd]
    for index, decision in zip(odd, await judge.decide(principal, again), strict=True):
        decisions[index] = decision
    return decisions


def positions(document: str) -> list[tuple[int, int]]:
    """Where each statement of a policy begins and ends, counted in characters."""
    decoder = json.JSONDecoder()
    at = document.index(":", document.index('"Statement"')) + 1
    found: list[tuple[int, int]] = []
    while True:
        while document[at : at + 1] in " \t\r\n,[":
            at += 1
        if document[at : at + 1] != "{":
            return found
        _statement, end = decoder.raw_decode(document, at)
        found.append((at, end))
        at = end


def _place(document: str, at: int) -> str:
    line = document.count("\n", 0, at)
    column = at - (document.rfind("\n", 0, at) + 1)
    return f"<Line>{line + 1}</Line><Column>{column + 1}</Column>"


def _matched(principal: Principal, decision: Decision) -> str:
    documents = {**dict(principal.identity), **dict(principal.boundary)}
    members = []
    for entry in decision["matched"]:
        start, end = positions(documents[entry["policy"]])[entry["statement"] - 1]
        members.append(
            f"<member><SourcePolicyId>{escape(entry['policy'])}</SourcePolicyId>"
            f"<SourcePolicyType>{entry['kind']}</SourcePolicyType>"
            f"<StartPosition>{_place(documents[entry['policy']], start)}</StartPosition>"
            f"<EndPosition>{_place(documents[entry['policy']], end)}</EndPosition></member>"
        )
    return f"<MatchedStatements>{''.join(members)}</MatchedStatements>"


def _missing(keys: t.Iterable[str]) -> str:
    members = "".join(f"<member>{escape(key)}</member>" for key in keys)
    return f"<MissingContextValues>{members}</MissingContextValues>"


def _result(principal: Principal, asked: tuple[str, str], decision: Decision) -> str:
    """One result; what is missing stands with the resource where the request names one."""
    action, resource = asked
    named, told = resource != "*", _DECISIONS[decision["decision"]]
    matched = _matched(principal, decision)
    parts = [
        f"<EvalActionName>{action}</EvalActionName><EvalResourceName>{escape(resource)}</EvalResourceName>",
        f"<EvalDecision>{told}</EvalDecision><EvalDecisionDetails/>{matched}",
        _missing([] if named else decision["missing"]),
    ]
    if named:
        parts.append(
            f"<ResourceSpecificResults><member><EvalResourceName>{escape(resource)}</EvalResourceName>"
            f"<EvalResourceDecision>{told}</EvalResourceDecision>{matched}{_missing(decision['missing'])}"
            "</member></ResourceSpecificResults>"
        )
    if decision["organizations"] is not None:
        inside = f"<AllowedByOrganizations>{str(decision['organizations']).lower()}</AllowedByOrganizations>"
        parts.append(f"<OrganizationsDecisionDetail>{inside}</OrganizationsDecisionDetail>")
    if decision["boundary"] is not None:
        inside = f"<AllowedByPermissionsBoundary>{str(decision['boundary']).lower()}</AllowedByPermissionsBoundary>"
        parts.append(f"<PermissionsBoundaryDecisionDetail>{inside}</PermissionsBoundaryDecisionDetail>")
    return f"<member>{''.join(parts)}</member>"


def _page(results: str, marker: str) -> str:
    more = f"<IsTruncated>true</IsTruncated><Marker>{marker}</Marker>" if marker else "<IsTruncated>false</IsTruncated>"
    return (
        '<SimulatePrincipalPolicyResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><SimulatePrincipalPolicyResult>'
        f"<EvaluationResults>{results}</EvaluationResults>{more}</SimulatePrincipalPolicyResult>"
        "<ResponseMetadata><RequestId>testbed</RequestId></ResponseMetadata></SimulatePrincipalPolicyResponse>"
    )
