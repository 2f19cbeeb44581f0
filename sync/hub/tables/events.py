"""What the shops reported, as it came."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import msgspec
from msgspec import Struct

from edge.kit.chain import GENESIS
from edge.kit.sql import Connection

NOTHING: Final = b"{}"  # what stands in place of a body that an erasure took


class Kept(NamedTuple):
    """One fact on its way into the history."""

    seq: int
    at_ms: int
    kind: str
    body: bytes
    hash: bytes
    code: str | None
    customer_id: bytes | None


def held(conn: Connection, device_id: str, epoch: int) -> int:
    """The last seq the hub holds of an epoch, 0 for none."""
    (seq,) = conn.execute(
        "SELECT coalesce(max(seq), 0) FROM event WHERE device_id=:device_id AND epoch=:epoch",
        {"device_id": device_id, "epoch": epoch},
    ).fetchone()
    return int(seq)


def hash_at(conn: Connection, device_id: str, epoch: int, *, seq: int) -> bytes | None:
    """The chain up to `seq`; the genesis before the first."""
    if seq == 0:
        return GENESIS
    row = conn.execute(
        "SELECT hash FROM event WHERE device_id=:device_id AND epoch=:epoch AND seq=:seq",
        {"device_id": device_id, "epoch": epoch, "seq": seq},
    ).fetchone()
    return bytes(row[0]) if row else None


def what_at(conn: Connection, device_id: str, epoch: int, *, seq: int) -> tuple[int, str] | None:
    """When the fact at `seq` happened, and its kind."""
    row = conn.execute(
        "SELECT at_ms, kind FROM event WHERE device_id=:device_id AND epoch=:epoch AND seq=:seq",
        {"device_id": device_id, "epoch": epoch, "seq": seq},
    ).fetchone()
    return (int(row[0]), str(row[1])) if row else None


def between(
    conn: Connection, device_id: str, epoch: int, *, first: int, last: int
) -> dict[int, tuple[bytes, str | None]]:
    """Hash and verdict by seq of what is held from `first` to `last`."""
    rows = conn.execute(
        """
        SELECT seq, hash, code FROM event
        WHERE device_id=:device_id AND epoch=:epoch AND seq BETWEEN :first AND :last
        """,
        {"device_id": device_id, "epoch": epoch, "first": first, "last": last},
    )
    return {seq: (hash_, code) for seq, hash_, code in rows}


def keep_all(conn: Connection, histories: Iterable[tuple[str, int, Sequence[Kept]]], *, now_ms: int) -> None:
    """Add to the histories of these devices and epochs."""
    conn.executemany(
        """
        INSERT INTO event
            (device_id, epoch, seq, at_ms, kind, body, hash, code, customer_id, received_ms)
        VALUES (:device_id, :epoch, :seq, :at_ms, :kind, :body, :hash, :code, :customer_id, :now_ms)
        """,
        [
            event._asdict() | {"device_id": device_id, "epoch": epoch, "now_ms": now_ms}
            for device_id, epoch, kept in histories
            for event in kept
        ],
    )


Place = tuple[str, int, int]  # device, epoch and seq of a fact
FIRST: Final[Place] = ("", 0, 0)


class Unknown(NamedTuple):
    """A dead letter that speaks of somebody whom the hub did not know, not in that shop, or without their key."""

    device_id: str
    epoch: int
    seq: int
    at_ms: int
    kind: str
    body: bytes
    hash: bytes

    @property
    def place(self) -> Place:
        return self.device_id, self.epoch, self.seq


def unknown(conn: Connection, customer_id: bytes, *, most: int) -> list[Unknown]:
    """The first dead letters that speak of a customer, or of a card, as if they were there, each box's in its order.

    Of those that were refused as another shop's only what shops say of whom they have by now, as in `heard_of`; of
    those whose balance did not open, where there is a key.
    """
    rows = conn.execute(
        """
        SELECT device_id, epoch, seq, at_ms, kind, body, hash FROM event
        WHERE customer_id=:customer_id AND body<>:nothing
            AND (code='UNKNOWN_CUSTOMER' OR code='UNKNOWN_CREDENTIAL' AND kind='credential_blocked'
                OR code='BAD_SEAL' AND EXISTS (SELECT 1 FROM customer_key AS k WHERE k.customer_id=event.customer_id)
                OR code='NOT_RESIDENT' AND kind='wallet_moved' AND EXISTS (
                SELECT 1 FROM device JOIN residency AS r ON r.shop_id=device.shop_id
                WHERE device.id=event.device_id AND r.customer_id=event.customer_id AND r.reason<>'visit'))
        ORDER BY device_id, epoch, seq LIMIT :most
        """,
        {"customer_id": customer_id, "nothing": NOTHING, "most": most},
    )
    return [_letter(*row) for row in rows]


def nobodys(conn: Connection, *, after: Place, most: int) -> list[Unknown]:
    """Dead letters of what cards earned that were nobody's then, after one of them."""
    device_id, epoch, seq = after
    rows = conn.execute(
        """
        SELECT device_id, epoch, seq, at_ms, kind, body, hash FROM event
        WHERE code='UNKNOWN_CREDENTIAL' AND kind='guest_saved' AND body<>:nothing
            AND (device_id, epoch, seq)>(:device_id, :epoch, :seq)
        ORDER BY device_id, epoch, seq LIMIT :most
        """,
        {"nothing": NOTHING, "device_id": device_id, "epoch": epoch, "seq": seq, "most": most},
    )
    return [_letter(*row) for row in rows]


