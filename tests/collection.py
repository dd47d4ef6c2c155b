# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the checkout importable as C(ansible_collections.gitpod.enterprise_runner), as Ansible does it."""

from __future__ import annotations

import pathlib
import site

from ansible.utils.collection_loader._collection_finder import _AnsibleCollectionFinder

ROOT = pathlib.Path(__file__).resolve().parents[1]


def install() -> None:
    """Call it before the first import from the collection."""
    # `make` links the checkout there; amazon.aws comes from the PyPI package ansible.
    _AnsibleCollectionFinder(paths=[str(ROOT / ".work" / "collections"), *site.getsitepackages()])._install()
