# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a connection that did not work means, and what to do about it. Pure."""

from __future__ import annotations

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._health.observations import (
    Connection,
    Request,
)

HTTP_REDIRECTS = range(300, 400)
HTTP_SERVER_ERRORS = range(500, 600)

_SECURITY_GROUPS = (
    "Check that the load balancer's security group and the network between here and there admit TCP port {port} "
    "from this machine, that the load balancer's visibility (internal or internet-facing) suits this machine, and that "
    "its subnets are routable from here."
)

TLS_REMEDIES = {
    "tls_failed": "Check that the listener is a TLS listener with a certificate, and that no firewall or proxy on the "
    "way breaks TLS connections off.",
    "tls_too_old": "Give the load balancer's TLS listener a security policy of TLS 1.2 and newer, such as "
    "ELBSecurityPolicy-TLS13-1-2-2021-06, and check that no old proxy on the way ends TLS connections.",
}


def describe(connection: Connection) -> str:
    """What happened on a connection, as the end of a sentence."""
    if connection.status is not None:
        return f"answers {connection.status}" + (f" to {connection.location}" if connection.location else "")
    texts = {
        "refused": "refuses the connection",
        "timeout": "does not answer in time",
        "no_route": "cannot be reached from this machine",
        "tls_failed": "does not complete the TLS handshake",
        "tls_too_old": f"speaks no TLS of version 1.2 or newer but {connection.protocol or 'an older one'}",
        "no_answer": "accepts TLS but gives no HTTP answer",
    }
    text = texts.get(connection.outcome, "cannot be connected to")
    return f"{text} ({connection.detail})" if connection.detail else text


def remedy(connection: Connection, request: Request) -> str:
    """What to do about a connection that did not answer 200."""
    if connection.status is not None:
        return _remedy_for_status(connection.status)
    if connection.outcome in ("timeout", "no_route", "failed"):
        return _SECURITY_GROUPS.format(port=request.port)
    if connection.outcome == "refused":
        return (
            f"Nothing listens on port {request.port} there: check that the name leads to this runner's load balancer "
            f"and that the load balancer has a TLS listener on port {request.port}."
        )
    if connection.outcome in TLS_REMEDIES:
        return TLS_REMEDIES[connection.outcome]
    return (
        "The listener works but no target behind it answers: check the health of the load balancer's targets and that "
        "their security group admits the load balancer; a new runner's services need a few minutes to start."
    )


def _remedy_for_status(status: int) -> str:
    if status in HTTP_SERVER_ERRORS:
        return (
            "The load balancer's targets are unhealthy: look at the target group's health and at the events and logs "
            "of the stack's ECS services."
        )
    if status in HTTP_REDIRECTS:
        return "Something else than the runner answers: check that the name leads to this runner's load balancer."
    return "Check the path, and that the name leads to this runner's load balancer and to no other web server."
