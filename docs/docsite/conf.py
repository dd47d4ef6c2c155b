# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sphinx's configuration of the site; docs/docsite/build.py calls Sphinx."""

from __future__ import annotations

import pathlib
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

_galaxy = yaml.safe_load((ROOT / "galaxy.yml").read_text("utf-8"))

project = "gitpod.enterprise_runner"
copyright = "gitpod.enterprise_runner contributors"
version = release = str(_galaxy["version"])
html_title = f"{project} {release}"

extensions = ["myst_parser", "sphinx_antsibull_ext", "docs.docsite.extension"]
# A link to a heading is what GitHub makes of it.
myst_heading_anchors = 6
# Every reference has to lead somewhere; what is in other collections is at docs.ansible.com (extension.py).
nitpicky = True
# Blocks of commands and output have no language; what is YAML says so.
highlight_language = "text"
pygments_style = "ansible"
antsibull_ext_color_scheme = "default"

html_theme = "furo"
html_static_path = ["_static", str(ROOT / ".work/site/static")]
html_css_files = ["dark.css", "site.css"]
html_copy_source = False
html_show_sphinx = False
html_use_index = False
html_theme_options = {
    "source_repository": _galaxy["repository"],
    "footer_icons": [],
    "top_of_page_buttons": [],
}
