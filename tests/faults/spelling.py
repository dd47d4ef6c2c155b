# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How services say that they are busy or broken.

Sources: each service's API reference ("Common Errors"), EC2's "Request throttling" (RequestLimitExceeded, HTTP 503),
S3's "Error responses" (SlowDown, HTTP 503), Route 53's PriorRequestNotComplete, botocore's C(data/_retry.json) and
C(retries/standard.py); the management plane's from the Connect protocol's error codes.
"""

from __future__ import annotations

import json
import random
import typing as t

from .model import Asked, Page

RATE = "Rate exceeded"
# Status, code, message.
Spelling = tuple[int, str, str]
THROTTLING: t.Mapping[str, tuple[Spelling, ...]] = {
    "cloudformation": ((400, "Throttling", RATE),),
    "elasticloadbalancing": ((400, "Throttling", RATE),),
    "iam": ((400, "Throttling", RATE),),
    "sts": ((400, "Throttling", RATE),),
    "ec2": ((503, "RequestLimitExceeded", "Request limit exceeded."), (503, "EC2ThrottledException", RATE)),
    "route53": (
        (400, "Throttling", RATE),
        (400, "PriorRequestNotComplete", "The request was rejected because a prior request was not complete."),
    ),
    "s3": ((503, "SlowDown", "Please reduce your request rate."),),
    "acm": ((400, "ThrottlingException", RATE),),
    "ssm": ((400, "ThrottlingException", RATE),),
    "secretsmanager": ((400, "ThrottlingException", RATE),),
    "servicequotas": ((400, "TooManyRequestsException", RATE), (429, "TooManyRequestsException", RATE)),
}
ANY_JSON: tuple[Spelling, ...] = (
    (400, "ThrottlingException", RATE),
    (400, "ThrottledException", RATE),
    (429, "TooManyRequestsException", RATE),
    (400, "RequestThrottledException", RATE),
)
BROKEN: tuple[Spelling, ...] = (
    (500, "InternalFailure", "An internal error has occurred."),
    (503, "ServiceUnavailable", "The service is unavailable."),
)
GATEWAY = Page(
    502, b"<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head><body>502</body></html>", "text/html"
)
FRONT = Page(503, b"<html><body><b>Http/1.1 Service Unavailable</b></body> </html>", "text/html")
NOTHING = Page(504, b"", "text/plain")


def throttled(asked: Asked, drawn: random.Random) -> Page:
    """The refusal of a service that is asked too often."""
    if not asked.service:
        return _connect(429, "resource_exhausted", "too many requests")
    return spelled(asked, drawn.choice(THROTTLING.get(asked.service, ANY_JSON)))


def failed(asked: Asked, drawn: random.Random) -> Page:
    """A 5xx: the service's, or of a gateway before it."""
    own = (
        [spelled(asked, entry) for entry in BROKEN]
        if asked.service
        else [_connect(503, "unavailable", "unavailable"), _connect(500, "internal", "internal error")]
    )
    return drawn.choice([*own, GATEWAY, FRONT, NOTHING])


def spelled(asked: Asked, spelling: Spelling) -> Page:
    """An error in the protocol of the service."""
    status, code, message = spelling
    if asked.target or (asked.service not in THROTTLING):
        return Page(status, json.dumps({"__type": code, "message": message}).encode(), "application/x-amz-json-1.1")
    inner = f"<Code>{code}</Code><Message>{message}</Message>"
    if asked.service == "ec2":
        text = f"<Response><Errors><Error>{inner}</Error></Errors><RequestID>faults</RequestID></Response>"
    elif asked.service == "s3":
        text = f"<Error>{inner}<RequestId>faults</RequestId></Error>"
    else:
        text = f"<ErrorResponse><Error><Type>Sender</Type>{inner}</Error><RequestId>faults</RequestId></ErrorResponse>"
    return Page(status, text.encode(), "text/xml")


def _connect(status: int, code: str, message: str) -> Page:
    return Page(status, json.dumps({"code": code, "message": message}).encode(), "application/json")
