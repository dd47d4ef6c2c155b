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

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report import runner_summary
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_fleet import Fleet
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_html.page import page
from tests import reports
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


@pytest.mark.parametrize("width", [400, 1600])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_readable_at_every_width_light_and_dark(
    browser: Browser, tmp_path: pathlib.Path, width: int, scheme: str
) -> None:
    browser.look_like(width, scheme)
    browser.open(written(tmp_path))
    browser.picture(PICTURES / f"fleet-{width}-{scheme}.png")
    assert browser.run("document.documentElement.scrollWidth") <= width
    outside = (
        "[...document.querySelectorAll('main *')].filter(e => { const r = e.getBoundingClientRect();"
        " return r.width > 0 && r.right > innerWidth + 1; }).map(e => e.outerHTML.slice(0, 80))"
    )
    assert browser.run(outside) == []
    dark = browser.run("getComputedStyle(document.body).backgroundColor") != "rgb(244, 245, 248)"
    assert dark is (scheme == "dark")
    assert least_contrast(browser) >= 4.5


def least_contrast(browser: Browser) -> float:
    """The least contrast of a chip's text with its colour and of quiet text with its card (WCAG 2, 1.4.3)."""
    script = """(() => {
      const parts = c => c.match(/[\\d.]+/g).slice(0, 3).map(Number).map(v => v / 255)
        .map(v => v <= 0.03928 ? v / 12.92 : Math.pow((v + 0.055) / 1.055, 2.4));
      const light = c => { const [r, g, b] = parts(c); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
      const contrast = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p);
        return (x + 0.05) / (y + 0.05); };
      const card = getComputedStyle(document.querySelector('.card')).backgroundColor;
      const found = [...document.querySelectorAll('.chip')].map(e => { const s = getComputedStyle(e);
        return contrast(s.color, s.backgroundColor); });
      return Math.min(...found, contrast(getComputedStyle(document.querySelector('.region .quiet')).color, card));
    })()"""
    return float(browser.run(script))


def test_what_it_shows(browser: Browser, tmp_path: pathlib.Path) -> None:
    browser.look_like(1600, "light")
    path = written(tmp_path)
    browser.open(path)
    assert browser.requests == [path.as_uri()], "the page alone is fetched"
    assert browser.run("document.querySelectorAll('.regions .tile').length") == 8
    # A failed runner is open and says why; the others open when they are jumped to.
    shown = browser.run("document.body.innerText")
    assert "Wait for the stack failed" in shown
    assert reports.REASON in shown
    assert "EnvironmentProfile-1ABC" not in browser.run("document.getElementById('runner-1').innerText")
    browser.run("document.querySelector('.regions .tile').click()")
    browser.run("new Promise(done => setTimeout(done, 50))")
    assert "EnvironmentProfile-1ABC" in browser.run("document.getElementById('runner-1').innerText")
    # State is told by words and drawings, not by colour alone.
    tiles = "[...document.querySelectorAll('.regions .tile')]"
    assert browser.run(f"{tiles}.every(e => e.querySelector('svg') && e.querySelector('.word').textContent)") is True
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
    visible = (
        "[...document.querySelectorAll('.regions .tile strong')].filter(e => e.offsetParent).map(e => e.innerText)"
    )
    assert browser.run(visible) == ["gitpod-us-east-1", "gitpod-us-east-2", "gitpod-us-west-2"]


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
