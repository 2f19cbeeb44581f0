"""Carries out what a customer asked for on their own page in a shop, under the rules of the page here.

Setting right takes a card or phone that proves itself; being forgotten a phone that its owner unlocked: a card may be
in other hands for a moment (portal/sessions.py). That they showed it is the box's word: so a shop has a measure
(wishes.py), and each one is said in the log, of whom never.
"""

from typing import TYPE_CHECKING, Any

import msgspec

from edge.kit.errors import Corrupt, Refused
from edge.kit.seal import trait_place, unseal
from edge.kit.sql import Connection
from sync.hub import people, stays
from sync.hub.hq import whom
from sync.hub.portal import correct
from sync.hub.tables import people as tables
from sync.hub.tables import wallet
from sync.hub.tables.devices import Device
from sync.hub.tables.feed import Moved
from sync.own_request import ENOUGH, PLACE, OwnRequest

if TYPE_CHECKING:
    from sync.hub.app import Hub


async def carry_out(hub: "Hub", asked: OwnRequest, *, device: Device) -> None:
    """Raises Refused: NOT_SURE, NOT_RESIDENT, BAD_BODY, FORGETS_MANY; headquarters sees that the wish waits there.

    Of whom was forgotten already there is nothing left to do.
    """
    try:
        await _carry_out(hub, asked, device=device)
    except Refused:
        hub.wishes.was_refused(device.shop_id)
        raise


async def _carry_out(hub: "Hub", asked: OwnRequest, *, device: Device) -> None:
    customer_id = bytes.fromhex(asked.customer_id)
    if asked.shown not in ENOUGH[asked.kind]:
        raise Refused("this takes more than what was shown", code="NOT_SURE", hint="nothing was changed")
    if not await hub.db.read(_is_theirs, hub, customer_id, asked=asked, shop_id=device.shop_id):
        return
    if asked.kind == "forget":
        with hub.wishes.forgetting(device.shop_id):
            await hub.erase(customer_id)
        hub.log("forgotten_in_shop", device=device.id)
        return
    await hub.change(_set_right, hub, customer_id, asked=asked)
    hub.bell.poke([customer_id])


def _is_theirs(conn: Connection, hub: "Hub", customer_id: bytes, *, asked: OwnRequest, shop_id: str) -> bool:
    """Whether they are of the shop that speaks of them; False for whom it was said before that they are forgotten.

    Of a guest the hub's own word of the stay is enough: they may have left before the wish came up, or the hub may be
    put back to before they came.
    """
    if tables.erased(conn, [people.mark(hub.keys, customer_id)]):
        return False
    was_here = asked.stay and stays.began(hub.keys, shop_id, customer_id, asked.stay) is not None
    is_here = shop_id in tables.shops_of(conn, customer_id)
    if not (is_here or (was_here and tables.exists(conn, customer_id))):
        raise Refused("the customer is of another shop", code="NOT_RESIDENT", hint="nothing was changed")
    return True


def _set_right(conn: Connection, hub: "Hub", customer_id: bytes, *, asked: OwnRequest) -> list[Moved]:
    whom.hold(conn, [customer_id])
    # A line that was away for days brings it after what they may have said elsewhere since.
    held = wallet.trait(conn, customer_id, asked.kind)
    if held is not None and held.as_of_ms > asked.at_ms:
        return []
    return correct.correct(conn, hub, customer_id, {asked.kind: _value(conn, hub, customer_id, asked)})


def _value(conn: Connection, hub: "Hub", customer_id: bytes, asked: OwnRequest) -> dict[str, Any]:
    place = trait_place(customer_id, PLACE, asked.at_ms)
    try:
        plain = unseal(whom.key_of(conn, hub.keys, customer_id), bytes.fromhex(asked.sealed), place)
        said = msgspec.json.decode(plain, type=dict[str, str])
    except (Corrupt, msgspec.MsgspecError, UnicodeError):
        raise _bad() from None
    if asked.kind == "name":
        found = correct.name(said.get("name", ""))
    else:
        found = correct.birthday(said.get("day", ""), said.get("month", ""))
    if isinstance(found, str):
        raise _bad()
    return found


def _bad() -> Refused:
    return Refused("what they said cannot be read", code="BAD_BODY", hint="nothing was changed")
