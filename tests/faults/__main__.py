# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proxy as a process: prints one JSON line with its address, and ends when its standard input does."""

from __future__ import annotations

import argparse
import json
import sys
import typing as t

from . import Proxy, Rates
from .model import CUT, FAILED, LOST, RESET, THROTTLED


def _say(what: dict[str, t.Any]) -> None:
    sys.stdout.write(f"{json.dumps(what)}\n")
    sys.stdout.flush()


def main() -> int:
    """Serve until standard input ends; then print what was counted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("upstream")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--port", type=int, default=0)
    for kind in (THROTTLED, FAILED, RESET, LOST, CUT):
        parser.add_argument(f"--{kind}", type=float, default=0.0, metavar="PERCENT")
    options = parser.parse_args()
    rates = Rates(**{kind: getattr(options, kind) / 100 for kind in (THROTTLED, FAILED, RESET, LOST, CUT)})
    with Proxy(options.upstream, rates, options.seed, port=options.port) as proxy:
        _say({"url": proxy.url})
        sys.stdin.read()
        _say(proxy.count())
    return 0


if __name__ == "__main__":
    sys.exit(main())
