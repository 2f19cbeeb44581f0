"""A colleague is asked to look along."""

from dataclasses import replace
from typing import Any

from staff_ui.pages.eyes import Eyes, tiles
from staff_ui.sheets import Frame
from staff_ui.words import Words

TEMPLATE = "eyes.html"


def samples(frame: Frame, words: Words) -> dict[str, Any]:
    asked = Eyes(
        frame=frame,
        path="/visits/07/wallet",
        kept=(("act", "spend"), ("line", "07" * 16), ("amount", "700")),
        tiles=tiles(["Bram Smit", "Noor van Dijk"]),
        what=words.count("eyes.points_of", 700, whose="Sanne"),
        why=words.say("wallet.no.owner", points=words.number(500)),
        sentence=words.say("eyes.ask"),
    )
    wrong = words.count("signin.wrong", 3)
    return {
        "asked": asked,
        "wrong": replace(asked, tiles=tiles(["Bram Smit"]), sentence=wrong, wrong=True),
    }
