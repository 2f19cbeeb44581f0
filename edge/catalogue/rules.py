"""What a product is, and when what is said of it can be true. Pure; the hub computes the same.

Money is whole cents. A field that nobody filled in is empty, never guessed: the tablet says so (`missing`).
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeVar

# Rates of value added tax in the Netherlands (Wet op de omzetbelasting 1968, art. 9), per cent.
VAT_RATES: Final = (0, 9, 21)
MOST_CENTS: Final = 100_000_00  # dearer than this is a decimal point that got lost
GTIN_LENGTHS: Final = frozenset({8, 12, 13, 14})  # EAN-8, UPC-A, EAN-13, GTIN-14
# Numbers that a shop gives out itself (GS1 General Specifications 1.4.5): another thing in the shop next door.
IN_STORE: Final = frozenset({"02", "04", "98", "99", *(str(n) for n in range(20, 30))})
# A count of today may be some pieces off; from the next day on it is a memory and is said as one.
FRESH_MS: Final = 12 * 3_600_000
STALE_MS: Final = 7 * 24 * 3_600_000
MOST_ALTERNATIVES: Final = 12

# What a product page is to say (S021); an empty one is named as not filled in.
TOLD: Final = ("description", "sizes", "care", "origin", "sustainability", "place")


@dataclass(frozen=True, slots=True)
class Product:
    """One thing with a price and, mostly, a bar code; sizes of one model are products of their own."""

    item: str
    title: str
    price_cents: int
    gtin: str = ""  # 14 digits
    brand: str = ""
    category: str = ""
    department: str = ""
    vat: int | None = None
    description: str = ""
    sizes: tuple[str, ...] = ()
    care: str = ""
    origin: str = ""
    sustainability: str = ""
    picture: str = ""
    colour: str = ""
    place: str = ""
    durable: bool = False
    sensitive: bool = False
    alternatives: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stock:
    """How many there were, and when somebody or something counted."""

    item: str
    count: int
    as_of_ms: int


def missing(product: Product) -> tuple[str, ...]:
    """The fields of TOLD that nobody filled in."""
    return tuple(name for name in TOLD if not getattr(product, name))


def check_digit(digits: str) -> str:
    """GS1 modulo 10 with weights 3 and 1 from the right (GS1 General Specifications 7.9)."""
    total = sum(int(digit) * (3 if at % 2 == 0 else 1) for at, digit in enumerate(reversed(digits)))
    return str(-total % 10)


def gtin14(text: str) -> str | None:
    """The number padded to 14 digits when its length and check digit are a GTIN's, else None."""
    if len(text) not in GTIN_LENGTHS or not (text.isascii() and text.isdigit()) or not text.strip("0"):
        return None
    padded = text.zfill(14)
    return padded if check_digit(padded[:13]) == padded[13] else None


def in_store(gtin: str) -> bool:
    """Whether a 14-digit GTIN lies in a range that a shop numbers itself."""
    short = gtin.startswith("000000")  # an EAN-8 has its prefix in its own first digits
    return (gtin[6:8] if short else gtin[1:3]) in IN_STORE


_ITEM: Final = re.compile(r"[A-Za-z0-9._:+-]{1,64}")


def item_id(text: str) -> str | None:
    """An item number as it stands in addresses: spaces and slashes become `-`; None for other signs."""
    item = re.sub(r"[\s/]+", "-", text.strip())
    return item if _ITEM.fullmatch(item) and item.strip(".") else None


_PRICE: Final = re.compile(r"(\d{1,3}(?:[.,\s]\d{3})*|\d+)(?:[.,](\d{1,2}|-))?", re.ASCII)


def cents(text: str) -> int | None:
    """`€ 1.299,95`, `1,299.95`, `1299.95` and `1299,-` are 129995 and 129900 cents; None for anything else.

    One mark with three digits behind it (`1.299`) can be read in two ways, so it is not read at all.
    """
    plain = text.replace("€", "").replace("EUR", "").replace("\xa0", " ").strip()
    if re.fullmatch(r"\d{1,3}[.,]\d{3}", plain):
        return None
    found = _PRICE.fullmatch(plain)
    if found is None:
        return None
    whole, rest = found[1], found[2] or "00"
    marks = set(re.findall(r"[.,]", whole))
    decimal = plain[found.end(1) : found.end(1) + 1]
    if len(marks) > 1 or decimal in marks:
        return None
    euros = int(re.sub(r"\D", "", whole)) if len(whole) <= 12 else MOST_CENTS
    value = euros * 100 + (0 if rest == "-" else int(rest.ljust(2, "0")))
    return value if value <= MOST_CENTS else None


def vat_rate(text: str) -> int | None:
    """`21`, `21%`, `21,00` or `0.21` as per cent; None for no rate that there is."""
    plain = text.replace("%", "").replace(",", ".").strip()
    if not re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,4})?", plain):
        return None
    value = float(plain)
    rate = round(value * 100) if 0 < value < 1 else value
    return int(rate) if rate in VAT_RATES else None


Age = Literal["fresh", "old", "stale"]


def age(stock: Stock, *, now_ms: int) -> Age:
    """How far a count can be believed."""
    since_ms = now_ms - stock.as_of_ms
    return "fresh" if since_ms < FRESH_MS else "old" if since_ms < STALE_MS else "stale"


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Difference:
    """What an import would change, as item numbers."""

    new: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    same: int = field(default=0)


def difference(
    held: Mapping[str, T], given: Mapping[str, T], *, whole: bool, kept: Collection[str] = ()
) -> Difference:
    """`given` against what is held; what is not given is gone only if it is the `whole` catalogue but for `kept`."""
    new = tuple(item for item in given if item not in held)
    changed = tuple(item for item in given if item in held and held[item] != given[item])
    gone = tuple(item for item in held if item not in given and item not in kept) if whole else ()
    return Difference(new, changed, gone, same=len(given) - len(new) - len(changed))
