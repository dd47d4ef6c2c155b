# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The decorator of the checks at AWS and at the management plane, and what several of them say. Pure."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.check import (
    VERIFICATION,
    Declares,
    Finding,
    failed,
    unverifiable,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.check import Check as AnyCheck
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification.model import Facts, Wanted

Check = AnyCheck[Wanted, Facts]
check = Declares[Wanted, Facts](VERIFICATION)


def has_endpoint(wanted: Wanted, _facts: Facts) -> bool:
    """Whether the runner is to reach the management plane through an endpoint."""
    return wanted.privatelink


def has_network(wanted: Wanted, _facts: Facts) -> bool:
    """Whether the VPC is to have endpoints for services of AWS."""
    return wanted.network


def unread(facts: Facts, subjects: t.Sequence[str], missing: str) -> Finding:
    """A subject that could not be read, or one that leads to it, proves nothing; one that is not there is a failure.

    What may not be read never will be, and others may see it. A read that failed is a failure too, with its own reason
    and never with that of a thing that is missing: the next look may be better, and without it nothing is verified.
    """
    problem = next((facts.problems[subject] for subject in subjects if subject in facts.problems), None)
    if problem is None:
        return failed(missing, "Deploy the stack first, or name it (gitpod_stack_name).")
    if problem.forbidden:
        return unverifiable(problem.told, "Allow reading it (docs/permissions.md).")
    return failed(dataclasses.replace(problem, advice="").told, problem.remedy or "Run again (tag verify).")
