# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A calm terminal: one board while a run goes on, lines that stay above it, and the report at the very end."""

from __future__ import annotations

DOCUMENTATION = r"""
name: fleet
type: stdout
short_description: A calm terminal for fleets of Gitpod Enterprise AWS Runners
version_added: 0.1.0
description:
  - Shows a run of this collection's playbooks. In a terminal there is one live board, a row a runner, and above it the
    lines that stay, such as what was changed, what failed, and when a stack was complete.
  - Without a terminal, such as in a log, there are these lines alone, at most one for each change.
  - A failure is told once, in one line, when it happens. The report, with every failure in full, comes at the very end,
    after the recap.
  - Tasks that are not the collection's own are shown as P(ansible.builtin.default#callback) shows them. The same
    holds for everything with C(-v) and more, and from the moment on in which anything unexpected happens in here.
author:
  - gitpod.enterprise_runner contributors (@gitpod-io)
options:
  live:
    name: Show the board
    description: Whether there is a live board in a terminal. Without a terminal there is none in any case.
    type: bool
    default: true
    env:
      - name: GITPOD_FLEET_LIVE
    ini:
      - section: callback_gitpod_fleet
        key: live
extends_documentation_fragment:
  - ansible.builtin.default_callback
  - ansible.builtin.result_format_callback
requirements:
  - Set as C(stdout_callback) in the configuration (docs/terminal.md).
"""

import functools
import typing as t

from ansible.plugins.callback.default import CallbackModule as AnsibleDefault

from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.fleet_callback import Conductor

Hook = t.Callable[..., t.Any]


def _or_as_ansible(hook: Hook) -> Hook:
    """A hook of the conductor's; what it does not take is shown as Ansible does, and so is all after a fault.

    :param hook: returns whether it has shown what there is to show.
    """
    as_ansible = getattr(AnsibleDefault, hook.__name__)

    @functools.wraps(hook)
    def guarded(self: CallbackModule, *arguments: t.Any, **named: t.Any) -> None:
        if not self.conductor.guarded(hook, self, *arguments, **named):
            as_ansible(self, *arguments, **named)

    return guarded


class CallbackModule(AnsibleDefault):
    """Hands everything to the conductor, and what that leaves to Ansible's default."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "gitpod.enterprise_runner.fleet"

    def __init__(self) -> None:
        super().__init__()
        self.conductor = Conductor(self)

    @_or_as_ansible
    def v2_playbook_on_start(self, playbook: t.Any) -> bool:
        """The run begins."""
        return self.conductor.run_started()

    @_or_as_ansible
    def v2_playbook_on_play_start(self, play: t.Any) -> bool:
        """A play, or a batch of one, begins."""
        return self.conductor.play_started(play)

    @_or_as_ansible
    def v2_playbook_on_no_hosts_matched(self) -> bool:
        """A play, or a batch of one, is for nobody; the lines above it say why."""
        return self.conductor.in_own_play

    @_or_as_ansible
    def v2_playbook_on_no_hosts_remaining(self) -> bool:
        """All hosts of a play have failed; the report says so."""
        return self.conductor.in_own_play

    @_or_as_ansible
    def v2_playbook_on_task_start(self, task: t.Any, is_conditional: bool) -> bool:
        """A task begins."""
        return self.conductor.task_started(task)

    @_or_as_ansible
    def v2_runner_on_start(self, host: t.Any, task: t.Any) -> bool:
        """A task begins on a host."""
        return self.conductor.started(host, task)

    @_or_as_ansible
    def v2_runner_on_ok(self, result: t.Any) -> bool:
        """A task ended well."""
        return self.conductor.ok(result)

    @_or_as_ansible
    def v2_runner_on_skipped(self, result: t.Any) -> bool:
        """A task had nothing to do."""
        return self.conductor.skipped(result)

    @_or_as_ansible
    def v2_runner_on_failed(self, result: t.Any, ignore_errors: bool = False) -> bool:
        """A task failed."""
        return self.conductor.failed(result, ignore_errors)

    @_or_as_ansible
    def v2_runner_item_on_ok(self, result: t.Any) -> bool:
        """An item of a loop ended well; the task's own result tells."""
        return self.conductor.own(result.task)

    @_or_as_ansible
    def v2_runner_item_on_skipped(self, result: t.Any) -> bool:
        """An item of a loop had nothing to do."""
        return self.conductor.own(result.task)

    @_or_as_ansible
    def v2_runner_item_on_failed(self, result: t.Any) -> bool:
        """An item of a loop failed."""
        return self.conductor.item_failed(result)

    @_or_as_ansible
    def v2_runner_retry(self, result: t.Any) -> bool:
        """A task is tried again."""
        return self.conductor.retried(result)

    @_or_as_ansible
    def v2_playbook_on_include(self, included_file: t.Any) -> bool:
        """A file of tasks was included."""
        return self.conductor.included(included_file)

    @_or_as_ansible
    def v2_on_file_diff(self, result: t.Any) -> bool:
        """Before and after."""
        return self.conductor.diff(result)

    @_or_as_ansible
    def v2_playbook_on_stats(self, stats: t.Any) -> bool:
        """The run has ended."""
        return self.conductor.run_ended(stats)
