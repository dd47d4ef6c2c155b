# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make C(recorded.json): the keys of AWS's answers, from a directory of recordings. Nothing else of them is kept.

C(python -m tests.testbed.contract.derive DIRECTORY). A recording is C(service/name.json); its C(content) has answers,
or parts of answers, under names of the recorder's own. What a part is, botocore's models tell: the structure that has
all of its keys and as few others as possible.
"""

from __future__ import annotations

import json
import pathlib
import sys
import typing as t

from . import shapes
from .operations import called

FILE = pathlib.Path(__file__).with_name("recorded.json")
# Recorders that kept some keys of each event only, and answers of operations that the collection does not call.
CUT = frozenset({"retained_resources", "retained_by_deletion", "replacement_events", "failure_of_a_macro", "errors"})
# Fewer keys fit too many structures.
ENOUGH = 3


def candidates(service: str) -> list[tuple[str, str, t.Any]]:
    """Operation, path and structure of everything that an answer of this service can begin with."""
    return [
        (operation, path, shape)
        for operation in called()
        if operation.startswith(f"{service}:")
        for path, shape in shapes.structures(shapes.output(operation))
    ]


def places(value: t.Mapping[str, t.Any], among: t.Sequence[tuple[str, str, t.Any]]) -> list[tuple[str, str, t.Any]]:
    """Where answers have this structure; several operations may answer in the same one."""
    keys = set(value) - {shapes.OWN}
    whole = [one for one in among if one[1] == "" and keys and keys <= set(one[2].members)]
    lists = [one for one in whole if any(isinstance(value[key], (list, dict)) for key in keys)]
    fitting = lists or ([one for one in among if keys <= set(one[2].members)] if len(keys) >= ENOUGH else [])
    fewest = min((len(one[2].members) for one in fitting), default=0)
    return [one for one in fitting if len(one[2].members) == fewest]


def collect(service: str, source: str, value: t.Any, found: dict[str, shapes.Paths]) -> None:
    """Note every structure in a recording that an answer of the service can have."""
    if isinstance(value, list):
        for inner in value:
            collect(service, source, inner, found)
    elif isinstance(value, dict) and "Error" not in value:
        known = places(value, candidates(service))
        for operation, path, shape in known:
            shapes.walk(shape, value, path, found.setdefault(operation, {}), source)
        for inner in value.values() if not known else ():
            collect(service, source, inner, found)


def derived(directory: pathlib.Path) -> dict[str, t.Any]:
    """Keys by operation and path."""
    found: dict[str, shapes.Paths] = {}
    for path in sorted(directory.glob("*/*.json")):
        if path.stem not in CUT:
            content = json.loads(path.read_text("utf-8"))
            collect(path.parent.name, path.stem, content.get("content", content), found)
    return {
        operation: {
            path: {
                "always": {key: known[key] for key in sorted(seen.always)},
                "sometimes": {key: known[key] for key in sorted(seen.sometimes)},
                "recordings": sorted(seen.files),
            }
            for path, seen in sorted(paths.items())
            for known in (shapes.types(shapes.output(operation), path),)
        }
        for operation, paths in sorted(found.items())
    }


def main() -> None:
    """Write the file."""
    FILE.write_text(json.dumps(derived(pathlib.Path(sys.argv[1])), indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
