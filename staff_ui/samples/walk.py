"""The calibration walk: before a tag is there, one that was read, ready, standing in a zone, what can go wrong."""

from dataclasses import replace
from functools import partial
from typing import Any, Final

from staff_ui.pages import tags
from staff_ui.pages.walk import arranged, in_words
from staff_ui.samples.plan import sampled
from staff_ui.sheets import Frame
from staff_ui.words import Words

TEMPLATE: Final = "walk.html"


def samples(frame: Frame, words: Words) -> dict[str, Any]:
    floor, plan = sampled()
    here = replace(frame, here="manage", plan=True, products=True)
    states = ("hears", "silent", "offline", "deaf", "hears", "hears")
    heard = [
        in_words(each, state, 58 if state == "hears" else 0, "10:41", plan, words)
        for each, state in zip(floor.scanners, states, strict=True)
    ]
    counts = {"door": 31, "shoes": 28, "coats": 9}
    room = plan.rooms[1].name(words.language)
    hung = {"00" * 16: "door", "01" * 16: ""}
    own = partial(tags.arranged, plan=plan, say=words)
    return {
        "unchosen": arranged(here, plan, {}, heard, words, ready=False, own=own({}, read=False)),
        "read": arranged(here, plan, {}, heard, words, ready=False, own=own({}, read=True)),
        "ready": arranged(here, plan, counts, heard, words, ready=True, own=own(hung, read=False), undo=True),
        "told": arranged(
            here,
            plan,
            counts,
            heard,
            words,
            ready=True,
            told=(
                words.say("walk.unfit", file="calibration.jsonl"),
                words.say(
                    "walk.replayed", clock="10:41", one=room, other=plan.rooms[-1].name(words.language)
                ),
            ),
            own=own(hung, read=True),
        ),
        "standing": arranged(
            here, plan, counts, heard, words, ready=True, zone="camp", left_s=12, moments=17
        ),
        "failed": arranged(
            here, plan, counts, heard, words, ready=True, told=(words.say("walk.failed", zone=room),)
        ),
        "unsaved": arranged(
            here, plan, counts, heard, words, ready=True, told=(words.say("walk.unsaved", zone=room),)
        ),
    }
