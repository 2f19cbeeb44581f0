"""What the feed says, written into the replica: every row, and how far each partition was followed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from sqlite3 import Connection
from typing import Final

import msgspec

from edge.advice import tables as advice
from edge.catalogue import tables as catalogue
from edge.catalogue.rules import Product, Stock
from edge.consent import tables as consent
from edge.consent.rules import TRAITS
from edge.guests import acts as guests
from edge.guests import tables as stays
from edge.keys import Keys
from edge.kit.errors import Corrupt
from edge.kit.seal import derive, key_place, seal, unseal
from edge.recognition import tables as recognition
from edge.staff import roster
from sync import wire


@dataclass(frozen=True, slots=True)
class Seals:
    """How customers' keys come in, and how they are kept here."""

    transport: bytes = field(repr=False)
    kek: bytes = field(repr=False)

    @classmethod
    def of(cls, keys: Keys) -> "Seals":
        return cls(derive(keys.shop_key, "key-transport"), keys.kek)


def cursor(conn: Connection, part: str) -> int:
    """Seq of the last applied row of a partition, 0 for none."""
    row = conn.execute("SELECT seq FROM replica.feed_cursor WHERE part=?", (part,)).fetchone()
    return row[0] if row else 0


_MOVE: Final = """
    INSERT INTO replica.feed_cursor (part, seq) VALUES (?, ?)
    ON CONFLICT DO UPDATE SET seq=max(seq, excluded.seq)"""


def move(conn: Connection, part: str, seq: int) -> None:
    """The partition is applied up to `seq`."""
    conn.execute(_MOVE, (part, seq))


def apply(conn: Connection, rows: Sequence[wire.Row], seals: Seals) -> None:
    """Rows of one partition, in order, and its cursor; what is at or below the cursor is passed over."""
    part = rows[0].p
    held = cursor(conn, part)
    for row in rows:
        if row.seq > held:
            _apply_row(conn, row, seals)
    move(conn, part, rows[-1].seq)


def heed(conn: Connection, rows: Sequence[wire.Row]) -> None:
    """Customers who leave a replica that another is about to take the place of."""
    for row in rows:
        guests.gone(conn, bytes.fromhex(row.id))


def _apply_row(conn: Connection, row: wire.Row, seals: Seals) -> None:
    if row.op == "erase" or (row.op == "del" and row.t == "customer"):
        # No resident any more. What was withdrawn here stays: the hub may not have heard of it.
        guests.gone(conn, bytes.fromhex(row.id))
        return
    if row.op == "del":
        if row.t == "credential":
            recognition.drop_credential(conn, bytes.fromhex(row.id))
        elif row.t == "product":
            catalogue.drop_product(conn, row.id)
        elif row.t == "stock":
            catalogue.drop_stock(conn, row.id)
        elif row.t == "staff":
            roster.drop(conn, row.id)
        return
    put(conn, row, seals)


def put(conn: Connection, row: wire.Row, seals: Seals) -> None:
    """A row that the hub has put there; what is held in a later version stays."""
    match wire.row_body(row):
        case wire.Key() as key:
            customer_id = bytes.fromhex(row.id)
            recognition.put_key(conn, customer_id, _kept(customer_id, key.wrapped, seals))
        case wire.Customer() as customer:
            customer_id = bytes.fromhex(row.id)
            traits: list[dict[str, object]] = [
                {**msgspec.structs.asdict(trait), "customer_id": customer_id}
                for trait in customer.traits
                if trait.name in TRAITS
            ]
            recognition.put_customer(conn, customer_id, ver=row.ver, traits=traits)
        case wire.Credential() as credential:
            values: dict[str, object] = {
                "hash": bytes.fromhex(row.id),
                "customer_id": bytes.fromhex(credential.customer),
                "state": credential.state,
                "ver": row.ver,
                "kind": credential.kind,
                "bound_ms": credential.bound_ms,
            }
            recognition.put_credential(conn, values)
        case wire.Consent() as given:
            consent.put(conn, {**register(given), "ver": row.ver})
        case wire.Product() as product:
            catalogue.put_product(conn, Product(item=row.id, **msgspec.structs.asdict(product)), ver=row.ver)
        case wire.Stock() as stock:
            catalogue.put_stock(conn, Stock(row.id, stock.count, stock.as_of_ms), ver=row.ver)
        case wire.Staff(name=name, role=role, language=language):
            new_id = sha256(b"staff|" + row.id.encode()).digest()[:16]
            roster.put(conn, row.id, name=name, role=role, language=language, new_id=new_id)
        case wire.Guest() as guest:
            stays.put(conn, bytes.fromhex(row.id), since_ms=guest.since_ms, stay=guest.stay)
        case wire.Model() as model:
            advice.put_model(conn, row.id, model.packed, sha256_hex=model.sha256, ver=row.ver)
        case None:
            return  # a type of a later version: its cursor moves on, its meaning waits for that version


def register(given: wire.Consent) -> dict[str, object]:
    """A register of consent as the tables take it, but for its version."""
    return {**msgspec.structs.asdict(given), "customer_id": bytes.fromhex(given.customer)}


def _kept(customer_id: bytes, wrapped: bytes, seals: Seals) -> bytes:
    """A customer's key as it is kept on this box."""
    place = key_place(customer_id)
    try:
        return seal(seals.kek, unseal(seals.transport, wrapped, place), place)
    except Corrupt:
        raise bad_key() from None


def bad_key() -> wire.Malformed:
    return wire.Malformed(
        "a customer's key does not open with this shop's key",
        code="BAD_KEY",
        hint="compare the shop_key of this box with the hub's for this shop",
    )
