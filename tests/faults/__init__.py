# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A proxy in front of an HTTP server on loopback that throttles, fails, resets and loses answers, by rate and seed.

In a test::

    from tests.faults import LOST, Order, Proxy, Rates

    with Proxy(testbed.aws_endpoint_url, Rates(throttled=0.35, failed=0.08, reset=0.08), seed=7) as proxy:
        ...  # AWS_ENDPOINT_URL=proxy.url
        proxy.order(Order(LOST, service="ec2", action="CreateSecurityGroup", times=1))
        proxy.count()  # {"passed": 90, "throttled": 51, ...}

As a process, which prints its address and ends with its standard input::

    python -m tests.faults http://127.0.0.1:4566 --throttled 35 --failed 8 --reset 8 --lost 2 --seed 7

What the faults are:

- C(THROTTLED): refused in the service's own spelling (C(spelling)), before anything is carried out.
- C(FAILED): a 5xx, of the service or of what stands before it, before anything is carried out.
- C(RESET): the connection is reset, before anything is carried out.
- C(LOST): the request is carried out and its answer is not sent; the connection is reset.
- C(CUT): carried out, and only half of the answer is sent.
- C(PAGE): an C(Order)'s own answer, in the server's place.

Rates are shares of all requests, each with its own fault; which request gets which depends on the seed, on what is
asked for and on how often that was asked before, not on what other threads do meanwhile. Orders come before rates.
Works for any server that speaks HTTP/1.1: signed requests to AWS are told apart by service, region and action, the
management plane's by the last part of their path, which is the C(action).
"""

from .model import CUT, FAILED, LOST, PAGE, PASSED, RESET, THROTTLED, Asked, Order, Page, Rates
from .proxy import Proxy

__all__ = [
    "CUT",
    "FAILED",
    "LOST",
    "PAGE",
    "PASSED",
    "RESET",
    "THROTTLED",
    "Asked",
    "Order",
    "Page",
    "Proxy",
    "Rates",
]
