# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the documentation's site is made of: every guide in its place, links that lead somewhere, what is internal."""

from __future__ import annotations

import pathlib
import re
import typing as t

import pytest
import yaml

from docs.docsite import content, guides, links, reference_pages

ROOT = pathlib.Path(__file__).parents[3]
PLUGINS = content.plugins(ROOT)
PAGES = {"docs/a.md": "guides/a.md", "docs/b.md": "guides/b.md", "roles/gitpod_dns/README.md": "reference/dns_role.rst"}
REPOSITORY = "https://git.example.com/runner"


def moved(text: str, checkout: pathlib.Path) -> str:
    return links.for_site(text, "docs/a.md", links.Site(PAGES, {"b.md": "Bees"}, checkout, REPOSITORY))


def test_every_page_of_docs_has_its_place_on_the_site() -> None:
    declared = [guide.path for section in guides.declared(ROOT) for guide in section.guides]
    assert sorted(declared) == sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))


@pytest.mark.parametrize(
    ("names", "pages", "said"),
    [
        (["dns"], {"dns", "new"}, "docs/new.md stands in no section of docs/docsite/guides.yml. Add its name to one."),
        (["dns", "gone"], {"dns"}, "docs/docsite/guides.yml names gone, but there is no docs/gone.md."),
        (["dns", "dns"], {"dns"}, "docs/docsite/guides.yml names dns more than once."),
    ],
)
def test_a_page_that_is_forgotten_gone_or_twice_is_told(names: list[str], pages: set[str], said: str) -> None:
    assert guides.problems(names, pages) == [said]
    assert guides.problems(["dns"], {"dns"}) == []


@pytest.fixture
def checkout(tmp_path: pathlib.Path) -> pathlib.Path:
    for name in ("docs/a.md", "docs/b.md", "docs/x.json", "examples/one/inventory.yml", "roles/gitpod_dns/README.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("# A\n", "utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("link", "there"),
    [
        ("b.md", "b.md"),
        ("b.md#the-end", "b.md#the-end"),
        ("#below", "#below"),
        ("https://example.com/b.md", "https://example.com/b.md"),
        ("mailto:a@example.com", "mailto:a@example.com"),
        ("../roles/gitpod_dns/README.md#facts", "../reference/dns_role.rst#facts"),
        ("../examples/one", f"{REPOSITORY}/tree/main/examples/one"),
        ("x.json", f"{REPOSITORY}/blob/main/docs/x.json"),
    ],
)
def test_links_lead_to_the_page_of_the_site_or_to_the_file_in_the_repository(
    checkout: pathlib.Path, link: str, there: str
) -> None:
    text = f"Read [it]({link}), and [again]({link}).\n"
    assert moved(text, checkout) == f"Read [it]({there}), and [again]({there}).\n"


def test_a_link_that_shows_the_name_of_a_file_shows_the_pages_title(checkout: pathlib.Path) -> None:
    assert moved("[b.md](b.md#x), [x.json](x.json), [`b.md`](b.md)\n", checkout) == (
        f"[Bees](b.md#x), [x.json]({REPOSITORY}/blob/main/docs/x.json), [`b.md`](b.md)\n"
    )


def test_a_picture_that_is_a_link_leads_there_too(checkout: pathlib.Path) -> None:
    badge = "[![Test](https://example.com/b.svg)]"
    assert moved(f"{badge}(x.json)\n", checkout) == f"{badge}({REPOSITORY}/blob/main/docs/x.json)\n"


def test_what_looks_like_a_link_in_a_block_of_code_stays(checkout: pathlib.Path) -> None:
    text = "````yaml\n```\n[a](nowhere.md)\n````\n[b](b.md)\n"
    assert moved(text, checkout) == text


def test_a_link_that_leads_nowhere_ends_the_build(checkout: pathlib.Path) -> None:
    with pytest.raises(ValueError, match=r"docs/a\.md links to gone\.md, and there is no docs/gone\.md"):
        moved("[a](gone.md)\n", checkout)


