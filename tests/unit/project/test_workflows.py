# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The workflows of GitHub, as far as they can run without it: each command in a clean clone, with the matrix's values.

So do the commands of the dev container and of the vendor's automations file.

`make` only says there what it would do; what it does is what every other test is. `zizmor` (a gate) reads the files as
GitHub does, and looks for weak points.
"""

from __future__ import annotations

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import typing as t

import pytest
import yaml

from tests.unit.project.test_a_release import script

ROOT = pathlib.Path(__file__).parents[3]
MAIN = ROOT / ".venv/main"
WORKFLOWS = {path.name: yaml.safe_load(path.read_text("utf-8")) for path in (ROOT / ".github/workflows").glob("*.yml")}
JOBS = [(name, job, told) for name, content in WORKFLOWS.items() for job, told in content["jobs"].items()]
# What GitHub's machine has and a test may not have: root by sudo, and the command line of GitHub.
STAND_INS = {"sudo": '"$@"', "gh": "exit 0", "make": 'exec "$REAL_MAKE" --dry-run "$@"'}
VERSION = "0.0.1"


def steps(job: dict[str, t.Any]) -> list[dict[str, t.Any]]:
    return list(job.get("steps", []))


def combinations(job: dict[str, t.Any]) -> list[dict[str, str]]:
    return list(job.get("strategy", {}).get("matrix", {}).get("include", [{}]))


def runs() -> t.Iterator[t.Any]:
    """Each command once; where the matrix's values are in it, once with each."""
    seen = set()
    for name, key, job in JOBS:
        for number, step in enumerate(steps(job)):
            for values in combinations(job) if "run" in step else ():
                told = (step["run"], *(filled(str(value), values) for value in step.get("env", {}).values()))
                if told not in seen:
                    seen.add(told)
                    yield pytest.param(job, step, values, id="-".join([name, key, str(number), *values.values()]))
    container = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text("utf-8"))["onCreateCommand"]
    tasks = yaml.safe_load((ROOT / ".ona/automations.yaml").read_text("utf-8"))["tasks"]
    for name, command in {"devcontainer": container, **{key: task["command"] for key, task in tasks.items()}}.items():
        yield pytest.param({}, {"run": command}, {}, id=name)


def filled(text: str, values: dict[str, str]) -> str:
    """With the value of each expression, as far as a rehearsal has one."""
    known = {f"matrix.{name}": value for name, value in values.items()}
    known |= {"github.base_ref": "main", "github.actor": "octocat", "github.token": "", "secrets.GALAXY_TOKEN": ""}
    known |= {"inputs.version": VERSION}
    return re.sub(r"\$\{\{ (.+?) \}\}", lambda found: known[found.group(1)], text)


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """What is committed, and what would be; beside a server that takes pushes, and the programs of GitHub's machine."""
    place = tmp_path_factory.mktemp("workflows")
    found = pathlib.Path(script("release").checked_out(place, rehearsal=True))
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.com")
    for words in (
        ("switch", "--quiet", "--force-create", "main"),
        ("add", "--all"),
        (*identity, "commit", "--quiet", "--allow-empty", "--message", "All"),
        (*identity, "tag", "--annotate", f"v{VERSION}-rehearsed", "--message", "x"),
        ("init", "--quiet", "--bare", str(place / "origin")),
        ("remote", "set-url", "origin", str(place / "origin")),
        ("push", "--quiet", "origin", "main"),
    ):
        subprocess.run(["git", "-C", str(found), *words], check=True, capture_output=True)
    (found / ".venv").symlink_to(ROOT / ".venv")
    (place / "bin").mkdir()
    for name, body in STAND_INS.items():
        (place / "bin" / name).write_text(f"#!/bin/sh\n{body}\n", "utf-8")
        (place / "bin" / name).chmod(0o755)
    return found


# What a rehearsal ends with where it must not succeed: nothing is released or published here.
REFUSED = {"Release": "0.0.1 does not follow", "Publish": "there is no tag v0.0.1", "Push": "v0.0.1 does not match any"}


