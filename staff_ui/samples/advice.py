"""The page of advice on sample data: every state that staff can meet."""

from dataclasses import replace
from typing import Any, Final

from edge.advice.pack import pack_id
from edge.advice.reasons import DueAgain, GoesWith, OthersLikeYou, PopularHere, Suggestion
from edge.advice.rules import DAY_MS, Item
from staff_ui.pages.advice_basis import Purchase
from staff_ui.pages.advice_shown import EMPTY, AdvicePage, Held, Shown
from staff_ui.pages.offers import short, why
from staff_ui.sheets import Frame
from staff_ui.words import Words

TEMPLATE: Final = "advice.html"
# 2026-11-22 10:41 in Amsterdam.
NOW_MS: Final = 1_795_340_460_000
_ITEMS: Final = {
    each.item: each
    for each in (
        Item("tent-low-002", "Tent Vuurtoren 2", "tenten", True, False, 3),
        Item("tent-sheet-002", "Grondzeil 2 personen", "tenten", True, False, 6, "wand 4"),
        Item("cook-gas-230", "Gasblik 230 g", "koken", False, False, 24, "kopstelling"),
        Item("sock-wool-001", "Wandelsokken merino", "sokken", False, False, None),
    )
}
_REASONS: Final = (
    Suggestion("tent-sheet-002", "Grondzeil 2 personen", GoesWith("tent-low-002", 41, 96, 39)),
    Suggestion("cook-gas-230", "Gasblik 230 g", DueAgain(42, 40, 5), (GoesWith("tent-low-002", 31, 96, 24),)),
    Suggestion("sock-wool-001", "Wandelsokken merino", OthersLikeYou(27)),
)


def samples(frame: Frame, words: Words) -> dict[str, Any]:
    """State name -> what the template shows."""
    usual = AdvicePage(
        frame=replace(frame, here="floor"),
        visit="00" * 16,
        name="Mevrouw De Vries",
        profiled=True,
        shown=tuple(_shown(each, words) for each in _REASONS),
        sentence="",
        purchases=(
            Purchase(_ago(12, words), "Tent Vuurtoren 2"),
            Purchase(_ago(40, words), "Gasblik 230 g, Impregneerwas"),
            Purchase(_ago(82, words), "Gasblik 230 g"),
        ),
        now="",
        interests=(
            words.count("advice.interest.last", 4, tag="Koken", of=9, when=_ago(12, words).lower()),
            words.count("advice.interest", 3, tag="Tenten", of=9),
        ),
        rules=words.say("advice.rules", id=pack_id()),
    )
    popular = Suggestion("cook-gas-230", "Gasblik 230 g", PopularHere("all", 2_300, 141))
    empty = {
        state: replace(usual, shown=(), purchases=(), interests=(), sentence=words.say(key), rules="")
        for state, key in EMPTY.items()
    }
    return {
        "three": usual,
        "one said": replace(usual, shown=(replace(usual.shown[0], said=True), *usual.shown[1:])),
        "looking": replace(
            usual,
            shown=(
                replace(
                    usual.shown[0],
                    hand=words.say("advice.hand", other="Tent Vuurtoren 2"),
                    near=words.say("advice.near", zone="Tenten"),
                ),
                *usual.shown[1:],
            ),
            looking=(
                Held("tent-low-002", "Tent Vuurtoren 2"),
                Held("boot-kaya-042", "Wandelschoen Kaya mid, waterdicht, maat 42"),
            ),
            follows=words.say("advice.follows"),
        ),
        "not helped": replace(usual, follows=words.say("advice.follows.help")),
        "no profiling": replace(
            usual, profiled=False, purchases=(), interests=(), shown=(_shown(popular, words),)
        ),
        **empty,
    }


def _ago(days: int, words: Words) -> str:
    said = words.ago(NOW_MS - days * DAY_MS, now_ms=NOW_MS)
    return said[:1].upper() + said[1:]


def _shown(each: Suggestion, words: Words) -> Shown:
    item, when = _ITEMS[each.item], words.when(NOW_MS - DAY_MS, now_ms=NOW_MS)
    counted = item.stock is not None
    return Shown(
        item=each.item,
        title=each.title,
        sentence=short(each, _ITEMS, words),
        why=why(each.reason, _ITEMS, words, now_ms=NOW_MS),
        used=(words.say("used.own"),),
        stock=words.count("advice.stock", item.stock or 0, when=when)
        if counted
        else words.say("advice.stock_unknown"),
        place=words.say("advice.place", place=item.place) if item.place else "",
        said=False,
        also=tuple(why(reason, _ITEMS, words, now_ms=NOW_MS) for reason in each.also),
    )
