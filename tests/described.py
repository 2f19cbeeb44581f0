"""Whether an answer is one that an OpenAPI document tells of: its status, its media type, the shape of its body."""

import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

import httpx
import jsonschema_rs

_METHODS: Final = ("get", "put", "post", "patch", "delete")


class Described:
    """Holds every answer to a document."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._operations = [
            (re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path))), method, operation["responses"])
            for path, item in document["paths"].items()
            for method, operation in item.items()
            if method in _METHODS
        ]
        self._parts = document.get("components", {})
        self._fits: Callable[[str], jsonschema_rs.Validator] = cache(self._validator)

    def check(self, method: str, path: str, status: int, media_type: str, body: bytes) -> None:
        """Raises AssertionError for an answer of a described address that is not as described."""
        found = [
            each for way, verb, each in self._operations if verb == method.lower() and way.fullmatch(path)
        ]
        if not found:
            return  # a page, or an address that is none
        (answers,) = found
        told = f"{method} {path}: {status} {media_type}"
        assert str(status) in answers, f"{told}: only {', '.join(answers)} are described"
        content = answers[str(status)].get("content") or {}
        if not body:
            assert not content or "text/plain" in content, (
                f"{told}: nothing, and described is {', '.join(content)}"
            )
            return
        assert {media_type, "*/*"} & set(content), f"{told}: described is {', '.join(content)}"
        if "json" in media_type.split("+")[-1].split("/")[-1].split("-"):
            fits = self._fits(json.dumps(content[media_type]["schema"]))
            wrong = [each.message for each in fits.iter_errors(json.loads(body))]
            assert not wrong, f"{told}: {wrong}"

    async def hear(self, answer: httpx.Response) -> None:
        """For the `response` hook of a client."""
        body = await answer.aread()
        request, media_type = answer.request, answer.headers.get("content-type", "").partition(";")[0]
        self.check(request.method, request.url.path, answer.status_code, media_type, body)

    def _validator(self, schema: str) -> jsonschema_rs.Validator:
        return jsonschema_rs.validator_for({**json.loads(schema), "components": self._parts})
