# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can be chosen when the test bed starts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """Addresses and speeds of one test bed; a port of 0 means any free one.

    ``stack_seconds`` is about how long the whole runner stack takes to create, in seconds.
    """

    address: str = "127.0.0.1"
    port: int = 0
    dns_port: int = 0
    https_port: int = 0
    stack_seconds: float = 30.0
    landscape: bool = True
    account_id: str = "123456789012"
    # Of the network's team, which has hosted zones and the role that edits them.
    other_account_id: str = "210987654321"
