# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the documentation's site into .work/site/html, and look for broken links: C(make docs-site).

antsibull-docs writes the reference. Sphinx makes pages of it, of docs/*.md, and of the lists that are written here.
Nothing is fetched.
"""

from __future__ import annotations

import importlib.resources
import os
import pathlib
import shutil
import subprocess
import sys
import typing as t

import yaml

from docs.docsite import check, content, guides, links, reference_pages
from tests import collection

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = ROOT / "docs/docsite"
WORK = ROOT / ".work/site"
SOURCE, HTML = WORK / "source", WORK / "html"
# Pages beside docs/*.md, by their place on the site.
OTHERS = {
    "docs/docsite/index.md": "index.md",
    "CHANGELOG.rst": "project/changelog.rst",
    "CONTRIBUTING.md": "project/contributing.md",
    "SECURITY.md": "project/security.md",
}
REFERENCE = ("playbooks", "roles", "modules", "plugins", "internal")


def site_pages(sections: t.Iterable[guides.Section], roles: t.Iterable[content.Plugin]) -> dict[str, str]:
    """The place on the site of each file of the checkout that is on it."""
    return {
        **OTHERS,
        **{guide.path: f"guides/{guide.name}.md" for section in sections for guide in section.guides},
        **{f"roles/{role.name}/README.md": f"reference/{role.page}.rst" for role in roles},
        **{f"docs/docsite/reference/{name}.md": f"reference/{name}.md" for name in REFERENCE},
    }


def index(text: str, sections: t.Sequence[guides.Section]) -> str:
    """The first page: what to read for which task, and the contents of the whole site."""
    if "<!-- guides -->" not in text:
        raise ValueError("docs/docsite/index.md has no place for the guides (<!-- guides -->).")
    table = guides.table(sections).replace("](docs/", "](../")
    trees = [(section.title, [f"guides/{guide.name}" for guide in section.guides]) for section in sections]
    trees[-1][1].extend(["project/contributing", "project/security", "project/changelog"])
    trees.append(("Reference", [f"reference/{name}" for name in REFERENCE]))
    contents = [
        "\n".join(["```{toctree}", ":hidden:", f":caption: {title}", "", *pages, "```", ""]) for title, pages in trees
    ]
    return "\n".join([text.replace("<!-- guides -->", table), *contents])


def write_reference() -> None:
    """What antsibull-docs makes of the documentation in plugins and roles."""
    target = SOURCE / "reference"
    target.mkdir(parents=True)
    # antsibull-docs refuses a directory that others may write to.
    target.chmod(0o755)
    options = ["--use-current", "--squash-hierarchy", "--fail-on-error", "--dest-dir", str(target)]
    configuration = ["--config-file", str(HERE / "antsibull-docs.cfg")]
    run("antsibull-docs", *configuration, "collection", *options, content.COLLECTION)
    # The lists of reference_pages.py take its place.
    (target / "index.rst").unlink()


def write_pages() -> None:
    """Everything that antsibull-docs does not write, and what is added to its pages."""
    sections, roles, plugins = guides.declared(ROOT), content.roles(ROOT), content.plugins(ROOT)
    places, titles = site_pages(sections, roles), {guide.name: guide.title for one in sections for guide in one.guides}
    repository = yaml.safe_load((ROOT / "galaxy.yml").read_text("utf-8"))["repository"]
    site = links.Site(places, {f"{name}.md": title for name, title in titles.items()}, ROOT, repository)

    def moved(text: str, path: str) -> str:
        return links.for_site(text, path, site)

    notice, reference = content.notice(ROOT), SOURCE / "reference"
    for path, place in places.items():
        if path == "docs/docsite/index.md":
            write(SOURCE / place, moved(index((ROOT / path).read_text("utf-8"), sections), path))
        elif place.startswith(("guides/", "project/")):
            text = (ROOT / path).read_text("utf-8")
            write(SOURCE / place, moved(text, path) if path.endswith(".md") else text)
    playbooks = with_tags(content.playbooks(ROOT))
    for name, text in reference_pages.pages(plugins, roles, playbooks, titles, notice).items():
        write(reference / name, text)
    for plugin in [*plugins, *roles]:
        page = reference / f"{plugin.page}.rst"
        write(page, reference_pages.of_the_site(page.read_text("utf-8"), plugin, notice))
    for role in roles:
        page, path = reference / f"{role.page}.rst", f"roles/{role.name}/README.md"
        readme = moved((ROOT / path).read_text("utf-8"), path)
        write(reference / f"{role.name}.inc", reference_pages.of_readme(readme))
        write(page, reference_pages.with_readme(page.read_text("utf-8"), f"{role.name}.inc"))


def with_tags(playbooks: t.Iterable[content.Playbook]) -> dict[content.Playbook, list[str]]:
    """Each playbook with the tags that its tasks can be chosen by."""
    from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.run_tags import PLAYBOOKS, tags_of

    return {playbook: sorted(tags_of(PLAYBOOKS / f"{playbook.name}.yml")) for playbook in playbooks}


def write_colours() -> None:
    """antsibull-docs' colours for the dark, where the theme is dark: it has them as a file, and for the light alone."""
    dark = importlib.resources.files("sphinx_antsibull_ext").joinpath("colors-default-dark.css").read_text("utf-8")
    chosen = dark.replace(":root", 'body[data-theme="dark"]')
    automatic = dark.replace(":root", 'body:not([data-theme="light"])')
    write(WORK / "static/dark.css", f"{chosen}\n@media (prefers-color-scheme: dark) {{ {automatic} }}\n")


def write(path: pathlib.Path, text: str) -> None:
    """A file, and the directories above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def run(program: str, *arguments: str) -> None:
    """A program beside this Python; ends the build where it fails."""
    beside = pathlib.Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{beside}{os.pathsep}{os.environ['PATH']}"}
    environment.setdefault("ANSIBLE_COLLECTIONS_PATH", str(ROOT / ".work/collections"))
    done = subprocess.run([str(beside / program), *arguments], cwd=ROOT, env=environment, check=False)
    if done.returncode:
        raise SystemExit(f"{program} failed, see above; the site was not built.")


def main() -> int:
    """Build, and tell what is wrong with what was built."""
    shutil.rmtree(WORK, ignore_errors=True)
    collection.install()
    write_reference()
    write_pages()
    write_colours()
    strict = ["--fail-on-warning", "--keep-going", "--quiet", "--jobs", "auto"]
    run("sphinx-build", *strict, "-b", "html", "-c", str(HERE), "-d", str(WORK / "doctrees"), str(SOURCE), str(HTML))
    wrong = check.problems(HTML)
    sys.stdout.write("".join(f"{problem}\n" for problem in wrong))
    sys.stdout.write(f"{HTML / 'index.html'}: {len(wrong) or 'no'} problems\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
