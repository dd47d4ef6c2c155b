# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A first run while half of all calls to AWS fail: it converges at once, and nothing is there twice."""

from __future__ import annotations

import typing as t

from tests.e2e.harness import Controller
from tests.faults import FAILED, RESET, THROTTLED, Proxy, Rates

if t.TYPE_CHECKING:
    import pathlib

RATES = Rates(throttled=0.35, failed=0.08, reset=0.08)
HOST = "gitpod-eu-central-1"


class Unlucky(Controller):
    """A control node whose way to AWS is the proxy."""

    proxy: Proxy

    def environment(self) -> dict[str, str]:
        """As usual, with AWS behind the proxy."""
        return {**super().environment(), "AWS_ENDPOINT_URL": self.proxy.url}


def test_half_of_all_calls_fail_and_the_first_run_converges(controller: Controller, tmp_path: pathlib.Path) -> None:
    with Proxy(controller.testbed.aws_endpoint_url, RATES, seed=17) as proxy:
        unlucky = Unlucky(controller.testbed, tmp_path)
        unlucky.proxy = proxy
        run = unlucky.play("gitpod.enterprise_runner.site", "--limit", HOST)
        assert run.code == 0, run.output
        assert all(proxy.count()[kind] for kind in (THROTTLED, FAILED, RESET))
    made = [call for call in controller.writes() if call.partition(":")[2].startswith(("Create", "Change", "Request"))]
    assert sorted(made) == sorted(set(made)), made
    again = controller.play("gitpod.enterprise_runner.site", "--limit", HOST)
    assert (again.code, again.changed) == (0, 0), again.output
