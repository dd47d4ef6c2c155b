# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page: everything is in it, everything is escaped, nothing is fetched."""

from __future__ import annotations

import html.parser
import json
import re
import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.action.runner_report import documents
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._files import file_name
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.model import Fleet
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.summary import runner_summary
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.timeline import (
    MOST_MARKS,
    about,
    duration,
    step_of,
    waterfall,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_page.page import page
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._text import clean
from tests import reports

GOOD = runner_summary(reports.results("eu-central-1"), "gitpod-eu-central-1", "eu-central-1")
BROKEN = runner_summary(reports.broken("us-east-1"), "gitpod-us-east-1", "us-east-1")


class Reader(html.parser.HTMLParser):
    """Collects tags, text, attributes, and what the page would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.fetched: list[str] = []
        self.links: list[str] = []
        self.styles: list[str] = []
        self.copies: list[str] = []
        self._quiet = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        values = {name: value or "" for name, value in attrs}
        self.fetched += [values[name] for name in ("src", "srcset", "data") if name in values]
        if "href" in values:
            (self.links if tag == "a" else self.fetched).append(values["href"])
        self.styles += [values["style"]] if "style" in values else []
        self.copies += [values["data-copy"]] if "data-copy" in values else []
        assert not [name for name in values if name.startswith("on")], "no attribute runs a script"
        self._quiet = tag if tag in ("style", "script") else ""

    def handle_endtag(self, tag: str) -> None:
        self._quiet = ""

    def handle_data(self, data: str) -> None:
        self.text += "" if self._quiet else data


def read(*runners: t.Mapping[str, t.Any]) -> Reader:
    reader = Reader()
    reader.feed(page(Fleet.of(runners, "Run of today")))
    return reader


def test_the_page_tells_what_there_is() -> None:
    reader = read(GOOD, BROKEN)
    for text in (
        "gitpod-eu-central-1",
        "Frankfurt",
        "verified",
        reports.REASON,
        "Create the role once",
        "tls.names",
        "StateCluster",
        "15 min",
        "ROLLBACK_IN_PROGRESS",
        "not reached",
    ):
        assert text in reader.text, text
    outputs = GOOD["stack"]["outputs"].values()
    assert set(outputs) <= set(reader.copies)
    assert "#runner-1" in reader.links


def test_the_page_fetches_nothing_and_runs_one_script() -> None:
    reader = read(GOOD, BROKEN)
    assert {entry for entry in reader.fetched if not entry.startswith("#i-")} == set()
    assert reader.tags.count("script") == 1
    assert {"link", "img", "iframe", "object", "embed", "form", "base"}.isdisjoint(reader.tags)
    outside = {link for link in reader.links if not link.startswith("#runner-")}
    assert outside
    assert all(link.startswith("https://console.aws.amazon.com/cloudformation/") for link in outside)


def test_hostile_values_stay_text() -> None:
    plain = read(GOOD)
    reader = read({**GOOD, **reports.hostile()})
    assert reader.tags.count("script") == plain.tags.count("script") == 1
    assert "\x1b" not in reader.text
    assert reader.text.count("<script>document.title='owned'</script>") >= 12
    allowed = r"(left|width|flex|--tick|position|;|:|\.|%|\d|absolute|-)*"
    assert [style for style in reader.styles if not re.fullmatch(allowed, style)] == []
    assert [link for link in reader.links if not link.startswith("#runner-")] == []


def test_a_runner_of_which_nothing_is_known_has_a_page_too() -> None:
    assert "not verified" in read({"region": "eu-central-1", "runner": "gitpod-eu"}).text


def test_an_empty_fleet_has_a_page_too() -> None:
    assert "Run of today" in read().text
    assert "This run came to no runner." in read().text


def test_partitions_have_their_own_consoles() -> None:
    for partition, host in (("aws-cn", "console.amazonaws.cn"), ("aws-us-gov", "console.amazonaws-us-gov.com")):
        stack = {"id": f"arn:{partition}:cloudformation:x-y-1:123456789012:stack/a/b"}
        links = read({**GOOD, "stack": stack}).links
        assert any(link.startswith(f"https://{host}/") for link in links)


@pytest.mark.parametrize("total", [0.4, 1, 7, 59, 61, 600, 1463, 3600, 9000, 90000, 1000000])
def test_an_axis_has_few_marks_and_at_least_one(total: float) -> None:
    assert 0 < total / step_of(total) <= MOST_MARKS


def test_a_waterfall_shows_failures_and_the_longest_first() -> None:
    entries = [
        {"resource": f"Quick{index}", "type": "AWS::IAM::Role", "start": 0, "end": 2, "status": "CREATE_COMPLETE"}
        for index in range(30)
    ]
    entries += [{"resource": "Broken", "type": "X", "start": 0, "end": 1, "status": "CREATE_FAILED"}]
    entries += [{"resource": "Slow", "type": "X", "start": 5, "end": 900, "status": "CREATE_COMPLETE"}]
    chart = waterfall(entries)
    assert chart is not None
    shown = {line.name: (line.took, line.outcome) for line in chart.bars}
    assert shown["Broken"] == ("1 s", "failed")
    assert shown["Slow"] == ("15 min", "")
    assert chart.told == "Slow took 14 min 55 s of 15 min. 32 resources."
    assert len(chart.bars) + len(chart.more) == 32
    assert {line.name[:5] for line in chart.more} == {"Quick"}
    assert waterfall([]) is None


def test_what_is_not_over_is_not_told_as_if_it_were() -> None:
    running = {"resource": "Service", "type": "X", "start": 0, "end": 131, "status": "UPDATE_IN_PROGRESS"}
    chart, back = waterfall([running]), waterfall([{**running, "status": "UPDATE_ROLLBACK_IN_PROGRESS"}])
    assert chart is not None
    assert back is not None
    assert chart.told.startswith("Service has taken 2 min 11 s of 2 min 11 s")
    assert (chart.bars[0].took, chart.bars[0].outcome) == ("2 min 11 s", "so far")
    assert back.bars[0].outcome == "failed"


def test_durations_are_said_as_a_person_says_them() -> None:
    assert [duration(value) for value in (0, 59.6, 125, 600, 3780, 7200)] == [
        "0 s",
        "1 min",
        "2 min 5 s",
        "10 min",
        "1 h 3 min",
        "2 h",
    ]
    assert [about(value) for value in (125, 1018)] == ["2 min 5 s", "17 min"]


def test_names_of_files_stay_in_their_directory() -> None:
    assert re.fullmatch(r"etc-passwd-[0-9a-f]{8}", file_name("../../etc/passwd"))
    assert "/" not in file_name("a/b")
    fleet = Fleet.of([GOOD], "x")
    assert set(documents(fleet)) == {"gitpod-eu-central-1.json", "fleet.json", "fleet.md", "fleet.html"}


def test_no_runner_takes_the_file_of_another_or_of_the_fleet() -> None:
    names = [
        "fleet",
        "FLEET",
        "fleet.html",
        "a/b",
        "a-b",
        "A-b",
        "a" * 300,
        "a" * 299 + "b",
        "same",
        "same",
        "a\u2028b",
    ]
    fleet = Fleet.of([{**GOOD, "runner": name, "region": f"r{number % 9}"} for number, name in enumerate(names)], "x")
    found = documents(fleet)
    assert len({name.casefold() for name in found}) == len(names) + 3
    assert json.loads(found["fleet.json"])["runners"][0]["runner"] == "fleet"
    assert {
        json.loads(text)["runner"] for name, text in found.items() if name.endswith(".json") and name != "fleet.json"
    } == {clean(name) for name in names}
