# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a runner at AWS and at the management plane, side by side in one process."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._aws import client, intent
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import status
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.api import Api as Stacks
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import NotFoundError, RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.api import Api as Endpoints
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import (
    Wanted as WantedEndpoint,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.plan import choose
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification.judging import PROFILE, ROLE
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification.model import (
    Balancer,
    Facts,
    TargetGroup,
    Unread,
    Wanted,
)

if t.TYPE_CHECKING:
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.model import Runner

WORKERS = 8
TARGET_GROUP = "AWS::ElasticLoadBalancingV2::TargetGroup"


class Gatherer:
    """Looks as often as it is asked to.

    :param read_runner: reads the runner; C(None) when it is not asked for.
    """

    def __init__(self, module: t.Any, wanted: Wanted, read_runner: t.Callable[[], Runner | Unread] | None) -> None:
        self._wanted = wanted
        self._elbv2 = client(module, "elbv2")
        self._iam = client(module, "iam")
        self._stacks = Stacks(client(module, "cloudformation"), lambda: self._elbv2)
        self._endpoints = Endpoints(client(module, "ec2"), wanted.region)
        self._read_runner = read_runner

    def look(self) -> Facts:
        """Everything once. A part that cannot be read becomes a problem and stops nothing else."""
        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            parts = [pool.submit(self._guarded, "stack", self._stack, pool)]
            if self._wanted.privatelink and self._wanted.vpc_id:
                parts.append(pool.submit(self._guarded, "endpoint", self._endpoint))
            if self._read_runner:
                parts.append(pool.submit(self._guarded, "runner", self._runner, self._read_runner))
            found = [part.result() for part in parts]
        values: dict[str, t.Any] = {}
        problems: dict[str, str] = {}
        for part in found:
            problems.update(part.pop("problems", {}))
            values.update(part)
        return dataclasses.replace(Facts(), **values, problems=problems)

    @staticmethod
    def _guarded(subject: str, read: t.Callable[..., dict[str, t.Any]], *arguments: t.Any) -> dict[str, t.Any]:
        try:
            return read(*arguments)
        except RunnerError as error:
            return {"problems": {subject: error.message}}

    def _stack(self, pool: concurrent.futures.ThreadPoolExecutor) -> dict[str, t.Any]:
        stack = self._stacks.stack(self._wanted.stack_name)
        if not status.exists(stack.status):
            return {}
        outputs = dict(stack.outputs)
        later = {
            "balancer": pool.submit(self._guarded, "balancer", self._balancer, stack),
            ROLE: pool.submit(self._guarded, ROLE, self._named, ROLE, outputs.get(ROLE, "")),
            PROFILE: pool.submit(self._guarded, PROFILE, self._named, PROFILE, outputs.get(PROFILE, "")),
        }
        found: dict[str, t.Any] = {"outputs": outputs, "stack_status": stack.status, "named": {}, "problems": {}}
        for part in later.values():
            result = part.result()
            found["named"].update(result.pop("named", {}))
            found["problems"].update(result.pop("problems", {}))
            found.update(result)
        return found

    def _named(self, output: str, name: str) -> dict[str, t.Any]:
        """Whether what an output names exists."""
        if not name:
            return {}
        plain = name.rsplit("/", 1)[-1]
        try:
            with intent(f"read {name}"):
                if output == ROLE:
                    self._iam.get_role(RoleName=plain, aws_retry=True)
                else:
                    self._iam.get_instance_profile(InstanceProfileName=plain, aws_retry=True)
        except NotFoundError:
            return {"named": {output: False}}
        return {"named": {output: True}}

    def _balancer(self, stack: t.Any) -> dict[str, t.Any]:
        raw = self._stacks.load_balancer(stack)
        if raw is None:
            return {}
        with intent("read the load balancer's listeners"):
            listeners = self._elbv2.describe_listeners(LoadBalancerArn=raw["arn"], aws_retry=True)["Listeners"]
        ports = tuple(sorted(listener["Port"] for listener in listeners))
        balancer = Balancer(raw["dns_name"], raw["scheme"], raw["state"], ports)
        try:
            groups = tuple(self._groups(raw["arn"]))
        except RunnerError as error:
            return {"balancer": balancer, "problems": {"targets": error.message}}
        return {"balancer": dataclasses.replace(balancer, groups=groups)}

    def _groups(self, balancer: str) -> t.Iterator[TargetGroup]:
        with intent("read the load balancer's target groups"):
            groups = self._elbv2.describe_target_groups(LoadBalancerArn=balancer, aws_retry=True)["TargetGroups"]
        for group in groups:
            with intent(f"read the health of {group['TargetGroupName']}"):
                health = self._elbv2.describe_target_health(TargetGroupArn=group["TargetGroupArn"], aws_retry=True)
            targets = tuple(
                (
                    entry["Target"]["Id"],
                    entry["TargetHealth"]["State"],
                    entry["TargetHealth"].get("Description") or entry["TargetHealth"].get("Reason", ""),
                )
                for entry in health["TargetHealthDescriptions"]
            )
            yield TargetGroup(group["TargetGroupName"], group.get("Port", 0), targets)

    def _endpoint(self) -> dict[str, t.Any]:
        wanted = self._wanted
        asked = WantedEndpoint(wanted.stack_name, wanted.vpc_id, wanted.service_name, wanted.service_region)
        endpoint = choose(self._endpoints.endpoints(wanted.vpc_id, wanted.service_name), asked)
        if endpoint is None:
            return {}
        found: dict[str, t.Any] = {"endpoint": endpoint}
        try:
            found["addresses"] = self._endpoints.addresses(endpoint.interface_ids)
            subnets = self._endpoints.subnets(endpoint.subnet_ids) if endpoint.subnet_ids else []
            found["ranges"] = {subnet.id: subnet.cidr for subnet in subnets}
            found["private_dns_name"] = self._endpoints.service(
                wanted.service_name, wanted.service_region
            ).private_dns_name
        except RunnerError as error:
            found["problems"] = {"addresses": error.message}
        return found

    @staticmethod
    def _runner(read: t.Callable[[], Runner | Unread]) -> dict[str, t.Any]:
        return {"runner": read()}
