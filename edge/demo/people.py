"""Invented customers: the same seed makes the same people, and nobody real is among them."""

import random
from dataclasses import dataclass
from typing import Any, Final

GIVEN: Final = [
    "Anouk",
    "Bas",
    "Carmen",
    "Daan",
    "Elif",
    "Femke",
    "Gijs",
    "Hanna",
    "Imane",
    "Joost",
    "Karim",
    "Lotte",
    "Mees",
    "Nadia",
    "Olaf",
    "Pien",
    "Quinten",
    "Roos",
    "Sem",
    "Tess",
    "Umut",
    "Vera",
    "Wout",
    "Xenia",
    "Yara",
    "Zoë",
    "Anna",
    "Bram",
    "Cato",
    "Dirk",
    "Esther",
    "Fatima",
    "Guus",
    "Hugo",
    "Iris",
    "Jelle",
    "Kim",
    "Lars",
    "Maud",
    "Noor",
]
# Particle and name apart: "De Vries" greets with a capital, sorts under V (product.md section 3).
FAMILY: Final = (
    ("de", "Vries"), ("", "Jansen"), ("van den", "Berg"), ("", "Bakker"), ("van", "Dijk"), ("", "Visser"),
    ("", "Smit"), ("", "Meijer"), ("de", "Boer"), ("", "Mulder"), ("", "Bos"), ("", "Vos"), ("", "Peters"),
    ("", "Hendriks"), ("van", "Leeuwen"), ("", "Dekker"), ("", "Brouwer"), ("de", "Wit"), ("", "Dijkstra"),
    ("", "Smits"), ("de", "Graaf"), ("van der", "Meer"), ("", "Yılmaz"), ("", "Aydın"), ("", "El Amrani"),
    ("", "Kaya"), ("van der", "Linden"), ("", "Kok"), ("", "Jacobs"), ("", "Ramdin"), ("", "Postma"),
    ("", "Özdemir"),
)  # fmt: skip
THINGS: Final = (
    "de wandelschoenen", "het regenjack", "de tent", "de slaapzak", "de rugzak", "het kookstel", "de hoofdlamp",
    "de trekkingstokken", "de fietstassen", "het kompas",
)  # fmt: skip
DAY_MS: Final = 24 * 3_600_000


@dataclass(frozen=True, slots=True)
class Person:
    customer_id: bytes
    name: str
    barcode: str
    traits: dict[str, Any]
    purposes: tuple[str, ...]


def ean13(twelve: str) -> str:
    """Twelve digits with their check digit (GS1 General Specifications 7.9)."""
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(twelve))
    return twelve + str(-total % 10)


def invent(count: int, *, seed: int, now_ms: int) -> list[Person]:
    """`count` people with a card number in the in-store range, a name as they want it, and their choices."""
    dice = random.Random(seed)
    return [_person(dice, number, now_ms) for number in range(count)]


def _person(dice: random.Random, number: int, now_ms: int) -> Person:
    given = dice.choice(GIVEN)
    particle, family = dice.choice(FAMILY)
    # How someone wants to be addressed is theirs to choose; nothing is guessed from a name.
    title = dice.choice(("mevrouw", "meneer", ""))
    surname = f"{particle.capitalize()} {family}".strip()
    call = f"{title} {surname}" if title else given
    full = " ".join(part for part in (given, particle, family) if part)
    name = {
        "call": call,
        "short": call[0].upper() + call[1:],
        "full": full,
        "initials": given[0] + family[0],
    }
    traits: dict[str, Any] = {
        "name": name,
        "since": {"year": dice.randint(2009, 2026)},
        "points": {"balance": dice.randrange(0, 1200, 5)},
        "stamps": {"have": dice.randint(0, 7), "of": 8, "reward": "gratis impregneren"},
        "last": {"what": dice.choice(THINGS), "at_ms": now_ms - dice.randint(5, 300) * DAY_MS},
    }
    purposes = ["saving"]
    # The first twenty want to be recognised, so that whoever tries the demo meets a card before a "no".
    if number < 20 or dice.random() < 0.85:
        purposes.append("recognition")
        if number < 20 or dice.random() < 0.7:
            purposes.append("profiling")
    return Person(
        customer_id=dice.randbytes(16),
        name=full,
        barcode=ean13(f"29{number:05d}{dice.randrange(100_000):05d}"),
        traits=traits,
        purposes=tuple(purposes),
    )
