# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write what the documents repeat: each role's variables from its argument specification, the example inventory, the
checks of the prerequisites, the permissions of each stage.

`python docs/reference.py` rewrites the marked parts; `--check` fails when one is out of date (make docs-check).
"""

from __future__ import annotations

import importlib
import json
import pathlib
import re
import sys
import typing as t

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[1]


sys.path.insert(0, str(ROOT / "docs"))
import declarations  # noqa: E402


def module_util(name: str) -> t.Any:
    """A module of the collection, under the name by which Ansible knows it."""
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    from tests import collection

    collection.install()
    return importlib.import_module(f"ansible_collections.gitpod.enterprise_runner.plugins.module_utils.{name}")


def plain(text: str) -> str:
    """Semantic markup as Markdown."""
    text = re.sub(r"\b[VCOE]\(([^)]*)\)", r"`\1`", text)
    text = re.sub(r"\b[MP]\(([^)#]*)(#[a-z]+)?\)", r"`\1`", text)
    return " ".join(text.split()).replace("|", "\\|")


def sentences(description: t.Any) -> str:
    """A description, one or several texts, as one line."""
    return plain(" ".join(description) if isinstance(description, list) else str(description))


def default_of(variable: t.Any) -> str:
    """The default as it is written in an inventory."""
    if variable.required:
        return "required"
    if variable.fallback:
        return " or ".join(f"`{name}`" for name in variable.fallback) + (
            f", else `{variable.default}`" if variable.default is not None else ""
        )
    if variable.computed:
        return variable.shown_default
    if variable.default is None:
        return ""
    return f"`{json.dumps(variable.default)}`".replace("|", "\\|").replace('`"', "`").replace('"`', "`")


def table(variables: t.Iterable[t.Any]) -> list[str]:
    """Variables as rows."""
    lines = ["| Variable | Type | Default | Meaning |", "|---|---|---|---|"]
    for variable in variables:
        kind = f"list of {variable.elements}" if variable.kind == "list" else variable.type
        meaning = sentences(list(variable.sentences))
        if variable.choices:
            meaning += " One of " + ", ".join(f"`{choice}`" for choice in variable.choices) + "."
        lines.append(f"| `{variable.name}` | {kind} | {default_of(variable)} | {meaning} |")
    return lines


def variables(role: str) -> str:
    """The role's variables, and what it reads of those that stages share."""
    specification = yaml.safe_load((ROOT / "roles" / role / "meta/argument_specs.yml").read_text("utf-8"))
    registry = module_util("_values.registry")
    lines = [sentences(specification["argument_specs"]["main"]["description"]), "", *table(registry.ROLES[role])]
    if registry.USES.get(role):
        lines += ["", "It also reads these, which stages share:", ""]
        lines += table(registry.variables()[name] for name in registry.USES[role])
    return "\n".join(lines)


def inventory() -> str:
    """The example inventory, the one that the demo runs."""
    text = (ROOT / "examples/inventory.yml").read_text("utf-8").removeprefix("---\n")
    return f"```yaml\n{text}```"


def checks() -> str:
    """Every check, group by group; its heading is the anchor that results name."""
    lines, group = [], ""
    for check in module_util("_preflight.checks").ALL:
        if check.group != group:
            group = check.group
            title = sys.modules[check.look.__module__].__doc__ or ""
            lines += [f"## {group}", "", title.strip(), ""]
        lines += [f"### {check.id}", "", f"{check.asks} {check.why}", "", f"Fix: {check.fix}", ""]
    return "\n".join(lines).strip()


def providers() -> str:
    """Every DNS provider."""
    lines = ["| `gitpod_dns_provider` | The records are | Needs |", "|---|---|---|"]
    registry = module_util("_dns.providers.registry")
    for provider in registry.ALL:
        notes = [f"formerly `{name}`" for name in provider.former_names]
        notes += ["default"] if provider is registry.DEFAULT else []
        shown = f"`{provider.name}`" + (f" ({', '.join(notes)})" if notes else "")
        lines.append(f"| {shown} | {provider.records} | {provider.needs} |")
    return "\n".join(lines)


def permissions() -> str:
    """The policy of each stage, and what its options bring in."""
    registry = module_util("_permissions")
    lines: list[str] = []
    for stage, actions in registry.STAGES.items():
        lines += [f"## {stage}", ""]
        if not actions:
            lines += ["None.", ""]
            continue
        for when, names in registry.conditions(stage):
            lines.append(f"- Only with `{when}`: {', '.join(f'`{name}`' for name in names)}")
        optional = sorted(action.name for action in actions if action.optional)
        if optional:
            lines.append(f"- May be missing, with less to say then: {', '.join(f'`{name}`' for name in optional)}")
        lines += ["", "```json", json.dumps(registry.policy(stage), indent=2), "```", ""]
    return "\n".join(lines).strip()


def documents() -> dict[pathlib.Path, tuple[str, str]]:
    """Documents, the name of the marked part, and what belongs there."""
    found = {
        ROOT / "README.md": ("inventory", inventory()),
        ROOT / "docs/prerequisites.md": ("checks", checks()),
        ROOT / "docs/permissions.md": ("permissions", permissions()),
        ROOT / "docs/dns.md": ("providers", providers()),
    }
    for path in sorted((ROOT / "roles").iterdir()):
        found[path / "README.md"] = ("variables", variables(path.name))
    return found


def filled(text: str, part: str, content: str) -> str:
    """The document with the marked part replaced."""
    begin, end = f"<!-- {part}: written by docs/reference.py -->", f"<!-- end of {part} -->"
    before, rest = text.split(begin, 1)
    return f"{before}{begin}\n{content}\n{end}{rest.split(end, 1)[1]}"


def main(check: bool) -> int:
    """Rewrite, or tell which documents are out of date."""
    stale = []
    for path, content in declarations.documents(ROOT, module_util("_values.registry")).items():
        if path.read_text("utf-8") != content:
            stale.append(str(path.relative_to(ROOT)))
            if not check:
                path.write_text(content, "utf-8")
    for path, (part, content) in documents().items():
        text = path.read_text("utf-8")
        new = filled(text, part, content)
        if new != text:
            stale.append(str(path.relative_to(ROOT)))
            if not check:
                path.write_text(new, "utf-8")
    if check and stale:
        sys.stderr.write(f"Out of date: {', '.join(stale)}. Run: python docs/reference.py\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
