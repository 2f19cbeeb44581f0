"""The tablet's addresses as an OpenAPI document: made from the table of routes, so that it is never another one."""

import re
from collections.abc import Iterable
from importlib.metadata import version
from typing import Any, Final, Protocol

from staff_ui.forms import FIELDS
from staff_ui.security import FORM_FIELD

_PARAMETER: Final = re.compile(r"\{(\w+):(\w+)\}")
_GUARDS: Final = {
    "open": "anybody on the shop's network",
    "tablet": "a paired tablet",
    "display": "a paired display",
    "staff": "a paired tablet where somebody is signed in",
    "loopback": "this machine alone",
}
# What is no page of HTML: path -> its media type; None: nothing, when all is well.
_MEDIA: Final[dict[str, str | None]] = {
    "/balie/live": "text/event-stream",
    "/device/challenge": "text/plain",
    "/draft": None,
    "/healthz": "application/json",
    "/live": "text/event-stream",
    "/manifest.webmanifest": "application/manifest+json",
    "/metrics": "text/plain",
    "/schema/openapi.json": "application/json",
    "/signin/badge": "application/json",
    "/static/{path}": "*/*",
    "/sw.js": "text/javascript",
    "/touch": None,
}
_NO: Final = {
    "400": "no form that can be read",
    "401": "nobody is signed in; a browser is led to where one signs in",
    "403": "not for whoever asks",
    "404": "not here",
    "409": "a colleague helps this customer already",
    "410": "gone meanwhile, such as a visit that ended",
    "413": "the form is too long",
    "422": "something in the form is not right; the page says what",
    "429": "tried too often; the page says how long to wait",
    "500": "the box failed: its log says where",
    "503": "the shop's box cannot do it at the moment",
}
# What only some addresses answer: where a PIN is tried, and where a colleague may have been first.
_ALSO: Final = {
    ("POST", "/signin"): "429",
    ("POST", "/visits/{visit}/wallet"): "429",
    ("POST", "/saving/{note}"): "429",
    ("POST", "/visits/{visit}/help"): "409",
    ("POST", "/visits/{visit}/release"): "409",
}
_PROBLEM: Final = {
    "title": "Problem",
    "description": "RFC 9457 problem details with a stable `code` and the next step",
    "type": "object",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "hint": {"type": "string"},
    },
    "required": ["type", "title", "status"],
}


class Address(Protocol):
    """What a row of the table of routes says."""

    @property
    def method(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def guard(self) -> str: ...


def document(routes: Iterable[Address]) -> dict[str, Any]:
    """An OpenAPI 3.1 document of these routes; raises KeyError for a form that `forms.FIELDS` does not know."""
    paths: dict[str, dict[str, Any]] = {}
    for each in routes:
        names = _PARAMETER.findall(each.path)
        path = _PARAMETER.sub(r"{\1}", each.path)
        told: dict[str, Any] = {
            "operationId": f"{each.method.lower()}_{re.sub(r'[^a-z]+', '_', path.lower()).strip('_') or 'floor'}",
            "summary": f"For {_GUARDS[each.guard]}",
            "parameters": [
                {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
                for name, _ in names
            ],
            "responses": _answers(each, path),
        }
        if each.method == "POST":
            told["requestBody"] = _form(FIELDS[path])
        paths.setdefault(path, {})[each.method.lower()] = told
    info = {"title": "Welkom, the appliance", "version": version("welkom")}
    components = {"schemas": {"Problem": _PROBLEM}}
    return {"openapi": "3.1.0", "info": info, "paths": paths, "components": components}


def _answers(each: Address, path: str) -> dict[str, Any]:
    """What an address answers: its page, where it leads on, and each way in which it says no."""
    media = _MEDIA.get(path, "text/html")
    ok = {"204": {"description": "done"}} if media is None else {"200": _of("as asked", media)}
    no = {"403", "404", "410", "500", "503"}
    no |= set() if each.guard in ("open", "loopback") else {"401"}
    no |= {"400", "413", "422"} if each.method == "POST" else set()
    no |= {also} if (also := _ALSO.get((each.method, path))) else set()
    refusals = {status: _refusal(_NO[status]) for status in sorted(no)}
    if path == "/healthz":
        refusals["503"] = _of("no tablet can be served", "application/json")
    return ok | {"303": {"description": "go on at `location`"}} | refusals


def _form(names: Iterable[str]) -> dict[str, Any]:
    properties = {name: {"type": "string"} for name in (FORM_FIELD, *names)}
    schema = {"type": "object", "properties": properties, "required": [FORM_FIELD]}
    return {"content": {"application/x-www-form-urlencoded": {"schema": schema}}, "required": True}


def _refusal(description: str) -> dict[str, Any]:
    """A page for people; a problem for programs and parts of pages, or nothing and where to go on (`hx-redirect`)."""
    problem = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {
        "description": description,
        "content": {"text/html": {}, "application/problem+json": problem, "text/plain": {}},
    }


def _of(description: str, media: str) -> dict[str, Any]:
    return {"description": description, "content": {media: {"schema": {}}}}
