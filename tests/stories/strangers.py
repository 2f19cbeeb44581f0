"""Unknown cards by the thousand, and a search of every byte that is left for any trace of them."""

import hashlib
import hmac
import os
import random
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.keys import Keys
from tests.stories.shop import Shop, until
from tests.stories.taps import Pipe

# The shortest needle is a raw UID of seven bytes; by six bytes every needle is looked up, then compared whole.
GRAM = 6
SLICE = 1 << 20  # bytes of a file at a time


def cards(count: int, *, seed: int) -> list[tuple[str, str]]:
    """Unknown (kind, value): bar codes, UIDs, texts of tags and passes."""
    dice = random.Random(seed)
    kinds = {
        "barcode": lambda: f"27{dice.randrange(10**11):011d}",
        "uid": lambda: dice.randbytes(7).hex(),
        "ndef": lambda: f"STR{dice.randrange(10**12):012d}",
        "vas": lambda: dice.randbytes(12).hex().upper(),
    }
    return [(kind, kinds[kind]()) for kind in dice.choices(list(kinds), k=count)]


def traces(kind: str, value: str, keys: Keys) -> Iterator[bytes]:
    """The identifier and every hash of it that anybody could have kept, as bytes."""
    text = value.encode()
    yield text
    if kind == "uid":
        yield bytes.fromhex(value)
    for word in {kind, "number" if kind != "uid" else "uid"}:
        for own in (keys.chain_key, keys.shop_key, keys.kek, keys.pin_pepper):
            inner = hmac.digest(own, word.encode() + b"\0" + text, hashlib.sha256)
            yield inner
            yield hmac.digest(keys.shop_key, inner, hashlib.sha256)
    for name in ("sha256", "sha1", "md5", "blake2b"):
        yield hashlib.new(name, text).digest()


def find(files: Iterable[Path], needles: Iterable[bytes]) -> list[tuple[str, str]]:
    """(file, trace in hex) for every needle that stands in a file, raw or as hex, in either case."""
    grams: dict[bytes, set[bytes]] = {}
    for needle in needles:
        for form in (needle, needle.hex().encode(), needle.hex().upper().encode()):
            if len(form) >= GRAM:
                grams.setdefault(form[:GRAM], set()).add(form)
    known = np.unique(np.array([_number(gram) for gram in grams], np.uint64))
    found = []
    for file in files:
        content = file.read_bytes()
        for start in _places(content, known):
            forms = grams.get(content[start : start + GRAM], ())
            found += [(file.name, form.hex()) for form in forms if content.startswith(form, start)]
    return found


def _number(gram: bytes) -> int:
    return int.from_bytes(gram, "little")


def _places(content: bytes, known: NDArray[np.uint64]) -> Iterator[int]:
    """Where one of the known grams may begin, a slice of the file at a time."""
    for first in range(0, max(0, len(content) - GRAM + 1), SLICE):
        piece = np.frombuffer(content[first : first + SLICE + GRAM - 1], np.uint8).astype(np.uint64)
        width = len(piece) - GRAM + 1
        numbers = sum((piece[at : at + width] << np.uint64(8 * at) for at in range(GRAM)), np.uint64(0))
        there = (
            known[np.searchsorted(known, numbers).clip(max=len(known) - 1)] == numbers if len(known) else []
        )
        yield from (first + int(start) for start in np.flatnonzero(there))


def left_behind(*folders: Path) -> list[Path]:
    """Every plain file under `folders`."""
    return [
        Path(folder) / name
        for top in folders
        for folder, _, names in os.walk(top)
        for name in names
        if (Path(folder) / name).is_file() and not (Path(folder) / name).is_symlink()
    ]


def tap_strangers(shop: Shop, unknown: list[tuple[str, str]]) -> None:
    """Hold every unknown card to a reader, and wait until the last was answered."""
    with closing(Pipe(shop.pipe)) as pipe:
        for number, (kind, value) in enumerate(unknown):
            pipe.tap(value, kind=kind, reader=f"counter-{number % 20}", how="tap")
        # A customer behind them: when their visit is there, all before them have been taken in.
        known = next(person for person in shop.people if "recognition" in person.purposes)
        before = shop.ask("journal.db", "SELECT count(*) FROM outbox")
        pipe.tap(known.barcode, reader="last")
        until(
            lambda: shop.ask("journal.db", "SELECT count(*) FROM outbox") > before,
            timeout_s=60,
            what="the customer behind the strangers",
        )
