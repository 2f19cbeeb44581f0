"""What the OpenAPI document tells beyond the handlers: how an operation says no, and what a signed body holds.

Refusals are problem details (RFC 9457), each status on its own. A signed body is read by its handler, after the
signature, so that no signature of a function says its shape: `carries` and `carries_lines` do.
"""

from dataclasses import dataclass
from inspect import cleandoc
from typing import Any, Final

import msgspec
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import OpenAPIMediaType, Operation, RequestBody, Schema

from sync import wire

MEDIA_TYPE: Final = "application/problem+json"
NDJSON: Final = "application/x-ndjson"
ALWAYS: Final = (401, 429, 500, 503)
_WHAT: Final = {
    400: "the request is not as this document says; `hint` names the field",
    401: "nobody that is known asks",
    403: "whoever asks may not do this",
    404: "what it is about is not here",
    409: "something else stands there meanwhile",
    410: "it was there, and is no more",
    413: "the body is too long",
    415: "the body is packed in a way that is not understood",
    422: "understood, and refused by a rule; `code` says by which",
    426: "whoever asks is too old",
    429: "asked too often; `retry-after` says when to come back",
    500: "the hub failed: its log says where",
    503: "the hub cannot write or read at the moment",
}


def refuses(*statuses: int) -> dict[int, ResponseSpec]:
    """Of an operation that asks who is there: these, and those of `ALWAYS`."""
    return problems(*statuses, *ALWAYS)


def problems(*statuses: int) -> dict[int, ResponseSpec]:
    """Each of these statuses with a problem as its body."""
    return {
        status: ResponseSpec(
            wire.Problem, generate_examples=False, description=_WHAT[status], media_type=MEDIA_TYPE
        )
        for status in sorted(set(statuses))
    }


def empty(status: int, description: str) -> dict[int, ResponseSpec]:
    """A status that comes without a body."""
    return {status: ResponseSpec(None, description=description)}


def carries(kind: type[msgspec.Struct]) -> type[Operation]:
    """An operation whose body is one message of this kind, as JSON."""
    return _with_body("application/json", _shape(kind))


def carries_lines(first: type[msgspec.Struct], each: type[msgspec.Struct], *, most: int) -> type[Operation]:
    """An operation whose body is NDJSON, told as the list of its lines: `first`, then `most` of `each` at most."""
    lines = {"prefixItems": [_shape(first)], "items": _shape(each), "minItems": 1, "maxItems": most + 1}
    return _with_body(NDJSON, {"type": "array", **lines})


class _Told(Schema):
    """A shape that is JSON Schema already."""

    def __init__(self, shape: dict[str, Any]) -> None:
        super().__init__()
        self._shape = shape

    def to_schema(self) -> dict[str, Any]:
        return self._shape


def _with_body(media_type: str, shape: dict[str, Any]) -> type[Operation]:
    body = RequestBody({media_type: OpenAPIMediaType(_Told(shape))}, required=True)

    @dataclass
    class Carrying(Operation):
        def __post_init__(self) -> None:
            self.request_body = body

    return Carrying


def _shape(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """The JSON Schema of a message in one piece: the components of the document are those of its answers."""
    (ref,), parts = msgspec.json.schema_components([kind], ref_template="{name}")

    def whole(told: Any) -> Any:
        if isinstance(told, list):
            return [whole(each) for each in told]
        if not isinstance(told, dict):
            return told
        if "$ref" in told:
            return whole(parts[told["$ref"]])
        return {name: cleandoc(each) if name == "description" else whole(each) for name, each in told.items()}

    found: dict[str, Any] = whole(ref)
    return found