def _letter(
    device_id: str, epoch: int, seq: int, at_ms: int, kind: str, body: bytes, hash_: bytes
) -> Unknown:
    return Unknown(device_id, epoch, seq, at_ms, kind, bytes(body), bytes(hash_))


def heard_of(conn: Connection, *, most: int) -> list[bytes]:
    """Customers whom dead letters call unknown, or of another shop, and who are known, or are of that shop, by now;
    and whose balance did not open while a key of theirs is there.

    Not who is there for a visit: of a stay that the hub forgot its own word speaks (`sync.hub.stays`).
    """
    of = {"nothing": NOTHING, "most": most}
    unknown = """
        SELECT DISTINCT event.customer_id FROM event JOIN customer ON customer.id=event.customer_id
        WHERE event.code='UNKNOWN_CUSTOMER' AND event.body<>:nothing LIMIT :most
        """
    elsewhere = """
        SELECT DISTINCT event.customer_id FROM event JOIN device ON device.id=event.device_id
        JOIN residency AS r ON r.customer_id=event.customer_id AND r.shop_id=device.shop_id
        WHERE event.code='NOT_RESIDENT' AND event.kind='wallet_moved' AND event.body<>:nothing
            AND r.reason<>'visit' LIMIT :most
        """
    shut = """
        SELECT DISTINCT event.customer_id FROM event JOIN customer_key AS k ON k.customer_id=event.customer_id
        WHERE event.code='BAD_SEAL' AND event.body<>:nothing LIMIT :most
        """
    found = [
        bytes(whom) for said in (unknown, elsewhere, shut) for (whom,) in conn.execute(said, of).fetchall()
    ]
    return list(dict.fromkeys(found))


def judge(conn: Connection, of: Unknown, kept: Kept) -> None:
    """Keep another verdict on a dead letter, and whose it is; a body is taken away by it and never put back."""
    conn.execute(
        """
        UPDATE event SET code=:code, customer_id=:customer_id,
            body=CASE WHEN :body=:nothing THEN :nothing ELSE body END
        WHERE device_id=:device_id AND epoch=:epoch AND seq=:seq
        """,
        {**kept._asdict(), "device_id": of.device_id, "epoch": of.epoch, "seq": of.seq, "nothing": NOTHING},
    )


def blank(conn: Connection, letters: Iterable[Unknown]) -> None:
    """Take away what these say."""
    conn.executemany(
        "UPDATE event SET body=:nothing WHERE device_id=:device_id AND epoch=:epoch AND seq=:seq",
        [
            {"device_id": each.device_id, "epoch": each.epoch, "seq": each.seq, "nothing": NOTHING}
            for each in letters
        ],
    )


