# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""IAM as AWS enforces it: what each call takes, whether the caller's policies allow it, and how it is refused.

An independent simulator decides (C(judge)); what a call takes is written down here by hand from AWS's reference.
"""
