# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The areas of a status, in the order of the table. Imports nothing: filters read it in each of Ansible's workers."""

from __future__ import annotations

AREAS = ("stack", "version", "drift", "certificate", "dns", "endpoint", "health", "phase")
