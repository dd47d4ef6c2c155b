# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a command beside a test bed: `python -m tests.with_testbed -- molecule test`.

The command finds AWS, credentials and exchange tokens in its environment, and the addresses of the other servers in
TESTBED_DNS, TESTBED_HTTPS_PORT, TESTBED_CA_FILE and TESTBED_CONTROL_URL. External DNS records that it writes to
TESTBED_ARTIFACTS are added to the external zone.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

from tests.testbed.client import TestBed
from tests.zone_keeper import ZoneKeeper


def variables(testbed: TestBed, artifacts: pathlib.Path) -> dict[str, str]:
    """The environment of a control node, and where the test bed's other servers are."""
    tokens = {
        f"GITPOD_EXCHANGE_TOKEN_{region.upper().replace('-', '_')}": token
        for region, token in testbed.exchange_tokens.items()
    }
    addresses = {
        "TESTBED_DNS": testbed.dns,
        "TESTBED_RELEASES_URL": testbed.releases_url,
        "TESTBED_HTTPS_PORT": str(testbed.https_port),
        "TESTBED_HTTP_PORT": str(testbed.http_port),
        "TESTBED_CA_FILE": testbed.ca_file,
        "TESTBED_CONTROL_URL": testbed.control_url,
        "TESTBED_ARTIFACTS": str(artifacts),
    }
    return {**testbed.environment(), **tokens, **addresses}


def main() -> int:
    """Start, run, stop; the exit code is the command's."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stack-seconds", type=float, default=5.0)
    parser.add_argument("--python", default=os.environ.get("TESTBED_PYTHON", sys.executable))
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as directory,
        TestBed.start(options.python, stack_seconds=options.stack_seconds) as testbed,
        ZoneKeeper(testbed, pathlib.Path(directory)),
    ):
        environment = {**os.environ, **variables(testbed, pathlib.Path(directory))}
        return subprocess.run(options.command, check=False, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
