"""Sign-in: first, wrong, locked, and with nobody to sign in."""

from dataclasses import replace
from typing import Any, Final

from staff_ui.pages.signin import SignIn, Tile
from staff_ui.sheets import Frame
from staff_ui.words import Words

TEMPLATE: Final = "signin.html"


def samples(frame: Frame, words: Words) -> dict[str, Any]:
    say = words.say
    door = replace(frame, staff="", initials="", idle_ms=0)
    names = ("Anna", "Bram", "Fatima", "Joost van der Meer")
    tiles = tuple(Tile(name, name[0], name == "Bram") for name in names)
    plain = SignIn(frame=door, tiles=tiles, sentence=say("signin.ask"), wrong=False)
    return {
        "signin": plain,
        "idle": replace(plain, sentence=say("signin.idle_profile")),
        "wrong": replace(plain, sentence=words.count("signin.wrong", 4), wrong=True),
        "locked": replace(plain, sentence=say("signin.locked", wait=words.wait(30_000)), wrong=True),
        "nobody": replace(plain, tiles=()),
    }
