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
import types
import typing as t

from . import shapes

ROOT = pathlib.Path(__file__).resolve().parents[3]


COLLECTION = "ansible_collections.gitpod.enterprise_runner"
# What services call with the caller's rights, and the collection never does (Service Authorization Reference, dependent
# actions; _permissions/stages.py says which).
BY_SERVICES = frozenset(
    {
        "cloudformation:DescribeAccountLimits",
        "cloudformation:DetectStackResourceDrift",
        "elbv2:DescribeAccountLimits",
        "kms:Decrypt",
        "kms:GenerateDataKey",
        "ssm:GetParameters",
    }
)
REGISTRY = f"{COLLECTION}.plugins.module_utils._permissions.registry"


def _importable() -> None:
    """Let the collection's modules be imported by name, which Ansible does; the test bed's interpreter has none."""
    parts = COLLECTION.split(".")
    for end in range(1, len(parts) + 1):
        name = ".".join(parts[:end])
        if name not in sys.modules:
            sys.modules[name] = package = types.ModuleType(name)
            package.__path__ = [str(ROOT)] if end == len(parts) else []


def _permissions_of_calls() -> t.Any:
    """tests/e2e/permissions.py, whose package imports Ansible."""
    spec = importlib.util.spec_from_file_location("permissions_of_calls", ROOT / "tests/e2e/permissions.py")
    if spec is None or spec.loader is None:
        raise ImportError("tests/e2e/permissions.py")
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


@functools.cache
def called() -> tuple[str, ...]:
    """As C(service:Operation), in the SDK's names."""
    permissions = _permissions_of_calls()
    try:
        registry = importlib.import_module(REGISTRY)
    except ModuleNotFoundError:
        _importable()
        registry = importlib.import_module(REGISTRY)
    services = {iam: sdk for sdk, iam in permissions.IAM_NAMES.items()}
    operations = {action: call for call, actions in permissions.IAM_ACTIONS.items() for action in actions}
    found = set()
    for action in registry.all_actions():
        name, _colon, rest = action.partition(":")
        plain = f"{services.get(name, name)}:{rest}"
        operation = operations.get(action, plain)
        # Permissions that go with another call, such as vpce:AllowMultiRegion, are no operations of their own.
        if operation not in BY_SERVICES and shapes.is_operation(operation):
            found.add(operation)
    return tuple(sorted(found))
