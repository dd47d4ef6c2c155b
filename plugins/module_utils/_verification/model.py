# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What AWS and the management plane say of a runner, as it was read."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._ownership import Runner as Owner

if t.TYPE_CHECKING:
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.unread import Unread
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import Stack
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.model import Runner
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.serving import Verdict
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import Endpoint

# The stack's outputs, by the guide's names.
LOAD_BALANCER, ROLE, PROFILE = "LoadBalancerDNS", "EnvironmentRoleArn", "InstanceProfileNameOutput"
OUTPUTS = (LOAD_BALANCER, ROLE, PROFILE)


@dataclasses.dataclass(frozen=True)
class Wanted:
    """What the options ask for.

    :param privatelink: whether the runner is to have the endpoint.
    :param network: whether the VPC is to have endpoints for services of AWS.
    :param subnet_ids: the runner's EC2 subnets.
    :param runner_name: by which the runner is found in its region where no ID is given.
    :param version: the version that the runner is to have, or empty.
    :param token_renewed: whether the stack was just given another exchange token.
    """

    stack_name: str
    region: str
    runner_id: str = ""
    runner_name: str = ""
    vpc_id: str = ""
    privatelink: bool = False
    network: bool = False
    subnet_ids: tuple[str, ...] = ()
    service_name: str = ""
    service_region: str = ""
    version: str = ""
    token_renewed: bool = False

    @property
    def runner(self) -> Owner:
        """Whose stack is looked at."""
        return Owner(self.runner_name, self.runner_id)


@dataclasses.dataclass(frozen=True)
class TargetGroup:
    """A target group of the load balancer; C(targets) are address, state and AWS's reason."""

    name: str
    port: int
    targets: tuple[tuple[str, str, str], ...] = ()


@dataclasses.dataclass(frozen=True)
class Balancer:
    """The network load balancer; C(ports) are those of its listeners, C(vpc_id) is the runner's VPC."""

    dns_name: str
    scheme: str
    state: str
    ports: tuple[int, ...] = ()
    groups: tuple[TargetGroup, ...] = ()
    vpc_id: str = ""


@dataclasses.dataclass(frozen=True)
class Facts:
    """Everything that was read; what could not be is C(None), and C(problems) says why by subject.

    :param outputs: the stack's, or C(None) without a stack.
    :param no_stack: without a stack, why there is none of this runner.
    :param named: whether what an output names exists, by output.
    :param addresses: private addresses of the endpoint, by subnet.
    :param ranges: CIDR ranges of the endpoint's subnets, by subnet.
    :param runner: C(None) when it was not asked for, C(Unread) when it could not be read, which fails it.
    :param network: how each service of AWS stands that the runner calls.
    :param stack: itself, or C(None) without a stack.
    """

    outputs: t.Mapping[str, str] | None = None
    stack_status: str = ""
    balancer: Balancer | None = None
    named: t.Mapping[str, bool] = dataclasses.field(default_factory=dict)
    endpoint: Endpoint | None = None
    private_dns_name: str = ""
    addresses: t.Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    ranges: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    runner: Runner | Unread | None = None
    problems: t.Mapping[str, Unread] = dataclasses.field(default_factory=dict)
    no_stack: str = "There is no stack."
    network: tuple[Verdict, ...] | None = None
    stack: Stack | None = None
