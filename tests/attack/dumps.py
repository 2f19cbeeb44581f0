"""All that is kept, to compare before and after an attack."""

from collections.abc import Collection
from typing import Any


def tables_of(rows: Any, schema: str) -> list[str]:
    """`rows`: what answers a query with its rows."""
    sql = (
        f"SELECT name FROM {schema}.sqlite_schema WHERE type='table' AND name NOT LIKE 'sqlite_%' ORDER BY 1"
    )
    return [f'{schema}."{name}"' for (name,) in rows(sql)]


def dump(rows: Any, schemas: Collection[str], *, but: Collection[str] = ()) -> dict[str, list[str]]:
    """Table -> its rows as text, in no order of the file's; `but` are names of tables to leave out."""
    found: dict[str, list[str]] = {}
    for schema in schemas:
        for table in tables_of(rows, schema):
            if table.split('"')[1] not in but:
                found[table] = sorted(repr(row) for row in rows(f"SELECT * FROM {table}"))
    return found
