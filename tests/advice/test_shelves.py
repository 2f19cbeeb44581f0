"""Names that shelves really have: what law or shield bars among them, and what it must leave alone."""

import pytest

from edge.advice.limits import barred_words
from edge.advice.rules import Item, barred


@pytest.mark.parametrize("country", ["NL", "BE"])
@pytest.mark.parametrize(
    "category",
    [
        "Hoestdrank", "Neusspray", "Paracetamol", "Ibuprofen", "Pijnbestrijding", "Maagtabletten", "Vitamines",
        "Afslankproducten", "Nicorette", "Viagra", "Gebedskleed", "LHBTI", "Pride", "COLD AND FLU", "ANTACIDS",
        "SINUS AND ALLERGY", "FEMININE HYGIENE TREATMENTS", "FIRST AID MEDICATION", "DIETARY AID PRODUCTS",
        "COUGH SYRUP", "Port & sherry", "Rosé", "Spirituosen", "Advocaat", "Cocktails",
    ],
)  # fmt: skip
def test_shelves_of_health_of_belief_and_of_drink_are_barred(category: str, country: str) -> None:
    assert barred_words(country).found(category)


@pytest.mark.parametrize(
    "category",
    ["SOFT DRINKS", "Bierworst", "Wijnazijn", "Sportkleding", "Rozen", "Transport", "Avocado", "COLD CEREAL",
     "FROZEN PIZZA", "DELI MEATS", "Notenrepen"],
)  # fmt: skip
def test_shelves_that_only_sound_like_it_stay(category: str) -> None:
    assert barred_words("NL").found(category) == ""


def titled(title: str) -> Item:
    return Item("8712000", title, "Dranken en meer / Winkel", durable=False, sensitive=False, stock=None)


@pytest.mark.parametrize(
    "title",
    [
        "Heineken bier krat 24", "Jupiler PILS 6x33cl", "Rode wijn Merlot 75 cl", "Marlboro sigaretten 20",
        "Paracetamol 500 mg", "Zwangerschapstest duo", "Condooms 12 stuks", "Krasloten 5 euro", "Kip halal 500 g",
        "Startmelk 1",
    ],
)  # fmt: skip
def test_what_only_its_title_tells_of_is_barred(title: str) -> None:
    assert barred(titled(title), barred_words("NL"))


@pytest.mark.parametrize(
    "title",
    [
        "Bierworst 150 g", "Wijnazijn 50 cl", "Wijnglas 40 cl, 6 stuks", "Wijnrek eiken", "Bierglazen", "Bierviltjes",
        "Trui wijnrood maat M", "Wijngums 300 g", "Barbierschaar", "Lader usb-c",
    ],
)  # fmt: skip
def test_a_title_that_only_sounds_like_it_stays(title: str) -> None:
    assert not barred(titled(title), barred_words("NL"))


def test_a_product_without_a_title_is_judged_by_its_category_alone() -> None:
    assert not barred(
        Item("bier", "bier", "", durable=False, sensitive=False, stock=None), barred_words("NL")
    )
