"""How an operation says no, as the OpenAPI document tells it: problem details (RFC 9457), each status on its own."""

from typing import Final

from litestar.openapi.datastructures import ResponseSpec

from sync import wire

MEDIA_TYPE: Final = "application/problem+json"
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
