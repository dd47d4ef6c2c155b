# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which steps of stages a batch takes in one process, and for which of its hosts. Pure.

A host whose own task has failed is in a rescue, of which a task for all hosts knows nothing yet: Ansible goes on with
the block's other hosts first (ansible-core, plugins/strategy/linear.py). So a step is taken only for hosts of which it
is sure that they have come so far.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import desired as stack
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._contract.contract import of_what_is_set
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns import desired as dns
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.providers import registry
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._dns.providers.declaration import INTERFACE
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._stage_plan import (
    BEFORE_THE_STACK,
    CREATE,
    NOTHING,
    UPDATE,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values import results
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.door import Values
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.earlier import Earlier

Options = dict[str, t.Any]
# What of a stack is begun without waiting.
AT_ONCE = (NOTHING, CREATE, UPDATE)


@dataclasses.dataclass(frozen=True)
class Standing:
    """Where a host of the batch stands.

    :param variables: the host's, with what its tasks have registered.
    :param idle: stages in which it has nothing to do.
    """

    values: Values
    earlier: Earlier
    variables: t.Mapping[str, t.Any] = dataclasses.field(repr=False)
    idle: frozenset[str]
    check_mode: bool = False


@dataclasses.dataclass(frozen=True)
class BatchStep:
    """How a batch takes a step.

    :param options: of the module, with C(region); empty where the host's own task is to decide.
    """

    module: str
    options: t.Callable[[Standing], Options]


def _start(standing: Standing) -> Options:
    """Where none of the host's own tasks came before, so that none has failed, and nothing has to end first.

    A template that lies on the control node is the own task's to read.
    """
    values, first = standing.values, standing.idle >= BEFORE_THE_STACK
    plans = results.look(standing.variables, values.host).get("plan") or []
    # A stack that has to be deleted first, or that AWS is at work on, would have all others wait for it.
    slow = any(plan["stage"] == "stack" and plan["action"] not in AT_ONCE for plan in plans)
    if not first or slow or of_what_is_set(values) or values["gitpod_stack_template_file"]:
        return {}
    return stack.start(values.everything(), standing.earlier)


def _records(standing: Standing) -> Options:
    """Both names in Route 53, once there is a load balancer; check mode tells of one that is to come."""
    values, balancer = standing.values, standing.earlier.load_balancer
    if standing.check_mode or of_what_is_set(values) or not balancer.get("dns_name"):
        return {}
    if not (values["gitpod_domain_name"] and results.of_this_batch(standing.variables, results.WAITED)):
        return {}
    if registry.provider(values["gitpod_dns_provider"] or "").compared != INTERFACE:
        return {}
    # The verification of the batch follows, or the step is not taken together.
    return dns.route53(values.everything(), balancer, joined_later=True)


STEPS: t.Mapping[str, BatchStep] = {
    "stack": BatchStep("runner_stack", _start),
    "dns": BatchStep("runner_dns", _records),
}
