# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything is built, downloaded and installed by the commands of the pages: Galaxy and the hub are stand-ins on
loopback, and in PyPI's place is a directory with wheels of what is installed here.
"""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess

import pytest
import yaml

from tests import documented, galaxy, wheels
from tests.executed import executes
from tests.reader import Reader

ROOT = documented.ROOT
NOTHING_THERE = {"ANSIBLE_COLLECTIONS_SCAN_SYS_PATH": "false"}
TOKEN = "token-of-the-hub"
INSTALL = "ansible-galaxy collection install gitpod.enterprise_runner"
BUILD = "ansible-galaxy collection build --output-path build"
DOWNLOAD_BUILT = (
    "ansible-galaxy collection download build/gitpod-enterprise_runner-*.tar.gz --download-path collections"
)
DOWNLOAD = "ansible-galaxy collection download gitpod.enterprise_runner --download-path collections"
OFFLINE = "ansible-galaxy collection install -r requirements.yml --offline"
NEEDED = ("ansible-core", "boto3", "botocore", "cryptography", "dnspython", "gitpod-sdk")
CORE = "pip install 'ansible-core>=2.19,<2.22'"
REQUIRED = "pip install -r ~/.ansible/collections/ansible_collections/gitpod/enterprise_runner/requirements.txt"
WHEELS = (
    "pip download --dest wheels 'ansible-core>=2.19,<2.22' 'boto3>=1.35.70' 'botocore>=1.35.70'"
    " cryptography dnspython gitpod-sdk"
)
FROM_WHEELS = f"pip install --no-index --find-links wheels {' '.join(NEEDED)}"
UPGRADED = "pip install --upgrade 'botocore>=1.35.70' 'boto3>=1.35.70'"
# With what is then there to import.
ALONE = {"pip install cryptography": "cryptography", "pip install dnspython": "dns", "pip install gitpod-sdk": "gitpod"}
BROUGHT = {"amazon.aws", "community.general", "gitpod.enterprise_runner"}


def reader_in(directory: pathlib.Path, **environment: str) -> Reader:
    """With an empty home, and without the collections of the PyPI package ansible: nothing is installed."""
    directory.mkdir(exist_ok=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    return Reader(directory, {**kept, "HOME": str(directory), "ANSIBLE_NOCOLOR": "1", **NOTHING_THERE, **environment})


def installed(home: pathlib.Path) -> dict[str, str]:
    """Versions of what lies where ansible-galaxy installs, by name."""
    found = {}
    for path in home.glob(".ansible/collections/ansible_collections/*/*/MANIFEST.json"):
        info = yaml.safe_load(path.read_text("utf-8"))["collection_info"]
        found[f"{info['namespace']}.{info['name']}"] = info["version"]
    return found


def dependencies() -> list[galaxy.Archive]:
    """What this collection needs: versions at both ends of the ranges in galaxy.yml, and one beyond."""
    return [
        galaxy.archive(name.partition(".")[0], name.partition(".")[2], version, {})
        for name, versions in {
            "amazon.aws": ("10.0.0", "10.1.0", "11.2.0", "12.0.0"),
            "community.general": ("10.9.9", "11.0.0", "13.4.0", "14.0.0"),
            "awx.awx": ("24.6.1",),
        }.items()
        for version in versions
    ]


def checkout(directory: pathlib.Path) -> pathlib.Path:
    """What git knows, without what the archive leaves out: the tests are most of it, and are not what is tried."""
    names = subprocess.run(["git", "-C", str(ROOT), "ls-files"], check=True, capture_output=True, text=True).stdout
    for name in names.splitlines():
        if not name.startswith("tests/") and (ROOT / name).is_file():
            target = directory / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target)
    return directory


def built(directory: pathlib.Path) -> galaxy.Archive:
    """The archive of this collection, built in a copy of the checkout as the page has it."""
    reader_in(checkout(directory)).succeeds(BUILD)
    (found,) = (directory / "build").iterdir()
    return galaxy.of_file(found)


@pytest.fixture(scope="module")
def without_pypi(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Settings of pip: all that a control node needs is in a directory."""
    directory = tmp_path_factory.mktemp("pypi")
    for distribution in wheels.needed(*NEEDED):
        wheels.write(distribution, directory)
    return {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(directory), "PIP_NO_COMPILE": "1"}


