# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The decorator of the prerequisites' checks."""

from __future__ import annotations

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.check import PREREQUISITES, Declares
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks.check import Check as AnyCheck
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.facts import Facts
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._preflight.wanted import Wanted

Check = AnyCheck[Wanted, Facts]
check = Declares[Wanted, Facts](PREREQUISITES)
