# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is displayed fits into a controller's events, and nothing of it is lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.screen import MOST_BYTES, Screen, pieces, rows


class Ansible:
    """Keeps what it is to show."""

    def __init__(self) -> None:
        self.shown: list[str] = []

    def display(self, text: str, **_options: object) -> None:
        self.shown.append(text)


@given(st.text(alphabet="ab \n\u00e4\U0001f600", max_size=400), st.integers(20, 60))
def test_a_text_comes_in_pieces_that_fit(text: str, most: int) -> None:
    found = pieces(text, most)
    assert all(len(piece.encode()) <= most for piece in found)
    assert "".join("".join(found).split()) == "".join(text.split())


def test_short_texts_are_one_display() -> None:
    assert pieces("a\nb\n\nc") == ["a\nb\n\nc"]
    assert len(pieces("\n".join(["x" * 600] * 3))) == 3


def test_a_table_is_a_row_an_event() -> None:
    ansible = Ansible()
    Screen(ansible).rows(["", "totals", "", "a", "b\nforged", ""])
    assert ansible.shown == ["\ntotals", "\na", "b forged\n"]
    assert rows([]) == []
    Screen(ansible).rows(["x " * MOST_BYTES])
    assert max(len(shown.encode()) for shown in ansible.shown) <= MOST_BYTES
