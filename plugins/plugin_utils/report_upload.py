# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run's part of the fleet's report, laid over the one on the control node and the one in S3. For action plugins."""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import os
import pathlib
import typing as t

from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._files import text_of
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report.model import Fleet
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_store.documents import DOCUMENT
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_store.merge import (
    Key,
    Runner,
    fleet_of,
    key_of,
    merged,
    runners_in,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._report_store.statuses import (
    STATUS,
    document,
    statuses_in,
)
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._values.door import Values
from ansible_collections.gitpod.enterprise_runner.plugins.module_utils._waiting import Clock, Pace, poll
from ansible_collections.gitpod.enterprise_runner.plugins.plugin_utils.running import Raw, Result, plain, run_module

if t.TYPE_CHECKING:
    from collections.abc import Iterator

LOCK, LONGEST_LOCK = ".fleet.lock", 60.0
ASIDE = ".kept"
LARGEST = 64 * 1024 * 1024


@dataclasses.dataclass(frozen=True)
class Part:
    """What a run reports.

    :param fleet: of this run alone.
    :param forgotten: runners that are there no more.
    """

    fleet: Fleet
    forgotten: tuple[Key, ...] = ()

    def over(self, known: t.Sequence[Runner]) -> Fleet:
        """The fleet with this part, which replaces only its own runners of what is known."""
        everyone = merged(known, self.fleet.documents, self.forgotten)
        return fleet_of(everyone, self.fleet.documents, self.fleet.title, self.fleet.generated)

    def own_over(self, known: t.Sequence[Runner]) -> Fleet:
        """This run's runners alone, with what only the known ones tell of them."""
        own = {key_of(runner) for runner in self.fleet.documents}
        everyone = merged([runner for runner in known if key_of(runner) in own], self.fleet.documents)
        return Fleet.of(everyone, self.fleet.title, self.fleet.generated)


def peeked(directory: pathlib.Path) -> list[Runner]:
    """The runners of the report that a directory has, for showing; none where there is none that can be read."""
    try:
        return runners_in(text_of(str(directory / DOCUMENT), LARGEST)) or []
    except (OSError, ValueError):
        return []


def known_in(directory: pathlib.Path, warn: t.Callable[[str], None] = lambda _text: None) -> list[Runner]:
    """The runners of the report that a directory has; none where it has no report.

    A file that is no report of this release is nobody's to throw away: it is kept beside the new one.

    :param warn: is told of it.
    :raises OSError: the file is there and cannot be read.
    """
    return _read(directory / DOCUMENT, runners_in, warn)


def _read(
    path: pathlib.Path, runners: t.Callable[[str], list[Runner] | None], warn: t.Callable[[str], None]
) -> list[Runner]:
    """The runners of a file of ours; what is none is kept aside.

    :param runners: of a text; C(None) where it is no such document.
    :raises OSError: the file is there and cannot be read.
    """
    try:
        found = runners(text_of(str(path), LARGEST))
    except FileNotFoundError:
        return []
    except ValueError:
        found = None
    if found is not None:
        return found
    aside = path.with_name(f"{path.name}{ASIDE}")
    path.replace(aside)
    warn(
        f"{path} was not written by this release of the collection, so what it says of other runners is not in the new"
        f" one. It is kept as {aside}."
    )
    return []


@contextlib.contextmanager
def alone_in(directory: pathlib.Path, clock: Clock | None = None) -> Iterator[None]:
    """No other run of this machine reads or writes the directory's report meanwhile.

    A directory that cannot be locked, as some network file systems, is written without.

    :raises OSError: another run holds it for longer than writing takes, such as one that was stopped (SIGSTOP).
    """
    descriptor = os.open(directory / LOCK, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        _lock(descriptor, directory, clock or Clock())
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, directory: pathlib.Path, clock: Clock) -> None:
    for _elapsed in poll(clock, LONGEST_LOCK, Pace(first=0.02, longest=0.5)):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        except OSError:
            return
        return
    raise TimeoutError(f"another run has held {directory / LOCK} for {LONGEST_LOCK:g} s")


def place(url: str) -> tuple[str, str]:
    """Bucket and prefix of gitpod_report_upload."""
    bucket, _slash, prefix = url.removeprefix("s3://").partition("/")
    return bucket, prefix.strip("/")


def upload(action: t.Any, task_vars: Raw, values: Values, part: Part, files: t.Mapping[str, str]) -> Result:
    """Lay the part over the fleet's report in S3; the links, or C(error). Empty where nothing is to be uploaded.

    A report that cannot be kept is a warning: what was deployed is deployed.

    :param files: further ones, by their names below the prefix.
    """
    if not values["gitpod_report_upload"]:
        return {}
    found = _uploaded(action, task_vars, {**_place(values), **_report(part, task_vars), "files": dict(files)})
    return {"error": str(found["msg"])} if found.get("failed") else dict(plain(found["links"]))


def keep_status(action: t.Any, task_vars: Raw, values: Values, lines: t.Sequence[Runner], generated: str) -> Result:
    """Add a look's runners to the status that is kept where the reports are; the link, or C(error).

    Empty where nothing is to be uploaded.
    """
    if not values["gitpod_report_upload"] or not lines:
        return {}
    found = _uploaded(action, task_vars, {**_place(values), "status": list(lines), "generated": generated})
    return {"error": str(found["msg"])} if found.get("failed") else dict(plain(found["links"]))


def status_over(
    directory: pathlib.Path,
    lines: t.Sequence[Runner],
    generated: str,
    forgotten: t.Collection[Key] = (),
    warn: t.Callable[[str], None] = lambda _text: None,
) -> str:
    """The directory's status.json with a look's runners laid over it.

    A file that is none of this release is kept beside the new one, as a report is.

    :param forgotten: runners that are there no more.
    :param warn: is told of it.
    :raises OSError: the file is there and cannot be read.
    """
    known = _read(directory / STATUS, statuses_in, warn)
    return document(merged(known, lines, forgotten), generated)


def keep_files(action: t.Any, task_vars: Raw, values: Values, files: t.Mapping[str, str]) -> list[str]:
    """Keep further files where the reports are; where each is. None where nothing is to be uploaded."""
    if not values["gitpod_report_upload"] or not files:
        return []
    found = _uploaded(action, task_vars, {**_place(values), "files": dict(files)})
    return [] if found.get("failed") else [str(uri) for uri in found["objects"]]


def _uploaded(action: t.Any, task_vars: Raw, options: Result) -> Result:
    found = run_module(action, "runner_report_upload", plain(options), task_vars)
    if found.get("failed"):
        found["msg"] = str(found.get("msg") or "Nothing was uploaded")
        action._display.warning(found["msg"])
    return found


def _place(values: Values) -> Result:
    bucket, prefix = place(values["gitpod_report_upload"])
    found = {
        "bucket": bucket,
        "prefix": prefix,
        "kms_key_id": values["gitpod_report_upload_kms_key_id"],
        "link_seconds": values["gitpod_report_upload_link_seconds"],
        "region": values["gitpod_report_upload_region"],
        "profile": values["gitpod_report_upload_aws_profile"],
    }
    return {name: value for name, value in found.items() if value is not None}


def _report(part: Part, task_vars: Raw) -> Result:
    # Two jobs may end in the same second.
    job = next(
        (str(task_vars[name]) for name in ("awx_job_id", "tower_job_id") if task_vars.get(name)), str(os.getpid())
    )
    return {
        "runners": part.fleet.documents,
        "forget": [{"region": region, "runner": runner} for region, runner in part.forgotten],
        "title": part.fleet.title,
        "generated": part.fleet.generated,
        "run": f"{part.fleet.generated.replace(':', '')}-{job}",
    }


def kept_lines(kept: t.Mapping[str, t.Any]) -> list[str]:
    """Where the reports in S3 are, for a person."""
    page = kept.get("page") or kept.get("status") or {}
    return [f"Kept in S3: {page.get('url') or page.get('uri')}"] if page else []
