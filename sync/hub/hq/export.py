"""What headquarters takes out: rows and what their columns are. Nobody is in them, unless a purpose was named."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

import msgspec

from edge.consent.rules import PURPOSES, TRAITS
from edge.kit.clock import utc
from edge.kit.errors import WordsError
from edge.kit.sql import Connection
from sync import wire
from sync.hub.config import Keys
from sync.hub.hq import aftervisit, fleet
from sync.hub.portal.traits import open_traits
from sync.hub.tables import exports as tables
from sync.hub.tables import reading, reports

Kind = Literal["text", "whole", "time"]
Row = tuple[Any, ...]
PAGE: Final = 1000
HOUR_MS: Final = 3_600_000
_FIRST: Final = ("", 0, 0)


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose keys open what, for which purpose (empty: about nobody), and when."""

    keys: Keys
    purpose: str
    now_ms: int
    log: Callable[..., None]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One export: its columns, and its rows one by one."""

    columns: Mapping[str, Kind]
    rows: Callable[[Connection, Asked], Iterator[Row]]
    personal: bool = False  # it is about people and nothing else
    only: str = ""  # the one purpose that it may serve


def checked(what: str, purpose: str) -> Sheet:
    """The sheet that was asked for; raises WordsError for one that there is not, or that needs a purpose."""
    if purpose and purpose not in PURPOSES:
        hint = f"there are {', '.join(PURPOSES)}"
        raise WordsError(f"no purpose is called {purpose!r}", code="W04", hint=hint)
    if SHEETS[what].personal and not purpose:
        hint = "say with --for on which purpose; who gave no yes to it is left out"
        raise WordsError(f"{what} are people's own data", code="W04", hint=hint)
    if (only := SHEETS[what].only) and purpose != only:
        raise WordsError(f"{what} go out for {only} alone", code="W04", hint=f"say --for {only}")
    return SHEETS[what]


def _facts(conn: Connection, asked: Asked) -> Iterator[Row]:
    after = _FIRST
    while found := tables.facts(conn, after=after, purpose=asked.purpose, now_ms=asked.now_ms):
        for device, shop, epoch, seq, at_ms, kind, code, who in found:
            yield device, shop, epoch, seq, _when(at_ms, who), kind, code, _hex(who)
        after = (found[-1][0], found[-1][2], found[-1][3])


def _ledger(conn: Connection, asked: Asked) -> Iterator[Row]:
    after = _FIRST
    while found := tables.ledger(conn, after=after, purpose=asked.purpose, now_ms=asked.now_ms):
        for device, shop, epoch, seq, at_ms, instrument, delta, short, why, who in found:
            yield device, shop, epoch, seq, _when(at_ms, who), instrument, delta, short, why, _hex(who)
        after = (found[-1][0], found[-1][2], found[-1][3])


def _visitors(conn: Connection, asked: Asked) -> Iterator[Row]:
    for period, shop, _, people in reports.every(conn, "visitors"):
        yield period, shop, people


def _segments(conn: Connection, asked: Asked) -> Iterator[Row]:
    yield from reports.every(conn, "segments")


def _catalogue(conn: Connection, asked: Asked) -> Iterator[Row]:
    after = ""
    while found := tables.products(conn, after=after):
        for item, d in found:
            product = wire.decode_as(bytes(d), wire.Product)
            yield (item, *(_cell(getattr(product, name)) for name in _PRODUCT))
        after = found[-1][0]


def _stock(conn: Connection, asked: Asked) -> Iterator[Row]:
    after = ("", "")
    while found := tables.stocks(conn, after=after):
        for shop, item, d in found:
            stock = wire.decode_as(bytes(d), wire.Stock)
            yield shop, item, stock.count, utc(stock.as_of_ms)
        after = (found[-1][0], found[-1][1])


def _fleet(conn: Connection, asked: Asked) -> Iterator[Row]:
    for box in fleet.gather(conn, heard={}, now_ms=asked.now_ms):
        said = box.status
        contact = None if box.contact_ms is None else utc(box.contact_ms)
        yield (
            box.shop_id,
            box.id,
            box.mood,
            " ".join(box.why),
            contact,
            said.version if said else None,
            box.facts,
            box.dead,
            box.lag_rows,
            said.outbox if said else None,
            said.outbox_oldest_s if said else None,
            box.receipts,
            None if said is None else " ".join(each.name for each in said.readers if each.code),
        )


def _customers(conn: Connection, asked: Asked) -> Iterator[Row]:
    """Who has a basis for the purpose now, with the traits that serve it, as JSON."""
    after = b""
    while found := reading.customers(conn, after=after, most=PAGE):
        for customer in found:
            if not reading.has_basis(conn, customer, asked.purpose, now_ms=asked.now_ms):
                continue
            sealed = reading.traits(conn, customer, now_ms=asked.now_ms)
            mine = [each for each in sealed if TRAITS[each.name].purpose == asked.purpose]
            values = open_traits(mine, kek=asked.keys.hub_kek, log=asked.log).values
            yield customer.hex(), asked.purpose, msgspec.json.encode(values).decode()
        after = found[-1]


def _suggestions(conn: Connection, asked: Asked) -> Iterator[Row]:
    yield from aftervisit.rows(conn, kek=asked.keys.hub_kek, now_ms=asked.now_ms, log=asked.log)


def _when(at_ms: int, who: Any) -> datetime:
    """The instant where it is somebody's by name; else the hour, or who stood beside them would know the row."""
    return utc(at_ms if who is not None else at_ms - at_ms % HOUR_MS)


