"""Invented customers: the same seed makes the same people, and nobody real is among them."""

import random
from dataclasses import dataclass
from typing import Any, Final

from edge.demo.goods import ean13
from edge.demo.history import talked_of, year

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
DAY_MS: Final = 24 * 3_600_000
REWARD: Final = "gratis impregneren"


@dataclass(frozen=True, slots=True)
class Person:
    customer_id: bytes
    name: str
    barcode: str
    traits: dict[str, Any]
    purposes: tuple[str, ...]


def _voucher(dice: random.Random, now_ms: int) -> dict[str, Any]:
    label = dice.choice(("10 procent op sokken", "5 euro korting boven 50 euro", "gratis koffie"))
    return {
        "label": label,
        "code": f"V{dice.randrange(10**6):06d}",
        "until_ms": now_ms + dice.randint(5, 80) * DAY_MS,
    }


def invent(count: int, *, seed: int, now_ms: int) -> list[Person]:
    """`count` people with a card number in the in-store range, a name as they want it, and their choices."""
    return [_person(seed, number, now_ms) for number in range(count)]


def _person(seed: int, number: int, now_ms: int) -> Person:
    # A year of purchases takes as many throws as its seasons ask for: dice of its own, so that who someone is and
    # which card they carry stays the same on whatever day the shop is invented.
    dice = random.Random(f"{seed}/{number}")
    customer_id, last_five = dice.randbytes(16), dice.randrange(100_000)
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
        "stamps": {"have": dice.randint(0, 7), "of": 8, "reward": REWARD},
    }
    if dice.random() < 0.3:
        traits["vouchers"] = {"items": [_voucher(dice, now_ms)]}
    if dice.random() < 0.2:
        balance_cents = dice.randrange(500, 10_000, 250)
        traits["giftcards"] = {
            "items": [{"label": f"•••• {dice.randrange(10_000):04d}", "balance_cents": balance_cents}]
        }
    if dice.random() < 0.4:
        traits["birthday"] = {"month": dice.randint(1, 12), "day": dice.randint(1, 28)}
    baskets = year(random.Random(f"{seed}/{number}/year"), now_ms=now_ms)
    traits["baskets"] = {"baskets": baskets}
    if last := talked_of(baskets):
        traits["last"] = last
    purposes = ["saving"]
    # The first twenty want to be recognised, so that whoever tries the demo meets a card before a "no".
    if number < 20 or dice.random() < 0.85:
        purposes.append("recognition")
        if number < 20 or dice.random() < 0.7:
            purposes.append("profiling")
    return Person(
        customer_id=customer_id,
        name=full,
        barcode=ean13(f"29{number:05d}{last_five:05d}"),
        traits=traits,
        purposes=tuple(purposes),
    )
