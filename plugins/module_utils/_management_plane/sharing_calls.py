# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls about who may use a runner, each with its intent."""

from __future__ import annotations

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.calls import PAGE_SIZE, Calls
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.settings import (
    ROLE,
    Group,
    Policy,
)


class SharingCalls(Calls):
    """GroupService, and the policies of RunnerService."""

    def groups(self, search: str) -> list[Group]:
        """Groups of the organization whose name has this in it."""
        from gitpod.v1 import group_pb2

        request = group_pb2.ListGroupsRequest()
        request.pagination.page_size = PAGE_SIZE
        request.filter.search = search
        pages = self._pages(self._client.group.list_groups, request, "list the organization's groups")
        return [Group(raw.id, raw.name) for raw in self._each(raw for page in pages for raw in page.groups)]

    def policies(self, runner_id: str) -> list[Policy]:
        """What groups may do with a runner."""
        from gitpod.v1 import runner_pb2

        request = runner_pb2.ListRunnerPoliciesRequest(runner_id=runner_id)
        request.pagination.page_size = PAGE_SIZE
        what = f"list with whom the runner {runner_id} is shared"
        pages = self._pages(self._client.runner.list_runner_policies, request, what)
        found = self._each((raw for page in pages for raw in page.policies), "group_id")
        return [Policy.from_api(raw) for raw in found]

    def create_policy(self, runner_id: str, policy: Policy) -> None:
        """Share a runner with a group."""
        from gitpod.v1 import runner_pb2

        request = runner_pb2.CreateRunnerPolicyRequest(
            runner_id=runner_id, group_id=policy.group_id, role=f"{ROLE}{policy.role.upper()}"
        )

        def done() -> Policy | None:
            return policy if policy in self.policies(runner_id) else None

        what = f"share the runner {runner_id} with the group {policy.group_id}"
        self._client.call(self._client.runner.create_runner_policy, request, what, done)

    def update_policy(self, runner_id: str, policy: Policy) -> None:
        """Give a group that has the runner another role."""
        from gitpod.v1 import runner_pb2

        request = runner_pb2.UpdateRunnerPolicyRequest(
            runner_id=runner_id, group_id=policy.group_id, role=f"{ROLE}{policy.role.upper()}"
        )
        what = f"change what the group {policy.group_id} may do with the runner {runner_id}"
        self._client.call(self._client.runner.update_runner_policy, request, what)

    def delete_policy(self, runner_id: str, group_id: str) -> None:
        """Share a runner with a group no longer."""
        from gitpod.v1 import runner_pb2

        request = runner_pb2.DeleteRunnerPolicyRequest(runner_id=runner_id, group_id=group_id)
        what = f"take the runner {runner_id} from the group {group_id}"
        self._client.call(self._client.runner.delete_runner_policy, request, what)
