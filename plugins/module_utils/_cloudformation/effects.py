# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an update means beyond the stack: steps back, what environments notice, when changed values hold. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils import _release as release
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._release import (
    SSH_REMEDY,
    has_old_ssh_port,
    is_older,
    newer_than,
    ssh_warning,
)

if t.TYPE_CHECKING:
    from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._cloudformation.model import Stack, Wanted

CUSTOM_CA = "Custom CA Certificate"
PROXIES = ("HTTP Proxy", "HTTPS Proxy", "No Proxy")
ALLOW = "gitpod_stack_allow_downgrade: true"
# Vendor's guide, "Proxy Update Behavior".
_WHEN = (
    "the runner's own services have it as soon as the stack is updated",
    "content initialization (cloning from source control) has it after an environment is restarted",
    "devcontainers have it after they are rebuilt",
    "Docker in Docker has it after its containers are made anew",
)
# Vendor's guide, "Custom CA Certificate".
_IMAGES = "devcontainers and builds of their images do not have the custom CA: add it to your images"


def target(wanted: Wanted) -> str:
    """The release that is to be deployed, or empty where it is not known."""
    return release.recorded(wanted.tags)


def recorded(stack: Stack) -> str:
    """The release of the template that the stack has, or empty where nobody has recorded it."""
    return release.recorded(stack.tags)


def step_back(wanted: Wanted, stack: Stack) -> str:
    """What makes another template than the stack's a downgrade, as a clause; empty when nothing does."""
    same = wanted.keeps_template or target(wanted) == recorded(stack)
    return "" if same else newer_than(target(wanted), recorded(stack), wanted.running_version)


def refuse_step_back(wanted: Wanted, stack: Stack) -> None:
    """Stop a downgrade that nobody has allowed.

    :raises RunnerError: with what is newer.
    """
    newer = step_back(wanted, stack)
    if newer and not wanted.allow_downgrade:
        raise RunnerError(
            f"The release {target(wanted)} would be a downgrade of {stack.name}; nothing was changed",
            f"It is older: {newer}",
            f"Name a release that is not (gitpod_stack_release_version), or allow it with {ALLOW}",
            {"release_version": recorded(stack), "running_version": wanted.running_version},
        )


def warnings(wanted: Wanted, stack: Stack, template: bool, parameters: t.Collection[str]) -> tuple[str, ...]:
    """What to mind before the update, in sentences.

    :param template: whether the template is replaced.
    :param parameters: labels of those that change.
    """
    told = []
    if template and changes_ssh_port(wanted, stack):
        told.append(f"{stack.name}: {ssh_warning(recorded(stack))}. {SSH_REMEDY}.")
    newer = step_back(wanted, stack)
    if newer:
        told.append(f"{stack.name}: {target(wanted)} is a downgrade, as allowed: {newer}.")
    if not template and parameters and is_older(recorded(stack), wanted.running_version):
        told.append(falls_back(wanted, stack))
    return tuple(told)


def falls_back(wanted: Wanted, stack: Stack) -> str:
    """An update with the stack's own template sets the services to its images, whatever the runner runs."""
    return (
        f"{stack.name}: the runner has updated itself to {wanted.running_version}, and its template is of"
        f" {recorded(stack)}. Where the update makes its task definitions anew, its services start with"
        f" {recorded(stack)} until it updates itself again; with gitpod_stack_release_version:"
        f" v{wanted.running_version} they stay."
    )


def changes_ssh_port(wanted: Wanted, stack: Stack) -> bool:
    """Whether environments of the stack cannot be reached any more once it has the other template."""
    newer = not target(wanted) or not has_old_ssh_port(target(wanted), "")
    return newer and has_old_ssh_port(recorded(stack), stack.created)


def effects(parameters: t.Collection[str]) -> tuple[str, ...]:
    """From when on changed proxies and a changed custom CA hold, in clauses; empty when none of them changes.

    :param parameters: labels of those that change.
    """
    changed = [label for label in (*PROXIES, CUSTOM_CA) if label in parameters]
    if not changed:
        return ()
    images = (_IMAGES,) if CUSTOM_CA in changed else ()
    return tuple(f"{', '.join(changed)}: {clause}" for clause in (*_WHEN, *images))
