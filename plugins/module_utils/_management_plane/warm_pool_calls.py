# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls about warm pools and the projects that they are of, each with its intent."""

from __future__ import annotations

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.calls import (
    PAGE_SIZE,
    Calls,
    empty,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.settings import (
    Group,
    WarmPool,
)


class WarmPoolCalls(Calls):
    """PrebuildService's warm pools, and ProjectService's names."""

    def projects(self, search: str) -> list[Group]:
        """Projects of the organization whose name has this in it, by ID and name."""
        from gitpod.v1 import project_pb2

        request = project_pb2.ListProjectsRequest()
        request.pagination.page_size = PAGE_SIZE
        request.filter.search = search
        pages = self._pages(self._client.project.list_projects, request, "list the organization's projects")
        found = self._each(raw for page in pages for raw in page.projects)
        return [Group(raw.id, raw.metadata.name) for raw in found]

    def warm_pools(self, class_ids: tuple[str, ...]) -> list[WarmPool]:
        """The warm pools of environment classes that are not on their way out."""
        from gitpod.v1 import prebuild_pb2

        found: dict[str, WarmPool] = {}
        # The filter takes 25 at most (ListWarmPoolsRequest.Filter).
        for begin in range(0, len(class_ids), 25):
            request = prebuild_pb2.ListWarmPoolsRequest()
            request.pagination.page_size = PAGE_SIZE
            request.filter.environment_class_ids.extend(class_ids[begin : begin + 25])
            for page in self._pages(self._client.prebuild.list_warm_pools, request, "list the warm pools"):
                found.update({raw.id: WarmPool.from_api(raw) for raw in page.warm_pools})
        return [pool for pool in found.values() if not pool.leaving]

    def create_warm_pool(self, pool: WarmPool) -> str:
        """A new pool; its ID."""
        from gitpod.v1 import prebuild_pb2

        request = prebuild_pb2.CreateWarmPoolRequest(
            project_id=pool.project_id,
            environment_class_id=pool.class_id,
            min_size=pool.min_size,
            max_size=pool.max_size,
        )

        def done() -> WarmPool | None:
            # Another run may have made another one meanwhile, which then is not what was asked for.
            found = (entry for entry in self.warm_pools((pool.class_id,)) if entry.project_id == pool.project_id)
            wanted = (pool.min_size, pool.max_size)
            return next((entry for entry in found if (entry.min_size, entry.max_size) == wanted), None)

        what = f"create the warm pool of the project {pool.project_id}"
        answer = self._client.call(self._client.prebuild.create_warm_pool, request, what, done)
        made = answer.id if isinstance(answer, WarmPool) else answer.warm_pool.id
        found = made or getattr(done(), "id", "")
        if not found:
            raise empty(what)
        return str(found)

    def update_warm_pool(self, pool_id: str, changes: dict[str, int]) -> None:
        """:param changes: C(min_size) and C(max_size), what is to change."""
        from gitpod.v1 import prebuild_pb2

        request = prebuild_pb2.UpdateWarmPoolRequest(warm_pool_id=pool_id, **changes)
        self._client.call(self._client.prebuild.update_warm_pool, request, f"change the warm pool {pool_id}")

    def delete_warm_pool(self, pool_id: str) -> None:
        """Delete it, with the environments that wait in it."""
        from gitpod.v1 import prebuild_pb2

        request = prebuild_pb2.DeleteWarmPoolRequest(warm_pool_id=pool_id)
        self._client.call(self._client.prebuild.delete_warm_pool, request, f"delete the warm pool {pool_id}")
