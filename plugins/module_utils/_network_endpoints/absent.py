# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Having no endpoints any more: what this runner alone uses goes, what any other runner of the VPC may need stays."""

from __future__ import annotations

import dataclasses

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.api import Api
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.catalogue import listed
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.model import (
    Asked,
    is_for_the_network,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.plan import wanted_of
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.present import Outcome
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._network_endpoints.serving import is_ours
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink import absent as single
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.absent import Departure, depart
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.group import planned_group
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.model import Wanted
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.neighbours import Neighbours
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.outcome import Mode
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._privatelink.plan import Placement, planned
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._tags import MANAGED_BY, MANAGED_BY_TAG


def absent(api: Api, asked: Asked, region: str, neighbours: Neighbours, mode: Mode) -> Outcome:
    """Have none of this runner's own. A deletion that goes on is waited for.

    :param neighbours: the other runners whose stacks are in the VPC; while they are not known, nothing is removed.
    """
    if neighbours.unread:
        why = f"its endpoints for services of AWS, because it is not known who else needs them ({neighbours.unread})"
        return Outcome({}, {}, {}, left_alone=(why,))
    wanted = dataclasses.replace(wanted_of(asked), others_unread="", also_used_by=neighbours.found)
    found = _look(api, wanted)
    outcome = single.absent(api, wanted, mode, lambda: _look(api, wanted))
    before = {
        _short(entry.service_name, region): entry
        for entry in (*found.remove, *(entry for entry, _todo in found.release))
    }
    after = {
        _short(entry.service_name, region): planned(entry, wanted, Placement(()), todo) for entry, todo in found.release
    }
    group = next(iter((*found.remove_groups, *(entry for entry, _todo in found.release_groups))), None)
    kept = next((planned_group(entry, wanted, todo) for entry, todo in found.release_groups), None)
    return Outcome(
        now=before if mode.check else after,
        before=before,
        after=after,
        group=group if mode.check else kept,
        group_before=group,
        group_after=kept,
        changed=outcome.changed,
        in_progress=outcome.in_progress,
        actions=outcome.actions,
        left_alone=outcome.left_alone,
    )


def _look(api: Api, wanted: Wanted) -> Departure:
    endpoints = [endpoint for endpoint in api.of_vpc(wanted.vpc_id) if is_ours(endpoint)]
    groups = [
        group
        for group in api.groups.ours(wanted.vpc_id, (MANAGED_BY_TAG, MANAGED_BY))
        if is_for_the_network(group.tags)
    ]
    return depart(endpoints, groups, wanted)


def _short(service_name: str, region: str) -> str:
    found = listed(service_name, region)
    return found.short if found else service_name
