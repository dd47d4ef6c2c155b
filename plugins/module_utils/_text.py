# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text of others, made fit to be shown."""

from __future__ import annotations

import typing as t


def clean(text: t.Any) -> str:
    """One line of printable text.

    Control characters, line ends and marks of direction in names and messages from outside would move the reader's
    cursor, forge lines or turn the text around; each becomes a blank.
    """
    return "".join(character if character.isprintable() else " " for character in str(text))
