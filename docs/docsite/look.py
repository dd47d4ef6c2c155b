# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The built site in a browser: no page is wider than its window.

With C(--pictures), pictures of some pages are left in .work/site/pictures, for people to look at.
"""

from __future__ import annotations

import pathlib
import sys
import typing as t

from docs.docsite.build import HTML, WORK
from tests.browser import PROGRAM, Browser

WIDTHS = (400, 1200)
PICTURES = (
    "index",
    "guides/verification",
    "guides/dns",
    "guides/permissions",
    "reference/playbooks",
    "reference/modules",
    "reference/gitpod_stack_role",
    "reference/runner_certificate_module",
    "reference/runner_stage_module",
)


def too_wide(browser: Browser, pages: t.Iterable[pathlib.Path]) -> t.Iterator[str]:
    """Pages that have to be scrolled sideways, at the narrowest width."""
    for path in pages:
        browser.open(path)
        width = browser.run("document.scrollingElement.scrollWidth")
        if width > WIDTHS[0]:
            yield f"{path.relative_to(HTML)}: {width} pixels wide in a window of {WIDTHS[0]}"


def take_pictures(browser: Browser) -> None:
    """Whole pages, at every width, light and dark."""
    for width, scheme in ((width, scheme) for width in WIDTHS for scheme in ("light", "dark")):
        browser.look_like(width, scheme)
        for name in PICTURES:
            browser.open(HTML / f"{name}.html")
            browser.picture(WORK / f"pictures/{name.replace('/', '-')}-{width}-{scheme}.png")


def main(pictures: bool) -> int:
    """Look at every page."""
    if PROGRAM is None:
        sys.stdout.write("Chromium is not installed: nobody looked at the site's pages\n")
        return 0
    with Browser.start() as browser:
        browser.look_like(WIDTHS[0], "light")
        wrong = list(too_wide(browser, sorted(HTML.rglob("*.html"))))
        if pictures:
            take_pictures(browser)
    sys.stdout.write("".join(f"{problem}\n" for problem in wrong))
    sys.stdout.write(f"{len(wrong) or 'No'} pages are wider than a phone\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main("--pictures" in sys.argv[1:]))
