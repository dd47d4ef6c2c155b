# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A strict stand-in for Cloudflare's API on loopback: zones and DNS records, as far as a module keeps records.

The module's address of the API is fixed, so the stand-in is the proxy through which it is reached: it answers CONNECT
for that one host itself, with a certificate of an authority that only the test trusts. Sources: the reference of
`/zones` and `/zones/{zone_id}/dns_records`; the error codes are those that users of the API report.
"""

from __future__ import annotations

import dataclasses
import datetime
import http.server
import ipaddress
import json
import re
import secrets
import ssl
import threading
import typing as t
import urllib.parse

import trustme

if t.TYPE_CHECKING:
    import pathlib

HOST = "api.cloudflare.com"
BASE = "/client/v4"
TOKEN = re.compile(r"Bearer [A-Za-z0-9_-]{40}")
NAME = re.compile(r"(\*\.)?([a-z0-9_]([a-z0-9_-]*[a-z0-9])?\.)+[a-z]+", re.IGNORECASE)
KEYS = {"type", "name", "content", "ttl", "proxied", "comment", "tags"}
ADDRESSES: t.Mapping[str, type] = {"A": ipaddress.IPv4Address, "AAAA": ipaddress.IPv6Address}
# Seconds; 1 stands for automatic.
AUTOMATIC, SHORTEST, LONGEST = 1, 60, 86400
# What a proxied name answers with: an address of Cloudflare's own, here of the documentation's range.
PROXY_ADDRESS = "192.0.2.200"
Answers = t.Sequence[tuple[str, str, int]]
Body = t.Mapping[str, t.Any]


class RefusedError(Exception):
    """An answer other than success.

    :param chain: code and message of what lies behind it.
    """

    def __init__(self, status: int, code: int, message: str, chain: tuple[int, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.error: dict[str, t.Any] = {"code": code, "message": message}
        if chain:
            self.error["error_chain"] = [{"code": chain[0], "message": chain[1]}]


def invalid(code: int, message: str) -> RefusedError:
    """A record that is not valid by itself."""
    return RefusedError(400, 1004, "DNS Validation Error", (code, message))


@dataclasses.dataclass
class Zone:
    """A zone and its records by their IDs."""

    name: str
    id: str = dataclasses.field(default_factory=lambda: secrets.token_hex(16))
    records: dict[str, dict[str, t.Any]] = dataclasses.field(default_factory=dict)

    def answers(self, name: str) -> list[tuple[str, str, int]]:
        """Type, value and time to live of what the zone's servers answer for a name."""
        found = [record for record in self.records.values() if record["name"] == name]
        seconds = {record["id"]: 300 if record["ttl"] == AUTOMATIC else record["ttl"] for record in found}
        return [
            ("A", PROXY_ADDRESS, 300)
            if record["proxied"]
            else (
                record["type"],
                f"{record['content']}." if record["type"] == "CNAME" else record["content"],
                seconds[record["id"]],
            )
            for record in found
        ]


