# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What newcomers start by hand: hooks of pre-commit, a molecule scenario alone, another core, the dev container."""

from __future__ import annotations

import json
import os
import pathlib
import re
import subprocess
import sys
import typing as t
import zipfile

import pytest
import yaml

from tests import awx_collection, sanity
from tests.unit.project.test_a_release import script

ROOT = pathlib.Path(__file__).parents[3]
MAIN = ROOT / ".venv/main"
ours = pytest.mark.skipif(pathlib.Path(sys.prefix).resolve() != MAIN.resolve(), reason="it runs programs of .venv/main")


@pytest.fixture
def clone(tmp_path: pathlib.Path) -> pathlib.Path:
    found = pathlib.Path(script("release").checked_out(tmp_path, rehearsal=True))
    (found / ".venv").symlink_to(ROOT / ".venv")
    return found


@ours
@pytest.mark.skipif(not (MAIN / "bin/pre-commit").exists(), reason="pre-commit is not installed")
def test_the_hooks_of_pre_commit_find_what_the_gates_would(clone: pathlib.Path) -> None:
    """Each hook, on few files; `docs` is a gate as it is, and takes seconds."""
    names = ["tests/galaxy.py", "galaxy.yml", "changelogs/fragments/x.yml"]
    (clone / names[0]).write_text('import os\nx = {"a":1}\n', "utf-8")
    (clone / names[1]).write_text((clone / names[1]).read_text("utf-8") + "a:  1\n", "utf-8")
    (clone / names[2]).write_text("---\nfixes: x\n", "utf-8")
    subprocess.run(["git", "-C", str(clone), "add", "--all"], check=True)
    done = subprocess.run(
        [str(MAIN / "bin/pre-commit"), "run", "--files", *names],
        cwd=clone,
        env={**os.environ, "SKIP": "docs", "HOME": str(clone.parent), "PRE_COMMIT_HOME": str(clone.parent / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )
    verdicts = dict(re.findall(r"^([\w ]+?)\.{3,}(?:\(.*\))?(\w+)$", done.stdout, re.MULTILINE))
    found = {name: verdict for name, verdict in verdicts.items() if verdict != "Skipped"}
    wanted = ("ruff format", "ruff", "yamllint", "Changelog fragments")
    assert found == dict.fromkeys(wanted, "Failed"), done.stdout + done.stderr


def test_a_hook_is_local_and_what_a_gate_runs() -> None:
    """Of one version with the gates, and without the internet."""
    (repository,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))["repos"]
    assert repository["repo"] == "local"
    makefile = (ROOT / "Makefile").read_text("utf-8") + (ROOT / ".ci/release.py").read_text("utf-8")
    for hook in repository["hooks"]:
        assert hook["language"] == "system"
        program, *words = hook["entry"].removeprefix(".venv/main/bin/").split()
        assert (
            f"$(MAIN)/{program} {words[0]}" in makefile or f'"{program}", "{words[0]}"' in makefile or program == "make"
        )
    pinned = (ROOT / "tests/requirements/lint.txt").read_text("utf-8")
    assert all(
        re.search(rf"^{name}==\d", pinned, re.MULTILINE) for name in ("pre-commit", "ruff", "yamllint", "zizmor")
    )


@pytest.mark.parametrize("scenario", ["dns", "stack", "verify"])
def test_a_scenario_without_a_test_bed_touches_no_account(scenario: str) -> None:
    """It would deploy to, and delete from, the AWS account of whoever started it."""
    inventory = (ROOT / f"extensions/molecule/{scenario}/molecule.yml").read_text("utf-8")
    assert "--inventory=${MOLECULE_SCENARIO_DIRECTORY}/../inventory/testbed.yml" in inventory
    for name in yaml.safe_load(inventory)["scenario"]["test_sequence"]:
        plays = ROOT / f"extensions/molecule/{scenario}/{'converge' if name == 'idempotence' else name}.yml"
        assert plays.is_file(), name
        # The connection is the group's: a play that any other host took part in would have one.
        assert {play["hosts"] for play in yaml.safe_load(plays.read_text("utf-8"))} == {"gitpod_runners"}


def test_without_a_test_bed_the_first_task_says_how_to_start_one() -> None:
    place = ROOT / "extensions/molecule/dns"
    ansible = str(pathlib.Path(sys.executable).parent / "ansible-playbook")
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("TESTBED_", "AWS_"))}
    done = subprocess.run(
        [ansible, "-i", "inventory/hosts.yml", "-i", "../inventory/testbed.yml", "cleanup.yml"],
        cwd=place,
        env={**bare, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".work/collections")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode
    assert (
        'there is no test bed; run this scenario as "make molecule SCENARIO=dns"'
        in done.stderr + done.stdout.replace('\\"', '"')
    )


def test_one_scenario_is_played_alone_and_all_are_without_a_name() -> None:
    said = [
        subprocess.run(
            ["make", "--dry-run", "--no-print-directory", "molecule", *more],
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for more in ((), ("SCENARIO=dns",))
    ]
    assert "molecule test --all" in said[0]
    assert "molecule test --scenario-name dns" in said[1]


def wheel(place: pathlib.Path, *names: str) -> pathlib.Path:
    path = place / "ansible-12.3.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return path


def test_a_core_whose_ansible_has_no_awx_takes_it_from_the_last_that_has(tmp_path: pathlib.Path) -> None:
    """ansible 14, for core 2.21, has none: every job of the matrix meets the same."""
    pins = (ROOT / "tests/requirements/runtime.txt").read_text("utf-8")
    assert awx_collection.last_with_awx(pins).startswith("12.")
    assert awx_collection.installed([str(tmp_path)]) is None
    part = "ansible_collections/awx/awx/plugins/modules/job_template.py"
    awx_collection.unpack(wheel(tmp_path, part, "ansible_collections/community/general/README.md"), tmp_path)
    assert (tmp_path / part).is_file()
    assert not (tmp_path / "ansible_collections/community").exists()
    assert awx_collection.installed([str(tmp_path)]) == tmp_path / "ansible_collections/awx"
    with pytest.raises(SystemExit, match=r"has no awx\.awx"):
        awx_collection.unpack(wheel(tmp_path, "README.md"), tmp_path)


def test_sanity_looks_at_what_is_shipped() -> None:
    names = ["README.md", ".ci/release.py", "tests/config.yml", "tests/unit/x.py", "docs/dns.md", "docs/docsite/x.py"]
    ignored = yaml.safe_load((ROOT / "galaxy.yml").read_text("utf-8"))["build_ignore"]
    assert sanity.shipped(names, ignored) == ["README.md", "tests/config.yml", "docs/dns.md"]


def test_what_a_shipped_page_leads_to_is_shipped_too() -> None:
    command = ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    ignored = yaml.safe_load((ROOT / "galaxy.yml").read_text("utf-8"))["build_ignore"]
    files = {name for name in sanity.shipped(listed, ignored) if (ROOT / name).is_file()}
    there = files | {str(folder) for name in files for folder in pathlib.PurePath(name).parents}
    for name in sorted(files):
        if name.endswith(".md"):
            text = re.sub(r"^```.*?^```", "", (ROOT / name).read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
            targets = [found for found in re.findall(r"\]\(([^)\s#]+)", text) if not re.match(r"[a-z]+:", found)]
            led = {os.path.normpath(os.path.join(os.path.dirname(name), target)) for target in targets}  # noqa: PTH118, PTH120
            assert led <= there, name


def devcontainer() -> dict[str, t.Any]:
    return dict(json.loads((ROOT / ".devcontainer/devcontainer.json").read_text("utf-8")))


def test_the_dev_container_is_made_of_what_is_published() -> None:
    """Tags as devcontainers/images publishes them (src/base-debian: C(base:<major>-<variant>)); options as
    devcontainers/features has them in src/python and src/node, where the first is read by its install.sh alone."""
    told = devcontainer()
    assert re.fullmatch(r"mcr\.microsoft\.com/devcontainers/base:2-(trixie|bookworm)", told["image"])
    options = {
        "ghcr.io/devcontainers/features/python:1": {"additionalVersions", "version", "installTools", "toolsToInstall"},
        "ghcr.io/devcontainers/features/node:1": {"version", "nodeGypDependencies", "pnpmVersion", "nvmVersion"},
    }
    assert set(told["features"]) <= set(options)
    assert all(set(given) <= options[name] for name, given in told["features"].items())
    # Of the specification's properties, those that are in use, and their type.
    types = {"name": str, "image": str, "features": dict, "onCreateCommand": str, "customizations": dict}
    assert {name: type(value) for name, value in told.items()} == types


def test_the_dev_container_has_the_pythons_of_both_cores() -> None:
    given = devcontainer()["features"]["ghcr.io/devcontainers/features/python:1"]
    matrix = yaml.safe_load((ROOT / ".github/workflows/test.yml").read_text("utf-8"))["jobs"]["test"]["strategy"]
    pythons = [entry["python"] for entry in matrix["matrix"]["include"]]
    assert [given["version"], given["additionalVersions"]] == [pythons[0], pythons[-1]]
