# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is next in an acceptance, which class and URL it takes, whose an environment is, and what is said of it."""

from __future__ import annotations

import os
import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._acceptance import ours, report, words
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._acceptance.classes import choose
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._acceptance.looking import address_of
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._acceptance.model import (
    DELETE,
    RUN,
    STOP,
    Standing,
    Wanted,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._acceptance.plan import (
    ASK,
    BROKEN,
    DONE,
    FORCE,
    WAIT,
    next_move,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import ApiError, InputError
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.environments import Environment
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._management_plane.model import EnvironmentClass

PHASES = ("", "creating", "starting", "running", "updating", "stopping", "stopped", "deleting", "deleted", "unknown_9")
LATE, ASKED = {"late": True}, {"asked": True}


@pytest.mark.parametrize(
    ("part", "more", "moves"),
    [
        (RUN, {}, {"running": DONE, **dict.fromkeys(("stopping", "stopped", "deleting", "deleted"), BROKEN)}),
        (RUN, LATE, {**dict.fromkeys(PHASES, BROKEN), "running": DONE}),
        (RUN, {"failures": ("no capacity",)}, dict.fromkeys(PHASES, BROKEN)),
        (
            STOP,
            {},
            {**dict.fromkeys(PHASES, ASK), "stopping": WAIT, "stopped": DONE, "deleting": DONE, "deleted": DONE},
        ),
        (STOP, ASKED, {"stopped": DONE, "deleting": DONE, "deleted": DONE}),
        (STOP, LATE, {**dict.fromkeys(PHASES, BROKEN), "stopped": DONE, "deleting": DONE, "deleted": DONE}),
        (DELETE, {}, {**dict.fromkeys(PHASES, ASK), "deleting": WAIT, "deleted": DONE}),
        (DELETE, ASKED, {"deleted": DONE}),
        (DELETE, LATE, {**dict.fromkeys(PHASES, FORCE), "deleted": DONE}),
        (DELETE, {"forced": True}, {**dict.fromkeys(PHASES, ASK), "deleted": DONE}),
        (DELETE, {"forced": True, **ASKED}, {"deleted": DONE}),
        (DELETE, {"forced": True, **LATE}, {**dict.fromkeys(PHASES, BROKEN), "deleted": DONE}),
    ],
)
def test_the_next_move_in_every_phase(part: str, more: dict[str, t.Any], moves: dict[str, str]) -> None:
    assert {phase: next_move(Standing(part, phase, **more)) for phase in PHASES} == {
        **dict.fromkeys(PHASES, WAIT),
        **moves,
    }


def classes(*names: str) -> list[EnvironmentClass]:
    """One that begins with a minus is disabled."""
    return [EnvironmentClass(f"id-{i}", name.lstrip("-"), enabled=name[0] != "-") for i, name in enumerate(names)]


@pytest.mark.parametrize(
    ("names", "wanted", "chosen"),
    [
        (("Large", "Small"), "", "Small"),
        (("-Small", "Large", "Regular"), "", "Regular"),
        (("GPU", "b", "a Spot one"), "", "b"),
        (("GPU",), "", "GPU"),
        (("Small", "Own"), "Own", "Own"),
        (("Small", "Own"), "id-1", "Own"),
        (("-Own", "Own"), "Own", "Own"),
    ],
)
def test_the_class_that_is_chosen(names: tuple[str, ...], wanted: str, chosen: str) -> None:
    found = choose(classes(*names), wanted, "eu")
    assert (found.name, found.enabled) == (chosen, True)


@pytest.mark.parametrize(
    ("names", "wanted", "told"),
    [
        ((), "", "It has none"),
        (("-Small",), "", "All of its classes are disabled"),
        ((), "Small", "It has none. Declare one"),
        (("Own", "Own"), "Own", "Their IDs are id-0, id-1"),
        (("-Own", "Small"), "Own", "is disabled"),
        (tuple("abcdefghij"), "Own", "a, b, c, d, e, f, g, h and 2 more"),
    ],
)
def test_a_class_is_never_guessed(names: tuple[str, ...], wanted: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        choose(classes(*names), wanted, "eu")


@pytest.mark.parametrize(
    ("urls", "domain", "found"),
    [
        (["https://a.EU.example.com/x?token=s"], "eu.example.com", ("a.eu.example.com", 0, "/x")),
        (["https://eu.example.com:8443"], "eu.example.com", ("eu.example.com", 8443, "/")),
        (["http://a.eu.example.com/", "https://b.eu.example.com/"], "eu.example.com", ("b.eu.example.com", 0, "/")),
        (["https://a.eu.example.com.evil.example/"], "eu.example.com", None),
        (["https://eu.example.com@evil.example/", "https://xeu.example.com"], "eu.example.com", None),
        (["https://[", "https://a.eu.example.com:99999/"], "eu.example.com", None),
        (["https://anywhere.example/"], "", ("anywhere.example", 0, "/")),
        ([], "eu.example.com", None),
    ],
)
def test_the_url_leads_below_the_runners_domain(urls: list[str], domain: str, found: t.Any) -> None:
    assert address_of(urls, domain) == found


def test_whose_an_environment_is_and_whether_it_was_left_behind() -> None:
    order = ours.order("runner-id", "a" * 100, "class", "", longest=100.0, now=lambda: 1000.0)
    assert len(order.name) == 80
    assert order.annotations[ours.OF_RUNNER] == "runner-id"
    assert (
        order.annotations[ours.OF_RUN]
        != ours.order("runner-id", "a", "class", "", 1.0, lambda: 0.0).annotations[ours.OF_RUN]
    )
    mine = Environment("1", order.name, annotations=order.annotations)
    assert not ours.left_behind(mine, 1000.0), "this process lives"
    assert not ours.left_behind(mine, 1100.0 + ours.SKEW)
    assert ours.left_behind(mine, 1101.0 + ours.SKEW)

    def other(**changes: str) -> Environment:
        return Environment("2", "x", annotations={**order.annotations, **changes})

    # A process ID that no process can have (proc_sys_kernel(5), pid_max).
    assert ours.left_behind(other(**{ours.PLACE: f"{ours.place()}/4194305"}), 1000.0)
    assert not ours.left_behind(other(**{ours.PLACE: "elsewhere/4194305"}), 1000.0)
    assert not ours.left_behind(other(**{ours.PLACE: f"/{os.getpid()}"}), 1000.0)
    for strange in ("", "x", "elsewhere/-1", "elsewhere/" + "9" * 400, f"{ours.place()}/{'9' * 400}"):
        assert not ours.left_behind(other(**{ours.PLACE: strange}), 1000.0)
    # Python takes a superscript for a digit, and no number of 5,000 of them.
    for strange in (f"{ours.place()}/²", f"{ours.place()}/{'9' * 5000}", f"{ours.place()}/٣"):
        assert not ours.left_behind(other(**{ours.PLACE: strange}), 1000.0)
    for strange in ("soon", "²", "9" * 5000, "-1", "1e9", "٣", "9\n"):
        assert ours.left_behind(other(**{ours.UNTIL: strange}), 1000.0)
    assert os.uname().nodename not in str(order.annotations)


@pytest.mark.parametrize(
    ("code", "why", "then"),
    [
        ("resource_exhausted", "maximum reached", "Where this is a quota"),
        ("permission_denied", "no", "Share the runner"),
        ("failed_precondition", "Git authentication failed", "Git authentications"),
        ("failed_precondition", "disabled", "change gitpod_acceptance_environment_class, and run again"),
        ("unavailable", "down", "as it was"),
    ],
)
def test_a_refused_creation_says_what_to_do(code: str, why: str, then: str) -> None:
    assert then in words.not_created(ApiError("Could not", why, "as it was", code), Wanted()).message


def step(name: str, state: str, seconds: float = 0.0, detail: str = "") -> dict[str, t.Any]:
    return {"step": name, "state": state, "seconds": seconds, "detail": detail}


@pytest.mark.parametrize(
    ("result", "lines"),
    [
        (None, []),
        (
            {"accepted": True, "seconds": 75.3, "steps": [step("run", "passed", 72.1), step("url", "left out")]},
            ["eu: accepted in 1m15s (run 1m12s, url left out)"],
        ),
        (
            {"accepted": True, "steps": [step("leftovers", "warned", 3)], "warnings": ["It stays."]},
            ["eu: accepted in 0s (leftovers 3s, with warnings)", "eu: warning: It stays."],
        ),
        (
            {"accepted": False, "failed": True, "msg": "No.", "seconds": 9, "steps": [step("run", "failed")]},
            ["eu: not accepted at run after 9s: No."],
        ),
        ({"failed": True, "msg": "The inventory is wrong."}, ["eu: not accepted: The inventory is wrong."]),
        ({"accepted": None, "steps": [step("create", "planned", detail="would create")]}, ["eu: would create"]),
    ],
)
def test_the_screen_is_told_the_steps_and_their_times(result: t.Any, lines: list[str]) -> None:
    assert report.told({"eu": result}) == lines
