# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The facts of the runner's stack, and of the template that is wanted for it."""

from __future__ import annotations

import dataclasses
import datetime
import functools
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation import source, status
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.api import Api
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.finding import Found, find
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.leftovers import (
    Leftover,
    left_behind,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import Stack, Template
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.review import CHANGE_SET_NAME
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import InputError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._ownership import Runner
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification.model import LOAD_BALANCER

if t.TYPE_CHECKING:
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.unread import Unread
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._look.gathering import Gathering
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.wanted import Wanted

# Options of runner_stack that say which template is meant.
TEMPLATE_OPTIONS = (
    "template_body",
    "template_url",
    "release_channel",
    "release_version",
    "releases_url",
    "template_name",
    "template_sha256",
    "keep_release",
)


def ask(look: Gathering, options: t.Mapping[str, t.Any], wanted: Wanted) -> None:
    """Have the look read them.

    :param options: of runner_stack, which name the template.
    """
    reads = _Reads(look, options, wanted)
    look.ask("owned", "cloudformation:DescribeStacks", reads.owned)
    look.ask("stack", "cloudformation:DescribeStacks", reads.stack)
    look.ask("source", "read the template", reads.where)
    look.ask("template", "cloudformation:GetTemplateSummary", reads.template)

    def of_existing(fact: str, what: str, read: t.Callable[[Api, Stack], t.Any], condition: t.Any = True) -> None:
        look.ask(fact, what, functools.partial(reads.of_existing, read), condition)

    of_existing("fingerprint", "cloudformation:GetTemplate", lambda api, stack: api.fingerprint(stack.id))
    of_existing("change_sets", "cloudformation:ListChangeSets", lambda api, stack: api.listed_change_sets(stack.id))
    of_existing("reviewed", "cloudformation:DescribeChangeSet", reads.reviewed)
    of_existing("leftovers", "cloudformation:ListChangeSets", reads.leftovers)
    policy = wanted.stack_policy
    of_existing("policy", "cloudformation:GetStackPolicy", lambda api, stack: api.policy(stack.id), policy)
    of_existing(
        "load_balancer",
        "elasticloadbalancing:DescribeLoadBalancers",
        lambda api, stack: api.load_balancer(stack, stack.outputs.get(LOAD_BALANCER, "")),
    )


@dataclasses.dataclass(frozen=True)
class _Reads:
    """What is read, each in a thread of its own, after what it needs."""

    look: Gathering
    options: t.Mapping[str, t.Any]
    wanted: Wanted

    @property
    def api(self) -> Api:
        clients = self.look.clients
        return Api(clients("cloudformation"), lambda: clients("elbv2"))

    def owned(self) -> Found:
        wanted = self.wanted
        runner = Runner(wanted.name, wanted.runner_id)
        return find(self.api, runner, wanted.stack_name, wanted.stack_take_over)

    def stack(self) -> Stack | Unread:
        # Of a stack that is not this runner's nothing is taken for its own.
        found = self.look.get("owned")
        return found.seen if isinstance(found, Found) else t.cast("Unread", found)

    def where(self) -> source.Source | None:
        # Nothing is uploaded here, so a template that only a bucket of the user's could hold is not known yet.
        asked, look = {name: self.options.get(name) for name in TEMPLATE_OPTIONS}, self.look
        try:
            there = look.found("stack") if asked["keep_release"] else None
            own = there if isinstance(there, Stack) else Stack(self.wanted.stack_name)
            # Runners with the same credentials and the same template read it once.
            return look.pool.once(
                ("template", look.profile, *asked.values(), source.keeps(asked, own) and own.id),
                lambda: source.of_stack(asked, own, lambda: look.clients("s3")),
            )
        except InputError:
            if self.wanted.template_bucket:
                return None
            raise

    def template(self) -> Template | Unread | None:
        found = self.look.get("source")
        return self.api.template(found.location) if isinstance(found, source.Source) else found

    def reviewed(self, api: Api, stack: Stack) -> dict[str, t.Any] | None:
        """One that the list does not have is not asked for; where listing is not allowed, its name is."""
        listed = self.look.get("change_sets")
        if isinstance(listed, list) and all(raw.get("ChangeSetName") != CHANGE_SET_NAME for raw in listed):
            return None
        return api.reviewed_change_set(stack.name, CHANGE_SET_NAME)

    def leftovers(self, _api: Api, _stack: Stack) -> tuple[Leftover, ...]:
        """None where listing is not allowed."""
        listed = self.look.get("change_sets")
        return left_behind(listed, datetime.datetime.now(datetime.timezone.utc)) if isinstance(listed, list) else ()

    def of_existing(self, read: t.Callable[[Api, Stack], t.Any]) -> t.Any:
        """Of a stack that is there and stays."""
        stack = self.look.known("stack")
        exists = stack is not None and status.exists(stack.status) and stack.status != "DELETE_IN_PROGRESS"
        return read(self.api, stack) if exists else None
