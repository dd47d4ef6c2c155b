# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The switch that has the test bed refuse what the caller's policies do not allow, in each service's own words.

Off when the test bed starts. It is about the caller's calls alone: what CloudFormation does for a stack's resources is
not judged, nor are calls without a signature, nor the account itself as a caller (unless service control policies are
set). Resource-based policies and the session of another service are not simulated.

Messages as AWS has had them since 2021 (IAM user guide, "Troubleshoot access denied error messages"); EC2's and
CloudFormation's as issues quote them (aws/aws-cdk#36216, aws-samples/aws-hpc-tutorials#271).
"""

from __future__ import annotations

import dataclasses
import json
import time
import typing as t
from xml.sax.saxutils import escape

from .. import control
from ..requests import Call, protocol, refusal
from . import needs_cloudformation, needs_ec2, principals
from .judge import Check, Decision, Judge
from .need import Context, Need, Request
from .needs_others import SERVICES
from .principals import Principal

Answer = tuple[int, str, bytes]
judge = Judge()
_S3_DENIED = (
    "S3 error: Access Denied\nFor more information check "
    "http://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"
)
_JSON_SERVICES = ("json", "rest-json")


@dataclasses.dataclass
class Switch:
    """What tests set, and what has come of it.

    :param scps: documents of service control policies, for every account.
    :param page: how many results SimulatePrincipalPolicy answers at once; IAM answers as many as are
        asked for, 1,000 at most, or fewer.
    :param allowed: actions that were asked for and allowed.
    """

    enforced: bool = False
    scps: principals.Documents = ()
    page: int = 1000
    refusals: list[dict[str, t.Any]] = dataclasses.field(default_factory=list)
    allowed: set[str] = dataclasses.field(default_factory=set)


switch = Switch()


def clear() -> None:
    """Enforce nothing, and forget what was refused."""
    fresh = Switch()
    for field in dataclasses.fields(Switch):
        setattr(switch, field.name, getattr(fresh, field.name))


def handle(method: str, body: dict[str, t.Any], _query: dict[str, t.Any]) -> dict[str, t.Any]:
    """POST sets C(enforced), C(service_control_policies) (documents) and C(page); DELETE switches off and forgets.

    The answer has the refusals since then, the actions that were asked for and allowed, and the judge's process ID.
    """
    if method == "DELETE":
        clear()
    if method == "POST":
        switch.enforced = bool(body.get("enforced", switch.enforced))
        switch.page = int(body.get("page", switch.page))
        if "service_control_policies" in body:
            documents = body["service_control_policies"]
            switch.scps = tuple((f"p-{number}", json.dumps(entry)) for number, entry in enumerate(documents, 1))
    return {
        "enforced": switch.enforced,
        "refusals": list(switch.refusals),
        "allowed": sorted(switch.allowed),
        "judge": judge.process_id,
    }


def caller(call: Call) -> Principal | None:
    """Who made the call, with the service control policies that hold for it."""
    found = principals.of_key(call.account)
    return dataclasses.replace(found, scps=switch.scps) if found else None


def needs_of(request: Request) -> list[Need] | None:
    """What a call takes; None where that is not written down."""
    service = request.call.service
    if service == "ec2":
        return needs_ec2.needs(request)
    if service == "cloudformation":
        return needs_cloudformation.needs(request)
    return SERVICES[service](request) if service in SERVICES else None


async def refused(call: Call) -> Answer | None:
    """The refusal of a call that the caller's policies do not allow, or None."""
    principal = caller(call) if switch.enforced else None
    if principal is None or (principal.is_root and not switch.scps):
        return None
    needs = needs_of(Request(call, principal.account, principal.partition))
    if needs is None:
        return _own_fault(call, "nobody has written down what this call takes (tests/testbed/aws/iam)")
    common: Context = {**principal.keys(), "aws:RequestedRegion": call.region, "aws:SecureTransport": "true"}
    if call.service == "ec2":
        common["ec2:Region"] = call.region
    checks = [Check(action=need.action, resource=need.resource, context={**common, **need.context}) for need in needs]
    decisions = await judge.decide(principal, checks)
    denied: list[tuple[Need, Decision]] = []
    for need, check, decision in zip(needs, checks, decisions, strict=True):
        if "error" in decision:
            return _own_fault(call, f"{need.action} on {need.resource}: {decision['error']}")
        if decision["decision"] == "Allowed":
            switch.allowed.add(need.action)
        else:
            denied.append((need, decision))
            _note(call, principal, check, decision)
    return _answer(call, principal, denied) if denied else None


