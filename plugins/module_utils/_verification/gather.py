# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a runner at AWS and at the management plane, side by side in one process."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws import intent
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.unread import Unread
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import status
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.api import Api as Stacks
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.finding import find
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import NotFoundError, RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.pool import Pool, Task
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.api import Api as Network
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.api import claimed
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.ground import complete
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.serving import verdicts
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._paging import every
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.api import Api as Endpoints
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import (
    Wanted as WantedEndpoint,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.plan import choose
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification.model import (
    LOAD_BALANCER,
    PROFILE,
    ROLE,
    Balancer,
    Facts,
    TargetGroup,
    Wanted,
)

if t.TYPE_CHECKING:
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.clients import Clients
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.model import Runner
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import Endpoint

Part = dict[str, t.Any]


class Gatherer:
    """Looks as often as it is asked to.

    :param read_runner: reads the runner; C(None) when it is not asked for.
    """

    def __init__(
        self, clients: Clients, pool: Pool, wanted: Wanted, read_runner: t.Callable[[], Runner | Unread] | None
    ) -> None:
        self._wanted = wanted
        self._clients = clients
        self._pool = pool
        self._stacks = Stacks(clients("cloudformation"), lambda: clients("elbv2"))
        self._endpoints = Endpoints(clients("ec2"), wanted.region)
        self._read_runner = read_runner
        # What once was there is not asked for again while other checks are waited for.
        self._there: set[str] = set()

    @property
    def _elbv2(self) -> t.Any:
        return self._clients("elbv2")

    @property
    def _iam(self) -> t.Any:
        return self._clients("iam")

    def look(self) -> Facts:
        """Everything once. A part that cannot be read becomes a problem and stops nothing else."""
        parts = [self._begin("stack", self._stack)]
        if self._wanted.privatelink and self._wanted.vpc_id:
            parts.append(self._begin("endpoint", self._endpoint))
        if self._wanted.network and self._wanted.vpc_id and self._wanted.subnet_ids:
            parts.append(self._begin("network", self._network))
        if self._read_runner:
            parts.append(self._begin("runner", self._runner, self._read_runner))
        return dataclasses.replace(Facts(), **_together(parts))

    def _begin(self, subject: str, read: t.Callable[..., Part], *arguments: t.Any) -> Task[Part]:
        return self._pool.submit(self._guarded, subject, read, *arguments)

    @staticmethod
    def _guarded(subject: str, read: t.Callable[..., Part], *arguments: t.Any) -> Part:
        try:
            return read(*arguments)
        except RunnerError as error:
            return {"problems": {subject: Unread.of(error)}}

    def _stack(self) -> Part:
        found = find(self._stacks, self._wanted.runner, self._wanted.stack_name)
        stack = found.seen
        if not status.exists(stack.status):
            return {} if found.free else {"no_stack": f"{found.told}."}
        outputs = dict(stack.outputs)
        parts = [
            self._begin("balancer", self._balancer, stack),
            self._begin(ROLE, self._named, ROLE, outputs.get(ROLE, "")),
            self._begin(PROFILE, self._named, PROFILE, outputs.get(PROFILE, "")),
        ]
        return {"outputs": outputs, "stack": stack, "stack_status": stack.status, **_together(parts)}

    def _named(self, output: str, name: str) -> Part:
        """Whether what an output names exists."""
        if not name:
            return {}
        if name in self._there:
            return {"named": {output: True}}
        plain = name.rsplit("/", 1)[-1]
        try:
            with intent(f"read {name}"):
                if output == ROLE:
                    self._iam.get_role(RoleName=plain, aws_retry=True)
                else:
                    self._iam.get_instance_profile(InstanceProfileName=plain, aws_retry=True)
        except NotFoundError:
            return {"named": {output: False}}
        self._there.add(name)
        return {"named": {output: True}}

    def _balancer(self, stack: t.Any) -> Part:
        raw = self._stacks.load_balancer(stack, stack.outputs.get(LOAD_BALANCER, ""))
        if raw is None:
            return {}
        parts = [
            self._begin("listeners", self._ports, raw["arn"]),
            self._begin("targets", self._groups, raw["arn"]),
        ]
        found = _together(parts)
        ports, groups = found.get("ports", ()), found.get("groups", ())
        balancer = Balancer(raw["dns_name"], raw["scheme"], raw["state"], ports, groups, raw["vpc_id"])
        return {"balancer": balancer, "problems": found["problems"]}

    def _ports(self, balancer: str) -> Part:
        with intent("read the load balancer's listeners"):
            listeners = every(self._elbv2.describe_listeners, "Listeners", LoadBalancerArn=balancer)
        return {"ports": tuple(sorted(listener["Port"] for listener in listeners))}

    def _groups(self, balancer: str) -> Part:
        with intent("read the load balancer's target groups"):
            groups = every(self._elbv2.describe_target_groups, "TargetGroups", LoadBalancerArn=balancer)
        return {"groups": tuple(group.result() for group in [self._pool.submit(self._group, raw) for raw in groups])}

    def _group(self, raw: t.Mapping[str, t.Any]) -> TargetGroup:
        with intent(f"read the health of {raw['TargetGroupName']}"):
            health = self._elbv2.describe_target_health(TargetGroupArn=raw["TargetGroupArn"], aws_retry=True)
        targets = tuple(
            (
                entry["Target"]["Id"],
                entry["TargetHealth"]["State"],
                entry["TargetHealth"].get("Description") or entry["TargetHealth"].get("Reason", ""),
            )
            for entry in health["TargetHealthDescriptions"]
        )
        return TargetGroup(raw["TargetGroupName"], raw.get("Port", 0), targets)

    def _endpoint(self) -> Part:
        wanted = self._wanted
        asked = WantedEndpoint(wanted.stack_name, wanted.vpc_id, wanted.service_name, wanted.service_region)
        endpoint = choose(self._endpoints.endpoints(wanted.vpc_id, wanted.service_name), asked)
        if endpoint is None:
            return {}
        name = endpoint.private_name
        parts = [
            self._begin("addresses", self._addresses, endpoint),
            self._begin("addresses", self._ranges, endpoint),
            *([] if name else [self._begin("private_dns_name", self._private_dns_name)]),
        ]
        return {"endpoint": endpoint, "private_dns_name": name, **_together(parts)}

    def _network(self) -> Part:
        wanted = self._wanted
        api = Network(self._clients("ec2"), wanted.region)
        endpoints, subnets = api.of_vpc(wanted.vpc_id), api.subnets(wanted.subnet_ids)
        ground = complete(api, wanted.region, subnets, api.route_tables(wanted.vpc_id), endpoints, None)
        found = tuple(verdicts(endpoints, ground))
        if not all(verdict.serves for verdict in found):
            # What AWS does not offer here needs no endpoint, and neither does what a private hosted zone answers for.
            names = claimed(self._clients("route53"), wanted.vpc_id, wanted.region)
            found = tuple(verdicts(endpoints, dataclasses.replace(ground, offered=api.offered(), claimed=names)))
        return {"network": found}

    def _addresses(self, endpoint: Endpoint) -> Part:
        return {"addresses": self._endpoints.addresses(endpoint.interface_ids)}

    def _ranges(self, endpoint: Endpoint) -> Part:
        subnets = self._endpoints.subnets(endpoint.subnet_ids) if endpoint.subnet_ids else []
        return {"ranges": {subnet.id: subnet.cidr for subnet in subnets}}

    def _private_dns_name(self) -> Part:
        """Of the service; an endpoint whose private DNS is on has it among its own names."""
        service = self._endpoints.service(self._wanted.service_name, self._wanted.service_region)
        return {"private_dns_name": service.private_dns_name}

    @staticmethod
    def _runner(read: t.Callable[[], Runner | Unread]) -> Part:
        return {"runner": read()}


def _together(parts: t.Iterable[Task[Part]]) -> Part:
    """What several reads found; C(named) and C(problems) of all of them."""
    found: Part = {"named": {}, "problems": {}}
    for part in parts:
        values = part.result()
        for key in ("named", "problems"):
            found[key].update(values.pop(key, {}))
        found.update(values)
    return found
