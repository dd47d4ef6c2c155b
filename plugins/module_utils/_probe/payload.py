# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The probe as one shell command: the sources of what it imports, compressed, and what it is to look at.

Nothing is written to the instance's disk, and what comes from the inventory is data inside the payload, never part
of the shell's text.
"""

from __future__ import annotations

import ast
import base64
import functools
import importlib.util
import io
import json
import tokenize
import typing as t
import zlib

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._errors import RunnerError

COLLECTION = "ansible_collections.gitpod.enterprise_runner"
UTILITIES = f"{COLLECTION}.plugins.module_utils"
# What the agent imports, itself the last; a test holds it equal to what the imports say.
MODULES = (
    "_text",
    "_errors",
    "_waiting",
    "_web.trust",
    "_web.watch",
    "_dns.names",
    "_dns.server",
    "_dns.asking",
    "_health.observations",
    "_health.connecting",
    "_health.resolving",
    "_health.looking",
    "_probe.agent",
)
# Characters. No limit of a command's length is documented; Systems Manager's documents end at 64 KB.
LONGEST = 32_000
# Makes modules of the sources, in memory, and begins. Packages are modules with an empty path.
_BEGIN = """
import sys, types
def make(name, source):
    module = types.ModuleType(name)
    module.__path__ = []
    sys.modules[name] = module
    parent, _, child = name.rpartition(".")
    if parent:
        if parent not in sys.modules:
            make(parent, "")
        setattr(sys.modules[parent], child, module)
    exec(compile(source, name, "exec"), module.__dict__)
for name, source in sources:
    make(name, source)
sys.modules[sources[-1][0]].main(asked)
"""
_BOOT = (
    "import base64,json,zlib;sources,asked,begin=json.loads(zlib.decompress(base64.b64decode({data!r})));exec(begin)"
)
# Red Hat's Python for the system's own tools, where there is no other.
_INTERPRETERS = "python3 /usr/libexec/platform-python"


def command(asked: t.Mapping[str, t.Any]) -> str:
    """A command for C(/bin/sh).

    :param asked: what C(agent.seen) takes.
    :raises RunnerError: it is too long.
    """
    data = json.dumps([sources(), json.dumps(asked), _BEGIN]).encode()
    packed = base64.b64encode(zlib.compress(data, 9)).decode()
    text = (
        f"for python in {_INTERPRETERS}; do command -v $python >/dev/null 2>&1 && exec $python -I -c"
        f' "{_BOOT.format(data=packed)}"; done; echo "no python3" >&2; exit 127'
    )
    if len(text) > LONGEST:
        raise RunnerError(
            f"The probe's command has {len(text)} characters, and {LONGEST} are sent at most",
            next_step="Shorten gitpod_verify_accepted_ranges",
        )
    return text


@functools.lru_cache(maxsize=1)
def sources() -> tuple[tuple[str, str], ...]:
    """Name and source of each module, without comments and docstrings, in an order in which each finds its imports."""
    return tuple((f"{UTILITIES}.{name}", _bare(_source(f"{UTILITIES}.{name}"))) for name in MODULES)


def _source(name: str) -> str:
    """From wherever the module was loaded; a module that Ansible sends is in a zip file."""
    spec = importlib.util.find_spec(name)
    source = spec.loader.get_source(name) if spec and spec.loader else None  # type: ignore[attr-defined]
    if not source:
        raise RunnerError(f"The source of {name} is not at hand", next_step="Install the collection with its sources")
    # Ansible's own loader has bytes.
    return source.decode() if isinstance(source, bytes) else str(source)


def _bare(source: str) -> str:
    """Without docstrings and comments of their own lines, otherwise word by word.

    Not unparsed: since Python 3.12 that writes f-strings which older Pythons cannot read.
    """
    lines = source.split("\n")
    for node in ast.walk(ast.parse(source)):
        body = getattr(node, "body", None)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and body and _is_text(body[0]):
            first, last = body[0].lineno - 1, body[0].end_lineno or body[0].lineno
            kept = " " * body[0].col_offset + "pass" if len(body) == 1 else ""
            lines[first:last] = [kept, *[""] * (last - first - 1)]
    bare = "\n".join(lines)
    for token in tokenize.generate_tokens(io.StringIO(bare).readline):
        if token.type == tokenize.COMMENT and not token.line[: token.start[1]].strip():
            lines[token.start[0] - 1] = ""
    return "\n".join(line for line in lines if line.strip()) + "\n"


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