@pytest.mark.skipif(pathlib.Path(sys.prefix).resolve() != MAIN.resolve(), reason="they run programs of .venv/main")
@pytest.mark.parametrize(("job", "step", "values"), list(runs()))
def test_each_command_runs_in_a_clean_clone(
    job: dict[str, t.Any], step: dict[str, t.Any], values: dict[str, str], clone: pathlib.Path
) -> None:
    mine = f"2.{int(sys.version_info.minor) + 8}"
    if step.get("name") == "That core, and no other" and values["core"] != mine:
        pytest.skip(f"here is Python {sys.version_info.major}.{sys.version_info.minor}, whose core is {mine}")
    head = subprocess.run(["git", "-C", str(clone), "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    told = {**job.get("env", {}), **step.get("env", {})}
    path = os.pathsep.join((str(clone.parent / "bin"), os.environ["PATH"]))
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", filled(step["run"], values)],
        cwd=clone,
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTHON"))},
            **{name: filled(value, values) for name, value in told.items()},
            "PATH": path,
            "REAL_MAKE": str(shutil.which("make")),
            "GITHUB_SHA": head.stdout.strip(),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    refused = REFUSED.get(step.get("name", ""))
    assert bool(done.returncode) is bool(refused), done.stdout
    assert (refused or "") in done.stdout


def test_actions_are_pinned_by_commit_and_say_their_version() -> None:
    text = "\n".join((ROOT / ".github/workflows" / name).read_text("utf-8") for name in WORKFLOWS)
    used = [line.strip() for line in text.splitlines() if "uses:" in line and "uses: ./" not in line]
    pinned = [re.fullmatch(r"(?:- )?uses: ([\w/-]+)@([0-9a-f]{40})  # (v\d+\.\d+\.\d+)", line) for line in used]
    assert all(pinned)
    assert len(pinned) > len(WORKFLOWS)
    each = {(found.group(1), found.group(2), found.group(3)) for found in pinned if found}
    # One commit an action, everywhere.
    assert len({name for name, _commit, _version in each}) == len(each)


def test_nothing_may_write_but_what_pushes_and_what_deploys() -> None:
    assert all(content["permissions"] == {"contents": "read"} for content in WORKFLOWS.values())
    assert {(name, job): told["permissions"] for name, job, told in JOBS if "permissions" in told} == {
        ("release.yml", "release"): {"contents": "write"},
        ("site.yml", "publish"): {"pages": "write", "id-token": "write"},
    }
    for _name, _job, told in JOBS:
        for step in steps(told):
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False
    secret = [step["name"] for _name, _job, told in JOBS for step in steps(told) if "secrets." in str(step)]
    assert secret == ["Publish"]


def test_each_job_ends_and_runs_do_not_get_in_each_others_way() -> None:
    assert all("timeout-minutes" in told for _name, _job, told in JOBS if "uses" not in told)
    assert all("concurrency" in content for content in WORKFLOWS.values())
    groups = [content["concurrency"]["group"] for content in WORKFLOWS.values()]
    assert len(set(groups)) == len(groups)
    # One that is called has a group of its own, or it would wait for its caller.
    assert WORKFLOWS["release.yml"]["concurrency"]["group"] not in WORKFLOWS["test.yml"]["concurrency"]["group"]
    triggers = {name: set(content[True]) for name, content in WORKFLOWS.items()}
    assert triggers["test.yml"] == {"push", "pull_request", "workflow_call", "schedule"}
    assert triggers["release.yml"] == {"workflow_dispatch"}


def test_an_expression_names_what_is_there() -> None:
    for name, content in WORKFLOWS.items():
        inputs = {key for event in content[True].values() if event and "inputs" in event for key in event["inputs"]}
        for job in content["jobs"].values():
            known = {f"matrix.{key}" for values in combinations(job) for key in values}
            known |= {f"inputs.{key}" for key in inputs}
            known |= {f"steps.{step['id']}.outputs.page_url" for step in steps(job) if "id" in step}
            text = yaml.safe_dump(job, width=10_000)
            assert set(re.findall(r"\b((?:matrix|inputs|steps)\.[\w.]+)", text)) <= known, name
            needed = job.get("needs", [])
            assert {*([needed] if isinstance(needed, str) else needed)} <= set(content["jobs"])


def test_what_lies_in_a_hidden_directory_is_uploaded_all_the_same() -> None:
    """actions/upload-artifact leaves out hidden files and what lies in hidden folders (its README, since 4.4)."""
    for _name, _job, told in JOBS:
        for step in steps(told):
            if step.get("uses", "").startswith("actions/upload-artifact@") and step["with"]["path"].startswith("."):
                assert step["with"]["include-hidden-files"] is True
                assert step["with"]["if-no-files-found"] == "error"
