"""Cells that were published, and the counts they are made of once; no row here names anybody."""

from collections.abc import Mapping
from typing import Final

from edge.kit.sql import Connection
from sync.hub.hq.anonymous import Cell, Month


def newest(conn: Connection, report: str) -> str:
    """The last period that was made, empty for none."""
    (period,) = conn.execute(
        "SELECT coalesce(max(period), '') FROM report_cell WHERE report=:report", {"report": report}
    ).fetchone()
    return str(period)


def put(conn: Connection, cells: Mapping[Cell, int | None]) -> None:
    """Keep cells; one that is there stays as it was said."""
    conn.executemany(
        """
        INSERT INTO report_cell (report, period, shop_id, part, people)
        VALUES (:report, :period, :shop_id, :part, :people)
        ON CONFLICT (report, period, shop_id, part) DO UPDATE SET people=report_cell.people
        """,
        [cell._asdict() | {"people": people} for cell, people in cells.items()],
    )


def every(conn: Connection, report: str) -> list[tuple[str, str, str, int | None]]:
    """(period, shop, part, people) in their order; people is None where there were too few."""
    return conn.execute(
        """
        SELECT period, shop_id, part, people FROM report_cell WHERE report=:report
        ORDER BY period, shop_id, part
        """,
        {"report": report},
    ).fetchall()


def shops(conn: Connection) -> list[str]:
    return [shop_id for (shop_id,) in conn.execute("SELECT id FROM shop ORDER BY id", {})]


def visitors(conn: Connection, *, from_ms: int, until_ms: int) -> dict[str, int]:
    """How many people came into each shop, each counted once."""
    return dict(
        conn.execute(
            """
            SELECT d.shop_id, count(DISTINCT e.customer_id) FROM event AS e JOIN device AS d ON d.id=e.device_id
            WHERE e.kind='visit_started' AND e.at_ms>=:from_ms AND e.at_ms<:until_ms
                AND e.customer_id IS NOT NULL
            GROUP BY d.shop_id
            """,
            {"from_ms": from_ms, "until_ms": until_ms},
        ).fetchall()
    )


# A yes that holds, and had been said by then: itself, or one that it renewed without a stop or a gap between.
_SAID_YES: Final = """
    EXISTS (SELECT 1 FROM consent AS c WHERE c.customer_id={of}.customer_id AND c.purpose='profiling'
        AND c.state='given' AND (c.until_ms IS NULL OR c.until_ms>=:until_ms)
        AND (c.from_ms<={of}.at_ms OR EXISTS (
            SELECT 1 FROM consent_event AS y WHERE y.customer_id=c.customer_id AND y.purpose=c.purpose
                AND y.recipient=c.recipient AND y.granted=1 AND y.state IN ('given', 'renewed')
                AND y.at_ms<={of}.at_ms AND y.gen<c.gen
                AND NOT EXISTS (
                    SELECT 1 FROM consent_event AS n WHERE n.customer_id=y.customer_id AND n.purpose=y.purpose
                        AND n.recipient=y.recipient AND (n.granted=0 AND n.gen>=y.gen
                            OR n.granted=1 AND n.gen>y.gen AND n.state<>'renewed')))))"""


def months(conn: Connection, *, from_ms: int, until_ms: int) -> list[Month]:
    """A month of everybody who said yes to profiling, shop by shop: what happened since they said so."""
    rows = conn.execute(
        f"""
        SELECT d.shop_id, e.customer_id, count(*),
            (SELECT count(*) FROM happening AS h WHERE h.customer_id=e.customer_id
                AND h.at_ms>=:from_ms AND h.at_ms<:until_ms AND {_SAID_YES.format(of="h")})
        FROM event AS e JOIN device AS d ON d.id=e.device_id
        WHERE e.kind='visit_started' AND e.at_ms>=:from_ms AND e.at_ms<:until_ms AND {_SAID_YES.format(of="e")}
        GROUP BY d.shop_id, e.customer_id
        """,
        {"from_ms": from_ms, "until_ms": until_ms},
    ).fetchall()
    shops: dict[bytes, int] = {}
    for _, whose, *_ in rows:
        shops[bytes(whose)] = shops.get(bytes(whose), 0) + 1
    return [
        Month(shop_id, visits, shops[bytes(whose)], elsewhere) for shop_id, whose, visits, elsewhere in rows
    ]
