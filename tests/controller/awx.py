# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for AWX's API on loopback, which holds the modules of awx.awx 24.6.1 to what AWX answers.

A store of objects by endpoint with AWX's rules for each (C(rules), C(surveys)): what it refuses, what it fills in, what
it encrypts, which names are unique, how lists are filtered and paged. It runs no job, has one user, and knows the
endpoints that setting up a controller needs; anything else is answered 404.
"""

from __future__ import annotations

import contextlib
import copy
import http.server
import json
import typing as t
import urllib.parse

from tests.controller import rules, surveys
from tests.controller.kinds import KINDS, Kind
from tests.loopback import listening

Data = dict[str, t.Any]
Refused = rules.Refused
API = "/api/v2/"
TOKEN = "stand-in-token"
PAGE = 25
LOST, DOWN = "lost", "down"


class Awx:
    """The store, and what was asked of it."""

    def __init__(self, playbooks: t.Iterable[str]) -> None:
        """:param playbooks: files that each project has."""
        self.playbooks = set(playbooks)
        self.objects: dict[str, dict[int, Data]] = {name: {} for name in KINDS}
        self.links: dict[tuple[str, int, str], list[int]] = {}
        self.surveys: dict[tuple[str, int], Data] = {}
        self.writes: list[tuple[str, str, t.Any]] = []
        self.url = ""
        # What becomes of a request by its method: LOST is carried out and not answered, DOWN is answered 503.
        self.trouble: t.Callable[[str], str] = lambda _method: ""
        self._next = 0
        for name, fields in MANAGED.items():
            self._add(
                "credential_types",
                {"name": name, "kind": "cloud", "inputs": {"fields": fields}, "injectors": {}, "managed": True},
            )

    def snapshot(self) -> t.Any:
        """What it has, for C(restore)."""
        return copy.deepcopy((self.objects, self.links, self.surveys, self._next))

    def restore(self, kept: t.Any) -> None:
        """Have that again, and forget what was asked."""
        self.objects, self.links, self.surveys, self._next = copy.deepcopy(kept)
        self.writes.clear()

    def named(self, endpoint: str, name: str) -> Data:
        """The only object of the name, as it is stored, secrets included."""
        (found,) = [item for item in self.objects[endpoint].values() if KINDS[endpoint].name_of(item) == name]
        return found

    def linked(self, endpoint: str, name: str, relation: str) -> list[str]:
        """Names of what is associated with it."""
        target = KINDS[endpoint].relations[relation]
        identifiers = self.links.get((endpoint, self.named(endpoint, name)["id"], relation), [])
        return [KINDS[target].name_of(self.objects[target][identifier]) for identifier in identifiers]

    def survey(self, endpoint: str, name: str) -> Data:
        """The survey of a template."""
        return self.surveys.get((endpoint, self.named(endpoint, name)["id"]), {})

    def _add(self, endpoint: str, data: Data) -> Data:
        self._next += 1
        item = {**copy.deepcopy(KINDS[endpoint].defaults), **data, "id": self._next}
        self.objects[endpoint][self._next] = item
        return item

    def answer(self, method: str, path: str, query: dict[str, str], body: t.Any) -> tuple[int, t.Any]:
        """Status and body."""
        parts = [urllib.parse.unquote(part) for part in path.removeprefix(API).strip("/").split("/")]
        if method != "GET":
            self.writes.append((method, path, copy.deepcopy(body)))
        if parts[0] == "project_updates":
            return 200, {"id": int(parts[1]), "status": "successful", "failed": False, "finished": "now", "name": "p"}
        if parts[0] == "workflow_approval_templates":
            return self._one(method, parts[0], int(parts[1]), body)
        if parts[0] == "unified_job_templates" and len(parts) == 1:
            return 200, self._listed([self._shown(*pair) for pair in self._unified()], query, None)
        if parts[0] not in KINDS:
            raise Refused(404, {"detail": "Not found."})
        if len(parts) == 1:
            return self._list(method, parts[0], query, body)
        identifier = self._identifier(parts[0], parts[1])
        if len(parts) == 2:
            return self._one(method, parts[0], identifier, body)
        return self._below(method, parts[0], identifier, parts[2], body)

    def _identifier(self, endpoint: str, text: str) -> int:
        """A number, or a named URL such as C(name++organization)."""
        items = self.objects[endpoint]
        if text.isdigit() and int(text) in items:
            return int(text)
        name, _plus, organization = text.partition("++")
        for identifier, item in items.items():
            owner = self.objects["organizations"].get(item.get("organization") or 0, {})
            if KINDS[endpoint].name_of(item) == name and owner.get("name", "") == organization:
                return identifier
        raise Refused(404, {"detail": "Not found."})

    def _unified(self) -> list[tuple[str, Data]]:
        kinds = ("projects", "job_templates", "workflow_job_templates", "inventory_sources")
        return [(kind, item) for kind in kinds for item in self.objects[kind].values()]

    def _list(self, method: str, endpoint: str, query: dict[str, str], body: t.Any) -> tuple[int, t.Any]:
        if method == "OPTIONS":
            fields = {name: {"type": type(value).__name__} for name, value in KINDS[endpoint].defaults.items()}
            return 200, {"name": endpoint, "actions": {"GET": fields, "POST": fields}}
        if method == "GET":
            items = [self._shown(endpoint, item) for item in self.objects[endpoint].values()]
            return 200, self._listed(items, query, KINDS[endpoint])
        if method != "POST":
            raise Refused(405, {"detail": f'Method "{method}" not allowed.'})
        data = KINDS[endpoint].taken(body, creating=True)
        data = {**copy.deepcopy(KINDS[endpoint].defaults), **data}
        self._judge(endpoint, data, None, body)
        item = self._add(endpoint, data)
        return 201, self._shown(endpoint, item)

    def _one(self, method: str, endpoint: str, identifier: int, body: t.Any) -> tuple[int, t.Any]:
        if identifier not in self.objects[endpoint]:
            raise Refused(404, {"detail": "Not found."})
        item = self.objects[endpoint][identifier]
        if method == "GET":
            return 200, self._shown(endpoint, item)
        if method == "DELETE":
            self._delete(endpoint, identifier)
            return (202 if endpoint == "inventories" else 204), {}
        if item.get("managed"):
            raise Refused(403, {"detail": "Modifications not allowed for managed credential types"})
        data = {**copy.deepcopy(item), **KINDS[endpoint].taken(body, creating=False)}
        self._judge(endpoint, data, item, body)
        self.objects[endpoint][identifier] = data
        return 200, self._shown(endpoint, data)

    def _judge(self, endpoint: str, data: Data, old: Data | None, body: t.Any) -> None:
        kind = KINDS[endpoint]
        for name, target in kind.references.items():
            if data[name] is not None and data[name] not in self._targets(target):
                raise Refused(400, {name: [f'Invalid pk "{data[name]}" - object does not exist.']})
        for item in self.objects[endpoint].values():
            if item is not old and kind.unique and all(item[name] == data[name] for name in kind.unique):
                raise Refused(400, {"__all__": [f"{kind.type} with this {', '.join(kind.unique)} already exists."]})
        if endpoint == "credentials":
            rules.credential(data, old, self._fields(data))
        elif endpoint == "job_templates":
            self._job_template(data)
        elif endpoint in ("schedules", "workflow_job_template_nodes"):
            self._launch_configuration(endpoint, data, body)
        elif kind.rule:
            if endpoint == "credential_types" and old and data["inputs"] != old["inputs"] and self._in_use(old["id"]):
                raise Refused(403, {"detail": "Modifications to inputs are not allowed for types that are in use"})
            kind.rule(data, old)

    def _in_use(self, credential_type: int) -> bool:
        return any(item["credential_type"] == credential_type for item in self.objects["credentials"].values())

    def _targets(self, target: str) -> t.Container[int]:
        if target == "unified_job_templates":
            return {item["id"] for _kind, item in self._unified()} | set(self.objects["workflow_approval_templates"])
        return self.objects[target]

    def _fields(self, data: Data) -> list[Data]:
        fields: list[Data] = self.objects["credential_types"][data["credential_type"]]["inputs"].get("fields", [])
        return fields

    def _job_template(self, data: Data) -> None:
        if not data["project"]:
            raise Refused(400, {"project": ["This field is required."]})
        if data["playbook"] not in self.playbooks:
            raise Refused(400, {"playbook": ["Playbook not found for project."]})
        if not data["inventory"] and not data["ask_inventory_on_launch"]:
            raise Refused(400, {"inventory": ["Job Template must provide 'inventory' or allow prompting for it."]})

    def _launch_configuration(self, endpoint: str, data: Data, body: t.Any) -> None:
        """Schedules and nodes bring only what the template asks for, and a schedule every required answer."""
        if endpoint == "schedules":
            rules.rrule(data["rrule"])
        template = next((item for _kind, item in self._unified() if item["id"] == data["unified_job_template"]), None)
        if template is None:
            return
        kind = next(name for name, item in self._unified() if item is template)
        if data["limit"] and not template.get("ask_limit_on_launch"):
            raise Refused(400, {"limit": ["Field is not configured to prompt on launch."]})
        spec = self.surveys.get((kind, template["id"]), {})
        missing = surveys.unanswered(spec, data["extra_data"]) if endpoint == "schedules" else []
        if missing or surveys.refused(spec, data["extra_data"]):
            raise Refused(400, {"variables_needed_to_start": [f"'{name}' value missing" for name in missing]})
        strange = set(data["extra_data"]) - {item["variable"] for item in spec.get("spec", [])}
        if strange and not template.get("ask_variables_on_launch"):
            raise Refused(400, {"extra_data": [f"Variables {', '.join(sorted(strange))} are not allowed on launch."]})

    def _below(self, method: str, endpoint: str, identifier: int, relation: str, body: t.Any) -> tuple[int, t.Any]:
        if identifier not in self.objects[endpoint]:
            raise Refused(404, {"detail": "Not found."})
        if relation == "survey_spec" and endpoint in ("job_templates", "workflow_job_templates"):
            return self._survey(method, endpoint, identifier, body)
        if relation == "create_approval_template" and endpoint == "workflow_job_template_nodes":
            return self._approval(method, identifier, body)
        if relation not in KINDS[endpoint].relations:
            raise Refused(404, {"detail": "Not found."})
        target = KINDS[endpoint].relations[relation]
        there = self.links.setdefault((endpoint, identifier, relation), [])
        if method == "GET":
            return 200, self._listed(
                [self._shown(target, self.objects[target][one]) for one in there], {}, KINDS[target]
            )
        other = body["id"]
        if body.get("disassociate"):
            there.remove(other)
        elif other not in self.objects[target]:
            raise Refused(400, {"detail": "Not found."})
        elif other not in there:
            self._may_join(endpoint, identifier, relation, other)
            there.append(other)
        return 204, {}

    def _may_join(self, endpoint: str, identifier: int, relation: str, other: int) -> None:
        if endpoint == "job_templates" and relation == "credentials":
            kinds = {
                self.objects["credentials"][one]["credential_type"]
                for one in self.links[endpoint, identifier, relation]
            }
            if self.objects["credentials"][other]["credential_type"] in kinds:
                raise Refused(400, {"error": "Cannot assign multiple credentials of one type."})
        if endpoint == "workflow_job_template_nodes":
            if any(other in self.links.get((endpoint, identifier, way), []) for way in WAYS if way != relation):
                raise Refused(400, {"Error": "Relationship not allowed."})
            if identifier == other or identifier in self._reached(other):
                raise Refused(400, {"Error": "Cycle detected."})

    def _reached(self, node: int) -> set[int]:
        """Nodes that follow, directly or not."""
        found: set[int] = set()
        waiting = [node]
        while waiting:
            one = waiting.pop()
            following = [
                other for way in WAYS for other in self.links.get(("workflow_job_template_nodes", one, way), [])
            ]
            waiting += [other for other in following if other not in found]
            found |= set(following)
        return found

    def _survey(self, method: str, endpoint: str, identifier: int, body: t.Any) -> tuple[int, t.Any]:
        if method == "POST":
            fault = surveys.fault(body)
            if fault:
                raise Refused(400, {"error": fault})
            self.surveys[endpoint, identifier] = body
        elif method == "DELETE":
            self.surveys.pop((endpoint, identifier), None)
        else:
            return 200, self.surveys.get((endpoint, identifier), {})
        return 200, {}

    def _approval(self, method: str, identifier: int, body: t.Any) -> tuple[int, t.Any]:
        if method != "POST":
            return 200, {}
        if not body.get("name"):
            raise Refused(400, {"name": ["This field is required."]})
        kind = KINDS["workflow_approval_templates"]
        made = self._add("workflow_approval_templates", kind.taken(body, creating=True))
        self.objects["workflow_job_template_nodes"][identifier]["unified_job_template"] = made["id"]
        return 201, self._shown("workflow_approval_templates", made)

    def _delete(self, endpoint: str, identifier: int) -> None:
        item = self.objects[endpoint][identifier]
        if endpoint == "credential_types" and self._in_use(identifier):
            raise Refused(403, {"detail": "Credential types that are in use cannot be deleted"})
        del self.objects[endpoint][identifier]
        for (kind, owner, relation), linked in list(self.links.items()):
            if KINDS[kind].relations.get(relation) == endpoint and identifier in linked:
                linked.remove(identifier)
            if kind == endpoint and owner == identifier:
                del self.links[kind, owner, relation]
        self.surveys.pop((endpoint, identifier), None)
        for below in KINDS.values():
            for other in [one for one in self.objects[below.endpoint].values() if item["id"] in below.parents_of(one)]:
                if other["id"] in self.objects[below.endpoint]:
                    self._delete(below.endpoint, other["id"])

    def _shown(self, endpoint: str, item: Data) -> Data:
        kind, url = KINDS[endpoint], f"{API}{endpoint}/{item['id']}/"
        shown = copy.deepcopy(item)
        if endpoint == "credentials":
            shown["inputs"] = rules.shown_inputs(shown["inputs"], self._fields(item))
        if endpoint == "notification_templates":
            configuration = shown["notification_configuration"]
            shown["notification_configuration"] = rules.shown_configuration(configuration, item["notification_type"])
        related = {name: f"{url}{name}/" for name in (*kind.relations, "survey_spec", "create_approval_template")}
        if endpoint == "workflow_job_template_nodes" and item["unified_job_template"]:
            place = next(name for name in KINDS if item["unified_job_template"] in self.objects[name])
            related["unified_job_template"] = f"{API}{place}/{item['unified_job_template']}/"
        summary = {"current_update": {"id": item["id"]}} if endpoint == "projects" and item["scm_type"] else {}
        return {**shown, "type": kind.type, "url": url, "related": related, "summary_fields": summary}

    @staticmethod
    def _listed(items: list[Data], query: dict[str, str], kind: Kind | None) -> Data:
        alternatives = {name[4:]: value for name, value in query.items() if name.startswith("or__")}
        exact = {name: value for name, value in query.items() if not name.startswith("or__") and name != "page"}
        for name in (*exact, *alternatives):
            if kind and name not in (*kind.defaults, "id", "type"):
                raise Refused(400, {"detail": f"{kind.type} has no field named '{name}'"})
        found = [
            item
            for item in items
            if all(_is(item.get(name), value) for name, value in exact.items())
            and (not alternatives or any(_is(item.get(name), value) for name, value in alternatives.items()))
        ]
        return {"count": len(found), "next": None, "previous": None, "results": found}


WAYS = ("success_nodes", "failure_nodes", "always_nodes")
MANAGED: dict[str, list[Data]] = {
    "Amazon Web Services": [
        {"id": "username", "label": "Access Key", "type": "string"},
        {"id": "password", "label": "Secret Key", "type": "string", "secret": True},
        {"id": "security_token", "label": "STS Token", "type": "string", "secret": True},
    ],
    "Ansible Galaxy/Automation Hub API Token": [
        {"id": "url", "label": "Galaxy Server URL", "type": "string"},
        {"id": "auth_url", "label": "Auth Server URL", "type": "string"},
        {"id": "token", "label": "API Token", "type": "string", "secret": True},
    ],
}


def _is(value: t.Any, wanted: str) -> bool:
    return str("" if value is None else value) == ("" if wanted == "None" else wanted)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Headers and body in one packet: the client acknowledges a first one only after a while.
    wbufsize = -1
    awx: Awx

    def _handle(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        text = self.rfile.read(length)
        url = urllib.parse.urlsplit(self.path)
        query = {name: values[-1] for name, values in urllib.parse.parse_qs(url.query, keep_blank_values=True).items()}
        trouble = self.awx.trouble(self.command)
        try:
            if trouble == DOWN:
                raise Refused(503, {"detail": "Service unavailable."})
            if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                raise Refused(401, {"detail": "Authentication credentials were not provided."})
            status, body = self.awx.answer(self.command, url.path, query, json.loads(text) if text else {})
        except Refused as refused:
            status, body = refused.status, refused.body
        if trouble == LOST:
            self.close_connection = True
            return
        answer = b"" if status == 204 else json.dumps(body).encode()
        self.send_response(status)
        for name, value in (("Product-Name", "AWX"), ("Product-Version", "24.6.1")):
            self.send_header(f"X-API-{name}", value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = do_PATCH = do_DELETE = do_OPTIONS = _handle  # noqa: N815

    def log_message(self, *_arguments: t.Any) -> None:
        """Nothing."""


@contextlib.contextmanager
def serving(playbooks: t.Iterable[str]) -> t.Iterator[Awx]:
    """One that listens on loopback while it is used."""
    awx = Awx(playbooks)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"awx": awx}))
    awx.url = f"http://127.0.0.1:{server.server_address[1]}"
    with listening(server):
        yield awx
