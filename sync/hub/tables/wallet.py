"""The central ledger, and the traits as they change with it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Final, NamedTuple

from msgspec.structs import asdict

from edge.kit.sql import Connection, spread
from sync import wire

_LINE: Final = """
    INSERT INTO ledger (device_id, epoch, seq, line_id, customer_id, instrument, delta, short, why, at_ms)
    VALUES (:device_id, :epoch, :seq, :line_id, :customer_id, :instrument, :delta, :short, :why, :at_ms)"""


def add(conn: Connection, line: Mapping[str, Any]) -> None:
    conn.execute(_LINE, line)


def add_all(conn: Connection, lines: Sequence[Mapping[str, Any]]) -> None:
    conn.executemany(_LINE, lines)


def take_out(conn: Connection, customer_id: bytes, *, device_id: str) -> None:
    """Delete what one book says of a customer."""
    conn.execute(
        "DELETE FROM ledger WHERE customer_id=:customer_id AND device_id=:device_id",
        {"customer_id": customer_id, "device_id": device_id},
    )


def written(conn: Connection, line_ids: Iterable[bytes]) -> set[bytes]:
    """Which of these lines are in the ledger."""
    those, given = spread("line", line_ids)
    rows = conn.execute(f"SELECT line_id FROM ledger WHERE line_id IN {those}", given)
    return {bytes(line_id) for (line_id,) in rows}


def last(conn: Connection, device_id: str, epoch: int) -> int:
    """The last number of a book of our own, 0 for none."""
    (seq,) = conn.execute(
        "SELECT coalesce(max(seq), 0) FROM ledger WHERE device_id=:id AND epoch=:epoch",
        {"id": device_id, "epoch": epoch},
    ).fetchone()
    return int(seq)


class Entry(NamedTuple):
    """One line of a ledger as a time line has it."""

    at_ms: int
    instrument: str
    delta: int
    why: str


def entries(
    conn: Connection, customer_id: bytes, *, device_ids: Iterable[str], upto_ms: int, most: int
) -> list[Entry]:
    """The newest lines of these books up to an instant, newest first, in an order that never changes."""
    those, given = spread("book", device_ids)
    rows = conn.execute(
        f"""
        SELECT at_ms, instrument, delta, why FROM ledger
        WHERE customer_id=:customer_id AND device_id IN {those} AND at_ms<=:upto_ms
        ORDER BY at_ms DESC, device_id, epoch, seq LIMIT :most
        """,
        {"customer_id": customer_id, "upto_ms": upto_ms, "most": most} | given,
    )
    return [Entry(*row) for row in rows]


def short(conn: Connection, customer_id: bytes) -> dict[str, int]:
    """By instrument: what was given to a customer though it was no longer there."""
    rows = conn.execute(
        """
        SELECT instrument, sum(short) FROM ledger WHERE customer_id=:customer_id AND short>0 GROUP BY instrument
        """,
        {"customer_id": customer_id},
    )
    return dict(rows.fetchall())


def shops(conn: Connection, customer_id: bytes) -> set[str]:
    """The shops that wrote a line of a customer's: they stand here also when what was reported is past its time."""
    rows = conn.execute(
        """
        SELECT DISTINCT device.shop_id FROM ledger JOIN device ON device.id=ledger.device_id
        WHERE ledger.customer_id=:customer_id
        """,
        {"customer_id": customer_id},
    )
    return {shop_id for (shop_id,) in rows}


def forget(conn: Connection, customer_id: bytes, *, nobody: bytes) -> None:
    """Put `nobody`, a random id, in place of a customer."""
    conn.execute(
        "UPDATE ledger SET customer_id=:nobody WHERE customer_id=:customer_id",
        {"nobody": nobody, "customer_id": customer_id},
    )


def wrapped_key(conn: Connection, customer_id: bytes) -> bytes | None:
    row = conn.execute(
        "SELECT wrapped FROM customer_key WHERE customer_id=:id", {"id": customer_id}
    ).fetchone()
    return bytes(row[0]) if row else None


@dataclass(slots=True)
class Known:
    """What balances of a customer need: their wrapped key, all traits as they go out, and the shops they are of."""

    wrapped: bytes = b""
    traits: list[wire.Trait] = field(default_factory=list)
    shops: list[str] = field(default_factory=list)


_NAME: Final = attrgetter("name")


def known(conn: Connection, customer_ids: Collection[bytes]) -> dict[bytes, Known]:
    """Each of these, in one statement: an upload asks this twice."""
    those, given = spread("id", customer_ids)
    rows = conn.execute(
        f"""
        SELECT 'trait', customer_id, name, sealed, ver, as_of_ms, until_ms FROM trait WHERE customer_id IN {those}
        UNION ALL SELECT 'key', customer_id, '', wrapped, 0, 0, NULL FROM customer_key WHERE customer_id IN {those}
        UNION ALL SELECT 'shop', customer_id, shop_id, NULL, 0, 0, NULL FROM residency WHERE customer_id IN {those}
        """,
        given,
    )
    found = {customer_id: Known() for customer_id in customer_ids}
    for what, whose, name, value, *rest in rows:
        its = found[bytes(whose)]
        if what == "trait":
            its.traits.append(wire.Trait(name, value, *rest))
        elif what == "shop":
            its.shops.append(name)
        else:
            its.wrapped = bytes(value)
    for its in found.values():
        its.traits.sort(key=_NAME)
        its.shops.sort()
    return found


def traits(conn: Connection, customer_id: bytes) -> list[wire.Trait]:
    """All traits of a customer, as they go out."""
    rows = conn.execute(
        "SELECT name, sealed, ver, as_of_ms, until_ms FROM trait WHERE customer_id=:id ORDER BY name",
        {"id": customer_id},
    )
    return [wire.Trait(*row) for row in rows]


def trait(conn: Connection, customer_id: bytes, name: str) -> wire.Trait | None:
    row = conn.execute(
        """
        SELECT name, sealed, ver, as_of_ms, until_ms FROM trait WHERE customer_id=:id AND name=:name
        """,
        {"id": customer_id, "name": name},
    ).fetchone()
    return wire.Trait(*row) if row else None


_PUT_TRAIT: Final = """
    UPDATE trait SET sealed=:sealed, ver=:ver, as_of_ms=:as_of_ms, until_ms=:until_ms
    WHERE customer_id=:customer_id AND name=:name"""


def put_trait(conn: Connection, customer_id: bytes, trait: wire.Trait) -> None:
    put_traits(conn, [(customer_id, trait)])


def put_traits(conn: Connection, traits: Iterable[tuple[bytes, wire.Trait]]) -> None:
    conn.executemany(
        _PUT_TRAIT, [{"customer_id": customer_id, **asdict(trait)} for customer_id, trait in traits]
    )


def drop_trait(conn: Connection, customer_id: bytes, name: str) -> None:
    conn.execute("DELETE FROM trait WHERE customer_id=:id AND name=:name", {"id": customer_id, "name": name})


def raise_vers(conn: Connection, customer_ids: Iterable[bytes]) -> dict[bytes, int]:
    """The next version of these customers' rows in the feed."""
    those, given = spread("id", customer_ids)
    rows = conn.execute(f"UPDATE customer SET ver=ver+1 WHERE id IN {those} RETURNING id, ver", given)
    return {bytes(customer_id): int(ver) for customer_id, ver in rows}
