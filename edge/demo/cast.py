"""The six people of the stage, each with one thing to see; and how the stage's day meets them."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from edge.demo.goods import ean13
from edge.demo.history import DAY_MS, year
from edge.demo.people import REWARD, Person

PURPOSES: Final = ("saving", "recognition", "profiling", "location")


def cast(*, seed: int, now_ms: int) -> list[Person]:
    """The six, in the order in which they stand at the counter."""
    soon = _birthday(now_ms, days=2)
    # Far enough from today that only one of the six is met for their birthday.
    later = [_birthday(now_ms, days=days) for days in (57, 103, 149, 195, 241)]
    boots = {"what": "de wandelschoenen", "at_ms": now_ms - 21 * DAY_MS}
    return [
        _one(
            1,
            _name("Marijke", "de Vries", "mevrouw De Vries", "MV"),
            [
                *year(random.Random(f"{seed}/cast/1"), now_ms=now_ms),
                {"at_ms": boots["at_ms"], "items": ["boot-low-001", "sock-001"]},
            ],
            pickup={"orders": [{"number": "20418", "place": "vak B3", "ready_ms": now_ms - DAY_MS}]},
            stamps=_stamps(7),
            points={"balance": 420},
            last=boots,
            birthday=later[0],
            since={"year": 2014},
        ),
        _one(
            2,
            _name("Joost", "Bakker", "Joost", "JB"),
            year(random.Random(f"{seed}/cast/2"), now_ms=now_ms),
            stamps=_stamps(8),
            points={"balance": 185},
            birthday=later[1],
            since={"year": 2019},
        ),
        _one(
            3,
            _name("Carmen", "van den Berg", "Carmen", "CB"),
            year(random.Random(f"{seed}/cast/3"), now_ms=now_ms),
            stamps=_stamps(3),
            points={"balance": 640},
            vouchers={
                "items": [
                    {"label": "10 procent op sokken", "code": "V104218", "until_ms": now_ms + 30 * DAY_MS}
                ]
            },
            giftcards={"items": [{"label": "•••• 7731", "balance_cents": 3500}]},
            birthday=later[2],
            since={"year": 2021},
        ),
        _one(
            4,
            _name("Imane", "El Amrani", "Imane", "IA", say="ie-MAA-ne"),
            year(random.Random(f"{seed}/cast/4"), now_ms=now_ms),
            stamps=_stamps(1),
            points={"balance": 95},
            birthday=soon,
            since={"year": 2023},
        ),
        _one(
            5,
            _name("Umut", "Yılmaz", "meneer Yılmaz", "UY", say="JUL-maz"),
            _cook(now_ms),
            stamps=_stamps(5),
            points={"balance": 310},
            birthday=later[3],
            since={"year": 2017},
        ),
        _one(
            6,
            _name("Noor", "van der Linden", "Noor", "NL"),
            [],
            stamps=_stamps(0),
            points={"balance": 10},
            birthday=later[4],
            since={"year": 2026},
        ),
    ]


def _birthday(now_ms: int, *, days: int) -> dict[str, int]:
    day = datetime.fromtimestamp(now_ms / 1000, UTC) + timedelta(days=days)
    return {"month": day.month, "day": day.day}


def _name(given: str, family: str, call: str, initials: str, *, say: str = "") -> dict[str, str]:
    said = {"say": say} if say else {}
    short = call[0].upper() + call[1:]
    return {"call": call, "short": short, "full": f"{given} {family}", "initials": initials, **said}


def _stamps(have: int) -> dict[str, Any]:
    return {"have": have, "of": 8, "reward": REWARD}


def _one(number: int, name: dict[str, str], baskets: Sequence[dict[str, Any]], **traits: Any) -> Person:
    dice = random.Random(f"cast/{number}")
    return Person(
        customer_id=dice.randbytes(16),
        name=name["full"],
        barcode=ean13(f"2980000{number:05d}"),
        traits={"name": name, "baskets": {"baskets": list(baskets)}, **traits},
        purposes=PURPOSES,
    )


def _cook(now_ms: int) -> list[dict[str, Any]]:
    """Someone who comes for a gas canister every four weeks, and is about due."""
    days = range(29 + 28 * 7, 28, -28)
    return [{"at_ms": now_ms - day * DAY_MS, "items": ["gas-001", "meal-002"][: 1 + day % 2]} for day in days]
