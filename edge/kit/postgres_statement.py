"""One statement on its one way to PostgreSQL and back: prepared once, its values as the server itself keeps them.

psycopg's cursor asks in several steps, each a turn of the interpreter's lock, and looks up anew how each value is
written. An act is some twenty statements of whole numbers, texts and bytes, and that was half of its time here. The
line is psycopg's all the same, and so is what rows and errors are made of.
"""

import sqlite3
from collections import OrderedDict
from collections.abc import Callable, Sequence
from itertools import count
from struct import Struct
from typing import Any, Final

from psycopg import OperationalError, pq
from psycopg.abc import Transformer
from psycopg.errors import error_from_result

MOST: Final = 500  # prepared statements a connection: each of ours in a handful of widths
KEPT: Final = 1000  # statements a connection of which is kept how often they were asked, and their types
_AFTER: Final = 4  # times that it was asked: a statement of a rare act is not worth a way of its own
_BINARY: Final = 1
_DONE: Final = (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK)
Kind = tuple[int, Callable[[Any], bytes | None]]
# By the type of a value: that of the server (0: what stands there), and its bytes. A whole number is a bigint
# whatever its size, or the same statement would be another for each.
_KINDS: Final[dict[type, Kind]] = {
    int: (20, lambda value: value.to_bytes(8, "big", signed=True)),
    bytes: (17, bytes),
    str: (25, str.encode),
    bool: (16, lambda value: bytes((value,))),
    float: (701, Struct("!d").pack),
    type(None): (0, lambda value: None),
}


Key = tuple[bytes, tuple[int, ...]]  # a statement and the types of its parameters


class Statements:
    """The statements of one connection. Those prepared are the ones asked last: the oldest makes room."""

    def __init__(self, pgconn: pq.abc.PGconn, rows: Transformer) -> None:
        self._pgconn = pgconn
        self._rows = rows
        self._types: dict[bytes, tuple[int, ...]] = {}  # each parameter's when it was last not NULL
        self._asked: dict[Key, int] = {}  # how often, the one asked last at the end
        self._names: OrderedDict[Key, bytes] = OrderedDict()
        self._numbers = count()

    def ask(self, said: bytes, values: Sequence[Any]) -> tuple[list[tuple[Any, ...]], int]:
        """The rows that a statement gave, and how many it gave or changed; raises psycopg.Error."""
        kinds = [_KINDS.get(type(value)) or _kind(value) for value in values]
        types = tuple([oid for oid, _ in kinds])  # a list: a generator takes twice as long
        known = self._types.get(said)
        if known is not None and types != known:
            # NULL is of the type that stood there before, or each mixture were a statement of its own.
            types = tuple([oid or before for oid, before in zip(types, known, strict=True)])
        given: list[Any] = [write(value) for (_, write), value in zip(kinds, values, strict=True)]
        formats = [_BINARY] * len(given)
        if name := self._prepared(said, types):
            answer = self._pgconn.exec_prepared(name, given, formats, _BINARY)
        else:
            answer = self._pgconn.exec_params(said, given, types, formats, _BINARY)
        self._check(answer)
        if types != known:
            if known is None and len(self._types) >= KEPT:
                del self._types[next(iter(self._types))]
            self._types[said] = types
        rows: list[tuple[Any, ...]] = []
        if answer.ntuples:
            self._rows.set_pgresult(answer)
            rows = self._rows.load_rows(0, answer.ntuples, tuple)
            self._rows.set_pgresult(None)  # an idle connection keeps nothing of what it read
        return rows, answer.command_tuples or 0

    def say(self, words: bytes) -> None:
        """Statements without values or rows, several at once with `;` between; raises psycopg.Error."""
        self._check(self._pgconn.exec_(words))

    def _prepared(self, said: bytes, types: tuple[int, ...]) -> bytes | None:
        """The name of a statement that was asked a few times."""
        key = (said, types)
        if name := self._names.get(key):
            self._names.move_to_end(key)
            return name
        asked = self._asked.pop(key, 0) + 1
        if asked <= _AFTER:
            if len(self._asked) >= KEPT:
                del self._asked[next(iter(self._asked))]
            self._asked[key] = asked
            return None
        if len(self._names) >= MOST:
            oldest = next(iter(self._names))
            self.say(b"DEALLOCATE " + self._names[oldest])
            del self._names[oldest]
        name = b"welkom_%d" % next(self._numbers)
        self._check(self._pgconn.prepare(name, said, types))
        self._names[key] = name
        return name

    def _check(self, answer: pq.abc.PGresult) -> None:
        if answer.status in _DONE:
            return
        if self._pgconn.status == pq.ConnStatus.BAD:
            raise OperationalError("the connection is lost")
        raise error_from_result(answer)


def _kind(value: object) -> Kind:
    """That of a value of a type of our own, such as an enumeration of texts."""
    for each in type(value).__mro__:
        if each in _KINDS:
            return _KINDS[each]
    raise sqlite3.ProgrammingError(f"type {type(value).__name__!r} is not supported")
