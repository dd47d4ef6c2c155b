# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generated inventories, good and bad, through the contract: an error that names the variable, or a typed value."""

from __future__ import annotations

from tests.campaign.tally import Tally


def campaigns(count: int, seed: int, jobs: int) -> list[Tally]:
    """To be filled with the generated test."""
    raise NotImplementedError