def test_the_first_pages_commands_are_those_of_the_readme() -> None:
    """Those are tried."""
    commands = re.findall(r"^ {4}(.*)$", (ROOT / "docs/docsite/index.md").read_text("utf-8"), re.MULTILINE)
    readme = (ROOT / "README.md").read_text("utf-8").splitlines()
    assert len(commands) == 5
    assert [command for command in commands if f"    {command}" not in readme] == []


def test_the_readmes_table_names_every_guide_once() -> None:
    found = re.findall(r"\]\(docs/([\w-]+)\.md\)", guides.table(guides.declared(ROOT)))
    assert sorted(found) == sorted(path.stem for path in (ROOT / "docs").glob("*.md"))


def test_there_are_public_and_internal_modules_and_filters() -> None:
    """What the documentation calls internal is promised to nobody (docs/support.md)."""
    internal = {plugin.name for plugin in PLUGINS if plugin.internal}
    public = {plugin.name for plugin in PLUGINS} - internal
    assert {"runner_fleet", "runner_stage", "controller_object", "known_tags"} <= internal
    assert {"runner_stack", "runner_dns", "runner_endpoint", "external_records", "fleet", "runners"} <= public
    assert "may change in any release" in content.notice(ROOT)


def test_a_module_that_needs_what_only_the_house_gives_is_internal() -> None:
    """Typed values, the looks of a fleet, what a run has found so far."""
    internal = {plugin.name for plugin in PLUGINS if plugin.internal}
    modules = {path.stem: path.read_text("utf-8") for path in (ROOT / "plugins/modules").glob("*.py")}
    needing = {name for name, text in modules.items() if "gitpod.enterprise_runner.fleet\n" in text}
    for path in (ROOT / "plugins/action").glob("*.py"):
        if "plugin_utils.host_values" in path.read_text("utf-8"):
            needing.add(path.stem)
    assert len(needing) > 10
    # Its option that asks the inventory has a default that does not.
    assert needing - internal == {"runner_notify"}


def blocks(path: pathlib.Path) -> t.Iterator[str]:
    """Names of the collection that a page's blocks of code and an example's files call."""
    text = path.read_text("utf-8")
    parts = re.findall(r"^```.*?^```", text, re.DOTALL | re.MULTILINE) if path.suffix == ".md" else [text]
    for part in parts:
        yield from re.findall(r"gitpod\.enterprise_runner\.(\w+)", part)


@pytest.mark.parametrize("place", ["README.md", "docs/*.md", "roles/*/README.md", "examples/**/*.yml"])
def test_no_example_for_users_calls_what_is_internal(place: str) -> None:
    internal = {plugin.name for plugin in PLUGINS if plugin.internal}
    pages = sorted(ROOT.glob(place))
    assert pages
    assert {(path.name, name) for path in pages for name in blocks(path) if name in internal} == set()


def test_no_default_is_a_template() -> None:
    """A reader of the reference cannot know what a template stands for."""
    found = []
    for path in [*(ROOT / "plugins").rglob("*.py"), *(ROOT / "plugins/filter").glob("*.yml")]:
        if path.parent.name in (*content.KINDS, "doc_fragments") and "default:" in (text := path.read_text("utf-8")):
            found += [f"{path.name}: {line}" for line in text.splitlines() if re.match(r" *default:.*\{\{", line)]
    for path in (ROOT / "roles").glob("*/meta/argument_specs.yml"):
        for entry in yaml.safe_load(path.read_text("utf-8"))["argument_specs"].values():
            defaults = {name: option.get("default") for name, option in entry.get("options", {}).items()}
            found += [f"{path.parts[-3]}: {name}" for name, default in defaults.items() if "{{" in str(default)]
    assert found == []


