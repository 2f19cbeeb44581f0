"""Bodies on the line, packed where both sides can: requests unfolded within a cap, answers for who takes it."""

from typing import Any, Final

from litestar import MediaType, Request, Response
from litestar.exceptions import SerializationException

from edge.kit.nesting import is_deeper
from sync import packing
from sync.hub.problem import Refusal

AnyRequest = Request[Any, Any, Any]
MOST_DEEP: Final = 32  # lists and objects in each other; nothing that is asked for nests by the half of it


class TooDeep(SerializationException):
    """The body is JSON that nests deeper than `MOST_DEEP`."""


class Shallow(AnyRequest):
    """A request whose JSON is read by the framework: here it ends where its stack would."""

    async def json(self) -> Any:
        """What the body says; raises SerializationException for what is no JSON, and for what nests too deep."""
        try:
            found = await super().json()
        except RecursionError:
            raise TooDeep from None
        if is_deeper(found, MOST_DEEP):
            raise TooDeep
        return found


async def unfolded(request: AnyRequest, *, most: int) -> bytes:
    """The body of a request, unfolded to `most` bytes at most; raises Malformed, or Refusal BAD_CODING."""
    coding = request.headers.get("content-encoding", "").strip().lower()
    body = await request.body()
    if coding in ("", "identity"):
        return body
    if coding != packing.CODING:
        raise Refusal(
            "the body is packed in a way that is not understood",
            code="BAD_CODING",
            hint=f"send it plain, or as {packing.CODING}",
            status=415,
        )
    return packing.unpack(body, most=most)


def said(content: bytes) -> Response[Any]:
    """An answer that is JSON already, whatever the document says that its shape is."""
    return Response(content, media_type=MediaType.JSON)


def answer(request: AnyRequest, content: bytes, media_type: str) -> Response[Any]:
    """An answer, packed for who takes it; it says that packed requests are taken too (RFC 9110 section 12.5.3)."""
    headers = {"accept-encoding": packing.CODING, "vary": "accept-encoding"}
    if len(content) >= packing.WORTH_BYTES and packing.accepts(request.headers.get("accept-encoding", "")):
        content = packing.pack(content)
        headers["content-encoding"] = packing.CODING
    return Response(content, headers=headers, media_type=media_type)
