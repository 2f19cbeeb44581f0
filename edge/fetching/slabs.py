"""The lines of a snapshot as rows of the replica's tables: a type at a time, many at once.

A million customers are eight million rows: each costs a decoder's work and the insert, and little else. What the
feed puts one by one (`edge.replica`) and what comes here must be the same; a test holds the two equal.
"""

import os
from collections.abc import Callable
from itertools import chain
from sqlite3 import Connection
from typing import Any, Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from edge import replica
from edge.consent.rules import TRAITS
from edge.fetching.talk import Aside
from edge.kit.seal import key_place
from edge.replica import Seals
from sync import snapshot, wire

Rows = list[tuple[Any, ...]]
_hex: Final = bytes.fromhex
_NONCE_BYTES: Final = 12
OF_THE_JOURNAL: Final = frozenset({"staff", snapshot.ERASED})  # what is not written into the replica
_WHOLE_BODY: Final = msgspec.json.Decoder(list[tuple[str, int, msgspec.Raw]])


# As those of sync.wire, without what the hub's signature already vouches for: patterns cost half the time.
class _Key(msgspec.Struct, gc=False):
    wrapped: bytes


class _Trait(msgspec.Struct, gc=False):
    name: str
    sealed: bytes
    ver: int
    as_of_ms: int
    until_ms: int | None = None


class _Customer(msgspec.Struct, gc=False):
    traits: list[_Trait]


class _Credential(msgspec.Struct, gc=False):
    customer: str
    state: str
    kind: str = ""
    bound_ms: int | None = None


class _Consent(msgspec.Struct, gc=False, kw_only=True):
    customer: str
    purpose: str
    recipient: str
    basis: str
    gen: int
    state: str
    from_ms: int
    until_ms: int | None = None


_SLAB: Final = msgspec.json.Decoder(snapshot.Slab)
_KEYS: Final = msgspec.json.Decoder(list[tuple[str, int, _Key]])
_CUSTOMERS: Final = msgspec.json.Decoder(list[tuple[str, int, _Customer]])
_CREDENTIALS: Final = msgspec.json.Decoder(list[tuple[str, int, _Credential]])
_CONSENTS: Final = msgspec.json.Decoder(list[tuple[str, int, _Consent]])

_AT_ONCE: Final = 10  # rows a statement: a third off what a statement a row takes; more gains nothing


class _Put:
    """An INSERT into one table, of one row and of `_AT_ONCE`."""

    def __init__(self, table: str, *columns: str) -> None:
        head = f"INSERT INTO replica.{table} ({', '.join(columns)}) VALUES "
        row = f"({', '.join('?' * len(columns))})"
        self._one, self._many = head + row, head + ", ".join([row] * _AT_ONCE)

    def __call__(self, conn: Connection, rows: Rows) -> None:
        whole = len(rows) - len(rows) % _AT_ONCE
        conn.executemany(
            self._many,
            [tuple(chain.from_iterable(rows[at : at + _AT_ONCE])) for at in range(0, whole, _AT_ONCE)],
        )
        conn.executemany(self._one, rows[whole:])


_PUT_KEYS: Final = _Put("customer_key", "customer_id", "wrapped")
_PUT_CUSTOMERS: Final = _Put("customer", "id", "ver")
_PUT_TRAITS: Final = _Put("trait", "customer_id", "name", "sealed", "ver", "as_of_ms", "until_ms")
_PUT_CREDENTIALS: Final = _Put("credential", "hash", "customer_id", "state", "ver", "kind", "bound_ms")
_PUT_CONSENTS: Final = _Put(
    "consent",
    *("customer_id", "purpose", "recipient", "basis", "gen", "state", "from_ms", "until_ms", "ver"),
)


class Loading:
    """Writes slabs into the attached `replica`, which is new and not yet indexed."""

    def __init__(self, conn: Connection, seals: Seals, aside: Callable[[Aside], None]) -> None:
        self._aside = aside
        self._conn = conn
        self._seals = seals
        self._transport, self._kek = AESGCM(seals.transport), AESGCM(seals.kek)
        self._of: dict[str, Callable[[bytes], int]] = {
            "key": self._keys,
            "customer": self._customers,
            "credential": self._credentials,
            "consent": self._consents,
        }

    def put(self, line: bytes) -> int:
        """Write one line; how many rows it had. Raises ValueError or wire.Malformed for what is no slab."""
        slab = _SLAB.decode(line)
        rows = bytes(slab.rows)
        known = self._of.get(slab.t)
        return known(rows) if known else self._one_by_one(slab.t, rows)

    def _keys(self, rows: bytes) -> int:
        decoded = _KEYS.decode(rows)
        nonces = os.urandom(_NONCE_BYTES * len(decoded))
        put: Rows = []
        try:
            for number, (id_, _, key) in enumerate(decoded):
                customer_id, wrapped = _hex(id_), key.wrapped
                place = key_place(customer_id)
                plain = self._transport.decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], place)
                nonce = nonces[_NONCE_BYTES * number : _NONCE_BYTES * (number + 1)]
                put.append((customer_id, nonce + self._kek.encrypt(nonce, plain, place)))
        except InvalidTag:
            raise replica.bad_key() from None
        _PUT_KEYS(self._conn, put)
        return len(decoded)

    def _customers(self, rows: bytes) -> int:
        decoded = [(_hex(id_), ver, customer.traits) for id_, ver, customer in _CUSTOMERS.decode(rows)]
        _PUT_CUSTOMERS(self._conn, [(id_, ver) for id_, ver, _ in decoded])
        _PUT_TRAITS(
            self._conn,
            [
                (id_, each.name, each.sealed, each.ver, each.as_of_ms, each.until_ms)
                for id_, _, traits in decoded
                for each in (traits if len(traits) < 2 else sorted(traits, key=_name_of))
                if each.name in TRAITS
            ],
        )
        return len(decoded)

    def _credentials(self, rows: bytes) -> int:
        put: Rows = [
            (_hex(id_), _hex(each.customer), each.state, ver, each.kind, each.bound_ms)
            for id_, ver, each in _CREDENTIALS.decode(rows)
        ]
        _PUT_CREDENTIALS(self._conn, put)
        return len(put)

    def _consents(self, rows: bytes) -> int:
        put: Rows = [
            (
                _hex(each.customer),
                each.purpose,
                each.recipient,
                each.basis,
                each.gen,
                each.state,
                each.from_ms,
                each.until_ms,
                ver,
            )
            for _, ver, each in _CONSENTS.decode(rows)
        ]
        _PUT_CONSENTS(self._conn, put)
        return len(put)

    def _one_by_one(self, t: str, rows: bytes) -> int:
        decoded = _WHOLE_BODY.decode(rows)
        if t in OF_THE_JOURNAL:
            self._aside(Aside(t, decoded))
            return len(decoded)
        for id_, ver, d in decoded:
            replica.put(self._conn, wire.Row("snapshot", 1, "put", t, id_, ver, d), self._seals)
        return len(decoded)


def _name_of(trait: _Trait) -> str:
    return trait.name
