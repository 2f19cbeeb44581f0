"""What the value of each trait looks like: the gate for all that headquarters gives to the shops.

Members that are not named here are let through: a later version may know them.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct

from edge.joining.rules import DAYS
from edge.kit.clock import LATEST_MS
from edge.kit.errors import Refused
from edge.kit.nesting import is_deeper
from edge.kit.text import has_controls

DEPTH: Final = 16  # lists and objects in each other; a shape of ours has 4, and a later version a few more
MOST: Final = 1_000_000_000  # points, stamps or cents; a thousand purchases of the most that one may earn

Amount = Annotated[int, Meta(ge=0, le=MOST)]
Ms = Annotated[int, Meta(ge=0, le=LATEST_MS)]
Text = Annotated[str, Meta(max_length=200)]
Said = Annotated[str, Meta(pattern=r"\S", max_length=200)]  # something, not only spaces


class Name(Struct):
    call: Said
    short: Text = ""
    full: Text = ""
    initials: Annotated[str, Meta(max_length=16)] = ""
    say: Text = ""


class Since(Struct):
    year: Annotated[int, Meta(ge=1900, le=9999)]


class Points(Struct):
    balance: Amount


class Stamps(Struct):
    have: Amount
    of: Annotated[int, Meta(ge=1, le=1_000_000)]
    reward: Text = ""


class Voucher(Struct):
    label: Said
    code: Text = ""
    until_ms: Ms | None = None


class Vouchers(Struct):
    items: list[Voucher]


class GiftCard(Struct):
    label: Said
    balance_cents: Amount


class GiftCards(Struct):
    items: list[GiftCard]


class Birthday(Struct):
    month: Annotated[int, Meta(ge=1, le=12)]
    day: Annotated[int, Meta(ge=1, le=31)]

    def __post_init__(self) -> None:
        if self.day > DAYS[self.month - 1]:
            raise ValueError("no month has that day; a birthday may be 29 February")


class Order(Struct):
    number: Said
    place: Text = ""
    ready_ms: Ms | None = None


class Pickup(Struct):
    orders: list[Order]


class Last(Struct):
    what: Said
    at_ms: Ms


class WishList(Struct):
    items: list[Said]


class Guardian(Struct):
    name: Said
    how: Text = ""


class Basket(Struct):
    at_ms: Ms | None = None
    items: list[Said] = []


class Baskets(Struct):
    baskets: list[Basket]


# Of the last two that they are there is all that is ever read.
SHAPES: Final[Mapping[str, Any]] = {
    "name": Name,
    "since": Since,
    "points": Points,
    "stamps": Stamps,
    "vouchers": Vouchers,
    "giftcards": GiftCards,
    "birthday": Birthday,
    "pickup": Pickup,
    "last": Last,
    "wishlist": WishList,
    "guardian": Guardian,
    "baskets": Baskets,
    "age_band": Any,
    "guarded": Any,
}
_MEMBER: Final = re.compile("[a-z_]{1,32}")  # as ours are; another may be somebody's name
_PLACE: Final = re.compile(r" - at `\$\.?([\w.\[\]]*)`")


def checked(traits: Mapping[str, Any]) -> None:
    """Raise Refused (BAD_TRAIT) for the first value of another shape: which member, and what belongs there.

    What is not declared at all is for `people.plain_traits` to refuse.
    """
    for name, value in traits.items():
        if is_deeper(value, DEPTH):
            raise _bad(name, f"it nests deeper than {DEPTH}")
        try:
            msgspec.convert(value, SHAPES.get(name, Any))
        except msgspec.ValidationError as error:
            found = _PLACE.search(str(error))
            where = ".".join(part for part in (name, found[1] if found else "") if part)
            raise _bad(where, _PLACE.sub("", str(error))) from None
        for where, text in _texts(value, name):
            if has_controls(text):
                raise _bad(where, "a line break or control character stands in it")


def _texts(value: Any, where: str) -> Iterator[tuple[str, str]]:
    """Every text of a value, with the member that it is; what a member is called is one too."""
    match value:
        case str():
            yield where, value
        case dict():
            for name, inner in value.items():
                yield where, name
                yield from _texts(inner, f"{where}.{name}" if _MEMBER.fullmatch(name) else where)
        case list():
            for at, inner in enumerate(value):
                yield from _texts(inner, f"{where}[{at}]")


def _bad(where: str, what: str) -> Refused:
    hint = "nothing was changed; edge/README.md says what each trait holds"
    return Refused(f"trait {where}: {what[:1].lower()}{what[1:]}", code="BAD_TRAIT", hint=hint)
