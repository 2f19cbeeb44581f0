"""A shop of any size, written straight into the files as the feed would leave it: what the benches run on."""

import json
import random
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from edge.files import Files, prepare
from edge.keys import Keys
from edge.kit.seal import key_place, new_key, seal, trait_place
from edge.kit.sqlite import open_writer
from edge.recognition.rules import credential

SLICE: Final = 5_000
DAY_MS: Final = 24 * 3_600_000


def barcode(number: int) -> str:
    """The card number of invented customer `number`, the same in every run."""
    return f"29{number:011d}"


def fill(
    state: Path, keys: Keys, customers: int, *, recipient: str, progress: Callable[[int], None]
) -> Files:
    """Give the replica in `state` that many customers with key, three traits, a credential and two consents."""
    files = prepare(state, log=lambda *_, **__: None)
    conn = open_writer(files.replica, synchronous="OFF")
    try:
        (held,) = conn.execute("SELECT count(*) FROM customer").fetchone()
        numbers = iter(range(held, customers))
        while part := list(islice(numbers, SLICE)):
            conn.execute("BEGIN")
            _write(conn.executemany, part, keys, recipient)
            conn.execute("COMMIT")
            progress(part[-1] + 1)
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        conn.close()
    return files


def _write(many: Callable[..., object], numbers: list[int], keys: Keys, recipient: str) -> None:
    people = [_person(number, keys) for number in numbers]
    many("INSERT INTO customer (id, ver) VALUES (?, 1)", ((each[0],) for each in people))
    many(
        "INSERT INTO customer_key (customer_id, wrapped) VALUES (?, ?)",
        ((each[0], each[1]) for each in people),
    )
    many(
        "INSERT INTO trait (customer_id, name, sealed, ver, as_of_ms) VALUES (?, ?, ?, 1, 0)",
        (row for each in people for row in each[2]),
    )
    many(
        "INSERT INTO credential (hash, customer_id, state, ver) VALUES (?, ?, 'active', 1)",
        ((each[3], each[0]) for each in people),
    )
    many(
        """
        INSERT INTO consent (customer_id, purpose, recipient, basis, gen, state, from_ms, ver)
        VALUES (?, ?, ?, ?, 1, 'given', 0, 1)
        """,
        (
            (each[0], purpose, recipient, basis)
            for each in people
            for purpose, basis in (("recognition", "consent"), ("saving", "agreement"))
        ),
    )


def _person(number: int, keys: Keys) -> tuple[bytes, bytes, list[tuple[bytes, str, bytes]], bytes]:
    dice = random.Random(number)
    # Ascending ids, as the hub's UUIDv7 are: a shop's residents come in by time.
    customer_id = number.to_bytes(8) + dice.randbytes(8)
    key = new_key()
    values = {
        "name": {"call": f"mevrouw {_NAMES[number % len(_NAMES)]}", "short": "Mevrouw", "initials": "MV"},
        "points": {"balance": dice.randrange(0, 1000, 5)},
        "stamps": {"have": dice.randint(0, 7), "of": 8, "reward": "gratis impregneren"},
    }
    traits = [
        (customer_id, name, seal(key, json.dumps(value).encode(), trait_place(customer_id, name, 1)))
        for name, value in values.items()
    ]
    hashed = credential(keys.chain_key, keys.shop_key, "barcode", barcode(number))
    if hashed is None:
        raise AssertionError("an invented card number is a credential")
    return customer_id, seal(keys.kek, key, key_place(customer_id)), traits, hashed


_NAMES: Final = (
    "De Vries",
    "Jansen",
    "Van den Berg",
    "Bakker",
    "Yılmaz",
    "Özdemir",
    "Visser",
    "Smit",
    "El Amrani",
)


def hashes(keys: Keys, customers: int, *, seed: int) -> Iterator[tuple[str, str]]:
    """Random customers, none twice before all were there, as (barcode, credential hash in hex).

    The same card within two seconds is one hold of it, and rightly shows nothing new.
    """
    dice = random.Random(seed)
    while True:
        for number in dice.sample(range(customers), customers):
            hashed = credential(keys.chain_key, keys.shop_key, "barcode", barcode(number))
            yield barcode(number), (hashed or b"").hex()