def _hex(who: Any) -> str | None:
    return None if who is None else bytes(who).hex()


def _cell(value: Any) -> Any:
    """A field of a product as a cell: lists with a bar between, as the import takes them."""
    if isinstance(value, tuple):
        return "|".join(value)
    return str(value).lower() if isinstance(value, bool) else value


_PRODUCT: Final = tuple(wire.Product.__struct_fields__)
_NUMBERS: Final = frozenset({"price_cents", "vat"})
_OF_A_FACT: Final[dict[str, Kind]] = {
    "device": "text", "shop": "text", "epoch": "whole", "seq": "whole", "at": "time",
}  # fmt: skip
SHEETS: Final[dict[str, Sheet]] = {
    "facts": Sheet(_OF_A_FACT | {"kind": "text", "code": "text", "customer": "text"}, _facts),
    "ledger": Sheet(
        _OF_A_FACT
        | {"instrument": "text", "delta": "whole", "short": "whole", "why": "text", "customer": "text"},
        _ledger,
    ),
    "catalogue": Sheet(
        {"item": "text", **{name: "whole" if name in _NUMBERS else "text" for name in _PRODUCT}}, _catalogue
    ),
    "stock": Sheet({"shop": "text", "item": "text", "count": "whole", "as_of": "time"}, _stock),
    "fleet": Sheet(
        {
            "shop": "text", "box": "text", "mood": "text", "why": "text", "contact": "time", "version": "text",
            "facts": "whole", "dead": "whole", "lag_rows": "whole", "outbox": "whole",
            "outbox_oldest_s": "whole", "open_receipts": "whole", "readers_out": "text",
        },
        _fleet,
    ),
    "visitors": Sheet({"day": "text", "shop": "text", "people": "whole"}, _visitors),
    "segments": Sheet({"month": "text", "shop": "text", "segment": "text", "people": "whole"}, _segments),
    "customers": Sheet({"customer": "text", "purpose": "text", "traits": "text"}, _customers, personal=True),
    "suggestions": Sheet(
        {
            "customer": "text", "shop": "text", "at": "time", "item": "text", "title": "text", "reason": "text",
        },
        _suggestions, personal=True, only=aftervisit.PURPOSE,
    ),
}  # fmt: skip
