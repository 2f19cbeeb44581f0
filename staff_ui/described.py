"""The tablet's addresses as an OpenAPI document: made from the table of routes, so that it is never another one."""

import re
from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, Protocol

_PARAMETER: Final = re.compile(r"\{(\w+):(\w+)\}")
_FIELD: Final = re.compile(r'\bname="([a-z_]{1,40})"')
_TEMPLATES: Final = Path(__file__).parent / "templates"
_GUARDS: Final = {
    "open": "anybody on the shop's network",
    "tablet": "a paired tablet",
    "display": "a paired display",
    "staff": "a paired tablet where somebody is signed in",
    "loopback": "this machine alone",
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
    """An OpenAPI 3.1 document of these routes; forms have the fields that our own pages send."""
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
            "responses": {"default": {"description": "a page, a redirect after a form, or a problem"}},
        }
        if each.method == "POST":
            schema = {"type": "object", "properties": {name: {"type": "string"} for name in fields()}}
            told["requestBody"] = {"content": {"application/x-www-form-urlencoded": {"schema": schema}}}
        paths.setdefault(path, {})[each.method.lower()] = told
    info = {"title": "Welkom, the appliance", "version": version("welkom")}
    return {"openapi": "3.1.0", "info": info, "paths": paths}


@cache
def fields() -> tuple[str, ...]:
    """Names of the fields of every form that our templates make."""
    found: set[str] = set()
    for file in sorted(_TEMPLATES.glob("*.html")):
        found.update(_FIELD.findall(file.read_text(encoding="utf-8")))
    return tuple(sorted(found - {"viewport", "color-scheme"}))
