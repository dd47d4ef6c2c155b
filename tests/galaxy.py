# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for Galaxy and a private Automation Hub on loopback, and the archives that it has.

It answers what ansible-galaxy asks of the API's version 3 (ansible-core, lib/ansible/galaxy/api.py): the root, a
collection, its versions, one version with its dependencies, and the archive. A hub wants a token and refuses others.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import http.server
import io
import json
import pathlib
import tarfile
import typing as t

from tests.loopback import listening

CONTENT = "/api/galaxy/content/published/"


@dataclasses.dataclass(frozen=True)
class Archive:
    """A collection in one version.

    :param dependencies: ranges of versions by name.
    """

    namespace: str
    name: str
    version: str
    dependencies: dict[str, str]
    content: bytes

    @property
    def filename(self) -> str:
        """As C(ansible-galaxy collection build) names it."""
        return f"{self.namespace}-{self.name}-{self.version}.tar.gz"


def archive(namespace: str, name: str, version: str, dependencies: dict[str, str], *files: str) -> Archive:
    """A collection of a few empty files: what is tried is its way, not what it does."""
    contents = {"README.md": b"# A collection\n", **{file: b"" for file in files}}
    told: list[dict[str, t.Any]] = [{"name": ".", "ftype": "dir", "chksum_type": None, "chksum_sha256": None}]
    for file, content in contents.items():
        sha = hashlib.sha256(content).hexdigest()
        told.append({"name": file, "ftype": "file", "chksum_type": "sha256", "chksum_sha256": sha})
    listed = json.dumps({"files": [{**entry, "format": 1} for entry in told], "format": 1}).encode()
    info = {"namespace": namespace, "name": name, "version": version, "dependencies": dependencies}
    info |= {"authors": ["nobody"], "readme": "README.md", "license": ["GPL-3.0-or-later"], "tags": []}
    sha = hashlib.sha256(listed).hexdigest()
    pointer = {"name": "FILES.json", "ftype": "file", "chksum_type": "sha256", "chksum_sha256": sha, "format": 1}
    manifest = json.dumps({"collection_info": info, "file_manifest_file": pointer, "format": 1}).encode()
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        for file, content in {"MANIFEST.json": manifest, "FILES.json": listed, **contents}.items():
            entry = tarfile.TarInfo(file)
            entry.size, entry.mode = len(content), 0o644
            tar.addfile(entry, io.BytesIO(content))
    return Archive(namespace, name, version, dependencies, stream.getvalue())


def of_file(path: pathlib.Path) -> Archive:
    """What C(ansible-galaxy collection build) made."""
    content = path.read_bytes()
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        manifest = tar.extractfile("MANIFEST.json")
        assert manifest
        info = json.load(manifest)["collection_info"]
    return Archive(info["namespace"], info["name"], info["version"], info["dependencies"], content)


class Galaxy:
    """The server: what it has, which token it wants, and which requests came with it."""

    def __init__(self, archives: t.Iterable[Archive], token: str) -> None:
        """:param token: wanted with each request, or empty."""
        self.archives = list(archives)
        self.token = token
        self.url = ""
        self.downloads: list[str] = []

    def answer(self, path: str, authorization: str) -> tuple[int, bytes]:
        """Status and content.

        :param authorization: the request's header.
        """
        if self.token and authorization != f"Token {self.token}":
            return 401, json.dumps({"errors": [{"detail": "Authentication credentials were not provided."}]}).encode()
        parts = path.partition("?")[0].removeprefix(CONTENT).strip("/").split("/")
        if parts == [""]:
            return 200, json.dumps({"available_versions": {"v3": "v3/"}}).encode()
        if parts[:2] == ["v3", "artifacts"]:
            self.downloads.append(parts[2])
            return 200, next(entry.content for entry in self.archives if entry.filename == parts[2])
        if parts[:2] != ["v3", "collections"] or parts[4:5] not in ([], ["versions"]):
            return 404, b"{}"
        found = [entry for entry in self.archives if [entry.namespace, entry.name] == parts[2:4]]
        if not parts[4:]:
            told = {"created_at": "2026-01-01T00:00:00Z", "updated_at": f"2026-01-0{len(found)}T00:00:00Z"}
            return (200, json.dumps(told).encode()) if found else (404, b"{}")
        if parts[5:]:
            found = [entry for entry in found if entry.version == parts[5]]
            return (200, json.dumps(self._told(found[0])).encode()) if found else (404, b"{}")
        versions = [{"version": entry.version, "href": "/"} for entry in found]
        listed = {"meta": {"count": len(versions)}, "links": {"next": None}, "data": versions}
        return (200, json.dumps(listed).encode()) if found else (404, b"{}")

    def _told(self, entry: Archive) -> dict[str, t.Any]:
        return {
            "version": entry.version,
            "href": f"{CONTENT}v3/collections/{entry.namespace}/{entry.name}/versions/{entry.version}/",
            "namespace": {"name": entry.namespace},
            "collection": {"name": entry.name},
            "artifact": {"filename": entry.filename, "sha256": hashlib.sha256(entry.content).hexdigest()},
            "download_url": f"{self.url}v3/artifacts/{entry.filename}",
            "metadata": {"dependencies": entry.dependencies},
            "signatures": [],
        }


@contextlib.contextmanager
def serving(archives: t.Iterable[Archive], token: str = "") -> t.Iterator[Galaxy]:
    """On a free port, until the end."""
    galaxy = Galaxy(archives, token)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, content = galaxy.answer(self.path, self.headers.get("Authorization", ""))
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_arguments: object) -> None:
            """Quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    galaxy.url = f"http://127.0.0.1:{server.server_port}{CONTENT}"
    with listening(server):
        yield galaxy
