# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Ansible's events mean, which lines stay, what a failing task says, and the last lines of a run."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._terminal import (
    closing,
    colours,
    outcome,
    tables,
    tasks,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._terminal.model import (
    FAILED,
    HELD,
    QUEUED,
    REFUSED,
    RUNNING,
    UNVERIFIED,
    VERIFIED,
    Event,
)

START = tasks.Task("Start the stack", "runner_stage", {"stage": "stack", "step": "start"})
WAIT = tasks.Task("Require what was waited for", "runner_outcome", {"of": "wait"})
VERIFY = tasks.Task("Look", "runner_fleet", {"read": "verification"})


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/x/ansible_collections/gitpod/enterprise_runner/playbooks/site.yml:12", True),
        ("/x/ansible_collections/gitpod/enterprise_runner/roles/gitpod_dns/tasks/main.yml", True),
        ("/x/ansible_collections/gitpod/other/playbooks/site.yml:12", False),
        ("/home/me/site.yml:3", False),
        ("gitpod.enterprise_runner.gitpod_registration", True),
        ("gitpod.other.gitpod_registration", False),
        ("", False),
    ],
)
def test_the_collections_own_files_are_told_apart(path: str, expected: bool) -> None:
    assert tasks.own(path) is expected


def test_a_task_of_a_stage_moves_its_row() -> None:
    assert tasks.started(START, "a") == [Event("a", "stack", RUNNING, "Start the stack")]
    assert tasks.ended(START, "a", {"in_progress": True}) == [Event("a", "stack", RUNNING, "begun")]
    assert tasks.ended(START, "a", {}) == [Event("a", "stack", QUEUED, "")]
    assert tasks.failed(START, "a", {"msg": "No capacity"}) == [Event("a", "stack", FAILED, "No capacity")]
    assert tasks.started(tasks.Task("Begin", "runner_batch"), "a") == []


def test_a_fleets_read_moves_all_rows() -> None:
    found = tasks.ended(
        VERIFY,
        "a",
        {
            "runners": {
                "a": {"healthy": True},
                "b": {"failed": True, "msg": "2 of 19 checks failed"},
                "c": {"healthy": False},
                "d": {"probe_hosts": ["probe"]},
            }
        },
    )
    states = {event.host: event.state for event in found if event.host}
    assert states == {"a": VERIFIED, "b": FAILED, "c": UNVERIFIED, "d": QUEUED}
    assert found[-1] == Event("", doing=""), "nobody is waited for any more"


def test_the_gate_and_a_batch_say_who_goes_on() -> None:
    gate = tasks.Task("Show", "runner_gate")
    found = tasks.ended(gate, "a", {"runners": {"a": {"state": "to do"}, "b": {"state": "refused"}}})
    assert [(event.host, event.state) for event in found] == [("a", QUEUED), ("b", REFUSED)]
    batch = tasks.ended(tasks.Task("Begin", "runner_batch"), "a", {"held": {"a": "others failed"}, "refused": None})
    assert batch == [Event("a", state=HELD, doing="others failed")]


@pytest.mark.parametrize("result", [{}, {"runners": None}, {"runners": ["a"]}, {"runners": {"a": None}}])
def test_results_of_another_shape_break_nothing(result: dict[str, t.Any]) -> None:
    for action in ("runner_gate", "runner_batch", "runner_fleet"):
        assert isinstance(tasks.ended(tasks.Task("x", action, {"read": "verification"}), "a", result), list)


def test_a_change_is_one_line_in_the_words_of_whoever_made_it() -> None:
    told = {"changed": True, "actions": ["create the stack gitpod-eu"]}
    assert tasks.changed_line(START, "a", told, False) == "a: create the stack gitpod-eu"
    assert tasks.changed_line(START, "a", told, True) == "a: would create the stack gitpod-eu"
    assert tasks.changed_line(START, "a", {"changed": True}, False) == "a: start the stack"
    assert tasks.changed_line(START, "a", {"changed": True}, True) == "a: would start the stack"
    assert tasks.changed_line(START, "a", {"changed": False}, False) == ""


@pytest.mark.parametrize("result", [{"censored": "x"}, {"actions": ["create the runner a in eu-west-1"]}])
def test_what_a_registration_has_said_itself_is_not_said_again(result: dict[str, t.Any]) -> None:
    task = tasks.Task("Find or create the runner", "runner_stage", {"stage": "registration", "step": "start"})
    assert tasks.changed_line(task, "a", {"changed": True, **result}, False) == ""


def test_a_change_set_that_waits_for_an_approval_is_told_once() -> None:
    start = tasks.Task("Start the stack", "runner_stage", {"stage": "stack", "step": "start"})
    review = {"changed": True, "actions": ["create a change set"], "operation": "review"}
    assert tasks.changed_line(start, "a", review, False) == ""
    assert tasks.changed_line(start, "a", {**review, "operation": "update"}, False) == "a: create a change set"


