"""What advice says: every reason and every state, in both languages."""

from typing import Any

import pytest

from edge.advice.reasons import (
    DueAgain,
    DueAgainVisits,
    GoesWith,
    Often,
    OthersLikeYou,
    PopularHere,
    Suggestion,
)
from staff_ui.assets import read_assets
from staff_ui.pages.offers import short, why
from staff_ui.samples import advice as samples
from staff_ui.sheets import Frame, Sheets
from staff_ui.words import Words
from tests.staff_ui.advising import ITEMS

NOW_MS = 1_790_000_000_000


def test_every_reason_is_said_in_both_languages_with_the_right_numbers() -> None:
    items = {each.item: each for each in ITEMS}
    said = {
        language: [
            (short(each, items, words), why(each.reason, items, words, now_ms=NOW_MS))
            for reason in (
                DueAgain(1, 1, 4), DueAgain(42, 40, 5), DueAgainVisits(1, 1, 4), DueAgainVisits(3, 4, 6),
                Often(4, 6), Often(1, 6), GoesWith("tent-2", 1_400, 2_000, 900), OthersLikeYou(12),
                PopularHere("all", 2_300, 141),
            )
            for each in (Suggestion("gas-1", "Gasblik", reason),)
        ]
        for language in ("nl", "en")
        for words in (Words(language, "Europe/Amsterdam"),)
    }  # fmt: skip
    assert [line for _, line in said["nl"]] == [
        "Ongeveer elke dag gekocht. Tot nu toe 4 keer, gisteren voor het laatst.",
        "Ongeveer om de 6 weken gekocht. Tot nu toe 5 keer, 5 weken geleden voor het laatst.",
        "Ongeveer bij elk bezoek gekocht. Tot nu toe 4 keer, 1 bezoek geleden voor het laatst.",
        "Ongeveer om de 3 bezoeken gekocht. Tot nu toe 6 keer, 4 bezoeken geleden voor het laatst.",
        "Gekocht bij 4 van de 6 bezoeken.",
        "Gekocht bij 1 van de 6 bezoeken.",
        "1.400 van de 2.000 keer samen met Tent Vuurtoren 2 gekocht, door 900 klanten.",
        "12 klanten met minstens 3 dezelfde aankopen kochten dit ook.",
        "Zit in 141 van de 2.300 aankopen van onze klanten.",
    ]
    assert [line for _, line in said["en"]] == [
        "Bought about every day. 4 times so far, last yesterday.",
        "Bought about every 6 weeks. 5 times so far, last 5 weeks ago.",
        "Bought about every visit. 4 times so far, last 1 visit ago.",
        "Bought about every 3 visits. 6 times so far, last 4 visits ago.",
        "Bought on 4 of 6 visits.",
        "Bought on 1 of 6 visits.",
        "Bought together with Tent Vuurtoren 2 1,400 of 2,000 times, by 900 customers.",
        "12 customers with at least 3 purchases in common bought this too.",
        "In 141 of 2,300 purchases of our customers.",
    ]
    assert {*[line for line, _ in said["nl"]]} >= {
        "Misschien weer: Gasblik. Vaak gekocht.", "Misschien weer: Gasblik. Eerder gekocht.",
        "Misschien leuk: Gasblik. Klanten met een paar dezelfde aankopen kozen dit ook.",
    }  # fmt: skip
    assert all(len(line.split()) <= 14 for lines in said.values() for line, _ in lines)
    assert all(line.startswith(("Misschien", "Perhaps")) for lines in said.values() for line, _ in lines)


@pytest.mark.parametrize("language", ["nl", "en"])
def test_every_state_of_the_samples_is_rendered_in_words(language: Any) -> None:
    words = Words(language, "Europe/Amsterdam")
    around = Frame(language=language, shop="Van Dam", theme="light", hand="right", own="", staff="Anna Kok")
    made = samples.samples(around, words)
    states = {"three", "one said", "looking", "not helped", "no profiling"}
    assert states | {"withheld", "enough", "down", "soon", "nothing"} == set(made)
    sheets = Sheets(read_assets(), timezone="Europe/Amsterdam")
    for state, it in made.items():
        assert "data-suggestion" in sheets.render(samples.TEMPLATE, it, language) or not it.shown
        assert it.shown or it.sentence, state
        assert all(each.sentence and each.why and each.used for each in it.shown)
