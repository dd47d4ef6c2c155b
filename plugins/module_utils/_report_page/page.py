# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole page: a fleet in, text out. The templates are the collection's own; what comes from outside is data.

Every value is escaped (autoescape), none is ever a template. No font, no image and no script is fetched: the page is
read from a controller's artifacts, an e-mail or a ticket. State is told by an icon and a word, never by colour alone.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._checks import findings
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report import timeline
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.model import Fleet, counted, number
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.regions import place
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_next import whom
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_page import (
    frame,
    macros,
    overview,
    parts,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_page import runner as one_runner
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_page.script import SCRIPT
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_page.style import STYLE

if t.TYPE_CHECKING:
    import jinja2

# So many runners that need attention are open at once; of more, what a reader needs is at the top of the page.
FEW = 3
PAGE = "page"
TEMPLATES: t.Mapping[str, str] = {
    PAGE: frame.TEMPLATE,
    "macros": macros.TEMPLATE,
    "overview": overview.TEMPLATE,
    "runner": one_runner.TEMPLATE,
}


def page(fleet: Fleet) -> str:
    """The whole page.

    :raises jinja2.TemplateError: a mistake in the collection's own templates.
    """
    return (
        environment()
        .get_template(PAGE)
        .render(
            fleet=fleet,
            chart=timeline.fleet_chart(fleet.runners),
            slowest=max((runner.took for runner in fleet.runners), default=0.0),
            few=sum(runner.needs_attention for runner in fleet.runners) <= FEW,
            regions=len({runner.region for runner in fleet.runners}),
            script=SCRIPT,
            style=STYLE,
            policy=policy(SCRIPT),
        )
    )


def policy(script: str) -> str:
    """The page's content security policy: nothing is fetched, framed or sent, and of all scripts only this one runs."""
    digest = base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
    return (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; base-uri 'none';"
        " form-action 'none'"
    )


@functools.cache
def environment() -> jinja2.Environment:
    """The templates' surroundings.

    Jinja2 is Ansible's own: it is beside it on every control node, where a module of the collection runs too.
    """
    import jinja2

    made = jinja2.Environment(
        loader=jinja2.DictLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(
        counted=counted,
        number=number,
        whom=whom,
        duration=timeline.duration,
        about=timeline.about,
        waterfall=timeline.waterfall,
        place=place,
        icons=parts.ICONS,
        kinds=findings,
        **{function.__name__: function for function in _FUNCTIONS},
    )
    return made


_FUNCTIONS: tuple[t.Callable[..., t.Any], ...] = (
    parts.look,
    parts.words,
    parts.values_of,
    parts.as_json,
    parts.zone_file,
    parts.console,
    parts.phrase,
    parts.of_kind,
)
