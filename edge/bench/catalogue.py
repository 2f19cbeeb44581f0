"""`bench catalogue`: from typed text to items, beside its floor: a plain SQL LIKE scan over the same rows.

The floor finds less (no slips, no accents): it is what a database does by itself.
"""

import json
import os
import random
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from sqlite3 import Connection
from typing import Any, Final

from edge.catalogue import tables
from edge.catalogue.rules import Product, check_digit
from edge.catalogue.search import ProductIndex, find
from edge.files import prepare
from edge.kit.sqlite import open_reader, open_writer

MOST: Final = 20
MODELS: Final = (
    "wandel",
    "berg",
    "trail",
    "regen",
    "winter",
    "zomer",
    "dames",
    "heren",
    "kinder",
    "fiets",
    "kampeer",
)
THINGS: Final = (
    "schoenen", "schoen", "jas", "broek", "tent", "slaapzak", "rugzak", "kookstel", "hoofdlamp", "stokken", "muts",
    "handschoenen", "sokken", "matje", "fles", "kaart", "kompas", "handdoek", "tas", "trui",
)  # fmt: skip
ADDED: Final = (
    "waterdicht",
    "lichtgewicht",
    "gevoerd",
    "ademend",
    "opvouwbaar",
    "geïsoleerd",
    "antislip",
    "merino",
)
COLOURS: Final = ("rood", "blauw", "groen", "zwart", "grijs", "bruin", "geel", "oranje", "crème")
SYLLABLES: Final = (
    "ka",
    "ya",
    "lo",
    "ro",
    "mi",
    "ta",
    "ven",
    "dor",
    "sel",
    "fja",
    "nor",
    "tun",
    "ur",
    "ek",
    "bo",
    "li",
)


def invent(count: int, *, seed: int) -> Iterator[Product]:
    """Products as a large outdoor shop has them, with brand and model names of its own."""
    dice = random.Random(seed)
    names = ["".join(dice.choices(SYLLABLES, k=dice.choice((2, 3, 4, 5)))) for _ in range(20_000)]
    for number in range(count):
        thing = dice.choice(MODELS) + dice.choice(THINGS)
        words = [
            thing.capitalize(),
            dice.choice(names).capitalize(),
            dice.choice(ADDED),
            dice.choice(COLOURS),
        ]
        digits = f"0871{number:09}"
        yield Product(
            item=f"A{number:06}",
            title=" ".join(words) + f" {dice.randrange(36, 47)}",
            price_cents=dice.randrange(500, 40_000),
            gtin=digits + check_digit(digits),
            brand=dice.choice(names[:300]).capitalize(),
            category=thing,
        )


def questions(products: list[Product], *, count: int, seed: int) -> list[str]:
    """What people type: beginnings, middles, other order, slips, item numbers and bar codes."""
    dice = random.Random(seed + 1)
    asked = []
    for number in range(count):
        product = dice.choice(products)
        first, second, third, fourth, *_ = product.title.lower().split()
        kinds = (
            first[:6],
            f"{second} {first[3:]}",
            f"{slip(first, dice)} {fourth}",
            f"{slip(slip(first, dice), dice)} {slip(second, dice)}",
            product.item,
            product.gtin[1:],
            f"{third} {fourth}",
        )
        asked.append(kinds[number % len(kinds)])
    return asked


def slip(word: str, dice: random.Random) -> str:
    at = dice.randrange(len(word) - 1)
    return dice.choice(
        (
            word[:at] + word[at + 1 :],
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
            word[:at] + "q" + word[at:],
        )
    )


def like(conn: Connection, text: str) -> list[str]:
    """The floor: every word somewhere in the line, by a scan."""
    words = text.split()
    where = " AND ".join(
        "(title LIKE ? OR brand LIKE ? OR category LIKE ? OR gtin LIKE ? OR item LIKE ?)" for _ in words
    )
    values = [f"%{word}%" for word in words for _ in range(5)]
    rows = conn.execute(f"SELECT item FROM replica.product WHERE {where} LIMIT {MOST}", values)
    return [item for (item,) in rows]


def measure(state: Path, *, products: int, searches: int, seed: int) -> dict[str, Any]:
    """The result object: milliseconds of both, memory of the index, and how often each found the product."""
    files = prepare(state, log=_unsaid)
    with closing(open_writer(files.journal)) as conn:
        conn.execute("ATTACH DATABASE ? AS replica", (str(files.replica),))
        conn.execute("BEGIN")
        tables.replace(conn, invent(products, seed=seed), [])
        conn.execute("COMMIT")
    with closing(open_reader(files.journal, attach={"replica": files.replica})) as conn:
        dice = random.Random(seed)
        some_items = [f"A{dice.randrange(products):06}" for _ in range(min(searches, products))]
        asked = questions(tables.products(conn, some_items), count=searches, seed=seed)
        before_mb = _rss_mb()
        index, began_s, after = ProductIndex(), time.perf_counter(), ""
        while some := tables.after(conn, after, most=100):
            for product in some:
                index.put(product)
            after = some[-1].item
        filled_s = time.perf_counter() - began_s
        index.find("eerste", most=1)
        memory_mb = _rss_mb() - before_mb
        dice = random.Random(seed)
        kinds: dict[str, Callable[[str], list[str]]] = {
            "ours": lambda text: find(conn, index, text, most=MOST),
            "floor": lambda text: like(conn, text),
        }
        took_ms: dict[str, list[float]] = {kind: [] for kind in kinds}
        found = dict.fromkeys(kinds, 0)
        order = [(kind, text) for kind in kinds for text in asked]
        dice.shuffle(order)
        for kind, text in order:
            began_s = time.perf_counter()
            hits = kinds[kind](text)
            took_ms[kind].append((time.perf_counter() - began_s) * 1000)
            found[kind] += bool(hits)
    return {
        "bench": "catalogue",
        "products": products,
        "searches": searches,
        "p50_ms": round(statistics.median(took_ms["ours"]), 3),
        "p99_ms": round(statistics.quantiles(took_ms["ours"], n=100)[98], 3),
        "worst_ms": round(max(took_ms["ours"]), 3),
        "floor_p50_ms": round(statistics.median(took_ms["floor"]), 3),
        "floor_p99_ms": round(statistics.quantiles(took_ms["floor"], n=100)[98], 3),
        "answered": round(found["ours"] / searches, 3),
        "floor_answered": round(found["floor"] / searches, 3),
        "fill_s": round(filled_s, 2),
        "memory_mb": round(memory_mb, 1),
    }


def _unsaid(event: str, /, **fields: Any) -> None:
    """A bench ends with its figures and says nothing else."""


def _rss_mb() -> float:
    """Resident memory of this process (proc(5), statm)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


def text(result: dict[str, Any]) -> str:
    """The result for a person."""
    lines = (
        f"{result['products']} products: p50 {result['p50_ms']} ms, p99 {result['p99_ms']} ms, "
        f"answered {result['answered']:.0%}",
        f"floor (SQL LIKE): p50 {result['floor_p50_ms']} ms, p99 {result['floor_p99_ms']} ms, "
        f"answered {result['floor_answered']:.0%}",
        f"index: {result['memory_mb']} MB, filled in {result['fill_s']} s",
    )
    return "\n".join(lines)


def dump(result: dict[str, Any]) -> str:
    return json.dumps(result)
