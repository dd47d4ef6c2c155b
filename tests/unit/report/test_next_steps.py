# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The last words of a report, and the rows of the next steps that are declared."""

from __future__ import annotations

import json
import pathlib
import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.markdown import markdown
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.model import Fleet
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.stages import failed_stage, stages_of
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.summary import runner_summary
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_next import STEPS, next_lines
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_page.page import page
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._stage_plan import DEPLOYING, NEXT_STEPS

HEALTHY: dict[str, t.Any] = {"verification": {"healthy": True}}
FAILED: dict[str, t.Any] = {"failure": {"task": "Start the stack", "message": "No", "action": "runner_stack"}}
ACCESS, CLASSES = (url for _title, url in STEPS.values())


def fleet(*declared: tuple[str, tuple[str, ...], dict[str, t.Any]]) -> Fleet:
    runners = [runner_summary(stages, name, "eu-central-1", kinds) for name, kinds, stages in declared]
    return Fleet.of(runners, "Run", "2026-11-24T17:30:00Z")


def test_what_nobody_declares_ends_the_report_with_its_links() -> None:
    found = fleet(("a", (), HEALTHY), ("b", ("scm_integrations",), HEALTHY))
    assert next_lines(found.documents) == [
        "Next steps:",
        "  Configure repository access (a)",
        f"    {ACCESS}",
        "    or declare gitpod_runner_settings_scm_integrations",
        "  Configure environment classes (both runners)",
        f"    {CLASSES}",
        "    or declare gitpod_runner_settings_environment_classes",
    ]
    assert [step["runners"] for step in found.document()["next_steps"]] == [["a"], ["a", "b"]]
    text, html = markdown(found), page(found)
    assert text.index("## Next steps") > text.index("| b |")
    for url in (ACCESS, CLASSES):
        assert f"]({url})" in text
        assert f'href="{url}"' in html


def test_where_all_is_declared_nothing_is_added() -> None:
    found = fleet(("a", ("environment_classes", "scm_integrations"), HEALTHY))
    assert next_lines(found.documents) == []
    assert found.document()["next_steps"] == []
    assert "Next steps" not in markdown(found) + page(found)
    assert next_lines([runner_summary(HEALTHY, "a", "eu-central-1")]) == [], "an outcome says nothing of them"


def test_a_runner_that_failed_is_led_to_the_remedies_first() -> None:
    found = fleet(("a", (), FAILED))
    (_head, title, link) = next_lines(found.documents)
    assert title == "  Troubleshoot (a)"
    assert link.startswith("    https://")
    assert ">Troubleshoot</a>" in page(found)
    assert "[Troubleshoot](https://" in markdown(found)


def test_a_name_from_outside_stays_one_line() -> None:
    found = fleet(("<b>a</b>\n\x1b[2Jrm", (), HEALTHY))
    assert all("\n" not in line and "\x1b" not in line for line in next_lines(found.documents))
    assert "<b>a</b>" not in markdown(found) + page(found)


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        (HEALTHY, {}),
        ({**HEALTHY, "prerequisites": {"plan": [{"stage": "sharing"}]}}, {"sharing": ("left out", "")}),
        ({**HEALTHY, "sharing": {"changed": False, "actions": []}}, {"sharing": ("unchanged", "")}),
        ({**HEALTHY, "sharing": {"changed": True, "actions": ["a", "b"]}}, {"sharing": ("changed", "2 changes")}),
        ({**FAILED, "prerequisites": {"plan": [{"stage": "warm_pools"}]}}, {"warm_pools": ("not reached", "")}),
        (
            {
                **HEALTHY,
                "prerequisites": {"plan": [{"stage": "scm_integrations"}, {"stage": "sharing"}]},
                "failure": {
                    "task": "Keep",
                    "register": "gitpod_runner_settings_scm_integrations_result",
                    "action": "runner_settings",
                },
            },
            {"scm_integrations": ("failed", ""), "sharing": ("not reached", "")},
        ),
    ],
)
def test_next_steps_that_are_declared_have_rows(
    results: dict[str, t.Any], expected: dict[str, tuple[str, str]]
) -> None:
    rows = {row["stage"]: (row["state"], row["detail"]) for row in stages_of(results)}
    deploying = [stage for stage in rows if stage not in NEXT_STEPS]
    assert deploying == ["prerequisites", *DEPLOYING, "verify"]
    assert {stage: rows[stage] for stage in rows if stage in NEXT_STEPS} == expected


def test_the_schema_knows_the_stages() -> None:
    schema = json.loads((pathlib.Path(__file__).parents[3] / "docs/report.schema.json").read_text("utf-8"))
    known = schema["$defs"]["runner"]["properties"]["stages"]["items"]["properties"]["stage"]["enum"]
    assert set(known) >= {row["stage"] for row in stages_of({"warm_pools": {"changed": True}})}
    assert failed_stage({"register": "gitpod_runner_settings_warm_pools_result"}) == "warm_pools"
