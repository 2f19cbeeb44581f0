"""Every statement about consents; above all the gate that stands inside each personal read.

A consent stands in two files: the journal's (made here, or urgent) and the replica's (the hub's). What holds
is the merge by (generation, state) of `rules.merge`, written once more in SQL so that no row can be fetched
without it; a test holds the two equal.
"""

from sqlite3 import Connection
from typing import Final, NamedTuple

from edge.consent.facts import ConsentGiven, ConsentWithdrawn
from edge.consent.records import ends_soon
from edge.consent.rules import Register, State

# Stands for "no end": later than any instant, so that `min()` over several bases works.
FOREVER_MS: Final = 2**62


def basis_until(customer: str, purpose: str) -> str:
    """SQL: until when (ms) there is a valid basis at `:now_ms` for `:recipient`, NULL when there is none.

    `customer` and `purpose` are SQL expressions of the surrounding query. Few customers have a register in the
    journal, and merging two files costs four times as much as reading one, so that is asked first. The order of
    two words is the rule: ORDER BY state DESC puts `withdrawn` before `given` of one generation.
    """
    place = f"customer_id={customer} AND purpose={purpose} AND recipient=:recipient"
    columns = "SELECT gen, state, from_ms, until_ms, basis FROM"
    both = f"({columns} main.consent WHERE {place} UNION ALL {columns} replica.consent WHERE {place}"
    # A "no" said elsewhere may not have come here: without a word from the hub a yes counts for one lease, no longer.
    lease = f"CASE basis WHEN 'consent' THEN (SELECT lease_until_ms FROM main.hub) ELSE {FOREVER_MS} END"
    # What ended already is NULL; said so that the lease is looked up once.
    end = f"min(coalesce(until_ms, {FOREVER_MS}), {lease})"
    until = f"SELECT nullif(max({end}, :now_ms), :now_ms) FROM"
    valid = "state='given' AND from_ms<=:now_ms"
    return (
        f"CASE WHEN EXISTS (SELECT 1 FROM main.consent WHERE {place})"
        f" THEN ({until} {both} ORDER BY gen DESC, state DESC LIMIT 1) WHERE {valid})"
        f" ELSE ({until} replica.consent WHERE {place} AND {valid}) END"
    )


def over(customer: str, purpose: str) -> str:
    """SQL: whether a yes for this purpose was stopped, or ran out, before `:before_ms`, and none holds with anybody.

    Of who never was asked it is false.
    """
    place = f"customer_id={customer} AND purpose={purpose}"
    columns = "SELECT recipient, gen, state, from_ms, until_ms FROM"
    both = f"({columns} main.consent WHERE {place} UNION ALL {columns} replica.consent WHERE {place})"
    ends = f"CASE {{0}}.state WHEN 'withdrawn' THEN {{0}}.from_ms ELSE coalesce({{0}}.until_ms, {FOREVER_MS}) END"
    return (
        f"EXISTS (SELECT 1 FROM {both} AS c WHERE {ends.format('c')}<=:before_ms)"
        f" AND NOT EXISTS (SELECT 1 FROM {both} AS o WHERE {ends.format('o')}>:before_ms AND NOT EXISTS ("
        f"SELECT 1 FROM {both} AS n WHERE n.recipient=o.recipient"
        " AND (n.gen>o.gen OR n.gen=o.gen AND n.state='withdrawn' AND o.state='given')))"
    )


_REGISTERS: Final = {
    file: f"""
    SELECT gen, state FROM {file}.consent
    WHERE customer_id=:customer_id AND purpose=:purpose AND recipient=:recipient"""
    for file in ("main", "replica")
}


def registers(
    conn: Connection, customer_id: bytes, *, purpose: str, recipient: str
) -> tuple[Register | None, Register | None]:
    """The registers of the journal and of the replica, for `rules.merge`."""
    place = {"customer_id": customer_id, "purpose": purpose, "recipient": recipient}
    rows = [conn.execute(_REGISTERS[file], place).fetchone() for file in ("main", "replica")]
    ours, theirs = (Register(*row) if row else None for row in rows)
    return ours, theirs