@executes(BUILD, "python3 -m venv ~/gitpod-venv", ". ~/gitpod-venv/bin/activate", CORE, INSTALL, REQUIRED, UPGRADED)
def test_a_laptop_is_made_a_control_node(without_pypi: dict[str, str], tmp_path: pathlib.Path) -> None:
    """The first step of docs/first-runner.md; what is installed then knows the collection."""
    ours = built(tmp_path / "checkout")
    with galaxy.serving([ours, *dependencies()]) as server:
        reader = reader_in(tmp_path, ANSIBLE_GALAXY_SERVER=server.url, **without_pypi)
        for text in (
            "python3 -m venv ~/gitpod-venv",
            ". ~/gitpod-venv/bin/activate",
            CORE,
            INSTALL,
            REQUIRED,
            UPGRADED,
        ):
            reader.succeeds(text)
    assert set(installed(tmp_path)) == BROUGHT
    program = tmp_path / "gitpod-venv/bin/python"
    asked = "import ansible, boto3, cryptography, dns, gitpod, sys; print(ansible.__file__)"
    told = subprocess.run([str(program), "-c", asked], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert told.stdout.startswith(str(tmp_path))


@executes(WHEELS, FROM_WHEELS, *ALONE)
def test_libraries_are_downloaded_installed_elsewhere_and_one_by_one(
    without_pypi: dict[str, str], tmp_path: pathlib.Path
) -> None:
    """Into directories, which takes less than an environment for each."""
    reader = reader_in(tmp_path, **without_pypi)
    reader.succeeds(WHEELS)
    assert {path.name.partition("-")[0] for path in (tmp_path / "wheels").iterdir()} >= {"ansible_core", "boto3"}
    for number, (text, module) in enumerate({FROM_WHEELS: "ansible", **ALONE}.items()):
        place = tmp_path / str(number)
        another = reader_in(place, **without_pypi, PIP_TARGET=str(place / "there"))
        (place / "wheels").symlink_to(tmp_path / "wheels")
        another.succeeds(text)
        assert (place / "there" / module).is_dir()


@executes(BUILD, DOWNLOAD_BUILT, DOWNLOAD, "cd collections", OFFLINE)
def test_all_three_are_downloaded_and_installed_without_a_server(tmp_path: pathlib.Path) -> None:
    directory = tmp_path / "checkout"
    ours = built(directory)
    with galaxy.serving([ours, *dependencies()]) as server:
        begun = {"ANSIBLE_GALAXY_SERVER": server.url}
        reader_in(directory, **begun).succeeds(DOWNLOAD_BUILT)
        reader_in(tmp_path / "online", **begun).succeeds(DOWNLOAD)
    for place in directory, tmp_path / "online":
        names = {path.name.rsplit("-", 1)[0].replace("-", ".", 1) for path in (place / "collections").glob("*.gz")}
        assert names == BROUGHT
    control_node = tmp_path / "control-node"
    shutil.copytree(tmp_path / "online/collections", control_node / "collections")
    reader = reader_in(control_node, ANSIBLE_GALAXY_SERVER="http://127.0.0.1:9/")
    reader.succeeds("cd collections")
    reader.succeeds(OFFLINE)
    assert installed(control_node) == {
        "amazon.aws": "11.2.0",
        "community.general": "13.4.0",
        "gitpod.enterprise_runner": ours.version,
    }


@executes(
    "export ANSIBLE_GALAXY_SERVER_HUB_TOKEN=...",
    INSTALL,
    f"{INSTALL} --upgrade",
    "ansible-galaxy collection install awx.awx",
)
def test_a_private_hub_wants_its_token_and_has_newer_versions(tmp_path: pathlib.Path) -> None:
    """The ansible.cfg is the page's; the environment says alone where the hub answers."""
    needed = yaml.safe_load((ROOT / "galaxy.yml").read_text("utf-8"))["dependencies"]
    ours = galaxy.archive("gitpod", "enterprise_runner", "0.1.0", needed)
    text = (ROOT / "docs/corporate.md").read_text("utf-8")
    (tmp_path / "ansible.cfg").write_text(text.partition("```ini\n")[2].partition("```")[0], "utf-8")
    with galaxy.serving([ours, *dependencies()], TOKEN) as hub:
        reader = reader_in(tmp_path, ANSIBLE_GALAXY_SERVER_HUB_URL=hub.url)
        assert reader.types(INSTALL).code != 0
        assert (hub.downloads, installed(tmp_path)) == ([], {})
        reader.succeeds("export ANSIBLE_GALAXY_SERVER_HUB_TOKEN=...", value=f"={TOKEN}")
        reader.succeeds(INSTALL)
        assert set(installed(tmp_path)) == BROUGHT
        newer = galaxy.archive("gitpod", "enterprise_runner", "99.0.0", ours.dependencies)
        hub.archives.append(newer)
        reader.succeeds(INSTALL)
        assert installed(tmp_path)["gitpod.enterprise_runner"] == ours.version, "only --upgrade brings a newer one"
        reader.succeeds(f"{INSTALL} --upgrade")
        assert installed(tmp_path)["gitpod.enterprise_runner"] == newer.version
        reader.succeeds("ansible-galaxy collection install awx.awx")
        assert installed(tmp_path)["awx.awx"] == "24.6.1"