class Cloudflare:
    """The API behind its proxy, while the context is open.

    :param directory: for the authority's certificate and the server's key.
    :param publish: told the zone, a name and all that is to be answered for it, whenever that changes.
    """

    def __init__(
        self, directory: pathlib.Path, zone: str, publish: t.Callable[[str, str, Answers], None] = lambda *_: None
    ) -> None:
        self.token = secrets.token_hex(20)
        self.zone = Zone(zone)
        # Method and path of every request, and every host that was asked for.
        self.requests: list[tuple[str, str]] = []
        self.hosts: set[str] = set()
        self._publish = publish
        self._lock = threading.Lock()
        authority = trustme.CA()
        self.ca_file = directory / "cloudflare-ca.pem"
        authority.cert_pem.write_to_path(self.ca_file)
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(HOST).configure_cert(self.tls)
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))

    def __enter__(self) -> Cloudflare:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def environment(self) -> dict[str, str]:
        """What makes a program on this machine reach the stand-in instead of Cloudflare."""
        return {
            "https_proxy": f"http://127.0.0.1:{self._server.server_port}",
            "no_proxy": "",
            "SSL_CERT_FILE": str(self.ca_file),
        }

    @property
    def writes(self) -> list[str]:
        """Methods of the requests that were not for reading."""
        return [method for method, _path in self.requests if method != "GET"]

    def have(self, kind: str, name: str, content: str, ttl: int = AUTOMATIC, proxied: bool = False) -> None:
        """Put a record there, as a person does in the dashboard."""
        with self._lock:
            self._create({"type": kind, "name": name, "content": content, "ttl": ttl, "proxied": proxied})

    def content(self, name: str) -> list[tuple[str, str, bool]]:
        """Type, content and whether it is proxied, of the records of a name."""
        found = (record for record in self.zone.records.values() if record["name"] == name)
        return sorted((record["type"], record["content"], record["proxied"]) for record in found)

    def answer(
        self, method: str, target: str, headers: t.Mapping[str, str], body: bytes
    ) -> tuple[int, dict[str, t.Any]]:
        """Status and document of an API call."""
        url = urllib.parse.urlsplit(target)
        with self._lock:
            self.requests.append((method, url.path))
            try:
                self._authenticate(headers)
                result = self._route(method, url.path, dict(urllib.parse.parse_qsl(url.query)), headers, body)
            except RefusedError as refused:
                return refused.status, {"result": None, "success": False, "errors": [refused.error], "messages": []}
        document = {"result": result, "success": True, "errors": [], "messages": []}
        if isinstance(result, list):
            count = len(result)
            document["result_info"] = {
                "page": 1,
                "per_page": 100,
                "count": count,
                "total_count": count,
                "total_pages": 1 if count else 0,
            }
        return 200, document

    def _authenticate(self, headers: t.Mapping[str, str]) -> None:
        given = headers.get("Authorization") or ""
        if not TOKEN.fullmatch(given):
            raise RefusedError(400, 6003, "Invalid request headers", (6111, "Invalid format for Authorization header"))
        if given != f"Bearer {self.token}":
            raise RefusedError(403, 10000, "Authentication error")

    def _route(
        self, method: str, path: str, query: t.Mapping[str, str], headers: t.Mapping[str, str], body: bytes
    ) -> t.Any:
        records = f"{BASE}/zones/{self.zone.id}/dns_records"
        record_id = path[len(records) + 1 :] if path.startswith(f"{records}/") else ""
        if (method, path) == ("GET", f"{BASE}/zones"):
            found = [{"id": self.zone.id, "name": self.zone.name, "status": "active", "type": "full"}]
            return [zone for zone in found if query.get("name", zone["name"]) == zone["name"]]
        if (method, path) == ("GET", records):
            return self._list(query)
        if (method, path) == ("POST", records):
            return self._create(_document(headers, body))
        if record_id and method in ("PUT", "DELETE"):
            if record_id not in self.zone.records:
                raise RefusedError(404, 81044, "Record does not exist.")
            return self._replace(record_id, _document(headers, body)) if method == "PUT" else self._delete(record_id)
        raise RefusedError(405 if path.startswith(f"{BASE}/zones") else 404, 7000, "No route for that URI")

    def _list(self, query: t.Mapping[str, str]) -> list[dict[str, t.Any]]:
        unknown = set(query) - {"type", "name", "content"}
        if unknown:
            raise RefusedError(400, 9000, f"Unknown filter {', '.join(sorted(unknown))}")
        return [
            record
            for record in self.zone.records.values()
            if all(str(record[key]).lower() == value.lower() for key, value in query.items())
        ]

    def _create(self, body: Body) -> dict[str, t.Any]:
        return self._keep({"id": secrets.token_hex(16), "created_on": _now()}, body)

    def _replace(self, record_id: str, body: Body) -> dict[str, t.Any]:
        return self._keep(self.zone.records[record_id], body)

    def _keep(self, before: Body, body: Body) -> dict[str, t.Any]:
        _validate(body, self.zone.name)
        proxied = bool(body.get("proxied", False))
        record = {
            "id": before["id"],
            "type": body["type"],
            "name": body["name"].lower(),
            "content": body["content"].rstrip(".") if body["type"] == "CNAME" else body["content"],
            # A proxied record has no time to live of its own.
            "ttl": AUTOMATIC if proxied else body.get("ttl", AUTOMATIC),
            "proxied": proxied,
            "proxiable": True,
            "comment": body.get("comment"),
            "tags": list(body.get("tags") or []),
            "settings": {},
            "meta": {},
            "created_on": before["created_on"],
            "modified_on": _now(),
        }
        others = [other for other in self.zone.records.values() if other["id"] != record["id"]]
        _refuse_conflicts(record, [other for other in others if other["name"] == record["name"]])
        self.zone.records[record["id"]] = record
        self._tell(record["name"])
        return record

    def _delete(self, record_id: str) -> dict[str, str]:
        record = self.zone.records.pop(record_id)
        self._tell(record["name"])
        return {"id": record_id}

    def _tell(self, name: str) -> None:
        self._publish(self.zone.name, name, self.zone.answers(name))


