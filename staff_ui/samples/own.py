"""A customer's own page in their own hands: recognised, after a stop, and with everything stopped."""

from dataclasses import replace
from typing import Any, Final

from edge.consent.tables import Choice
from edge.visits.view_log import Look
from staff_ui.pages import own_shown as shown
from staff_ui.pages.own_shown import Own, Saved
from staff_ui.samples.visits import NOW_MS, arrival, profile
from staff_ui.sheets import Frame
from staff_ui.words import Words

TEMPLATE: Final = "own.html"
DAY_MS: Final = 24 * 3_600_000
PURPOSES: Final = ("recognition", "profiling", "contact", "saving", "receipts")


def samples(frame: Frame, words: Words) -> dict[str, Any]:
    def uses(*stopped: str) -> Any:
        given = [
            Choice(
                each,
                "van-dam",
                "withdrawn" if each in stopped else "given",
                NOW_MS - 355 * DAY_MS,
                NOW_MS + (10 if each == "contact" else 300) * DAY_MS,
            )
            for each in PURPOSES
        ]
        return shown.uses(given, words, own="van-dam", shop=frame.shop, now_ms=NOW_MS)

    looks = [Look(NOW_MS, "staff", "help"), Look(NOW_MS - 60_000, "staff", "")]
    whole = Own(
        frame=replace(frame, staff="", initials=""),
        call="mevrouw De Vries",
        said="",
        saved=(
            Saved(words.say("card.points"), words.number(400)),
            Saved(words.say("card.stamps"), words.say("card.stamps_of", have=7, of=8)),
        ),
        uses=uses(),
        looks=shown.looks(looks, words, now_ms=NOW_MS),
        seen=shown.seen_by_staff(arrival(), profile(), words, now_ms=NOW_MS),
        stops=3,
    )
    one = words.say("own.done", what=words.say("own.recognition"))
    after = replace(whole, call="", said=one, uses=uses("recognition"), seen=None, stops=2)
    everything = replace(
        after, said=words.say("own.done.all"), uses=uses("recognition", "profiling", "contact"), stops=0
    )
    asking = replace(whole, asks=True)
    return {
        "asking": asking,
        "waiting": replace(asking, waits=True),
        "whole": whole,
        "stopped": after,
        "all_stopped": replace(everything, saved=(), looks=()),
    }
