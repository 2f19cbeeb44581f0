"""Closer than a glance: the question, the fields, and somebody of whom little is known."""

from typing import Any, Final

from staff_ui.pages.profile import WHY, Profile, fields_of, reasons
from staff_ui.samples.visits import NOW_MS, READY, profile
from staff_ui.sheets import Frame
from staff_ui.words import Words

TEMPLATE: Final = "profile.html"


def samples(frame: Frame, words: Words) -> dict[str, Any]:
    say = words.say
    label, _ = WHY["help"]
    why = say("profile.for", why=say(label).lower())

    def page(asked: bool, **more: Any) -> Profile:
        held = profile(**more)
        return Profile(
            frame=frame,
            visit="v" * 32,
            initials="MV",
            call="" if asked else "mevrouw De Vries",
            reasons=reasons(words) if asked else (),
            reason="" if asked else why,
            soon="" if asked or "birthday" not in more else say("profile.soon", day=words.day(NOW_MS)),
            fields=() if asked else fields_of(held, "staff", words, now_ms=NOW_MS),
        )

    return {
        "why": page(True),
        "fields": page(False, pickup=READY, birthday={"month": 2, "day": 29}),
        "little": page(False, since=None, points=None, stamps=None, last=None),
    }