def test_a_failure_is_one_line_and_what_was_told_is_not_told_again() -> None:
    line = tasks.failed_line(START, "a", {"msg": "No capacity.\nTwice \x1b[2J" + "x" * 900})
    assert line.startswith("a: Start the stack failed: No capacity.")
    assert len(line) < 350
    assert line.isprintable()
    asked = tasks.failed_line(tasks.Task("Confirm", "runner_teardown_plan"), "a", {"msg": "To confirm, run again"})
    assert asked == "a: To confirm, run again", "where somebody is asked, nothing failed"
    for of in ("wait", "run", "gate", "status", "failure"):
        assert tasks.failed_line(tasks.Task("x", "runner_outcome", {"of": of}), "a", {"msg": "x"}) == ""
    assert tasks.failed_line(tasks.Task("x", "runner_outcome", {"of": "verification"}), "a", {"msg": "no"})
    assert tasks.failed(WAIT, "a", {"msg": outcome.WAITED})[0].doing is None, "the row knows more"


def test_a_line_of_the_recap_leaves_out_what_is_nothing() -> None:
    line = tasks.recap_line("runner", {"ok": 14, "changed": 2, "failures": 0, "skipped": 7, "unreachable": 0}, 10)
    assert line == "runner     : ok=14  changed=2   failed=0   skipped=7"


def test_a_failed_result_has_no_pages() -> None:
    stack = {"name": "x", "status": "ROLLBACK_COMPLETE", "parameters": {"a": "b" * 999}, "tags": {"c": "d"}}
    found = outcome.shortened({"failed": True, "msg": "It failed", "stack": stack, "timeline": [1], "root_cause": {}})
    assert found == {
        "failed": True,
        "msg": "It failed",
        "root_cause": {},
        "stack": {"name": "x", "status": "ROLLBACK_COMPLETE"},
    }
    good = {"changed": True, "stack": stack}
    assert outcome.shortened(good) == good


def test_what_fails_a_host_in_the_end_is_one_line_that_points_to_the_report() -> None:
    summary = {"runner": "r", "region": "eu", "state": "failed", "failure": {"stage": "stack", "message": "long" * 99}}
    found = outcome.failed_run(summary, "/a/fleet.html")
    assert found["msg"] == "Failed: the report has all of it (/a/fleet.html), and what to do."
    assert (found["stage"], found["failed"]) == ("stack", True)
    assert len(str(found)) < 250
    others = outcome.failed_run({**summary, "runner": "s"}, "/a/fleet.html")
    assert others["msg"] == found["msg"], "Ansible shows the same message once"


def test_the_gates_failure_names_the_problems_and_else_the_reason() -> None:
    problems = [
        {"id": "contract.gitpod_vpc_id"},
        {"id": "network.vpc", "status": "fail"},
        {"id": "x", "status": "pass"},
    ]
    assert outcome.refused(problems, "long")["problems"] == ["contract.gitpod_vpc_id", "network.vpc"]
    assert outcome.refused([], "others failed")["why"] == "others failed"


CLI = {"args": ("gitpod.enterprise_runner.site",), "inventory": ("inv entory.yml",), "tags": ("all",), "skip_tags": ()}


def lines(states: dict[str, str], **cli: t.Any) -> list[str]:
    run = closing.Run.of({**CLI, **cli}, bool(cli.get("job")))
    return closing.closing_lines(states, run, "/a", ["https://app.gitpod.io"])


def test_after_a_failure_comes_the_command_that_goes_on() -> None:
    found = lines({"a": "failed", "b": "verified", "c": "failed"}, tags=("stack", "dns"))
    assert found[0] == "Report: /a/fleet.html"
    assert found[1] == "Next: remove the causes that are named above, then run again:"
    assert " ".join(line.strip().rstrip("\\").strip() for line in found[2:]) == (
        "ansible-playbook gitpod.enterprise_runner.site -i 'inv entory.yml' --tags stack,dns --limit a,c"
    )
    assert max(map(len, found)) <= 80


def test_what_was_only_foreseen_is_not_done_by_the_command_that_goes_on() -> None:
    assert "ansible-playbook gitpod.enterprise_runner.site -i 'inv entory.yml' --check --limit a" in " ".join(
        line.strip().rstrip("\\").strip() for line in lines({"a": "failed"}, check=True)
    )


def test_values_of_extra_variables_are_not_repeated() -> None:
    found = "\n".join(lines({"a": "failed"}, extra_vars=("gitpod_exchange_token=s3cr3t",)))
    assert "s3cr3t" not in found
    assert "with this run's -e" in found


