"""What headquarters' pane reads: shops, devices and counts; of one customer the balances."""

from dataclasses import dataclass

from edge.kit.sql import Connection
from sync.hub.tables import events
from sync.hub.tables.portal import Sealed


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """One box: how many facts came from it, when the last, how many of them could not be used."""

    device_id: str
    shop_id: str
    facts: int
    last_ms: int | None
    dead: int


def devices(conn: Connection) -> list[DeviceFacts]:
    """Every device by shop. Seqs are dense, so the last of each epoch is how many there are."""
    found = []
    rows = conn.execute("SELECT id, shop_id FROM device ORDER BY shop_id, id").fetchall()
    for device_id, shop_id in rows:
        held = {each: events.held(conn, device_id, each) for each in _epochs(conn, device_id)}
        times = [_received_ms(conn, device_id, each, seq) for each, seq in held.items() if seq]
        (dead,) = conn.execute(
            "SELECT count(*) FROM event WHERE device_id=:id AND code IS NOT NULL", {"id": device_id}
        ).fetchone()
        found.append(DeviceFacts(device_id, shop_id, sum(held.values()), max(times, default=None), dead))
    return found


def _epochs(conn: Connection, device_id: str) -> list[int]:
    """The epochs that have facts, a step of the index each."""
    found: list[int] = []
    while True:
        (epoch,) = conn.execute(
            "SELECT min(epoch) FROM event WHERE device_id=:device_id AND epoch>:after",
            {"device_id": device_id, "after": found[-1] if found else 0},
        ).fetchone()
        if epoch is None:
            return found
        found.append(int(epoch))


def _received_ms(conn: Connection, device_id: str, epoch: int, seq: int) -> int:
    (received_ms,) = conn.execute(
        "SELECT received_ms FROM event WHERE device_id=:device_id AND epoch=:epoch AND seq=:seq",
        {"device_id": device_id, "epoch": epoch, "seq": seq},
    ).fetchone()
    return int(received_ms)


def residents(conn: Connection) -> dict[str, int]:
    """How many customers each shop may know of."""
    rows = conn.execute("SELECT shop_id, count(*) FROM residency GROUP BY shop_id")
    return dict(rows.fetchall())


def balances(conn: Connection, customer_id: bytes, *, now_ms: int) -> list[Sealed]:
    """Points and stamps of one customer on the agreement to save; nothing else of anybody is read here."""
    rows = conn.execute(
        """
        SELECT t.customer_id, t.name, t.sealed, t.ver, t.as_of_ms, k.wrapped
        FROM trait AS t JOIN customer_key AS k ON k.customer_id=t.customer_id
        WHERE t.customer_id=:customer_id AND t.name IN ('points', 'stamps')
            AND (t.until_ms IS NULL OR t.until_ms>:now_ms)
            AND EXISTS (
                SELECT 1 FROM consent AS c WHERE c.customer_id=t.customer_id AND c.purpose='saving'
                AND c.state='given' AND (c.until_ms IS NULL OR c.until_ms>:now_ms))
        """,
        {"customer_id": customer_id, "now_ms": now_ms},
    )
    return [Sealed(*row) for row in rows]
