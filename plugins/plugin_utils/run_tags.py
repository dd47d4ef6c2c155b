# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags of a run that no task of the playbook has: with them Ansible does nothing, or all, and calls it a success.

For filters: the main process evaluates a play's keywords, such as C(serial), before the first task.
"""

from __future__ import annotations

import pathlib
import re
import typing as t

import yaml
from ansible import context
from ansible.errors import AnsibleError, AnsibleFilterError

COLLECTION = "gitpod.enterprise_runner."
PLAYBOOKS = pathlib.Path(__file__).parents[2] / "playbooks"
# What Ansible itself means by a tag.
SPECIAL = frozenset({"all", "always", "never", "tagged", "untagged"})
# What molecule leaves out of whatever it runs (its provisioner's documentation), and users do with it.
WHOLE = frozenset({"all", "untagged"})
BY_TOOLS = frozenset({"notest", "molecule-notest", "molecule-idempotence-notest"})
# Where nothing runs, nothing is left out.
_LISTING = ("syntax", "listtasks", "listtags", "listhosts")
T = t.TypeVar("T")


def known_tags(value: T, playbook: str) -> T:
    """The value as it is, where the run's tags are the playbook's.

    :param playbook: of the collection, such as C(site).
    :raises AnsibleFilterError: one is not.
    """
    options = context.CLIARGS
    if any(options.get(name) for name in _LISTING):
        return value
    here = tags_of(PLAYBOOKS / f"{playbook}.yml")
    others = _tags_beside(options.get("args") or ())
    if others is None:
        return value
    for name, option in (("tags", "--tags"), ("skip_tags", "--skip-tags")):
        # Of a playbook without tags, all tasks belong together: a part of them would pass for the whole.
        special = SPECIAL if here or others or name != "tags" else WHOLE
        unknown = sorted(set(map(str, options.get(name) or ())) - here - others - special - BY_TOOLS)
        if unknown:
            raise AnsibleFilterError(
                f"{option} names {', '.join(unknown)}, which no task of the playbook {playbook} has, so nothing was"
                f" done. Its tags are: {', '.join(sorted(here)) or 'none; run it without'}."
            )
    return value


def tags_of(path: pathlib.Path) -> frozenset[str]:
    """The tags by which tasks of a playbook, or of a file of tasks, can be chosen.

    An include is itself a task: only where it is always made do the tags within count.
    """
    found: set[str] = set()
    for entry in _entries(path):
        found |= set(_list(entry.get("tags")))
        for key in ("tasks", "block", "rescue", "always", "pre_tasks", "post_tasks"):
            for task in entry.get(key) or []:
                found |= _of_task(task, path)
        found |= _of_task(entry, path) if "hosts" not in entry else set()
    return frozenset(found - SPECIAL)


def _of_task(task: t.Any, path: pathlib.Path) -> set[str]:
    if not isinstance(task, dict):
        return set()
    own = set(_list(task.get("tags")))
    for key in ("block", "rescue", "always"):
        for inner in task.get(key) or []:
            own |= _of_task(inner, path)
    included = task.get("ansible.builtin.include_tasks") if "always" in own else None
    for call in (included, task.get("ansible.builtin.import_tasks")):
        for file in _files(call.get("file") if isinstance(call, dict) else call):
            own |= tags_of(path.parent / file)
    role = task.get("ansible.builtin.import_role")
    if isinstance(role, dict) and str(role.get("name") or "").startswith(COLLECTION):
        name, entry = str(role["name"]).removeprefix(COLLECTION), role.get("tasks_from") or "main"
        own |= tags_of(PLAYBOOKS.parent / "roles" / name / "tasks" / f"{entry}.yml")
    return own


def _files(named: t.Any) -> list[str]:
    """The file that is included; of a name that a template chooses among quoted words, each that it can be."""
    text = str(named or "")
    chosen = re.search(r"\{\{.*?\}\}", text)
    if not chosen:
        return [text] if text else []
    return [text.replace(chosen[0], word) for word in re.findall(r"'(\w+)'", chosen[0])]


def _tags_beside(playbooks: t.Iterable[t.Any]) -> frozenset[str] | None:
    """Tags that the playbooks of the command line add; C(None) where they have plays of their own."""
    found: set[str] = set()
    for playbook in map(str, playbooks):
        path = pathlib.Path(playbook)
        if playbook.startswith(COLLECTION) or path.resolve().parent == PLAYBOOKS.resolve():
            continue
        for entry in _entries(path) or [{}]:
            imported = entry.get("ansible.builtin.import_playbook") or entry.get("import_playbook")
            if not str(imported or "").startswith(COLLECTION):
                return None
            found |= set(_list(entry.get("tags")))
    return frozenset(found)


def _entries(path: pathlib.Path) -> list[dict[str, t.Any]]:
    """Plays or tasks of a file; none where it cannot be read, which is for Ansible to say."""
    try:
        content = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, ValueError, yaml.YAMLError, AnsibleError):
        return []
    return [entry for entry in content or [] if isinstance(entry, dict)]


def _list(tags: t.Any) -> list[str]:
    entries = tags.split(",") if isinstance(tags, str) else tags or []
    return [str(entry).strip() for entry in entries]
