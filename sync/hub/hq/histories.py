"""What was bought by whoever agreed to advice, for headquarters' ranking to be learnt from; no file is made of it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

from edge.kit.log import Log
from edge.kit.sql import Connection
from sync.hub.portal.traits import open_traits
from sync.hub.tables import reading

PURPOSE: Final = "profiling"
TRAIT: Final = "baskets"
PAGE: Final = 2_000


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose key opens what, when, and of how many customers at most."""

    kek: bytes
    now_ms: int
    most: int
    log: Log


def consented(conn: Connection, asked: Asked) -> Iterator[tuple[bytes, Any]]:
    """(customer, value of their `baskets` trait) of whoever has a basis now; of many, others every time.

    A `baskets` trait is opened where its purpose has a basis at this instant, and nothing else of a customer is.
    """
    there = reading.agreed(conn, PURPOSE, now_ms=asked.now_ms)
    share, salt = asked.most / max(1, there), os.urandom(16)
    after = b""
    while found := reading.customers(conn, after=after, most=PAGE):
        for customer in found:
            if share >= 1 or _drawn(salt, customer) < share:
                sealed = reading.traits(conn, customer, now_ms=asked.now_ms)
                mine = [each for each in sealed if each.name == TRAIT]
                for value in open_traits(mine, kek=asked.kek, log=asked.log).values.values():
                    yield customer, value
        after = found[-1]


def _drawn(salt: bytes, customer: bytes) -> float:
    """A number of 0 to 1 that has nothing to do with when they became a customer, as their id has."""
    return int.from_bytes(blake2b(customer, key=salt, digest_size=8).digest()) / 2**64
