"""What can be true of somebody's consents: every purpose in every state, and what may then be shown.

A vector gives each purpose a state of its own. The whole product has 4^8 of them; `pairs` covers with a handful every
purpose that fields rest on in every state, beside every other purpose that holds; `singles` takes each purpose
through its states while all others hold.
"""

import random
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Final, Literal

from edge.consent.rules import PURPOSES, TRAITS

State = Literal["given", "none", "expired", "withdrawn"]
STATES: Final[tuple[State, ...]] = ("given", "none", "expired", "withdrawn")
OFF: Final[tuple[State, ...]] = STATES[1:]
# What happens to the whole box: nothing, somebody sets its clock back, the hub is not heard for too long.
Phase = Literal["now", "clock_back", "lease_over"]
PHASES: Final[tuple[Phase, ...]] = ("now", "clock_back", "lease_over")
Vector = Mapping[str, State]

# Fields that are seen of somebody and are no traits -> the purposes they need, all of them.
BESIDE: Final[dict[str, tuple[str, ...]]] = {"zone": ("location",), "order": ("saving",)}
FIELDS: Final[tuple[str, ...]] = (*TRAITS, *BESIDE)


def needs(field: str) -> tuple[str, ...]:
    return (TRAITS[field].purpose,) if field in TRAITS else BESIDE[field]


def holds(vector: Vector, purpose: str, phase: Phase) -> bool:
    """Whether a purpose has a basis: given, and where it rests on a consent the lease goes on."""
    return vector[purpose] == "given" and not (phase == "lease_over" and PURPOSES[purpose] == "consent")


# A page that needs more than its fields do: being looked up is a yes of its own.
PAGES: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "/visits/{visit}/where": {"zone": ("finding",), "name": ("finding", "location")},
}


def may_be_shown(vector: Vector, field: str, phase: Phase, page: str = "") -> bool:
    more = PAGES.get(page, {}).get(field, ())
    return all(holds(vector, purpose, phase) for purpose in (*needs(field), *more))


def all_given() -> Vector:
    return dict.fromkeys(PURPOSES, "given")


def nothing() -> Vector:
    return dict.fromkeys(PURPOSES, "none")


def with_(vector: Vector, purpose: str, state: State) -> Vector:
    return {**vector, purpose: state}


USED: Final = tuple(dict.fromkeys(purpose for field in FIELDS for purpose in needs(field)))


def singles() -> list[Vector]:
    """Each purpose in each state but given, all others given; and each purpose alone."""
    found = [with_(all_given(), purpose, state) for purpose in PURPOSES for state in OFF]
    return [*found, *(with_(nothing(), purpose, "given") for purpose in PURPOSES)]


def pairs(*, always: tuple[str, ...] = (), seed: int = 7) -> list[Vector]:
    """Few vectors in which every purpose holds while each other that fields rest on is in each state but given.

    So a field that goes by another purpose than its own is seen. `always` holds in all of them.
    """
    dice = random.Random(seed)
    free = [purpose for purpose in PURPOSES if purpose not in always]
    left = set(wanted(free))
    found: list[Vector] = []
    while left:
        tries = [{**all_given(), **{purpose: dice.choice(STATES) for purpose in free}} for _ in range(60)]
        best = max(tries, key=lambda vector: len(_covers(vector, free) & left))
        left -= _covers(best, free)
        found.append(best)
    return found


def wanted(free: list[str]) -> Iterator[tuple[str, str, State]]:
    """What `pairs` has to hold: one purpose given, another in a state; where no field rests on it one will do."""
    for one, other in product(free, free):
        if one != other:
            yield from ((one, other, state) for state in (OFF if other in USED else OFF[:1]))


def _covers(vector: Vector, free: list[str]) -> set[tuple[str, str, State]]:
    on = [purpose for purpose in free if vector[purpose] == "given"]
    off = [purpose for purpose in free if vector[purpose] != "given"]
    return {(one, other, vector[other]) for one in on for other in off}


def some(count: int, *, seed: int) -> list[Vector]:
    """Random vectors, for the whole product a sample at a time."""
    dice = random.Random(seed)
    return [{purpose: dice.choice(STATES) for purpose in PURPOSES} for _ in range(count)]