def test_many_failures_need_no_limit_and_a_job_no_command() -> None:
    many = "\n".join(lines({f"runner-{number}": "failed" for number in range(9)}))
    assert "--limit" not in many
    assert "relaunch the job" in "\n".join(lines({"a": "failed"}, job=True))


def test_a_success_says_where_to_go_on() -> None:
    found = " ".join(" ".join(lines({"a": "verified"})).split())
    for words in ("https://app.gitpod.io (Settings, Runners)", "start an environment"):
        assert words in found
    assert lines({"a": "unverified"}, check=True)[-1] == "Next: nothing was changed; run it without --check."
    assert "once what is waited for" in "\n".join(lines({"a": "waiting"}))
    assert "--limit" not in "\n".join(lines({"a": "waiting"}))
    assert "--limit 'eu*'" in "\n".join(lines({"a": "waiting"}, subset="eu*")), "as the run was limited"
    assert "--limit 'eu*'" in "\n".join(lines({f"a{number}": "failed" for number in range(9)}, subset="eu*"))


@pytest.mark.parametrize(
    ("endpoint", "site"),
    [
        ("https://app.ona.com/api", "https://app.ona.com"),
        ("https://user:secret@runner.example.com:8443/api", "https://runner.example.com:8443"),
        ("", "https://app.gitpod.io"),
        ("javascript:alert(1)", "https://app.gitpod.io"),
    ],
)
def test_the_dashboard_is_the_management_planes_own_site(endpoint: str, site: str) -> None:
    assert closing.dashboard(endpoint) == site


def test_a_table_leaves_columns_out_where_they_do_not_fit_and_breaks_no_name() -> None:
    rows = [{"region": "eu-central-1", "runner": "gitpod-eu-central-1", "stack": "CREATE_COMPLETE", "phase": "-"}]
    columns = ("region", "runner", "stack", "phase")

    def heads(width: int | None) -> list[str]:
        return tables.fitted_table(columns, rows, width, ("region", "stack"))[0].split()

    assert heads(None) == heads(100) == list(columns)
    assert heads(52) == ["region", "runner", "stack"], "what says nothing goes first"
    assert heads(40) == ["runner", "stack"]
    assert heads(20) == ["runner"]
    assert "gitpod-eu-central-1" in tables.fitted_table(columns, rows, 10, ("region", "stack"))[-1]


def test_a_change_that_several_runners_share_is_said_once() -> None:
    many = [(f"r{number}", f"r{number}: create the stack r{number}") for number in range(16)]
    assert tasks.folded([*many, ("a", "a: Write the records")]) == [
        "16 runners: create the stack",
        "a: Write the records",
    ]
    assert tasks.folded(many[:3]) == [line for _host, line in many[:3]]


def test_a_large_fleets_recap_is_folded() -> None:
    alike = {f"r{number:02}": {"ok": 7, "changed": 2} for number in range(21)}
    odd = {"odd": {"ok": 3, "failures": 1}}
    found = tasks.recap_lines({**alike, **odd})
    assert [line.split(":")[0].strip() for line, _counters in found] == ["21 runners, each", "odd"]
    assert found[1][1] == odd["odd"]
    assert len(tasks.recap_lines(dict(list(alike.items())[:16]))) == 16


@pytest.mark.parametrize(
    ("line", "colour"),
    [
        ("FAIL  network.vpc", "COLOR_ERROR"),
        ("eu-central-1  gitpod-eu  ROLLBACK_COMPLETE  -", "COLOR_ERROR"),
        ("gitpod-eu: stack failed after 3s: no capacity", "COLOR_ERROR"),
        ("WARN  stack.quota", "COLOR_WARN"),
        ("gitpod-eu: stack begins to roll back; 1 rolling back", "COLOR_WARN"),
        ("  runner   region     release   FAIL  WARN  USD/month", ""),
        ("gitpod-eu: stack complete after 20m", ""),
        ("", ""),
    ],
)
def test_lines_have_the_colour_of_their_words(line: str, colour: str) -> None:
    assert colours.colour_of(line) == colour


def test_a_text_without_colours_stays_one_text() -> None:
    assert colours.painted_parts("a\nb\n\nc") == [("a\nb\n\nc", "")]
    assert colours.painted_parts("") == [("", "")]
    assert colours.painted_parts("\na\n\nFAIL  b\n") == [("\na", ""), ("\nFAIL  b\n", "COLOR_ERROR")]
    assert colours.painted_parts("a\nFAIL  b\nWARN  c\nd") == [
        ("a", ""),
        ("FAIL  b", "COLOR_ERROR"),
        ("WARN  c", "COLOR_WARN"),
        ("d", ""),
    ]
