# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operations that the collection calls, from its registry of permissions; the e2e suite holds that to the calls."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import pathlib
import sys
import typing as t

from . import shapes

# Prefixes of IAM's actions that are no service.
PERMISSION_ONLY = ("vpce",)
ROOT = pathlib.Path(__file__).resolve().parents[3]


def module(path: str) -> t.Any:
    """A file of the checkout as a module: the test bed's interpreter has no Ansible, which would import it by name."""
    name = path.replace("/", "_").removesuffix(".py")
    spec = importlib.util.spec_from_file_location(name, ROOT / path)
    if spec is None or spec.loader is None:
        raise ImportError(path)
    # Data classes look their module up.
    sys.modules[name] = made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def _registry() -> t.Any:
    """The registry of permissions by its own name: it imports nothing of Ansible."""
    collections = str(ROOT / ".work/collections")
    if collections not in sys.path:
        sys.path.insert(0, collections)
    return importlib.import_module(
        "ansible_collections.gitpod.enterprise_runner.plugins.module_utils._permissions.registry"
    )


@functools.cache
def called() -> tuple[str, ...]:
    """As C(service:Operation), in the SDK's names."""
    permissions, registry = module("tests/e2e/permissions.py"), _registry()
    services = {iam: sdk for sdk, iam in permissions.IAM_NAMES.items()}
    operations = {action: call for call, actions in permissions.IAM_ACTIONS.items() for action in actions}
    found = set()
    for action in registry.all_actions():
        name, _colon, rest = action.partition(":")
        plain = f"{services.get(name, name)}:{rest}"
        operation = operations.get(action, plain)
        # Permissions that go with another call, such as cloudformation:TagResource, are no operations of their own.
        if operation.split(":")[0] in PERMISSION_ONLY:
            continue
        if operation.split(":")[1] in shapes.service(operation.split(":")[0]).operation_names:
            found.add(operation)
    return tuple(sorted(found))