def withdrew(conn: Connection, fact: ConsentWithdrawn) -> None:
    """Write the withdrawal; it stays until the hub's own register says at least as much."""
    conn.execute(
        """
        INSERT INTO main.consent (customer_id, purpose, recipient, basis, gen, state, from_ms)
        VALUES (:customer_id, :purpose, :recipient, 'consent', :gen, 'withdrawn', :at_ms)
        ON CONFLICT DO UPDATE SET gen=excluded.gen, state=excluded.state, from_ms=excluded.from_ms,
            until_ms=NULL
        """,
        {
            "customer_id": fact.customer_id,
            "purpose": fact.purpose,
            "recipient": fact.recipient,
            "gen": fact.gen,
            "at_ms": fact.at_ms,
        },
    )


_PUT: Final = """
    INSERT INTO {file}.consent
        (customer_id, purpose, recipient, basis, gen, state, from_ms, until_ms{ver})
    VALUES (:customer_id, :purpose, :recipient, :basis, :gen, :state, :from_ms, :until_ms{ver_value})
    ON CONFLICT DO UPDATE SET basis=excluded.basis, gen=excluded.gen, state=excluded.state,
        from_ms=excluded.from_ms, until_ms=excluded.until_ms{ver_set}
    WHERE {guard}"""
# A page that arrives twice, or late, changes nothing: the replica goes by version, the journal by register.
_PUT_REPLICA: Final = _PUT.format(
    file="replica", ver=", ver", ver_value=", :ver", ver_set=", ver=excluded.ver", guard="excluded.ver>ver"
)
_PUT_JOURNAL: Final = _PUT.format(
    file="main",
    ver="",
    ver_value="",
    ver_set="",
    guard="excluded.gen>gen OR (excluded.gen=gen AND excluded.state='withdrawn')",
)


def put(conn: Connection, row: dict[str, object]) -> None:
    """A consent from the feed, into the replica."""
    conn.execute(_PUT_REPLICA, row)


def put_here(conn: Connection, row: dict[str, object]) -> None:
    """Into the journal, which outlives a rebuilt replica: a withdrawal down the urgent lane, or a yes said here."""
    conn.execute(_PUT_JOURNAL, row)


def gave(conn: Connection, fact: ConsentGiven) -> None:
    """Write the yes; it stays until the hub's own register says at least as much."""
    row: dict[str, object] = {
        "customer_id": fact.customer_id,
        "purpose": fact.purpose,
        "recipient": fact.recipient,
        "basis": "consent",
        "gen": fact.gen,
        "state": "given",
        "from_ms": fact.at_ms,
        "until_ms": fact.until_ms,
    }
    put_here(conn, row)


_HOLDS: Final = f"SELECT {basis_until(':customer_id', ':purpose')}"


def holds(conn: Connection, customer_id: bytes, *, purpose: str, recipient: str, now_ms: int) -> bool:
    """Whether there is a basis for `purpose` now."""
    asked = {"customer_id": customer_id, "purpose": purpose, "recipient": recipient, "now_ms": now_ms}
    (until_ms,) = conn.execute(_HOLDS, asked).fetchone()
    return until_ms is not None


# An agreement is headquarters' own to take back: that no shop says again.
_UNSAID: Final = """
    SELECT m.customer_id, m.purpose, m.recipient, m.gen FROM main.consent AS m
    JOIN replica.customer AS c ON c.id=m.customer_id
    LEFT JOIN replica.consent AS r
        ON r.customer_id=m.customer_id AND r.purpose=m.purpose AND r.recipient=m.recipient
    WHERE m.state='withdrawn' AND m.basis='consent'
        AND (r.gen IS NULL OR r.gen<m.gen OR (r.gen=m.gen AND r.state='given'))"""