def test_playbooks_say_what_they_do_and_which_roles_they_take() -> None:
    playbooks = {playbook.name: playbook for playbook in content.playbooks(ROOT)}
    assert set(playbooks) == {path.stem for path in (ROOT / "playbooks").glob("*.yml")}
    assert playbooks["site"].about.startswith("From nothing to verified")
    assert {name for name, one in playbooks.items() if not one.of_runners} == {"adopt", "controller", "when_needed"}
    roles = playbooks["site"].roles
    assert roles[0] == "gitpod_prerequisites"
    assert {"gitpod_certificate", "gitpod_stack", "gitpod_dns", "gitpod_verify", "gitpod_report"} <= set(roles)
    assert {role for playbook in playbooks.values() for role in playbook.roles} <= {
        role.name for role in content.roles(ROOT)
    }


def test_the_reference_lists_public_and_internal_ones_apart() -> None:
    playbooks = {playbook: ["dns"] for playbook in content.playbooks(ROOT)}
    titles = {guide.name: guide.title for section in guides.declared(ROOT) for guide in section.guides}
    pages = reference_pages.pages(PLUGINS, content.roles(ROOT), playbooks, titles, "Not promised.")
    assert "[runner_stack](runner_stack_module.rst)" in pages["modules.md"]
    assert "runner_fleet_module" not in pages["modules.md"] + pages["plugins.md"]
    assert "[known_tags](known_tags_filter.rst): filter, " in pages["internal.md"]
    assert "[AWX and Automation Controller](../guides/controller.md)" in pages["playbooks.md"]
    assert "ansible-playbook gitpod.enterprise_runner.site -i inventory.yml\n" in pages["playbooks.md"]
    # What it needs stands in the guide.
    assert "ansible-playbook gitpod.enterprise_runner.controller" not in pages["playbooks.md"]
    assert "Not promised." in pages["internal.md"]
    listed = "".join(pages.values())
    assert [plugin.name for plugin in PLUGINS if listed.count(f"]({plugin.page}.rst)") != 1] == []


PAGE = """.. Title

gitpod.enterprise_runner.runner_stage module -- Take one step
+++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++

.. Collection note

.. note::
    This module is part of the collection.

    To use it, specify it.

.. version_added

New in 0.1.0

.. contents::
   :local:
   :depth: 1

.. Deprecated

- See :literal:`docs/next\\-steps.md`.
"""


def test_a_page_of_antsibull_docs_becomes_one_of_the_site() -> None:
    plugin = content.Plugin("module", "runner_stage", "Take one step", internal=True)
    page = reference_pages.of_the_site(PAGE, plugin, "Not promised.")
    head, _place, rest = page.partition(reference_pages.PLACE)
    assert head == (
        ".. Title\n\nrunner_stage\n++++++++++++\n\nTake one step.\n\n"
        "Module :code:`gitpod.enterprise_runner.runner_stage`\n\n.. warning::\n\n    Not promised.\n\n"
        ".. version_added\n\nNew in 0.1.0\n\n"
    )
    assert rest == "\n.. Deprecated\n\n- See :doc:`docs/next-steps.md <../guides/next-steps>`.\n"
    public = content.Plugin("module", "runner_stage", "Take one step")
    assert "warning" not in reference_pages.of_the_site(PAGE, public, "Not promised.")
    assert ".. include:: a.inc\n   :parser: myst_parser.sphinx_\n" in reference_pages.with_readme(page, "a.inc")


@pytest.mark.parametrize("part", ["-- Take", ".. note::", ".. contents::"])
def test_a_new_antsibull_docs_that_writes_pages_otherwise_ends_the_build(part: str) -> None:
    plugin = content.Plugin("module", "runner_stage", "Take one step")
    with pytest.raises(ValueError, match=r"the page of gitpod\.enterprise_runner\.runner_stage otherwise"):
        reference_pages.of_the_site(PAGE.replace(part, "x"), plugin, "")


def test_a_readme_without_its_table_of_variables_goes_into_the_roles_page() -> None:
    text = "# r\n\nDoes.\n\n<!-- variables: written -->\n| a |\n<!-- end of variables -->\n\n## Facts\n\n### More\n"
    assert reference_pages.of_readme(text) == "Does.\n\n\n# Facts\n\n## More\n"
