# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Verdicts on what AWS and the management plane say. Pure.

Rules: the vendor's guide, "Important Stack Outputs" and "Private VPC Endpoints, Verification"; facts/runner.md.
"""

from __future__ import annotations

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.check import Result, evaluate
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification.checks import ALL
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._verification.model import Facts, Wanted


def judge(wanted: Wanted, facts: Facts) -> list[Result]:
    """Every check in a fixed order; those of PrivateLink only where the runner is to have it."""
    return evaluate(ALL, wanted, facts)
