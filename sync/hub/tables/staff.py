"""Who may sign in where, as headquarters says; the bodies go out to the shops."""

from collections.abc import Iterator

from edge.kit.sql import Connection


def member(conn: Connection, id_: str) -> tuple[int, bytes | None] | None:
    """Version and body of somebody; a body of None: they left."""
    row = conn.execute("SELECT ver, d FROM staff WHERE id=:id", {"id": id_}).fetchone()
    return None if row is None else (int(row[0]), None if row[1] is None else bytes(row[1]))


def put(conn: Connection, id_: str, *, ver: int, d: bytes | None) -> None:
    conn.execute(
        """
        INSERT INTO staff (id, ver, d) VALUES (:id, :ver, :d)
        ON CONFLICT (id) DO UPDATE SET ver=excluded.ver, d=excluded.d
        """,
        {"id": id_, "ver": ver, "d": d},
    )


def present(conn: Connection) -> Iterator[tuple[str, int, bytes]]:
    """Everybody who is there: id, version, body."""
    rows = conn.execute("SELECT id, ver, d FROM staff WHERE d IS NOT NULL ORDER BY id")
    return ((id_, int(ver), bytes(d)) for id_, ver, d in rows)
