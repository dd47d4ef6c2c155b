# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What differs between AWS's answers and the test bed's, and which of it matters to the collection."""

from __future__ import annotations

import dataclasses
import functools
import json
import pathlib
import re
import typing as t

import yaml

from . import shapes
from .operations import ROOT, called

EXPLAINED = pathlib.Path(__file__).with_name("differences.yml")
RECORDED = pathlib.Path(__file__).with_name("recorded.json")
LACKS = "lacking"
AT_TIMES = "left out at times, by AWS never"
MORE = "not recorded"


@dataclasses.dataclass(frozen=True, order=True)
class Difference:
    """One key that one of the two has.

    :param path: of the structure in the answer; the key is the last part.
    :param kind: LACKS, AT_TIMES or MORE.
    :param weak: the evidence is botocore's model and no recording.
    """

    operation: str
    path: str
    kind: str
    weak: bool = False

    @property
    def key(self) -> str:
        """The key alone."""
        return self.path.rpartition(".")[2]

    @property
    def name(self) -> str:
        """As the file of reasons names it."""
        return f"{self.operation} {self.path}"


@functools.cache
def recorded() -> dict[str, t.Any]:
    """C(recorded.json)."""
    found: dict[str, t.Any] = json.loads(RECORDED.read_text("utf-8"))
    return found


@functools.cache
def _explained() -> dict[str, t.Any]:
    found: dict[str, t.Any] = yaml.safe_load(EXPLAINED.read_text("utf-8"))
    return found


def reasons() -> dict[str, str]:
    """Why keys that the collection's code names may differ, by pattern of C(operation path)."""
    return dict(_explained()["reasons"])


def unread() -> list[str]:
    """Differences from recordings in keys that the collection's code does not name."""
    return list(_explained()["unread"])


@functools.cache
def read_by_the_collection() -> frozenset[str]:
    """Every name that the collection's code has as a text; a key that is not among them decides nothing."""
    files = [*(ROOT / "plugins").rglob("*.py"), *(ROOT / "roles").rglob("*.yml")]
    texts = "\n".join(path.read_text("utf-8") for path in files)
    return frozenset(re.findall(r"""[A-Za-z]\w+""", "\n".join(re.findall(r"""["'\[.(]\w[\w\[\].() ]*""", texts))))


def _join(path: str, key: str) -> str:
    return f"{path}.{key}".lstrip(".")


def against_recordings(operation: str, answers: shapes.Paths) -> set[Difference]:
    """Of the structures that both have; one that only AWS has is told by the key that leads to it."""
    found = set()
    for path, known in recorded().get(operation, {}).items():
        seen = answers.get(path)
        if seen is None:
            continue
        all_known = {*known["always"], *known["sometimes"]}
        found |= {Difference(operation, _join(path, key), LACKS) for key in all_known - set(seen.keys)}
        found |= {Difference(operation, _join(path, key), AT_TIMES) for key in known["always"] if key in seen.sometimes}
        found |= {Difference(operation, _join(path, key), MORE) for key in set(seen.keys) - all_known}
    return found


def against_models(operation: str, answers: shapes.Paths) -> set[Difference]:
    """Of the structures that no recording has: what AWS may answer, and the test bed never does."""
    found = set()
    known = recorded().get(operation, {})
    for path, seen in answers.items():
        if path in known:
            continue
        members = shapes.types(shapes.output(operation), path)
        found |= {Difference(operation, _join(path, key), LACKS, True) for key in set(members) - set(seen.keys)}
    return found


def all_of(answers: t.Mapping[str, shapes.Paths]) -> list[Difference]:
    """Every difference of every operation that the collection calls."""
    return sorted(
        difference
        for operation in called()
        for compare in (against_recordings, against_models)
        for difference in compare(operation, answers.get(operation, {}))
    )


def that_matter(differences: t.Iterable[Difference]) -> list[Difference]:
    """Those whose key the collection's code names."""
    return [one for one in differences if one.key in read_by_the_collection()]
