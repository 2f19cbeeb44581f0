"""SQL that two engines read: written once with `:name`, rows are tuples, bytes are bytes.

A statement is written as SQLite takes it and means the same on PostgreSQL. What differs between the two is turned
over here, and nowhere else: how a parameter is written, the names of three types, and a lock that SQLite, with its
one writer, has no word for.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final, Protocol

Parameters = Mapping[str, Any]


class Cursor(Iterator[Any], Protocol):
    """What a statement gave: rows as tuples, once."""

    @property
    def rowcount(self) -> int: ...
    def fetchone(self) -> Any: ...
    def fetchall(self) -> list[Any]: ...


class Connection(Protocol):
    """What an act is given: sqlite3's connection, or the one of edge.kit.postgres.

    Trouble is raised as sqlite3's errors by either; `IntegrityError` is a rule of the tables that was broken.
    """

    def execute(self, sql: str, parameters: Parameters = ..., /) -> Cursor: ...
    def executemany(self, sql: str, parameters: Iterable[Parameters], /) -> Cursor: ...


# Literals and comments are passed over, so that a colon in one is no parameter.
_PARTS: Final = re.compile(
    r"'(?:[^']|'')*'|--[^\n]*|/\*!(?P<only>.*?)\*/|/\*.*?\*/|::|:(?P<name>[A-Za-z_]\w*)",
    re.DOTALL,
)
_COMMENTS: Final = re.compile(r"--[^\n]*")
_TYPES: Final = {"BLOB": "BYTEA", "INTEGER": "BIGINT", "REAL": "DOUBLE PRECISION", "TEXT": 'TEXT COLLATE "C"'}
_DIALECT: Final = re.compile(rf"\b(?:{'|'.join(_TYPES)})\b|\bWITHOUT ROWID\b")


@lru_cache(maxsize=2048)
def for_postgres(sql: str) -> tuple[bytes, tuple[str, ...]]:
    """A statement as PostgreSQL takes it, and its parameters in order: `:name` is `$1`, `/*! words */` is said.

    The latter is for locks: `SELECT … /*! FOR UPDATE */` is a plain read on SQLite, whose writer is alone anyway.
    """
    numbers: dict[str, int] = {}

    def said(part: re.Match[str]) -> str:
        if part["name"]:
            return f"${numbers.setdefault(part['name'], len(numbers) + 1)}"
        return part[0] if part["only"] is None else part["only"]

    return _PARTS.sub(said, sql).encode(), tuple(numbers)


def ddl_for_postgres(sql: str) -> str:
    """A migration written for SQLite as PostgreSQL takes it; text sorts by its bytes on both."""

    def said(part: re.Match[str]) -> str:
        return _TYPES.get(part[0], "")

    return _DIALECT.sub(said, _COMMENTS.sub("", sql))


def spread(name: str, values: Iterable[Any]) -> tuple[str, dict[str, Any]]:
    """A list for `IN`: its text `(:name0, …)` and its parameters; no value: nothing is in it.

    The last value is said again up to a power of two, because every other text would be planned anew.
    """
    given = list(values) or [None]
    width = 1 << (len(given) - 1).bit_length()
    given += given[-1:] * (width - len(given))
    parameters = {f"{name}{number}": value for number, value in enumerate(given)}
    return f"({', '.join(f':{each}' for each in parameters)})", parameters


_PLAIN: Final = re.compile(r"\s*INSERT INTO (\w+)\s*\(([\w\s,]+)\)\s*VALUES\s*\(((?:\s*:\w+\s*,?)+)\)\s*")


@lru_cache(maxsize=1024)
def for_rows(sql: str, count: int) -> tuple[bytes, tuple[str, ...]] | None:
    """An INSERT of parameters alone as one of `count` rows, and its parameters, whose values follow each other row by
    row; None: it does more.
    """
    plain = _PLAIN.fullmatch(sql)
    if plain is None:
        return None
    names = _names(plain)
    width = len(names)
    rows = (", ".join(f"${row * width + each + 1}" for each in range(width)) for row in range(count))
    values = ", ".join(f"({row})" for row in rows)
    return f"INSERT INTO {plain[1]} ({plain[2]}) VALUES {values}".encode(), names


_CHANGE: Final = re.compile(
    r"\s*UPDATE (?P<table>\w+) SET (?P<to>\w+=:\w+(?:,\s*\w+=:\w+)*)"
    r"\s+WHERE (?P<of>\w+=:\w+(?:\s+AND\s+\w+=:\w+)*)\s*"
)
_EQUAL: Final = re.compile(r"(\w+)=:(\w+)")


@lru_cache(maxsize=256)
def changes(sql: str) -> tuple[str, ...] | None:
    """By which parameters an UPDATE of parameters alone finds its row; None: it does more, as where it sets a column
    that it finds the row by, so that one row of it may depend on another.
    """
    change = _CHANGE.fullmatch(sql)
    if change is None:
        return None
    to, of = _EQUAL.findall(change["to"]), _EQUAL.findall(change["of"])
    if {column for column, _ in to} & {column for column, _ in of}:
        return None
    return tuple(name for _, name in of)


@lru_cache(maxsize=1024)
def for_changes(sql: str, count: int, nothing: frozenset[str]) -> tuple[bytes, tuple[str, ...]]:
    """Such an UPDATE of `count` rows as one, its values row by row; `nothing`: parameters that are NULL in each,
    because by NULL alone PostgreSQL would not know of what type a column of them is; none by which a row is found.

    The first column of the key is asked for by itself too: so no plan reads the table to join it.
    """
    change = _CHANGE.fullmatch(sql)
    assert change is not None
    table, to, of = change["table"], _EQUAL.findall(change["to"]), _EQUAL.findall(change["of"])
    names = tuple(dict.fromkeys(name for _, name in to + of if name not in nothing))
    numbers = {name: each + 1 for each, name in enumerate(names)}
    width = len(names)
    rows = (", ".join(f"${row * width + each + 1}" for each in range(width)) for row in range(count))
    values = ", ".join(f"({row})" for row in rows)
    new = {name: "NULL" if name in nothing else f'given."{name}"' for _, name in to}
    set_ = ", ".join(f"{column}={new[name]}" for column, name in to)
    same = " AND ".join(f'{table}.{column}=given."{name}"' for column, name in of)
    first, key = of[0]
    keys = ", ".join(f"${row * width + numbers[key]}" for row in range(count))
    quoted = ", ".join(f'"{name}"' for name in names)
    said = f"UPDATE {table} SET {set_} FROM (VALUES {values}) AS given ({quoted})"
    return f"{said} WHERE {same} AND {table}.{first} IN ({keys})".encode(), names


def _names(plain: re.Match[str]) -> tuple[str, ...]:
    return tuple(each.strip().removeprefix(":") for each in plain[3].split(","))
