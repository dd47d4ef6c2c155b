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
import textwrap
import typing as t

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[1]


sys.path.insert(0, str(ROOT / "docs"))
import declarations  # noqa: E402
import evidence  # noqa: E402
import patterns  # noqa: E402
import permission_pages  # noqa: E402

sys.path.insert(0, str(ROOT))
from docs.docsite import guides  # noqa: E402
from tests import executed  # noqa: E402


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
    lines = [sentences(specification["argument_specs"]["main"]["description"]), "", *table(registry.DOCUMENTED[role])]
    if registry.USES.get(role):
        lines += ["", "It also reads these, which stages share:", ""]
        lines += table(registry.variables()[name] for name in registry.USES[role])
    return "\n".join(lines)


def inventory(name: str) -> str:
    """An inventory of the examples; C(inventory.yml) is the one that the demo runs."""
    text = (ROOT / "examples" / name).read_text("utf-8").removeprefix("---\n")
    return f"```yaml\n{text}```"


def checks(level: int, *declared: t.Any) -> str:
    """Every check, group by group; its heading is the anchor that results name.

    :param level: of the groups' headings.
    """
    lines, group, heading = [], "", "#" * level
    for check in declared:
        if check.group != group:
            group = check.group
            title = sys.modules[check.look.__module__].__doc__ or ""
            lines += [f"{heading} {group}", "", title.strip(), ""]
        lines += [f"{heading}# {check.id}", "", f"{check.asks} {check.why}", "", f"Fix: {check.fix}", ""]
    return "\n".join(lines).strip()


def verification() -> list[t.Any]:
    """Every check of the verification once, as the place declares it that can make it."""
    network = module_util("_health.checks").ALL
    others = module_util("_verification.checks").ALL
    own = {check.id for check in network}
    return [
        *(check for check in others if check.id not in own),
        *network,
        *module_util("_verification.vantage").CHECKS,
    ]


# What a check's result is, by key: description and type.
RESULT = {
    "status": (
        "V(pass), V(warn) where it may work, V(fail) where it cannot, V(skip) where nothing was proven.",
        "str",
    ),
    "summary": ("What was seen.", "str"),
    "remediation": ("What to do about it, or where to look; empty when there is nothing to do.", "str"),
    "evidence": ("What was measured; empty where that says no more than the summary.", "dict"),
    "unverifiable": (
        "Whether it was skipped because it cannot be seen from here, only from elsewhere or with a permission.",
        "bool",
    ),
    "docs": ("Where the documentation explains the check.", "str"),
}


def result_of_a_check(identifiers: t.Sequence[str], document: str) -> str:
    """What the result of a check holds, as the C(contains) of a module's RETURN.

    :param identifiers: of the module's checks; empty where only the document lists them.
    """
    names = [f"V({identifier})" for identifier in identifiers]
    one_of = f"One of {', '.join(names[:-1])} and {names[-1]}" if names else "Stable identifier"
    keys = {"id": (f"{one_of}, as C({document}) explains them.", "str"), **RESULT}
    lines = []
    for key, (description, kind) in keys.items():
        short, *more = textwrap.wrap(description, 92, break_long_words=False, break_on_hyphens=False)
        listed = ["  description:", f"    - {short}", *(f"      {line}" for line in more)]
        lines += [f"{key}:", *(listed if more else [f"  description: {short}"]), f"  type: {kind}"]
    return "\n".join(lines)


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
    """Which policy a playbook takes, what stands for the placeholders, what each stage calls."""
    parts = (module_util(f"_permissions.{name}") for name in ("policy", "registry", "stages"))
    return permission_pages.page(*parts)


def whole_files() -> dict[pathlib.Path, str]:
    """Files that are written as a whole."""
    policies = permission_pages.files(ROOT, module_util("_permissions.policy"), module_util("_permissions.stages"))
    found = {**declarations.documents(ROOT, module_util("_values.registry")), **policies}
    return {**found, **patterns.files(ROOT, module_util)}


def evidence_of_the_testbed() -> str:
    """What stands on evidence, and what is a guess."""
    operations = importlib.import_module("tests.testbed.contract.operations")
    return evidence.tables(ROOT, operations.called())


def documents() -> list[tuple[pathlib.Path, str, str]]:
    """Documents, the name of the marked part, and what belongs there."""
    found = [
        (ROOT / "README.md", "minimal", inventory("minimal/inventory.yml")),
        (ROOT / "README.md", "inventory", inventory("inventory.yml")),
        (ROOT / "README.md", "guides", guides.table(guides.declared(ROOT))),
        (ROOT / "docs/first-runner.md", "first runner", inventory("minimal/inventory.yml")),
        (ROOT / "docs/accounts.md", "accounts", inventory("accounts/inventory.yml")),
        (ROOT / "docs/private.md", "private", inventory("private/inventory.yml")),
        (ROOT / "docs/prerequisites.md", "checks", checks(2, *module_util("_preflight.checks").ALL)),
        (ROOT / "docs/verification.md", "checks", checks(3, *verification())),
        (ROOT / "docs/permissions.md", "permissions", permissions()),
        (ROOT / "docs/dns.md", "providers", providers()),
        (ROOT / "docs/development.md", "evidence", evidence_of_the_testbed()),
        (ROOT / "docs/development.md", "excused commands", executed.excused()),
    ]
    for path in sorted((ROOT / "roles").iterdir()):
        found.append((path / "README.md", "variables", variables(path.name)))
    for module, (identifiers, document) in modules().items():
        path = ROOT / "plugins/modules" / f"{module}.py"
        found.append((path, "result of a check", result_of_a_check(identifiers, document)))
    return found


def modules() -> dict[str, tuple[list[str], str]]:
    """Modules that return results of checks: which ones, and what explains them."""
    found = {
        "runner_preflight_info": ([], "_preflight.check"),
        "runner_verification_info": (module_util("_verification.checks").ALL, "_verification.check"),
        "runner_health_info": (module_util("_health.checks").ALL, "_health.check"),
        "runner_verdict": (verification(), "_verification.check"),
    }
    return {
        module: ([check.id for check in checks], module_util(declared).check.document)
        for module, (checks, declared) in found.items()
    }


def filled(text: str, part: str, content: str) -> str:
    """The text with the marked part replaced; in a module's YAML the marks are comments, and give the indentation."""
    marked = re.compile(
        rf"(?P<indent>[ ]*)(?P<begin><!--|#) {part}: written by docs/reference.py(?P<end>( -->)?)\n"
        rf"(?P<old>.*?)(?P=indent)(?P=begin) end of {part}(?P=end)\n",
        re.DOTALL,
    )

    def fresh(found: re.Match[str]) -> str:
        indent, begin, end = found["indent"], found["begin"], found["end"]
        new = textwrap.indent(content, indent)
        first = f"{indent}{begin} {part}: written by docs/reference.py{end}\n"
        return f"{first}{new}\n{indent}{begin} end of {part}{end}\n"

    new, count = marked.subn(fresh, text)
    if not count:
        raise ValueError(f"Nothing is marked as {part}")
    return new


def main(check: bool) -> int:
    """Rewrite, or tell which documents are out of date."""
    stale = []
    for path, content in whole_files().items():
        if not path.exists() or path.read_text("utf-8") != content:
            stale.append(str(path.relative_to(ROOT)))
            if not check:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(content, "utf-8")
    for path, part, content in documents():
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
