"""Letting a customer's phone onto their own page: what a shop asks of the hub, and how."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from sync import wire
from sync.asking import Asking, understood
from sync.own_request import Shown

PATH: Final = "/sync/v1/page"


class OwnPageAsk(Struct, frozen=True, kw_only=True):
    """A customer stands in the shop and showed a card or phone: let their phone onto their own page.

    `shown` is what it proved just now. A weak one opens nothing: of a bar code there may be a photograph. A box
    of before does not say it, and could not read an empty address: it is refused as
    MALFORMED, before a letter goes out.
    """

    schema: wire.Seq = wire.SCHEMA
    customer_id: wire.Hex16
    shown: Shown


class OwnPageAnswer(Struct, frozen=True, kw_only=True):
    """`address` lets one phone in, once, until `until_ms`. Empty after a weak proof.

    Then a link went where this customer said that they read it, if they ever did; the shop is not told whether.
    """

    schema: wire.Seq = wire.SCHEMA
    address: Annotated[str, Meta(pattern=r"^(https?://.*)?$(?!\n)", max_length=512)]
    until_ms: wire.Count
    hub_time_ms: wire.Count


def encode(said: OwnPageAsk | OwnPageAnswer) -> bytes:
    return msgspec.json.encode(said)


async def ask(asking: Asking, customer_id: str, *, shown: Shown) -> OwnPageAnswer:
    """What lets a resident's phone onto their own page, once. Raises Unreachable or Refused."""
    content = encode(OwnPageAsk(customer_id=customer_id, shown=shown))
    answer = await asking.ask("POST", PATH, content=content, most=wire.ANSWER_BYTES)
    return understood(lambda: wire.decode_as(answer, OwnPageAnswer))
