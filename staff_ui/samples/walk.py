"""The calibration walk: before a fob is chosen, ready, standing in a zone, and where nothing was heard."""

from dataclasses import replace
from typing import Any, Final

from staff_ui.pages.walk import arranged, in_words
from staff_ui.samples.plan import sampled
from staff_ui.sheets import Frame
from staff_ui.words import Words

TEMPLATE: Final = "walk.html"


def samples(frame: Frame, words: Words) -> dict[str, Any]:
    floor, plan = sampled()
    here = replace(frame, here="manage", plan=True, products=True)
    states = ("hears", "silent", "offline", "hears", "hears", "hears")
    heard = [
        in_words(each, state, 58 if state == "hears" else 0, "10:41", plan, words)
        for each, state in zip(floor.scanners, states, strict=True)
    ]
    counts = {"door": 31, "shoes": 28, "coats": 9}
    room = plan.rooms[1].name(words.language)
    return {
        "unchosen": arranged(here, plan, {}, heard, words, ready=False),
        "ready": arranged(here, plan, counts, heard, words, ready=True),
        "standing": arranged(
            here, plan, counts, heard, words, ready=True, zone="camp", left_s=12, moments=17
        ),
        "failed": arranged(
            here, plan, counts, heard, words, ready=True, failed=words.say("walk.failed", zone=room)
        ),
        "unsaved": arranged(
            here, plan, counts, heard, words, ready=True, failed=words.say("walk.unsaved", zone=room)
        ),
    }
