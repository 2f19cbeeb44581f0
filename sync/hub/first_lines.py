"""Writes, once, what somebody came with as their first line, of who came to a hub that kept no such lines yet.

A balance is the sum of its lines from then on; what the lines lack is what somebody came with. Each slice is one
transaction that holds its customers, so that nothing moves meanwhile, and says how far it came.
"""

from itertools import chain, repeat
from typing import TYPE_CHECKING, Any, Final

from edge.kit.errors import Refused
from edge.kit.sql import Connection
from edge.wallet.rules import INSTRUMENTS, balance_of
from sync.hub import books, opening
from sync.hub.config import Keys
from sync.hub.hq import whom
from sync.hub.rounds import keep_on
from sync.hub.tables import first_lines as tables
from sync.hub.tables import people as customers
from sync.hub.tables import wallet

if TYPE_CHECKING:
    from sync.hub.app import Hub

SLICE: Final = 200  # customers in one transaction
EVERY_S: Final = 3_600.0  # after trouble; where all is written, a look at one row


def write(conn: Connection, keys: Keys, *, now_ms: int, most: int = SLICE) -> bool:
    """Write the first lines of the next customers that lack them; whether there may be more."""
    after = tables.done_to(conn)
    if after is None:
        return False
    ids = tables.next_customers(conn, after, most=most)
    there = customers.hold(conn, ids) if ids else set()
    sums = tables.sums(conn, there, book=books.OPENING) if there else {}
    found = []
    for each in sorted(there):
        for instrument, balance in _balances(conn, keys, each).items():
            known = sums.get((each, instrument)) or tables.Sum(0, now_ms, has_first=False)
            if not known.has_first and balance > known.total:
                found.append((each, instrument, balance - known.total, min(known.first_ms, now_ms)))
    opening.write(conn, found)
    tables.set_done(conn, ids[-1] if ids else None)
    return bool(ids)


def _balances(conn: Connection, keys: Keys, customer_id: bytes) -> dict[str, int]:
    """What somebody has; nothing where it does not open."""
    found: dict[str, int] = {}
    held: dict[str, Any] = {each.name: each for each in wallet.traits(conn, customer_id)}
    try:
        for name in INSTRUMENTS:
            if name in held:
                value = whom.value_of(whom.key_of(conn, keys, customer_id), customer_id, held[name])
                found[name] = balance_of(name, value) or 0
    except Refused:
        return {}
    return found


async def keep_writing(hub: "Hub") -> None:
    """`write` until all is written; what fails is said, and tried again."""

    async def all_of_them() -> None:
        while await hub.db.apply(write, hub.keys, now_ms=hub.now_ms()):
            pass

    if await hub.db.read(tables.done_to) is not None:
        rest = chain([0.0], repeat(EVERY_S)).__next__
        await keep_on(all_of_them, rest=rest, log=hub.log, failed="first_lines_failed")
