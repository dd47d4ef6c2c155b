# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the stage of the network endpoints has to do, from the facts that the checks are made of. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints import foresee as network
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.foresee import NetworkFacts
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.model import Asked
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.operation import result
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import Facts
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.wanted import Wanted
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._stage_plan import StagePlan

Options = t.Mapping[str, t.Any]


def foresee(options: Options, wanted: Wanted, facts: Facts) -> StagePlan:
    """The endpoints and their group."""
    return network.foresee(_asked(options, wanted) if wanted.network_endpoints else None, _facts(facts))


def seen(options: Options, wanted: Wanted, facts: Facts) -> dict[str, t.Any] | None:
    """What runner_network_endpoints would return where all is as it is wanted; C(None) when it is not asked for."""
    found = _facts(facts)
    if not wanted.network_endpoints or found is None:
        return None
    asked = _asked(options, wanted)
    return result(network.seen(asked, found), asked)


def _asked(options: Options, wanted: Wanted) -> Asked:
    """As the stage's options have it, with what the existing stack makes good."""
    return Asked.of({**options, "vpc_id": wanted.vpc_id, "subnet_ids": wanted.ec2_subnet_ids})


def _facts(facts: Facts) -> NetworkFacts | None:
    return facts.network_endpoints if isinstance(facts.network_endpoints, NetworkFacts) else None
