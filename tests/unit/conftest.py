# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make `ansible_collections.gitpod.enterprise_runner` importable, as Ansible itself does it."""

from __future__ import annotations

from tests import collection

collection.install()
