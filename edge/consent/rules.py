"""Who may use which data, for what and for how long. Pure; the same on the appliance and at the hub."""

from dataclasses import dataclass
from typing import Final, Literal

Basis = Literal["consent", "agreement", "law"]
State = Literal["given", "withdrawn"]
Role = Literal["staff", "manager"]
# Where a datum may come from: the person, what they did in our shops, or our own web shop. What others know of
# somebody has no way in (S027).
Source = Literal["customer", "shop", "web shop"]

# Purpose -> the basis it rests on (GDPR article 6(1) a, b, c). Each consent is a yes of its own (S136).
PURPOSES: Final[dict[str, Basis]] = {
    "saving": "agreement",  # points, stamps, vouchers, gift cards: never lost by withdrawing a consent
    "receipts": "law",
    "recognition": "consent",  # be recognised in the shop: the name and the card on the tablet
    "location": "consent",
    "finding": "consent",  # staff may look up in which zone this customer stands
    "profiling": "consent",  # advice from what was bought
    "partners": "consent",
    "contact": "consent",
}


@dataclass(frozen=True, slots=True)
class Trait:
    """A declared personal datum. An undeclared one does not exist: it is refused at both ends."""

    purpose: str
    keep_days: int | None  # None: as long as the purpose has a basis
    roles: frozenset[Role]
    why: str
    source: Source
    on_card: bool = True  # unsealed for each tap; the rest only on the page that is about it


_FLOOR: Final[frozenset[Role]] = frozenset({"staff", "manager"})

TRAITS: Final[dict[str, Trait]] = {
    "name": Trait(
        "recognition", None, _FLOOR, "how to address the person, chosen by them; with initials", "customer"
    ),
    "since": Trait("recognition", None, _FLOOR, "the year someone became a customer", "shop"),
    "points": Trait("saving", None, _FLOOR, "balance of points, with its age", "shop"),
    "stamps": Trait("saving", None, _FLOOR, "stamp card: stamps, size, reward", "shop"),
    "vouchers": Trait("saving", None, _FLOOR, "vouchers, to be shown", "shop", on_card=False),
    "giftcards": Trait("saving", None, _FLOOR, "gift cards, to be shown", "shop", on_card=False),
    "birthday": Trait("recognition", None, _FLOOR, "day and month of the birthday, never a year", "customer"),
    "pickup": Trait("saving", None, _FLOOR, "orders that are ready: number, place, since when", "web shop"),
    "last": Trait("profiling", 395, _FLOOR, "last purchase worth a question, 13 months", "shop"),
    "wishlist": Trait(
        "profiling", 395, _FLOOR, "saved for later in the web shop, 13 months", "web shop", on_card=False
    ),
    # That it is there is all that is ever read of it: nobody's role sees it, on no card.
    "guarded": Trait(
        "saving",
        None,
        frozenset(),
        "a colleague or somebody known: closer looks are told to a manager",
        "shop",
        on_card=False,
    ),
    # Of whom is sixteen or older there is none. As with the one above, that it is there is all that is read of it.
    "age_band": Trait(
        "saving", None, frozenset(), "under sixteen: no age, no date of birth", "customer", False
    ),
    "guardian": Trait("receipts", None, frozenset(), "which parent said yes, and how", "customer", False),
    # A tap need not unseal a year of purchases: the advice page does.
    "baskets": Trait(
        "profiling", 395, _FLOOR, "purchases, 13 months: advice is made of them", "shop", on_card=False
    ),
}


# Below sixteen a parent says yes to these (GDPR article 8, UAVG article 5). Nobody says yes to the rest: no profile
# of a child, no place in the shop, nothing to others.
OF_MINORS: Final = frozenset({"recognition", "contact"})
MINOR: Final = "age_band"  # the trait that only they have


def may_ask(purpose: str, *, minor: bool) -> bool:
    """Whether somebody of that age may be asked for this purpose; the agreement and the law ask nobody."""
    return not minor or PURPOSES[purpose] != "consent" or purpose in OF_MINORS


def traits_for(role: Role) -> list[str]:
    """Names of the traits that a role may see on the glance card, in the order of the declaration."""
    return [name for name in traits_of(role) if TRAITS[name].on_card]


def traits_of(role: Role) -> list[str]:
    """Names of all traits that a role may see anywhere."""
    return [name for name, trait in TRAITS.items() if role in trait.roles]


@dataclass(frozen=True, slots=True)
class Register:
    """One register of consent: the choice of one customer for one purpose and one recipient."""

    gen: int
    state: State


def merge(ours: Register | None, theirs: Register | None) -> Register | None:
    """The register that holds: the higher generation, and within one generation the withdrawal.

    No wall clock takes part (design: sync 2.4), so no clock can revive what was withdrawn.
    """
    if ours is None or theirs is None:
        return ours or theirs
    if ours.gen != theirs.gen:
        return max(ours, theirs, key=lambda register: register.gen)
    return ours if ours.state == "withdrawn" else theirs
