"""The appliance as the sync agent sees it: facts that wait, and pages of the feed that come down.

A page and its cursor are one transaction. What comes down the urgent lane is also kept in the journal, which
a rebuilt replica does not touch.
"""

from collections.abc import Awaitable, Callable
from sqlite3 import Connection

import msgspec

from edge import outbox
from edge.consent import tables as consent
from edge.facts import Fact
from edge.keys import Keys
from edge.kit.clock import ShopTime
from edge.kit.errors import Corrupt
from edge.kit.seal import derive, key_place, seal, unseal
from edge.kit.sqlite import Database
from edge.recognition import tables as recognition
from sync import wire

# A page of the feed is applied in slices, so that a tap waits for the writer at most some 10 ms.
SLICE_ROWS = 250


class Uplink:
    """Implements `sync.agent.Box` on this house's database."""

    def __init__(
        self,
        db: Database[Fact],
        keys: Keys,
        time: ShopTime,
        *,
        on_applied: Callable[[wire.Page], Awaitable[None]],
    ) -> None:
        self._db = db
        self._time = time
        self._on_applied = on_applied
        self._kek = keys.kek
        self._transport_key = derive(keys.shop_key, "key-transport")

    def waiting(self, limit: int) -> wire.Batch | None:
        held = outbox.waiting(self._db.reader, most=limit, most_bytes=wire.BATCH_BYTES // 2)
        if held is None:
            return None
        events = [
            wire.Event(seq=line.seq, at_ms=line.at_ms, kind=line.kind, body=msgspec.Raw(line.body))
            for line in held.lines
        ]
        return wire.Batch(held.epoch, held.from_seq, held.prev_hash, events)

    async def settle(self, answer: wire.Answer) -> None:
        await self._db.apply(outbox.settle, epoch=answer.ack.epoch, seq=answer.ack.seq)

    def cursor(self, part: str) -> int:
        row = self._db.reader.execute("SELECT seq FROM replica.feed_cursor WHERE part=?", (part,)).fetchone()
        return row[0] if row else 0

    async def apply(self, page: wire.Page) -> None:
        rows = list(page.rows)
        for start in range(0, len(rows), SLICE_ROWS):
            part = rows[start : start + SLICE_ROWS]
            await self._db.apply(self._apply, part, urgent=page.checkpoint.part.endswith(":urgent"))
        if rows:
            await self._on_applied(page)

    def hub_time(self, hub_time_ms: int) -> None:
        self._time.settle(hub_time_ms)

    def _apply(self, conn: Connection, rows: list[wire.Row], *, urgent: bool) -> None:
        part = rows[0].p
        held = conn.execute("SELECT seq FROM replica.feed_cursor WHERE part=?", (part,)).fetchone()
        for row in rows:
            if held is None or row.seq > held[0]:
                self._apply_row(conn, row, urgent=urgent)
        conn.execute(
            """
            INSERT INTO replica.feed_cursor (part, seq) VALUES (?, ?)
            ON CONFLICT DO UPDATE SET seq=max(seq, excluded.seq)
            """,
            (part, rows[-1].seq),
        )

    def _apply_row(self, conn: Connection, row: wire.Row, *, urgent: bool) -> None:
        if row.op == "erase" or (row.op == "del" and row.t == "customer"):
            self._forget(conn, bytes.fromhex(row.id))
            return
        if row.op == "del":
            if row.t == "credential":
                recognition.drop_credential(conn, bytes.fromhex(row.id))
            return
        match wire.row_body(row):
            case wire.Key() as key:
                customer_id = bytes.fromhex(row.id)
                place = key_place(customer_id)
                try:
                    plain = unseal(self._transport_key, key.wrapped, place)
                except Corrupt:
                    raise wire.Malformed(
                        "a customer's key does not open with this shop's key",
                        code="BAD_KEY",
                        hint="compare the shop_key of this box with the hub's for this shop",
                    ) from None
                recognition.put_key(conn, customer_id, seal(self._kek, plain, place))
            case wire.Customer() as customer:
                customer_id = bytes.fromhex(row.id)
                traits: list[dict[str, object]] = [
                    {**msgspec.structs.asdict(trait), "customer_id": customer_id} for trait in customer.traits
                ]
                recognition.put_customer(conn, customer_id, ver=row.ver, traits=traits)
            case wire.Credential() as credential:
                values: dict[str, object] = {
                    "hash": bytes.fromhex(row.id),
                    "customer_id": bytes.fromhex(credential.customer),
                    "state": credential.state,
                    "ver": row.ver,
                }
                recognition.put_credential(conn, values)
                if urgent and credential.state == "blocked":
                    recognition.block_credential(conn, values)
            case wire.Consent() as register:
                fields = msgspec.structs.asdict(register)
                fields["customer_id"] = bytes.fromhex(register.customer)
                consent.put(conn, {**fields, "ver": row.ver}, urgent=False)
                if urgent and register.state == "withdrawn":
                    consent.put(conn, fields, urgent=True)
            case None:
                return  # a type of a later version: its cursor moves on, its meaning waits for that version

    def _forget(self, conn: Connection, customer_id: bytes) -> None:
        recognition.forget(conn, customer_id)
        for schema in ("main", "replica"):
            consent.forget(conn, customer_id, schema=schema)
