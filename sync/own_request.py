"""What a customer asked for on their own page in a shop, on its way to who carries it out: the hub."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from sync import wire

if TYPE_CHECKING:
    from sync.asking import Asking

PATH: Final = "/sync/v1/own"
Shown = Literal["weak", "strong", "unlocked"]  # edge/recognition/evidence.py
Kind = Literal["forget", "name", "birthday"]
MOST_SEALED: Final = 4_096  # hex
PLACE: Final = "own_request"  # stands in the associated data of what is sealed, with the moment
# What proves enough, as on the page at the hub: a card may be in other hands for a moment, so it forgets nobody.
ENOUGH: Final[Mapping[Kind, frozenset[Shown]]] = {
    "forget": frozenset({"unlocked"}),
    "name": frozenset({"strong", "unlocked"}),
    "birthday": frozenset({"strong", "unlocked"}),
}


class OwnRequest(Struct, frozen=True, kw_only=True):
    """`shown` is what their card or phone proved as they said so, at `at_ms` by the shop's clock.

    `sealed` is hex, of JSON (`{"name": text}`, or `{"day": text, "month": text}`) sealed with their own key; empty
    where they want to be forgotten. `stay` is what the hub signed of the stay of a member of another shop, as in the
    row `guest`; empty for the shop's own. Said again it changes nothing more.
    """

    schema: wire.Seq = wire.SCHEMA
    customer_id: wire.Hex16
    kind: Kind
    shown: Shown
    at_ms: wire.Count
    sealed: Annotated[str, Meta(pattern=r"^([0-9a-f]{2})*$(?!\n)", max_length=MOST_SEALED)] = ""
    stay: Annotated[str, Meta(pattern=r"^([0-9]{1,15}\.[0-9a-f]{64})?$(?!\n)")] = ""


async def ask(asking: "Asking", asked: OwnRequest) -> None:
    """Have it carried out. Raises Unreachable or Refused (NOT_SURE, NOT_RESIDENT, BAD_BODY, FORGETS_MANY)."""
    await asking.ask("POST", PATH, content=msgspec.json.encode(asked), most=wire.ANSWER_BYTES)
