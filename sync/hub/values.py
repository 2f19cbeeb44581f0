"""What the value of each trait looks like: the gate for all that headquarters gives to the shops.

Members that are not named here are let through: a later version may know them.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct

from edge.kit.clock import LATEST_MS
from edge.kit.errors import Refused

MOST: Final = 1_000_000_000  # points, stamps or cents; a thousand purchases of the most that one may earn

Amount = Annotated[int, Meta(ge=0, le=MOST)]
Ms = Annotated[int, Meta(ge=0, le=LATEST_MS)]
Text = Annotated[str, Meta(max_length=200)]
Said = Annotated[str, Meta(min_length=1, max_length=200)]


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
_PLACE: Final = re.compile(r" - at `\$\.?([\w.\[\]]*)`")


def checked(traits: Mapping[str, Any]) -> None:
    """Raise Refused (BAD_TRAIT) for the first value of another shape: which member, and what belongs there.

    What is not declared at all is for `people.plain_traits` to refuse.
    """
    for name, value in traits.items():
        try:
            msgspec.convert(value, SHAPES.get(name, Any))
        except msgspec.ValidationError as error:
            found = _PLACE.search(str(error))
            where = ".".join(part for part in (name, found[1] if found else "") if part)
            what = _PLACE.sub("", str(error))
            hint = "nothing was changed; edge/README.md says what each trait holds"
            raise Refused(
                f"trait {where}: {what[:1].lower()}{what[1:]}", code="BAD_TRAIT", hint=hint
            ) from None