def shops(conn: Connection, customer_id: bytes) -> set[str]:
    """The shops that reported anything about a customer."""
    rows = conn.execute(
        """
        SELECT DISTINCT device.shop_id FROM event JOIN device ON device.id=event.device_id
        WHERE event.customer_id=:customer_id
        """,
        {"customer_id": customer_id},
    )
    return {shop_id for (shop_id,) in rows}


# Facts that name a visit and not whose it was; they come from the box that reported its beginning, after that.
_OF_VISITS: Final = ("greeted", "seen_again", "visit_ended", "help_claimed", "help_released", "left_alone")
_SLICE: Final = 500
_MOST_ROWS: Final = 20_000  # facts of one box while somebody is in the shop; ten thousand are a very long day
_BEHIND: Final = 1_000  # what names a visit stands close behind its end, if it does at all


def forget(conn: Connection, customer_id: bytes) -> None:
    """Blank what was reported about a customer and their visits; seq, kind and hash stay, so that the chain holds."""
    begun = conn.execute(
        """
        SELECT device_id, epoch, seq, body FROM event
        WHERE customer_id=:customer_id AND kind='visit_started' ORDER BY device_id, epoch, seq
        """,
        {"customer_id": customer_id},
    ).fetchall()
    before: dict[str, dict[bytes, int]] = {}
    for device_id, epoch, seq, body in begun:
        if visit := visit_of(bytes(body)):
            before.setdefault(device_id, {})[visit] = epoch
            _forget_visits(conn, device_id, epoch, {visit}, after=seq)
    for device_id, visits in before.items():
        # A box that was put back may have been in the middle of a visit, and ended it once more.
        for epoch in _epochs(conn, device_id, after=min(visits.values())):
            open_then = {visit for visit, in_ in visits.items() if in_ < epoch}
            _forget_visits(conn, device_id, epoch, open_then, after=0)
    conn.execute(
        "UPDATE event SET body=:nothing, customer_id=NULL WHERE customer_id=:customer_id",
        {"nothing": NOTHING, "customer_id": customer_id},
    )


def _epochs(conn: Connection, device_id: str, *, after: int) -> list[int]:
    """The epochs of a box after one, a step of the index each."""
    found = [after]
    while found[-1] is not None:
        (epoch,) = conn.execute(
            "SELECT min(epoch) FROM event WHERE device_id=:device_id AND epoch>:epoch",
            {"device_id": device_id, "epoch": found[-1]},
        ).fetchone()
        found.append(epoch)
    return found[1:-1]


def _forget_visits(conn: Connection, device_id: str, epoch: int, visits: set[bytes], *, after: int) -> None:
    """Blank what a box said of these visits in an epoch, from a seq on, until some way behind their last end."""
    kinds = ", ".join(f"'{kind}'" for kind in _OF_VISITS)
    ended: set[bytes] = set()
    rest = _MOST_ROWS
    while rest > 0:
        rows = conn.execute(
            f"""
            SELECT seq, kind, body FROM event
            WHERE device_id=:device_id AND epoch=:epoch AND seq>:after AND kind IN ({kinds})
            ORDER BY seq LIMIT :most
            """,
            {"device_id": device_id, "epoch": epoch, "after": after, "most": _SLICE},
        ).fetchall()
        for after, kind, body in rows:
            rest -= 1
            if (visit := visit_of(bytes(body))) not in visits:
                continue
            conn.execute(
                "UPDATE event SET body=:nothing WHERE device_id=:device_id AND epoch=:epoch AND seq=:seq",
                {"nothing": NOTHING, "device_id": device_id, "epoch": epoch, "seq": after},
            )
            if kind == "visit_ended":
                ended.add(visit)
                rest = min(rest, _BEHIND) if ended == visits else rest
        if len(rows) < _SLICE:
            return


class _Visit(Struct):
    visit_id: str = ""


def visit_of(body: bytes) -> bytes:
    """The visit a fact names, as it is written there; nothing where it names none."""
    try:
        return msgspec.json.decode(body, type=_Visit).visit_id.encode()
    except msgspec.DecodeError:
        return b""
