# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What nobody means and somebody writes: values of every kind, hostile texts, good values with something wrong."""

from __future__ import annotations

import datetime
import json
import math
import typing as t

from hypothesis import strategies as st

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values import registry
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.declaration import Variable

DECLARED = registry.variables()
LONG = 200_000
# A secret that no message could make up by itself.
PLANTED = "pl4nted-s3cret-w0rd"
# Each does something somewhere: to a terminal, a shell, a template, YAML, JSON, XML, a URL, a header, a path.
TELLING = (
    "\n",
    "\r\nX-Forged: 1",
    "\x00",
    "\x1b[2J\x1b]0;x\x07",
    "\u202e",
    "\u00a0",
    "\u2028",
    "\ud800",
    "\U0001f600",
    "\u00e4",
    "\u0661\u0662",
    "\uff11",
    " ",
    ";",
    ",",
    "'",
    '"',
    "\\",
    "$(id)",
    "`id`",
    "| id",
    "../../etc/passwd",
    "{{ 1 + 1 }}",
    "{{ lookup('ansible.builtin.pipe', 'id') }}",
    "{% for x in y %}",
    "{# #}",
    "{{resolve:ssm:/x}}",
    "%s%n",
    "<script>",
    "&a [*a]",
    "a: &x [*x]",
    "!!python/object:os.system id",
    "- a\n- b",
    "a: 1\nb: 2",
    "a=1,b=2",
    "[",
    "{",
    '{"a": NaN}',
    "[" * 3_000,
    "http://[",
    "https://u:p@h:0/",
    "https://h:99999/",
    "ftp://h",
    "127.0.0.1",
    "127.0.0.1;b",
    "[::1",
    "*.a.b",
    "xn--",
    ".",
    "-",
    "v",
    "~",
    "~nobody-of-that-name/x",
    "null",
    "0",
    "-1",
    "1e999",
    ".inf",
    ".nan",
    "0x10",
    "1_0",
    "1:30",
    "20260115.10",
    "2026-01-15",
    "012345670123",
    "true",
    "no",
    "100%",
    "0%",
    "1000%",
    "aws:x",
    "arn:aws:acm:x:1:certificate/x",
    "sg-x",
    "subnet-0",
    "x" * LONG,
    "\u00e4" * 2_000,
    "{{" + " " * LONG,
    "a," * 5_000,
)
TEXTS = st.text(max_size=30) | st.sampled_from(TELLING)
# Python writes no whole number of more than 4,300 digits, and YAML reads one where it is hexadecimal.
UNWRITABLE = st.none().map(lambda _nothing: 1 << 20_000)
TELLING_NUMBERS = (0, -1, 10**400, 2**63, 1e308, 20260115.1, 1402433619)
NUMBERS = st.integers() | st.floats() | st.sampled_from(TELLING_NUMBERS) | UNWRITABLE
SCALARS = (
    st.none() | st.booleans() | NUMBERS | TEXTS | st.dates() | st.datetimes() | st.binary(max_size=5) | st.just({"set"})
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(TEXTS | st.integers() | st.none() | st.dates(), inner, max_size=4)
        | st.lists(inner, max_size=3).map(tuple)
    ),
    max_leaves=6,
)


def _inside(text: str, foreign: str, at: int) -> str:
    at %= len(text) + 1
    return text[:at] + foreign + text[at:]


def spoilt(good: t.Any) -> st.SearchStrategy[t.Any]:
    """A good value with something wrong in it, or the value of its neighbour, or in another shape."""
    if isinstance(good, bool):
        return st.sampled_from(("yes", "NO", "nein", "2", 2, -1, 0.5, [good], {"a": good}, "tru", float("nan")))
    if isinstance(good, (int, float)):
        near = st.integers(-2, 70_000) | st.sampled_from(
            (good * 10**9, -good, float(good), good + 0.5, f"{good} s", [good])
        )
        return near | near.map(str)
    if isinstance(good, str):
        positions = st.integers(0, len(good))
        spoilt_text = st.builds(_inside, st.just(good), st.sampled_from(TELLING) | st.characters(), positions)
        cut = positions.map(lambda at: good[:at])
        shapes = st.sampled_from(
            ([good], [good, good], {good: good}, {"a": {"b": good}}, good.upper(), f"{good}.", good * 50)
        )
        return spoilt_text | cut | shapes | TEXTS.map(lambda text: f"{text}{good}")
    if isinstance(good, list):
        item = spoilt(good[0]) if good else ANYTHING
        several = st.lists(item | st.sampled_from(good or [None]), max_size=4)
        return several | several.map(tuple) | item | several.map(lambda items: "\n".join(map(_text, items)))
    entries = st.dictionaries(st.sampled_from(sorted(good) or ["a"]) | TEXTS, ANYTHING, max_size=3)
    merged = entries.map(lambda more: {**good, **more})
    return merged | entries | merged.map(_text)


def _text(value: t.Any) -> str:
    try:
        return value if isinstance(value, str) else json.dumps(value, default=str)
    except (ValueError, TypeError):
        return "?"


def bad(variable: Variable, good: t.Any) -> st.SearchStrategy[t.Any]:
    """Values for a variable, of which most are wrong."""
    return st.one_of(spoilt(good), spoilt(good), ANYTHING)


def holds(value: t.Any, word: str) -> bool:
    """Whether a word stands in a value, at any depth."""
    if isinstance(value, dict):
        return any(holds(part, word) for pair in value.items() for part in pair)
    if isinstance(value, (list, tuple, set)):
        return any(holds(part, word) for part in value)
    return isinstance(value, str) and word in value


def is_data(value: t.Any) -> bool:
    """Whether it is plain: what JSON can say, without Python's own numbers."""
    if isinstance(value, dict):
        return all(isinstance(key, str) and is_data(item) for key, item in value.items())
    if isinstance(value, list):
        return all(map(is_data, value))
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or (isinstance(value, (str, int)) and not isinstance(value, datetime.date))
