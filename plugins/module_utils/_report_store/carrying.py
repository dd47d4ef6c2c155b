# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an earlier run has seen of a runner and a later one did not look at, with the time of its own state. Pure.

A run of some stages, an acceptance or next steps say, has not looked at the stack. What it leaves out is not gone.
"""

from __future__ import annotations

import typing as t

Document = t.Mapping[str, t.Any]
# Parts of a runner's document by the stage that looks at them; what judges (checks, an acceptance) is only a run's own.
PARTS: t.Mapping[str, tuple[str, ...]] = {
    "stack": ("stack", "release", "load_balancer"),
    "dns": ("dns",),
    "endpoint": ("endpoint",),
    "certificate": ("certificate",),
    "registration": ("registration",),
}
STAGES: t.Mapping[str, str] = {"endpoint": "privatelink"}
NOT_LOOKED = frozenset({"left out", "not reached"})
# When each part was so that is older than its runner's document.
TIMES = "parts_as_of"


def carried(known: Document, own: Document) -> Document:
    """A run's document of a runner, with what only an earlier one knows.

    :param known: the earlier document; one of a time that nobody knows adds nothing.
    :param own: this run's.
    """
    since, times, found = str(known.get("as_of") or ""), known.get(TIMES) or {}, {}
    told: dict[str, str] = dict(own.get(TIMES) or {})
    for part, keys in PARTS.items():
        missing = {key: known[key] for key in keys if known.get(key) and not own.get(key)}
        moment = str(times.get(part) or since)
        if missing and moment and not _looked_at(own, part):
            found.update(missing)
            told[part] = moment
    return {**own, **found, TIMES: told} if found else own


def _looked_at(own: Document, part: str) -> bool:
    """Whether a run has looked at a part and so says that there is none."""
    stage = STAGES.get(part, part)
    states = {entry.get("stage"): entry.get("state") for entry in own.get("stages") or []}
    verified = bool((own.get("verification") or {}).get("checks"))
    # A verification reads the stack itself.
    return states.get(stage, "left out") not in NOT_LOOKED or (part == "stack" and verified)
