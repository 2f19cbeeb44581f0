"""The floor of `bench hub`: the rows that the uploads made, inserted bare into the same tables, upload by upload.

It runs as a script in a process of its own and imports nothing of the house: psycopg's `executemany` (pipelined,
prepared), a COMMIT an upload, on as many connections as there are hubs.
Words: URL of where the rows are, URL of where they go, which of how many.
"""

import json
import sys
import time
from typing import Any

import psycopg

# Table, its columns but those for which an upload is known, and the column by which rows belong to one shop.
TABLES = {
    "event": ("device_id, epoch, seq, at_ms, kind, body, hash, code, customer_id, received_ms", "device_id"),
    "ledger": (
        "device_id, epoch, seq, line_id, customer_id, instrument, delta, short, why, at_ms",
        "device_id",
    ),
    "feed": ("part, seq, op, t, id, ver, d, customer_id", "part"),
}
Rows = dict[str, list[tuple[Any, ...]]]


def uploads(
    conn: "psycopg.Connection[tuple[Any, ...]]",
    first: dict[str, dict[str, int]],
    batch: int,
    which: int,
    of: int,
) -> list[Rows]:
    """The rows of each upload: a device's facts and lines by its seqs, its shop's rows in even shares."""
    found: list[Rows] = []
    devices = conn.execute("SELECT id, shop_id FROM device ORDER BY id").fetchall()
    for device, shop in devices[which::of]:
        rows: Rows = {}
        for table, key in (("event", device), ("ledger", device), ("feed", f"shop:{shop}")):
            columns, by = TABLES[table]
            sql = f"SELECT {columns} FROM {table} WHERE {by}=%s AND seq>%s ORDER BY seq"
            rows[table] = conn.execute(sql.encode(), (key, first[table].get(key, 0))).fetchall()
        count = max(1, len(rows["event"]) // batch)
        begin = first["event"].get(device, 0)
        for number in range(count):
            low, high = begin + number * batch, begin + (number + 1) * batch
            share = len(rows["feed"]) / count
            found.append(
                {
                    "event": [row for row in rows["event"] if low < row[2] <= high],
                    "ledger": [row for row in rows["ledger"] if low < row[2] <= high],
                    "feed": rows["feed"][round(number * share) : round((number + 1) * share)],
                }
            )
    return found


def insert(conn: "psycopg.Connection[tuple[Any, ...]]", its: list[Rows]) -> None:
    words = {
        table: f"INSERT INTO {table} ({columns}) VALUES ({', '.join(['%s'] * len(columns.split(',')))})".encode()
        for table, (columns, _) in TABLES.items()
    }
    for rows in its:
        with conn.cursor() as cursor:
            for table, some in rows.items():
                if some:
                    cursor.executemany(words[table], some)
        conn.commit()


def main(source: str, target: str, which: str, of: str) -> None:
    asked = json.loads(sys.stdin.readline())
    with psycopg.connect(source) as conn:
        its = uploads(conn, asked["first"], asked["batch"], int(which), int(of))
    with psycopg.connect(target) as conn:
        print(json.dumps({"uploads": len(its)}), flush=True)  # noqa: T201
        sys.stdin.readline()  # all start together
        began_s = time.perf_counter()
        insert(conn, its)
        print(json.dumps({"took_s": time.perf_counter() - began_s}), flush=True)  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
