# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of one test session share the modules that Ansible has packed.

Ansible packs each module with what it imports, once a run, and keeps the package in the run's temporary directory. For
a suite of many short runs that is a large part of the time. Here that part of the temporary directory is a link to a
directory of the session.
"""

from __future__ import annotations

import os
import pathlib

from ansible import constants
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: shared_payloads
type: aggregate
short_description: Share packed modules between runs
description: Links the cache of packed modules to the directory that TESTS_PAYLOADS names.
"""


class CallbackModule(CallbackBase):
    """Does its work when it is loaded, before the first task."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "shared_payloads"

    def __init__(self) -> None:
        super().__init__()
        shared = pathlib.Path(os.environ["TESTS_PAYLOADS"])
        shared.mkdir(parents=True, exist_ok=True)
        link = pathlib.Path(constants.DEFAULT_LOCAL_TMP) / "ansiballz_cache"
        if not link.exists():
            link.symlink_to(shared, target_is_directory=True)
