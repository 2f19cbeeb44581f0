"""By what a customer is known: each credential, with where it came from."""

from typing import Literal, NamedTuple

from edge.kit.sql import Connection

Came = Literal["made", "merged", "shop", "headquarters"]


class Known(NamedTuple):
    """A credential; `came`: the hub made it as a pass, it came with a merge, a shop bound it, or headquarters did."""

    hash: bytes
    kind: str
    state: str
    bound_ms: int | None
    came: Came


def of(conn: Connection, customer_id: bytes) -> list[Known]:
    """Everything that names this customer: what works first, the newest of it on top."""
    rows = conn.execute(
        """
        SELECT c.hash, c.kind, c.state, c.bound_ms, CASE
            WHEN EXISTS (SELECT 1 FROM pass AS p WHERE p.hash=c.hash) THEN 'made'
            WHEN EXISTS (
                SELECT 1 FROM merge_card AS m JOIN merge AS g ON g.id=m.merge_id
                WHERE m.hash=c.hash AND g.undone_ms IS NULL
            ) THEN 'merged'
            WHEN c.kind='' THEN 'headquarters' ELSE 'shop' END
        FROM credential AS c WHERE c.customer_id=:id ORDER BY c.state, c.bound_ms DESC, c.hash
        """,
        {"id": customer_id},
    )
    return [Known(bytes(hash_), kind, state, bound_ms, came) for hash_, kind, state, bound_ms, came in rows]
