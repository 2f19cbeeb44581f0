"""Names that shelves really have: what law or shield bars among them, and what it must leave alone."""

import pytest

from edge.advice.limits import barred_words


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
