"""Every statement about the ledger, and the gated read of what a customer saved.

Lines are only ever added; the database itself refuses another amount or a deletion.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from sqlite3 import Connection
from typing import Any, Final

from edge.consent.rules import Role, traits_of
from edge.consent.tables import basis_until
from edge.recognition import profile
from edge.recognition.profile import Profile, unseal_trait, unwrap
from edge.wallet import rules
from edge.wallet.facts import WalletMoved
from edge.wallet.policy import AS_IT_COMES, Limits
from edge.wallet.rules import INSTRUMENTS, Balances, Instrument, Line, Number


@dataclass(frozen=True, slots=True)
class Here:
    """As whom this box reads: the recipient that consents name, its device id at the hub, its key; and its limits."""

    recipient: str
    device: str
    kek: bytes = field(repr=False)
    limits: Limits = AS_IT_COMES


def moved(conn: Connection, fact: WalletMoved, *, number: Number) -> None:
    """Write a line under the number of its own fact: the hub says up to which number it counted."""
    conn.execute(
        """
        INSERT INTO ledger
            (line_id, customer_id, visit_id, instrument, delta, why, role, staff_id, at_ms, epoch, seq)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            fact.line_id,
            fact.customer_id,
            fact.visit_id,
            fact.instrument,
            fact.delta,
            fact.why,
            fact.role,
            fact.staff_id,
            fact.at_ms,
            *number,
        ),
    )


def stay(conn: Connection, customer_id: bytes) -> str:
    """What the hub signed of the stay of a member of another shop; empty for the shop's own."""
    row = conn.execute("SELECT stay FROM replica.guest WHERE customer_id=?", (customer_id,)).fetchone()
    return row[0] if row else ""


def renumber(conn: Connection, moved: Iterable[tuple[Number, Number]]) -> None:
    """The facts of these lines got other numbers, in a newer epoch: the hub will count them under those."""
    conn.executemany(
        "UPDATE ledger SET epoch=?, seq=? WHERE epoch=? AND seq=?", [(*new, *old) for old, new in moved]
    )


@dataclass(frozen=True, slots=True)
class Written:
    """A line as it stands in the ledger."""

    instrument: str
    delta: int
    why: str
    at_ms: int


def written(conn: Connection, line_id: bytes, *, visit_id: bytes) -> Written | None:
    """The line of this visit that a form was about, None when it was not written."""
    row = conn.execute(
        "SELECT instrument, delta, why, at_ms FROM ledger WHERE line_id=? AND visit_id=?", (line_id, visit_id)
    ).fetchone()
    return Written(*row) if row else None


def is_written(conn: Connection, line_id: bytes) -> bool:
    return conn.execute("SELECT 1 FROM ledger WHERE line_id=?", (line_id,)).fetchone() is not None


# The basis is asked once a line, and there is hardly ever one that the hub has not counted: a card pays a look
# into an index.
_LINES: Final = f"""
    SELECT l.instrument, l.delta, l.epoch, l.seq FROM main.ledger AS l
    WHERE l.customer_id=:customer_id AND (l.epoch, l.seq) > (:epoch, :seq)
        AND {basis_until("l.customer_id", "'saving'")} IS NOT NULL
    ORDER BY l.epoch, l.seq"""


def _lines(
    conn: Connection,
    customer_id: bytes,
    values: Mapping[str, Any],
    *,
    device: str,
    recipient: str,
    now_ms: int,
) -> list[Line]:
    """Lines above what the hub's values count, oldest first."""
    held = [rules.counted(values[each], device) for each in INSTRUMENTS if each in values]
    if not held:
        return []
    epoch, seq = min(held)
    asked = {
        "customer_id": customer_id,
        "epoch": epoch,
        "seq": seq,
        "recipient": recipient,
        "now_ms": now_ms,
    }
    return [
        Line(instrument, delta, (epoch, seq)) for instrument, delta, epoch, seq in conn.execute(_LINES, asked)
    ]


def profile_here(conn: Connection, customer_id: bytes, *, role: Role, here: Here, now_ms: int) -> Profile:
    """A customer's profile as it is true in this shop: points and stamps with the lines the hub has not counted.

    Raises Corrupt. The values are read before the lines: a line is never taken away, so what is committed between the
    two is counted once.
    """
    found = profile.read(conn, customer_id, role=role, recipient=here.recipient, now_ms=now_ms, kek=here.kek)
    lines = _lines(
        conn, customer_id, found.values, device=here.device, recipient=here.recipient, now_ms=now_ms
    )
    return replace(found, values=rules.here(found.values, lines, device=here.device)) if lines else found


def _read(role: Role) -> str:
    allowed = ", ".join(f"'{name}'" for name in rules.SAVED if name in traits_of(role))
    return f"""
        SELECT t.name, t.sealed, t.ver, t.as_of_ms, k.wrapped
        FROM replica.trait AS t JOIN replica.customer_key AS k ON k.customer_id=t.customer_id
        WHERE t.customer_id=:customer_id AND t.name IN ({allowed})
            AND (t.until_ms IS NULL OR t.until_ms>:now_ms)
            AND {basis_until("t.customer_id", "'saving'")} IS NOT NULL"""


_READ: Final[dict[Role, str]] = {"staff": _read("staff"), "manager": _read("manager")}


def balances(conn: Connection, customer_id: bytes, *, role: Role, here: Here, now_ms: int) -> Balances | None:
    """What a customer saved, as it is true in this shop; None when they save nothing here. Raises Corrupt."""
    asked = {"customer_id": customer_id, "recipient": here.recipient, "now_ms": now_ms}
    rows = conn.execute(_READ[role], asked).fetchall()
    if not rows:
        return None
    key = unwrap(here.kek, customer_id, rows[0][4])
    values = {
        name: unseal_trait(key, customer_id, name=name, ver=ver, sealed=sealed)
        for name, sealed, ver, _, _ in rows
    }
    lines = _lines(conn, customer_id, values, device=here.device, recipient=here.recipient, now_ms=now_ms)
    as_of_ms = {name: as_of for name, _, _, as_of, _ in rows}
    return rules.balances(values, as_of_ms, lines, now_ms=now_ms, device=here.device)


def forget(conn: Connection, customer_id: bytes) -> None:
    """Destroy the link to a person: the amounts stay, all of one customer under one random id."""
    conn.execute(
        "UPDATE ledger SET customer_id=(SELECT randomblob(16)), visit_id=NULL WHERE customer_id=?",
        (customer_id,),
    )


def redeemed(conn: Connection, customer_id: bytes, instrument: Instrument, *, since_ms: int) -> int:
    """How many points, or full stamp cards, a customer redeemed in this shop since then."""
    what = "-sum(delta)" if instrument == "points" else "count(*)"
    (amount,) = conn.execute(
        f"""
        SELECT coalesce({what}, 0) FROM ledger
        WHERE customer_id=? AND at_ms>=? AND instrument=? AND why='reward'
        """,
        (customer_id, since_ms, instrument),
    ).fetchone()
    return int(amount)


def redeemed_cards(conn: Connection, *, since_ms: int) -> int:
    """How many full stamp cards were redeemed in this shop since then; about nobody."""
    (count,) = conn.execute(
        "SELECT count(*) FROM ledger WHERE instrument='stamps' AND why='reward' AND at_ms>=?", (since_ms,)
    ).fetchone()
    return int(count)
