# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page: everything is in it, everything is escaped, nothing is fetched."""

from __future__ import annotations

import html.parser
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.action.runner_report import documents, file_name
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report import fleet_row
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_html import page

HOSTILE = "<script>alert(1)</script>\"'&\x1b[2J"
RUNNER: dict[str, t.Any] = {
    "region": "eu-central-1",
    "runner": "gitpod-eu",
    "stack": {
        "status": "CREATE_COMPLETE",
        "outputs": {"LoadBalancerDNS": "lb.example"},
        "timeline": [
            {
                "resource": "Cache",
                "type": "AWS::MemoryDB::Cluster",
                "start": 10,
                "end": 610,
                "status": "CREATE_COMPLETE",
            },
            {"resource": "Logs", "type": "AWS::Logs::LogGroup", "start": 0, "end": 5, "status": "CREATE_FAILED"},
        ],
    },
    "load_balancer": {"scheme": "internal", "state": "active"},
    "dns": {"names": ["eu.example.com"], "records": [{"name": "eu.example.com", "type": "A", "value": "lb.example"}]},
    "verification": {
        "healthy": False,
        "checks": [
            {"id": "dns.domain", "status": "pass", "summary": "Resolves.", "remediation": ""},
            {
                "id": "tls.names",
                "status": "fail",
                "summary": "The wildcard is missing.",
                "remediation": "Request both.",
            },
        ],
    },
}


class Reader(html.parser.HTMLParser):
    """Collects tags, text, and what the page would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.fetched += [value or "" for name, value in attrs if name in ("src", "href", "srcset", "data")]

    def handle_data(self, data: str) -> None:
        self.text += data


def read(runner: dict[str, t.Any]) -> Reader:
    reader = Reader()
    reader.feed(page([runner], [fleet_row(runner)], "Run of today"))
    return reader


def test_the_page_tells_what_there_is() -> None:
    reader = read(RUNNER)
    for text in ("gitpod-eu", "eu-central-1", "1 failed", "tls.names", "Request both.", "lb.example", "Cache", "600 s"):
        assert text in reader.text
    assert reader.text.index("tls.names") < reader.text.index("dns.domain"), "failures come first"


def test_the_page_fetches_nothing_and_runs_nothing() -> None:
    reader = read(RUNNER)
    assert reader.fetched == []
    assert {"script", "link", "img", "iframe"}.isdisjoint(reader.tags)


def test_hostile_values_stay_text() -> None:
    hostile = {
        **RUNNER,
        "runner": HOSTILE,
        "region": HOSTILE,
        "failure": {"task": HOSTILE, "message": HOSTILE},
        "stack": {"outputs": {HOSTILE: HOSTILE}, "timeline": [{"resource": HOSTILE, "start": 0, "end": 1}]},
    }
    reader = read(hostile)
    assert "script" not in reader.tags
    assert "\x1b" not in reader.text
    assert reader.text.count("<script>alert(1)</script>") >= 6


def test_a_runner_of_which_nothing_is_known_has_a_page_too() -> None:
    assert "not verified" in read({"region": "eu-central-1", "runner": "gitpod-eu"}).text


def test_names_of_files_stay_in_their_directory() -> None:
    assert file_name("../../etc/passwd") == "-..-etc-passwd"
    assert "/" not in file_name("a/b")
    assert set(documents([RUNNER], "x")) == {"gitpod-eu.json", "fleet.json", "fleet.html"}