def _now() -> str:
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _document(headers: t.Mapping[str, str], body: bytes) -> dict[str, t.Any]:
    if (headers.get("Content-Type") or "").partition(";")[0] != "application/json":
        raise RefusedError(415, 10006, "Unsupported Media Type")
    try:
        found: dict[str, t.Any] = json.loads(body)
    except ValueError:
        raise RefusedError(400, 9207, "Request body is invalid.") from None
    return found


def _validate(body: Body, zone: str) -> None:
    unknown = sorted(set(body) - KEYS)
    if unknown:
        raise RefusedError(400, 9207, f"Request body is invalid: {', '.join(unknown)}")
    kind, name, content, ttl = (body.get(key) for key in ("type", "name", "content", "ttl"))
    if kind not in ("A", "AAAA", "CNAME"):
        raise invalid(9004, f"This stand-in keeps no records of the type {kind}.")
    if not isinstance(name, str) or not NAME.fullmatch(name) or not f".{name.lower()}".endswith(f".{zone}"):
        raise invalid(9000, "DNS name is invalid.")
    if not isinstance(content, str):
        raise invalid(9106, "Content is missing.")
    if type(ttl) is not int or not (ttl == AUTOMATIC or SHORTEST <= ttl <= LONGEST):
        raise invalid(9021, f"Invalid TTL. Must be between {SHORTEST} and {LONGEST} seconds, or 1 for Automatic.")
    if kind == "CNAME" and not NAME.fullmatch(content.rstrip(".")):
        raise invalid(9007, "Content for CNAME record is invalid.")
    if kind in ADDRESSES:
        try:
            ADDRESSES[kind](content)
        except ValueError:
            raise invalid(9005, f"Content for {kind} record must be a valid address.") from None


def _refuse_conflicts(record: Body, others: t.Sequence[Body]) -> None:
    """A CNAME stands alone; of addresses there may be several."""
    if any((other["type"], other["content"]) == (record["type"], record["content"]) for other in others):
        raise RefusedError(400, 81058, "An identical record already exists.")
    if record["type"] == "CNAME" and others:
        raise RefusedError(400, 81053, "An A, AAAA, or CNAME record with that host already exists.")
    if any(other["type"] == "CNAME" for other in others):
        raise RefusedError(400, 81054, "A CNAME record with that host already exists.")


def _handler(api: Cloudflare) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30

        def log_message(self, *_arguments: object) -> None:
            """Nothing on the test's output."""

        def do_CONNECT(self) -> None:
            api.hosts.add(self.path)
            if self.path != f"{HOST}:443":
                self.send_error(403)
                return
            self.send_response(200)
            self.end_headers()
            self.connection = api.tls.wrap_socket(self.connection, server_side=True)
            self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", buffering=0)
            self.close_connection = False

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.title(): value for name, value in self.headers.items()}
            inside = isinstance(self.connection, ssl.SSLSocket)
            status, document = api.answer(self.command, self.path, headers, body) if inside else (403, {})
            text = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815 - named by http.server

    return Handler
