"""One line of somebody's file into a Product, or every reason why not."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Final, Literal

from edge.catalogue.rules import MOST_ALTERNATIVES, VAT_RATES, Product, cents, gtin14, item_id, vat_rate

Why = Literal[
    "item", "title", "price", "gtin", "vat", "language", "text", "colour", "twice", "line", "count", "time"
]
LANGUAGES: Final = ("nl", "en")
# Characters; what is longer is another thing in the wrong column. Together far below a row of the feed (64 KiB).
LONGEST: Final[dict[str, int]] = {
    "title": 200,
    "brand": 80,
    "category": 200,
    "department": 80,
    "description": 8_000,
    "care": 1_000,
    "origin": 200,
    "sustainability": 1_000,
    "picture": 40,
    "place": 80,
}
MOST_SIZES: Final = 60
# UTF-8 read as Windows-1252 and saved again: Ã© for é, â€™ for an apostrophe; and what a program could not read.
_MANGLED: Final = re.compile("\u00c3[\u0080-\u00bf]|\u00e2\u20ac[\u0080-\u2122]|\ufffd")
_TRUE: Final = frozenset({"1", "true", "ja", "yes", "waar", "x"})
_FALSE: Final = frozenset({"", "0", "false", "nee", "no", "onwaar"})
# Of a draft beside the fields of Product; `price` stands for price_cents.
FIELDS: Final = frozenset({each.name for each in fields(Product)} - {"price_cents"} | {"price", "language"})


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why one line was not taken; `what` is a sentence for whoever mends the file."""

    line: int
    why: Why
    what: str
    item: str = ""  # whose line it is, where that can be read


@dataclass(frozen=True, slots=True)
class Read:
    """What a file holds. `left_out`: lines that are no products on purpose, such as drafts."""

    products: tuple[Product, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    left_out: int = 0


@dataclass(slots=True)
class Drafts:
    """Collects the lines of one file; what stands there twice is found here."""

    language: str = "nl"
    products: list[Product] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    left_out: int = 0
    _items: dict[str, int] = field(default_factory=dict)
    _gtins: dict[str, int] = field(default_factory=dict)

    def add(self, line: int, values: Mapping[str, str]) -> None:
        """Take one line: our field -> text as it stands in the file."""
        found = _product(line, values, language=self.language)
        if not isinstance(found, Product):
            self.refusals += found
            return
        before = self._items.setdefault(found.item, line)
        if before != line:
            self.refuse(line, "twice", f"item {found.item} stands on line {before} already", item=found.item)
            return
        if found.gtin and (before := self._gtins.setdefault(found.gtin, line)) != line:
            self.refuse(line, "twice", f"GTIN {found.gtin} stands on line {before} already", item=found.item)
            return
        self.products.append(found)

    def refuse(self, line: int, why: Why, what: str, *, item: str = "") -> None:
        self.refusals.append(Refusal(line, why, what, item))

    def done(self) -> Read:
        return Read(tuple(self.products), tuple(self.refusals), self.left_out)


def _product(line: int, values: Mapping[str, str], *, language: str) -> Product | list[Refusal]:
    wrong: list[Refusal] = []

    def of(name: str) -> str:
        return values.get(name, "").strip()

    item, title = item_id(of("item")), " ".join(of("title").split())

    def refuse(why: Why, what: str) -> None:
        wrong.append(Refusal(line, why, what, item or ""))

    if not of("item"):
        refuse("item", "no item number")
    elif item is None:
        refuse(
            "item", "the item number has other signs than letters, digits and . _ : + -, or is over 64 long"
        )
    if not title:
        refuse("title", "no title")
    price = cents(of("price"))
    if price is None:
        what = "is no amount such as 12,95 or 12.95 up to 100.000" if of("price") else "is missing"
        refuse("price", f"the price {what}")
    gtin = gtin14(digits) if (digits := re.sub(r"[\s-]", "", of("gtin").lstrip("'"))) else ""
    if gtin is None:
        refuse("gtin", "the GTIN (EAN) is no 8, 12, 13 or 14 digits with a right check digit")
    vat = vat_rate(of("vat")) if of("vat") else None
    if vat is None and of("vat"):
        refuse("vat", f"the VAT is none of {', '.join(map(str, VAT_RATES))} per cent")
    if (said := of("language").casefold()[:2]) and said != language:
        refuse("language", f"the text is not in {language!r}, as this catalogue is")
    colour = of("colour").casefold()
    if colour and not re.fullmatch(r"#[0-9a-f]{6}", colour):
        refuse("colour", "a colour is written as #rrggbb")
    texts = {name: of(name) for name in LONGEST} | {"title": title}
    for name, longest in LONGEST.items():
        if len(texts[name]) > longest:
            refuse("text", f"the {name} is over {longest} characters")
        if _MANGLED.search(texts[name]):
            refuse("text", f"the {name} was saved in another encoding (such as Ã© for é)")
    marks = {name: of(name).casefold() for name in ("durable", "sensitive")}
    for name, mark in marks.items():
        if mark not in _TRUE | _FALSE:
            refuse("text", f"{name} is true or false")
    sizes, alternatives = listed(of("sizes")), listed(of("alternatives"))
    if len(sizes) > MOST_SIZES or any(len(each) > 40 for each in sizes):
        refuse("text", f"sizes are at most {MOST_SIZES}, of 40 characters, with | between them")
    others = [item_id(each) for each in alternatives]
    if None in others or len(others) > MOST_ALTERNATIVES:
        refuse("text", f"alternatives are at most {MOST_ALTERNATIVES} item numbers with | between them")
    if wrong or item is None or price is None or gtin is None:
        return wrong
    return Product(
        item=item,
        price_cents=price,
        gtin=gtin,
        vat=vat,
        sizes=sizes,
        colour=colour,
        durable=marks["durable"] in _TRUE,
        sensitive=marks["sensitive"] in _TRUE,
        alternatives=tuple(each for each in others if each and each != item),
        **texts,
    )


def listed(text: str) -> tuple[str, ...]:
    """The parts of a cell with `|`, or else `;`, between them."""
    parts: Iterable[str] = text.split("|" if "|" in text else ";")
    return tuple(dict.fromkeys(part for each in parts if (part := each.strip())))
