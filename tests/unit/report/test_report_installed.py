# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page's templates are part of the collection as it is built and installed."""

from __future__ import annotations

import pathlib
import subprocess
import sys
import tarfile

ROOT = pathlib.Path(__file__).parents[3]
PROGRAM = """
import site, sys
from ansible.utils.collection_loader._collection_finder import _AnsibleCollectionFinder
_AnsibleCollectionFinder(paths=[sys.argv[1], *site.getsitepackages()])._install()
from ansible_collections.gitpod.enterprise_runner.plugins.action import runner_report
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.model import Fleet
print(runner_report.__file__)
print(runner_report.documents(Fleet.of([{"runner": "{{ 1 + 1 }}", "region": "us-east-1"}], "x"))["fleet.html"])
"""


def test_an_installed_collection_writes_the_page(tmp_path: pathlib.Path) -> None:
    galaxy = pathlib.Path(sys.executable).with_name("ansible-galaxy")
    built = [str(galaxy), "collection", "build", "--output-path", str(tmp_path)]
    subprocess.run(built, cwd=ROOT, check=True, capture_output=True)
    (archive,) = tmp_path.glob("*.tar.gz")
    installed = tmp_path / "ansible_collections/gitpod/enterprise_runner"
    with tarfile.open(archive) as content:
        content.extractall(installed, filter="data")
    program = [sys.executable, "-c", PROGRAM, str(tmp_path)]
    found = subprocess.run(program, cwd=tmp_path, check=True, capture_output=True, text=True, env={"PATH": "/usr/bin"})
    where, page = found.stdout.split("\n", 1)
    assert where.startswith(str(tmp_path)), "it is the installed one"
    assert page.startswith("<!DOCTYPE html>")
    assert page.rstrip().endswith("</html>")
    assert "{{ 1 + 1 }}</a>" in page or "{{ 1 + 1 }}</span></a>" in page, "a name is no template"
