"""Letting a customer's phone onto their own page: what a shop asks of the hub, and how."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from sync import wire
from sync.asking import Asking, understood

PATH: Final = "/sync/v1/page"


class OwnPageAsk(Struct, frozen=True, kw_only=True):
    """A customer stands in the shop, tapped and showed that it is them: let their phone onto their own page."""

    schema: wire.Seq = wire.SCHEMA
    customer_id: wire.Hex16


class OwnPageAnswer(Struct, frozen=True, kw_only=True):
    """`address` lets one phone in, once, until `until_ms`."""

    schema: wire.Seq = wire.SCHEMA
    address: Annotated[str, Meta(pattern="^https?://", max_length=512)]
    until_ms: wire.Count
    hub_time_ms: wire.Count


def encode(said: OwnPageAsk | OwnPageAnswer) -> bytes:
    return msgspec.json.encode(said)


async def ask(asking: Asking, customer_id: str) -> OwnPageAnswer:
    """What lets a resident's phone onto their own page, once. Raises Unreachable or Refused."""
    content = encode(OwnPageAsk(customer_id=customer_id))
    answer = await asking.ask("POST", PATH, content=content, most=wire.ANSWER_BYTES)
    return understood(lambda: wire.decode_as(answer, OwnPageAnswer))
