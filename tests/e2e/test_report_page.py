# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report's page in a real browser: what it shows, that it fetches nothing, copying, and its pictures.

The pictures are left in .work/pictures, for people to look at.
"""

from __future__ import annotations

import pathlib
import typing as t

import pytest

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.model import Fleet
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.summary import runner_summary
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_page.page import page
from tests import report_samples, reports
from tests.browser import PROGRAM, Browser

if t.TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="Chromium is not installed: make chromium")
PICTURES = pathlib.Path(__file__).parents[2] / ".work/pictures"
REGIONS = ("us-east-1", "us-east-2", "us-west-2", "eu-central-1", "eu-north-1", "ap-southeast-2", "sa-east-1")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with Browser.start() as browser:
        yield browser


def written(directory: pathlib.Path, *extra: t.Mapping[str, t.Any]) -> pathlib.Path:
    """The page of a fleet of eight, one of which failed."""
    runners = [
        runner_summary(reports.results(region, 1 + index / 20), f"gitpod-{region}", region)
        for index, region in enumerate(REGIONS)
    ]
    runners.append(runner_summary(reports.broken("eu-west-1"), "gitpod-eu-west-1", "eu-west-1"))
    path = directory / "fleet.html"
    path.write_text(page(Fleet.of([*runners, *extra], "Run of 2026-11-24 17:30 UTC")), "utf-8")
    return path


def everything() -> list[t.Mapping[str, t.Any]]:
    """Beside runners in order: an upgrade in progress, long names, hostile names, and one of which nothing is known."""
    return [
        runner_summary(reports.upgrading("eu-west-2"), "gitpod-eu-west-2", "eu-west-2"),
        runner_summary(reports.wordy("eu-west-3"), reports.LONG, "eu-west-3"),
        runner_summary({}, "gitpod-us-west-1", "us-west-1"),
        reports.hostile(),
    ]


@pytest.mark.parametrize("width", [400, 1200, 1600])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_readable_at_every_width_light_and_dark(
    browser: Browser, tmp_path: pathlib.Path, width: int, scheme: str
) -> None:
    browser.look_like(width, scheme)
    browser.open(written(tmp_path, *everything()))
    browser.picture(PICTURES / f"fleet-{width}-{scheme}.png")
    browser.run("document.querySelectorAll('details').forEach(e => { e.open = true; })")
    browser.picture(PICTURES / f"runners-{width}-{scheme}.png")
    assert browser.run("document.documentElement.scrollWidth") <= width
    assert browser.run(OUTSIDE) == []
    assert browser.run(CUT) == []
    dark = browser.run("getComputedStyle(document.body).backgroundColor") != "rgb(244, 245, 248)"
    assert dark is (scheme == "dark")
    assert browser.run(FAINT) == []


# Elements that go beyond the window, and those whose text goes beyond themselves, cut or over what stands beside them.
OUTSIDE = """[...document.querySelectorAll('main *')].filter(e => { const r = e.getBoundingClientRect();
  return r.width > 0 && r.right > innerWidth + 1; }).map(e => e.outerHTML.slice(0, 80))"""
CUT = """[...document.querySelectorAll('main *')].filter(e => e.clientWidth > 0 && e.scrollWidth > e.clientWidth + 1)
  .map(e => e.outerHTML.slice(0, 80))"""
# Texts whose contrast with what is behind them is less than WCAG 2 asks for (1.4.3); the field's hint is one.
FAINT = """(() => {
  const parts = text => { const [r, g, b, a] = text.match(/[\\d.]+/g).map(Number); return [r, g, b, a ?? 1]; };
  const over = (top, below) => top.slice(0, 3).map((v, i) => v * top[3] + below[i] * (1 - top[3])).concat(1);
  const behind = e => e ? over(parts(getComputedStyle(e).backgroundColor), behind(e.parentElement))
    : [255, 255, 255, 1];
  const line = v => v <= 0.03928 ? v / 12.92 : Math.pow((v + 0.055) / 1.055, 2.4);
  const light = c => [0.2126, 0.7152, 0.0722].reduce((sum, share, i) => sum + share * line(c[i] / 255), 0);
  const contrast = (e, style) => { const back = behind(e), front = over(parts(style.color), back);
    const [more, less] = [light(front), light(back)].sort((a, b) => b - a); return (more + 0.05) / (less + 0.05); };
  const texts = [...document.querySelectorAll('body *')].filter(e => e.getClientRects().length
    && [...e.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.data.trim()));
  return [...texts.map(e => [e, getComputedStyle(e)]),
    ...[...document.querySelectorAll('input')].map(e => [e, getComputedStyle(e, '::placeholder')])]
    .filter(([e, style]) => contrast(e, style) < 4.5).map(([e]) => e.outerHTML.slice(0, 80));
})()"""


@pytest.mark.parametrize("width", [400, 1600])
def test_what_a_chart_tells_is_told_in_words_that_can_be_told_apart(
    browser: Browser, tmp_path: pathlib.Path, width: int
) -> None:
    browser.look_like(width, "light")
    browser.open(written(tmp_path, *everything()))
    browser.run("document.querySelectorAll('details').forEach(e => { e.open = true; })")
    rows = "[...document.querySelectorAll('.card.chart .row')].map(e => e.innerText.split('\\n').join(' '))"
    shown = browser.run(rows)
    assert len(shown) == len(REGIONS) + 3, "every stack has a line"
    assert sum(row.endswith("failed") for row in shown) == 1
    assert sum(row.endswith("so far") for row in shown) == 1
    # Marks of the axis stand apart.
    gaps = """[...document.querySelectorAll('.axis div')].filter(e => e.offsetParent).flatMap(axis => {
      const marks = [...axis.children].filter(e => e.offsetParent).map(e => e.getBoundingClientRect());
      return marks.slice(1).map((mark, index) => mark.left - marks[index].right); })"""
    assert min(browser.run(gaps)) >= 4


def test_a_run_without_runners_says_so(browser: Browser, tmp_path: pathlib.Path) -> None:
    browser.look_like(400, "light")
    path = tmp_path / "fleet.html"
    path.write_text(page(Fleet.of([], "Run of today")), "utf-8")
    browser.open(path)
    assert "This run came to no runner." in browser.run("document.body.innerText")
    assert browser.run("document.querySelectorAll('input, button').length") == 0


@pytest.mark.parametrize("scripts", [True, False])
def test_on_paper_is_a_page_for_the_fleet_and_one_for_each_runner_that_needs_attention(
    browser: Browser, tmp_path: pathlib.Path, scripts: bool
) -> None:
    browser.look_like(1200, "dark")
    browser.call("Emulation.setScriptExecutionDisabled", value=not scripts)
    pages = {}
    for name, (count, kinds) in report_samples.FLEETS.items():
        path = tmp_path / f"{name}.html"
        path.write_text(page(report_samples.fleet(count, *kinds)), "utf-8")
        browser.open(path)
        pages[name] = browser.printed_pages()
    browser.call("Emulation.setScriptExecutionDisabled", value=False)
    assert pages == {name: 1 + len(kinds) for name, (_count, kinds) in report_samples.FLEETS.items()}


def test_on_paper_it_is_dark_on_light_and_what_was_folded_is_folded_again(
    browser: Browser, tmp_path: pathlib.Path
) -> None:
    browser.look_like(703, "dark")
    path = tmp_path / "fleet.html"
    path.write_text(page(report_samples.fleet(16, *report_samples.FLEETS["failing"][1])), "utf-8")
    browser.open(path)
    still_folded = "document.querySelectorAll('details.attention:not([open])').length"
    assert browser.run(still_folded) == 16, "what a reader needs is at the top"
    browser.run("window.dispatchEvent(new Event('beforeprint'))")
    assert browser.run(still_folded) == 0
    scheme = [{"name": "prefers-color-scheme", "value": "dark"}]
    browser.call("Emulation.setEmulatedMedia", media="print", features=scheme)
    browser.picture(PICTURES / "print.png")
    assert browser.run("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert browser.run("document.documentElement.scrollWidth") <= 703
    assert browser.run(CUT) == []
    assert browser.run(FAINT) == []
    browser.call("Emulation.setEmulatedMedia", media="", features=scheme)
    browser.run("window.dispatchEvent(new Event('afterprint'))")
    assert browser.run(still_folded) == 16


def test_what_it_shows(browser: Browser, tmp_path: pathlib.Path) -> None:
    browser.look_like(1600, "light")
    path = written(tmp_path)
    browser.open(path)
    assert browser.requests == [path.as_uri()], "the page alone is fetched"
    assert browser.run("document.querySelectorAll('table.fleet tbody tr').length") == 8
    # A failed runner is open and says why; the others open when they are jumped to.
    shown = browser.run("document.body.innerText")
    assert "Wait for the stack failed" in shown
    assert reports.REASON in shown
    assert "EnvironmentProfile-1ABC" not in browser.run("document.getElementById('runner-1').innerText")
    browser.run("document.querySelector('table.fleet a').click()")
    browser.run("new Promise(done => setTimeout(done, 50))")
    assert "EnvironmentProfile-1ABC" in browser.run("document.getElementById('runner-1').innerText")
    # State is told by words and drawings, not by colour alone.
    rows = "[...document.querySelectorAll('table.fleet tbody tr')]"
    assert (
        browser.run(f"{rows}.every(e => e.querySelector('.state svg') && e.querySelector('.word').textContent)") is True
    )
    assert browser.run("getComputedStyle(document.querySelector('.steps .bad')).display") != "none"


def test_the_waterfall_is_to_scale(browser: Browser, tmp_path: pathlib.Path) -> None:
    browser.look_like(1600, "light")
    browser.open(written(tmp_path))
    shares = browser.run(
        "Object.fromEntries([...document.querySelectorAll('#runner-4 .row')]"
        ".map(e => [e.querySelector('b').textContent, parseFloat(e.querySelector('i').style.width)]))"
    )
    assert browser.run("document.querySelector('#runner-4 h2').textContent") == "gitpod-eu-west-1"
    assert shares["StateCluster"] == pytest.approx(100 * 880 / 1240, abs=0.1)
    assert shares["RunnerService"] == pytest.approx(100 * 260 / 1240, abs=0.1)


def test_values_are_copied_and_runners_filtered(browser: Browser, tmp_path: pathlib.Path) -> None:
    browser.look_like(1600, "light")
    browser.open(written(tmp_path))
    browser.run("navigator.clipboard.writeText = text => { window.copied = text; return Promise.resolve(); }")
    browser.run("document.querySelector('#runner-1').open = true")
    browser.run("document.querySelector('button[aria-label=\"Copy LoadBalancerDNS\"]').click()")
    assert browser.run("window.copied") == "gitpod-ap-southeast-2-0123456789abcdef.elb.ap-southeast-2.amazonaws.com"
    assert browser.run("document.querySelector('button.done span').textContent") == "Copied"
    browser.run("document.getElementById('filter').value = 'us- verified'")
    browser.run("document.getElementById('filter').dispatchEvent(new Event('input'))")
    visible = "[...document.querySelectorAll('td.runner-name a')].filter(e => e.offsetParent).map(e => e.innerText)"
    assert browser.run(visible) == ["gitpod-us-east-1", "gitpod-us-east-2", "gitpod-us-west-2"]
    unmatched = "document.getElementById('unmatched').offsetParent !== null"
    assert browser.run(unmatched) is False
    browser.run("document.getElementById('filter').value = 'mars'")
    browser.run("document.getElementById('filter').dispatchEvent(new Event('input'))")
    assert browser.run(unmatched) is True


def test_hostile_names_and_messages_stay_text(browser: Browser, tmp_path: pathlib.Path) -> None:
    browser.look_like(400, "light")
    path = written(tmp_path, reports.hostile())
    browser.open(path)
    assert browser.run("document.title").startswith("Run of")
    assert browser.run("document.scripts.length") == 1
    assert browser.run("document.body.innerText.includes(\"<script>document.title='owned'</script>\")") is True
    assert browser.requests == [path.as_uri()]
    # And if a value ever came through, the page's policy would not run it.
    browser.run("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.owned=1\">')")
    browser.run("const s = document.createElement('script'); s.textContent = 'window.owned=1'; document.body.append(s)")
    browser.run("new Promise(done => setTimeout(done, 50))")
    assert browser.run("window.owned === undefined") is True
