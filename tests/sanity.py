# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-test sanity on a copy of what is shipped, without a container engine and without the internet but PyPI.

What is not shipped is no part of the collection: whoever certifies it has the tarball alone. ansible-test wants the
collection below ansible_collections/, as real files, and downloads get-pip.py from a bucket for its virtual
environments. A file of that name in its cache, which installs the same version of pip from PyPI, makes the download
unnecessary.
"""

from __future__ import annotations

import fnmatch
import os
import pathlib
import re
import shutil
import subprocess
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[1]
WORK = ROOT / ".work/sanity"
COPY = WORK / "ansible_collections/gitpod/enterprise_runner"
# By the pip of the environment that runs this: each test has an environment of its own, and one begins without any pip.
GET_PIP = """
import subprocess, sys
into = ["--python", sys.executable, "install", "--quiet", "--no-compile"]
subprocess.check_call([{python!r}, "-m", "pip", *into, "pip=={version}"])
"""


def shipped(names: list[str], ignored: list[str]) -> list[str]:
    """The files that are built into the collection's archive.

    :param ignored: C(build_ignore) of galaxy.yml; a pattern that matches a directory leaves out all that is in it
        (lib/ansible/galaxy/collection of ansible-core).
    """
    return [
        name
        for name in names
        if not any(
            fnmatch.fnmatch(str(path), pattern)
            for path in (pathlib.PurePath(name), *pathlib.PurePath(name).parents[:-1])
            for pattern in ignored
        )
    ]


def copy_checkout() -> None:
    """What git knows, or would add, and is shipped, as real files."""
    shutil.rmtree(WORK / "ansible_collections", ignore_errors=True)
    command = ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    ignored = yaml.safe_load((ROOT / "galaxy.yml").read_text("utf-8"))["build_ignore"]
    # Of what the tests themselves leave in the copy, git must not tell.
    for name in (*shipped(names, ignored), ".gitignore"):
        source = ROOT / name
        if source.is_file():
            target = COPY / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    # ansible-test asks git for the files, and the checkout around the copy ignores them.
    subprocess.run(["git", "init", "--quiet", str(COPY)], check=True)


def link_dependencies() -> None:
    """Collections that ours imports, from the PyPI package ansible beside this interpreter."""
    import ansible_collections.amazon.aws as amazon_aws

    target = WORK / "ansible_collections/amazon/aws"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.symlink_to(pathlib.Path(next(iter(amazon_aws.__path__))))


def put_get_pip_in_the_cache(home: pathlib.Path) -> None:
    """The version comes from ansible-test's own source, so that it follows ansible-core."""
    import ansible_test

    source = pathlib.Path(ansible_test.__path__[0]) / "_internal/python_requirements.py"
    match = re.search(r"pip='([0-9.]+)'", source.read_text("utf-8"))
    if match is None:
        raise SystemExit("ansible-test no longer states its version of pip where this script looks for it")
    cache = home / ".ansible/test/cache"
    cache.mkdir(parents=True, exist_ok=True)
    script = cache / f"get_pip_{match[1].replace('.', '_')}.py"
    script.write_text(GET_PIP.format(version=match[1], python=sys.executable), "utf-8")


def main() -> int:
    """Run every sanity test with the interpreter that runs this script."""
    home = WORK / "home"
    copy_checkout()
    link_dependencies()
    put_get_pip_in_the_cache(home)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    # Shims of other Python versions would be found first, and fail because those versions are not installed.
    path = [part for part in os.environ["PATH"].split(os.pathsep) if "/shims" not in part]
    path = [str(pathlib.Path(sys.executable).parent), str(pathlib.Path(sys.base_prefix) / "bin"), *path]
    environment = {**os.environ, "HOME": str(home), "PATH": os.pathsep.join(path)}
    environment.pop("ANSIBLE_COLLECTIONS_PATH", None)
    command = [
        "ansible-test",
        "sanity",
        "--venv",
        "--python",
        version,
        "--color",
        "no",
        "--requirements",
        *sys.argv[1:],
    ]
    return subprocess.run(command, check=False, cwd=COPY, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
