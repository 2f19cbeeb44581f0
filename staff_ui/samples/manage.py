"""Beheer: a usual day, and a day with locks and badges."""

from dataclasses import replace
from typing import Any, Final

from edge.looks.alarms import Alarm
from edge.shop.usage import Usage
from staff_ui.pages.manage import Colleague, Manage, Tablet, looks, unusual, uses
from staff_ui.samples.visits import NOW_MS
from staff_ui.sheets import Frame
from staff_ui.words import Words

TEMPLATE: Final = "manage.html"


def samples(frame: Frame, words: Words) -> dict[str, Any]:
    say = words.say
    paired = say("manage.paired", when=words.when(NOW_MS - 86_400_000, now_ms=NOW_MS))
    staff = (
        Colleague("a" * 32, "Anna", "A", say("role.staff"), False, True, False),
        Colleague("b" * 32, "Bram", "B", say("role.manager"), False, False, False),
    )
    page = Manage(
        frame=replace(frame, here="manage", manager=True),
        staff=staff,
        tablets=(
            Tablet("1" * 64, "Balie", paired, "Bram", True),
            Tablet("2" * 64, "Schoenen", paired, "Anna", False),
            Tablet("3" * 64, "Magazijn", paired, "", False),
        ),
        looks=looks([("staff", "recognition", "", 212), ("staff", "recognition", "exchange", 9)], words),
        said=((words.when(NOW_MS, now_ms=NOW_MS), "De knop zit op een fijne plek."),),
    )
    counts = {
        "help": 118,
        "search": 31,
        "wallet": 64,
        "profile": 9,
        "advice": 0,
        "alone": 6,
        "tour": 2,
        "practice": 0,
    }
    page = replace(page, uses=uses(Usage(enough=True, counts=counts), words))
    raised = [
        Alarm(41, "alone", NOW_MS - 2 * 3_600_000, "t1", "phone"),
        Alarm(38, "many", NOW_MS - 26 * 3_600_000, "t1", "help"),
    ]
    asking = unusual(raised, {"t1": "Kassa 2"}, words, now_ms=NOW_MS)
    if words.language == "en":
        page = replace(page, said=((page.said[0][0], "That button is in a good place."),))
    locked = replace(staff[0], locked=True, badge=False)
    asked = replace(staff[1], asked=True)
    return {
        "manage": page,
        "asking": replace(page, unusual=asking),
        "locked": replace(page, staff=(locked, asked)),
        "quiet": replace(page, looks=(), said=(), uses=()),
    }