def _note(call: Call, principal: Principal, check: Check, decision: Decision) -> None:
    switch.refusals.append(
        {
            "time": time.time(),
            "principal": principal.arn,
            "service": call.service,
            "operation": call.operation,
            "region": call.region,
            **check,
            "decision": decision["decision"],
            "blocked_by": decision["blockedBy"],
        }
    )


def _own_fault(call: Call, reason: str) -> Answer:
    """Nobody's policy is wrong, but the test bed's own table: loud, and no error that anybody reckons with."""
    switch.refusals.append({"service": call.service, "operation": call.operation, "error": reason})
    message = escape(f"The test bed cannot judge {call.service}:{call.operation}: {reason}")
    return refusal(call.service, "TestBedCannotJudge", message, 400)


def _why(decision: Decision, action: str) -> str:
    kind = "identity-based policy"
    if "scp" in decision["blockedBy"] or decision["organizations"] is False:
        kind = "service control policy"
    elif "pb" in decision["blockedBy"]:
        kind = "permissions boundary"
    if decision["decision"] == "ExplicitlyDenied":
        return f"with an explicit deny in {'an' if kind.startswith('i') else 'a'} {kind}"
    return f"because no {kind} allows the {action} action"


def sentence(principal: Principal, need: Need, decision: Decision) -> str:
    """AWS's words."""
    where = f" on resource: {need.named}" if need.named else ""
    performed = need.performed or need.action
    return f"User: {principal.arn} is not authorized to perform: {performed}{where} {_why(decision, need.action)}"


def _answer(call: Call, principal: Principal, denied: t.Sequence[tuple[Need, Decision]]) -> Answer:
    need, decision = denied[0]
    text = sentence(principal, need, decision)
    if need.refusal == "template":
        return refusal(call.service, "ValidationError", escape(_S3_DENIED), 400)
    if need.refusal == "parameter":
        # The error's code is that of a parameter's check; nobody has recorded its words.
        return refusal(call.service, "ValidationError", escape(text), 400)
    if need.refusal == "dependency":
        message = "You can't perform this action because a dependency does not have access."
        return refusal(call.service, "DependencyAccessDeniedException", message, 400)
    if call.service == "ec2":
        encoded = "" if call.operation.startswith("Describe") else " Encoded authorization failure message: none"
        whole = f"You are not authorized to perform this operation. {text}.{encoded}"
        return refusal("ec2", "UnauthorizedOperation", escape(whole), 403)
    if call.service == "s3":
        return _s3_answer(call, principal, denied)
    if protocol(call.service) in _JSON_SERVICES:
        return refusal(call.service, "AccessDeniedException", text, 400)
    return refusal(call.service, "AccessDenied", escape(text), 403)


def _s3_answer(call: Call, principal: Principal, denied: t.Sequence[tuple[Need, Decision]]) -> Answer:
    """S3's own shape of errors; for objects that are deleted together, one error each, and nothing is deleted."""
    if call.operation.startswith("Head"):
        return 403, "application/xml", b""
    if call.operation != "DeleteObjects":
        text = escape(sentence(principal, *denied[0]))
        body = f"<Error><Code>AccessDenied</Code><Message>{text}</Message><RequestId>testbed</RequestId></Error>"
        return 403, "application/xml", f'<?xml version="1.0" encoding="UTF-8"?>\n{body}'.encode()
    errors = "".join(
        f"<Error><Key>{need.resource.partition('/')[2]}</Key><Code>AccessDenied</Code>"
        f"<Message>{escape(sentence(principal, need, decision))}</Message></Error>"
        for need, decision in denied
    )
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<DeleteResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
    return 200, "application/xml", f"{head}{errors}</DeleteResult>".encode()


def install(_settings: t.Any) -> None:
    """Offer the switch."""
    control.register("/_testbed/iam", handle)
