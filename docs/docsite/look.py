# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The built site in a browser: no page is wider than its window. Pictures of some are left for people to look at.

C(python -m docs.docsite.look) after C(make docs-site); the pictures are in .work/site/pictures.
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


def main() -> int:
    """Look at every page, and take the pictures."""
    if PROGRAM is None:
        sys.stdout.write("Chromium is not installed: nobody looked at the site's pages\n")
        return 0
    with Browser.start() as browser:
        browser.look_like(WIDTHS[0], "light")
        wrong = list(too_wide(browser, sorted(HTML.rglob("*.html"))))
        for width, scheme in ((width, scheme) for width in WIDTHS for scheme in ("light", "dark")):
            browser.look_like(width, scheme)
            for name in PICTURES:
                browser.open(HTML / f"{name}.html")
                browser.picture(WORK / f"pictures/{name.replace('/', '-')}-{width}-{scheme}.png")
    sys.stdout.write("".join(f"{problem}\n" for problem in wrong))
    sys.stdout.write(f"{len(wrong) or 'No'} pages are too wide; pictures: {WORK / 'pictures'}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