# Of nobody who is in the replica: they left this shop, or the hub does not know them there (any more).
_OF_OTHERS: Final = """
    UPDATE main.consent SET owed=0 WHERE (customer_id, purpose, recipient) IN (
        SELECT customer_id, purpose, recipient FROM main.consent AS m
        WHERE owed=1 AND NOT EXISTS (SELECT 1 FROM replica.customer AS c WHERE c.id=m.customer_id) LIMIT :most)
    RETURNING customer_id, purpose, recipient, gen"""


class Choice(NamedTuple):
    """One register as it holds here: what a customer chose for one purpose and one recipient, and until when."""

    purpose: str
    recipient: str
    state: State
    from_ms: int
    until_ms: int | None

    def ends_soon(self, *, now_ms: int) -> bool:
        """Whether its owner is asked again, for it ends by itself before long."""
        return self.state == "given" and ends_soon(
            from_ms=self.from_ms, until_ms=self.until_ms, now_ms=now_ms
        )


_CHOICES: Final = """
    SELECT purpose, recipient, state, from_ms, until_ms, gen FROM main.consent WHERE customer_id=:customer_id
    UNION ALL SELECT purpose, recipient, state, from_ms, until_ms, gen FROM replica.consent
        WHERE customer_id=:customer_id
    ORDER BY gen, state"""


def choices(conn: Connection, customer_id: bytes) -> list[Choice]:
    """Every register of a customer, the journal's and the replica's merged as `rules.merge` does, also what ended."""
    held: dict[tuple[str, str], Choice] = {}
    # The later of two is the one that holds: the higher generation, and of one generation the withdrawal.
    for *row, _ in conn.execute(_CHOICES, {"customer_id": customer_id}):
        found = Choice._make(row)
        held[found.purpose, found.recipient] = found
    return list(held.values())


def unsaid(conn: Connection, *, now_ms: int) -> list[ConsentWithdrawn]:
    """Withdrawals that hold here and that the hub's own register does not know (any more)."""
    return _said_at(conn, _UNSAID, now_ms=now_ms)


def owe(conn: Connection) -> None:
    """Of each "no" that is kept here the hub may know nothing (any more)."""
    conn.execute("UPDATE main.consent SET owed=1 WHERE state='withdrawn' AND basis='consent'")


def owes(conn: Connection) -> bool:
    (found,) = conn.execute("SELECT EXISTS (SELECT 1 FROM main.consent WHERE owed=1)").fetchone()
    return bool(found)


def of_others(conn: Connection, *, most: int, now_ms: int) -> list[ConsentWithdrawn]:
    """Owed withdrawals of whoever is not in the replica, which are owed no more."""
    return _said_at(conn, _OF_OTHERS, most=most, now_ms=now_ms)


def owe_nothing(conn: Connection) -> None:
    conn.execute("UPDATE main.consent SET owed=0 WHERE owed=1")


def _said_at(conn: Connection, which: str, *, now_ms: int, most: int = 0) -> list[ConsentWithdrawn]:
    return [
        ConsentWithdrawn(customer_id=customer_id, purpose=purpose, recipient=recipient, gen=gen, at_ms=now_ms)
        for customer_id, purpose, recipient, gen in conn.execute(which, {"most": most}).fetchall()
    ]


def forget_given(conn: Connection, customer_id: bytes) -> None:
    """What somebody agreed to here, and the hub does not know them here to have: each "no" stays."""
    conn.execute("DELETE FROM main.consent WHERE customer_id=? AND state='given'", (customer_id,))


def forget_agreements(conn: Connection) -> None:
    """Of agreements that were taken back, what the hub says of them now holds."""
    conn.execute("DELETE FROM main.consent WHERE state='withdrawn' AND basis<>'consent'")


def forget(conn: Connection, customer_id: bytes, *, schema: str) -> None:
    conn.execute(f"DELETE FROM {schema}.consent WHERE customer_id=?", (customer_id,))
