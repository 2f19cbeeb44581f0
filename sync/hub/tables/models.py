"""Models at the centre, as the bodies that go out to the shops."""

from collections.abc import Iterator

from edge.kit.sql import Connection


def model(conn: Connection, name: str) -> tuple[int, bytes] | None:
    """Version and body."""
    found: tuple[int, bytes] | None = conn.execute(
        "SELECT ver, d FROM model WHERE name=:name", {"name": name}
    ).fetchone()
    return found


def put(conn: Connection, name: str, *, ver: int, d: bytes) -> None:
    conn.execute(
        """
        INSERT INTO model (name, ver, d) VALUES (:name, :ver, :d)
        ON CONFLICT (name) DO UPDATE SET ver=excluded.ver, d=excluded.d
        """,
        {"name": name, "ver": ver, "d": d},
    )


def models(conn: Connection) -> Iterator[tuple[str, int, bytes]]:
    return conn.execute("SELECT name, ver, d FROM model ORDER BY name")
