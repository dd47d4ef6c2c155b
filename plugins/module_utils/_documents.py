# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON documents that AWS returns spaced and ordered otherwise than they were given: policies."""

from __future__ import annotations

import json


def same_document(left: str, right: str) -> bool:
    """Whether two JSON documents say the same; an empty text is an empty object."""
    try:
        return bool(json.loads(left or "{}") == json.loads(right or "{}"))
    except (ValueError, RecursionError):
        return left == right
