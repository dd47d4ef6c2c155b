# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a check is, what it finds, and what could not be read: one meaning for prerequisites, verification and status.

Needs nothing but the standard library, because the network is also looked at from hosts that have nothing else.
"""
