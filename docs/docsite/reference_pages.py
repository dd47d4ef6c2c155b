# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reference: pages that list what there is, and what is added to the pages that antsibull-docs writes."""

from __future__ import annotations

import re
import typing as t

from docs.docsite.content import COLLECTION, Playbook, Plugin

ROLES = """# Roles

A stage of `site` is a role. Each works alone too, in a play of your own, and its page has every variable that it reads.
"""
MODULES = """# Modules

For plays of your own: their options and results are promised as [versions and support](../guides/support.md) says. What
only the collection's own roles and playbooks call is [internal](internal.md).
"""
PLUGINS = """# Plugins

Filters, the callback and the inventory plugin, for plays and inventories of your own. Some read
[environment variables](environment_variables.rst).
"""
PLAYBOOKS = """# Playbooks

A playbook is run by its name, and `--tags` chooses stages. `site` is the main one.
"""
# What a page of each kind is about.
NAMES = {
    "module": "Module",
    "role": "Role",
    "filter": "Filter",
    "callback": "Callback",
    "inventory": "Inventory plugin",
    "lookup": "Lookup",
}
# Where a page's own table of contents was, and a role's README goes.
PLACE = ".. The page begins\n"
# A guide that the documentation of a plugin names; antsibull-docs escapes hyphens.
_LITERAL = re.compile(r":literal:`(docs/([\w\\-]+)\.md)`")


def pages(
    plugins: t.Sequence[Plugin],
    roles: t.Sequence[Plugin],
    playbooks: t.Mapping[Playbook, t.Sequence[str]],
    titles: t.Mapping[str, str],
    notice: str,
) -> dict[str, str]:
    """The pages that list what there is, by name.

    :param playbooks: each with its tags.
    :param titles: of the guides, by the names of their pages.
    :param notice: what is said of internal plugins.
    """
    public = [plugin for plugin in plugins if not plugin.internal]
    internal = [plugin for plugin in plugins if plugin.internal]
    others = [plugin for plugin in public if plugin.kind != "module"]
    return {
        "playbooks.md": PLAYBOOKS + "".join(_playbook(one, tags, titles) for one, tags in playbooks.items()),
        "roles.md": f"{ROLES}\n{listed(roles)}",
        "modules.md": f"{MODULES}\n{listed(plugin for plugin in public if plugin.kind == 'module')}",
        "plugins.md": f"{PLUGINS}\n{listed(others)}",
        "internal.md": f"# Internal modules and filters\n\n{notice}\n\n{listed(internal)}",
    }


def listed(plugins: t.Iterable[Plugin]) -> str:
    """A list of plugins, and their place in the site's contents."""
    some = list(plugins)
    rows = [f"- [{one.name}]({one.page}.rst): {_kind(one)}{one.short_description}" for one in some]
    entries = [f"{one.name} <{one.page}>" for one in some]
    return "\n".join([*rows, "", "```{toctree}", ":hidden:", "", *entries, "```", ""])


def _kind(plugin: Plugin) -> str:
    """What it is, where a list of modules or of roles does not say so."""
    return "" if plugin.kind in ("module", "role") else f"{NAMES[plugin.kind].lower()}, "


def _playbook(playbook: Playbook, tags: t.Sequence[str], titles: t.Mapping[str, str]) -> str:
    def link(found: re.Match[str]) -> str:
        return f"[{titles[found[1]]}](../guides/{found[1]}.md)"

    lines = ["", f"## {playbook.name}", "", re.sub(r"\bdocs/([\w-]+)\.md", link, playbook.about), ""]
    if playbook.of_runners:
        lines += [f"    ansible-playbook {COLLECTION}.{playbook.name} -i inventory.yml", ""]
    if playbook.roles:
        lines += [f"Roles: {', '.join(f'[{role}]({role}_role.rst)' for role in playbook.roles)}.", ""]
    if tags:
        lines += [f"Tags: {', '.join(f'`{tag}`' for tag in tags)}.", ""]
    return "\n".join(lines)


def of_the_site(page: str, plugin: Plugin, notice: str) -> str:
    """A page of antsibull-docs, as a page of a site that is about one collection.

    Its title is the plugin's own name, and what it says of the collection, the same on each page, goes. The theme has a
    table of contents beside the page.

    :param notice: what is said of internal plugins.
    :raises ValueError: the page is not what antsibull-docs wrote so far.
    """
    name = f"{COLLECTION}.{plugin.name}"
    head = re.compile(
        rf"^{re.escape(name)} \w+ -- (.+)\n\++\n\n\.\. Collection note\n\n\.\. note::\n(?: .*\n|\n)*", re.M
    )
    warning = f".. warning::\n\n    {notice}\n\n" if plugin.internal else ""
    title = f"{plugin.name}\n{'+' * len(plugin.name)}\n\n"

    def anew(found: re.Match[str]) -> str:
        # A role's README says it in its own words.
        about = "" if plugin.kind == "role" else f"{found[1]}.\n\n"
        return f"{title}{about}{NAMES[plugin.kind]} :code:`{name}`\n\n{warning}"

    text, count = head.subn(anew, page)
    text, contents = re.subn(r"^\.\. contents::\n( .*\n)+", PLACE, text, count=1, flags=re.M)
    if (count, contents) != (1, 1):
        raise ValueError(f"antsibull-docs writes the page of {name} otherwise: see docs/docsite/reference_pages.py.")
    return _LITERAL.sub(lambda found: f":doc:`{found[1]} <../guides/{found[2]}>`".replace("\\", ""), text)


def with_readme(page: str, readme: str) -> str:
    """A role's page that includes what its README says besides the variables.

    :param readme: name of the file.
    """
    return page.replace(PLACE, f".. include:: {readme}\n   :parser: myst_parser.sphinx_\n", 1)


def of_readme(text: str) -> str:
    """What a role's README says beside its variables, as sections of a page that has a title."""
    text = re.sub(r"<!-- variables: .*?<!-- end of variables -->\n", "", text, flags=re.DOTALL)
    _title, _newline, text = text.partition("\n")
    return re.sub(r"^##", "#", text.strip(), flags=re.MULTILINE) + "\n"
