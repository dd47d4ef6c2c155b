# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every action plugin of the collection makes sure of, whatever the settings of the user's Ansible are."""

from __future__ import annotations

import tempfile
import typing as t

from ansible import constants
from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.precedence import forget_earlier_runs, play_of
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.screen import Screen

Result = dict[str, t.Any]
# Of a strategy that does not wait for other hosts, Ansible ignores run_once (ansible-core, plugins/strategy/free.py).
EACH_BY_ITSELF = ("free", "host_pinned")
# Mitogen replaces the connection and the way in which modules are run (mitogen.networkgenomics.com).
REPLACING = "mitogen"


class RunnerAction(ActionBase):
    """Shows its lines where they break no document, and refuses strategies that it cannot be right with."""

    TRANSFERS_FILES = False
    _supports_check_mode = True

    def __init__(self, *arguments: t.Any, **named: t.Any) -> None:
        super().__init__(*arguments, **named)
        self._display: t.Any = Screen(Display())

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> Result:
        """As every action begins.

        :raises AnsibleActionFail: the play's strategy is one that does not do.
        """
        play = play_of(self._task)
        strategy = str(getattr(play, "strategy", None) or "")
        refusal = refused_strategy(strategy, bool(self._task.run_once), str(self._task.action))
        if refusal:
            raise AnsibleActionFail(refusal)
        if task_vars:
            forget_earlier_runs(self, task_vars)
        result: Result = super().run(tmp, task_vars)
        return result

    def _make_tmp_path(self, remote_user: str | None = None) -> str:
        """A directory of the run's own on the control node, whatever its path looks like, and however HOME is set."""
        if self._connection.transport != "local" or self._connection.become or constants.DEFAULT_KEEP_REMOTE_FILES:
            path: str = super()._make_tmp_path(remote_user)
            return path
        # Ansible removes only what is called so.
        path = tempfile.mkdtemp(prefix="ansible-tmp-", dir=constants.DEFAULT_LOCAL_TMP)
        self._cleanup_remote_tmp = True
        self._connection._shell.tmpdir = path
        return path


class ControlNodeAction(RunnerAction):
    """One that reads the inventory: whatever connection a runner's host has, the runner is no machine to log in to."""

    # A network device's connection would be opened before the action begins.
    _requires_connection = False


def refused_strategy(strategy: str, once: bool, action: str) -> str:
    """Why a strategy does not do, or empty.

    :param strategy: of the play, with or without its collection.
    :param once: whether the task is one for all hosts together.
    """
    name = strategy.rpartition(".")[2]
    advice = "This task did nothing. Set strategy: linear in this play, as the collection's own playbooks do."
    if name.startswith(REPLACING):
        return f"The strategy {strategy} replaces how Ansible runs modules, which {action} was not made for. {advice}"
    if once and name in EACH_BY_ITSELF:
        return (
            f"{action} is run once for all runners of the play, which the strategy {strategy} ignores: each runner"
            f" would do it by itself, before the others are done. {advice}"
        )
    return ""
