"""What the journal keeps of the feed, because it has to outlive the replica: withdrawals, blocks and erasures."""

from collections.abc import Sequence
from sqlite3 import Connection

from edge import outbox, own_requests, replica
from edge.advice import tables as advice
from edge.consent import tables as consent
from edge.joining import tables as joining
from edge.presence import beacons
from edge.recognition import marks
from edge.recognition import tables as recognition
from edge.staff import drafts
from edge.visits import tables as visits
from edge.wallet import tables as wallet
from sync import wire


def of(rows: Sequence[wire.Row], *, urgent: bool) -> list[wire.Row]:
    """Those of `rows` that the journal has to hear of."""
    return [row for row in rows if row.op == "erase" or (urgent and row.op == "put") or _takes_away(row)]


def keep(conn: Connection, rows: Sequence[wire.Row]) -> None:
    """Do it in the journal; what the replica in use has already (by its cursor) is passed over."""
    held = replica.cursor(conn, rows[0].p)
    for row in rows:
        if row.seq > held:
            _keep_row(conn, row)


def heed(conn: Connection, rows: Sequence[wire.Row]) -> None:
    """Do it in the journal, wherever the replica's cursor is."""
    for row in rows:
        _keep_row(conn, row)


def forget(conn: Connection, customer_id: bytes) -> None:
    """Nothing of an erased customer stays in the journal; the numbers of their facts do."""
    consent.forget(conn, customer_id, schema="main")
    recognition.forget_here(conn, customer_id)
    marks.forget(conn, customer_id)
    joining.forget(conn, customer_id)
    outbox.blank(conn, customer_id, visits=visits.ids_of(conn, customer_id))
    visits.forget(conn, customer_id)
    wallet.forget(conn, customer_id)
    advice.forget(conn, customer_id)
    beacons.forget(conn, customer_id)
    own_requests.drop(conn, customer_id)
    drafts.drop_all(conn)


def _keep_row(conn: Connection, row: wire.Row) -> None:
    if row.op == "erase":
        forget(conn, bytes.fromhex(row.id))
        return
    match wire.row_body(row):
        case wire.Credential(customer=customer, state="blocked"):
            recognition.block_credential(conn, bytes.fromhex(row.id), customer_id=bytes.fromhex(customer))
            visits.unprove(conn, bytes.fromhex(customer))
        case wire.Consent(state="withdrawn") as register:
            consent.put_here(conn, replica.register(register))
            if register.purpose == "profiling":
                advice.forget(conn, bytes.fromhex(register.customer))
        case _:
            pass


def _takes_away(row: wire.Row) -> bool:
    """Whether a row withdraws or blocks, also down the main lane: what the replica forgets in a power cut stays so.

    Looks at its bytes: a first fetch has millions of rows, and no other word of these two types can be either.
    """
    return (row.t == "consent" and b'"withdrawn"' in bytes(row.d)) or (
        row.t == "credential" and b'"blocked"' in bytes(row.d)
    )
