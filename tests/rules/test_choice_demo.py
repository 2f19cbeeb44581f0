"""The demo's choice helpers name what its shelves hold, and say of a product only what its shelf says too."""

import re
from collections.abc import Callable, Iterator, Mapping

from edge.advice.limits import barred_words
from edge.choice import rules
from edge.choice.folder import read_folder
from edge.choice.rules import Asked, Ended, outcome, walk
from edge.choice.tree import MOST_QUESTIONS, Helper
from edge.demo.described import DESCRIBED
from edge.demo.goods import BY_CODE, goods
from tests.rules.choice_trees import DEMO


def test_the_demos_helpers_name_products_of_its_shelves_and_say_when_there_is_nothing() -> None:
    helpers = read_folder(DEMO)
    assert {each.name for each in helpers} == {"slaapzak", "wandelschoenen"}
    sold = {each.item: each for each in goods(seed=1)}
    for helper in helpers:
        kinds = {sold[ware.item].category for ware in helper.wares}
        assert kinds <= {BY_CODE[code].title for code in ("bag-sleep", "boot-low", "boot-high")}
        assert rules.longest(helper, helper.start) <= MOST_QUESTIONS
        assert any(each.nothing for each in helper.ends)
    bag = next(each for each in helpers if each.name == "slaapzak")
    cold = walk(bag, ["rug", "winter"])
    assert isinstance(cold, Ended)
    found = outcome(bag, cold, lambda items: {}, words=barred_words())
    assert (found.nothing, found.picks) == ("none", ())


# Property -> whether the text on the shelf says the same.
ON_THE_SHELF: Mapping[str, Callable[[str], bool]] = {
    "licht": lambda text: grams(text) <= 1000,
    "klein": lambda text: "klein in te pakken" in text,
    "tot-10": lambda text: comfort(text) <= 10,
    "luchtig": lambda text: "Zomerzak" in text or "luchtig" in text,
    "tot-2": lambda text: comfort(text) <= 2,
    "zacht": lambda text: "Driejaargetijdenzak" in text,
    "tot-min-5": lambda text: comfort(text) <= -5,
    "vochtvast": lambda text: "kunstvezel" in text,
    "dons": lambda text: "dons" in text,
    "mummie": lambda text: "mummiemodel" in text,
    "ruim": lambda text: "ruim model" in text,
    "vlak": lambda text: "Categorie A" in text,
    "heuvels": lambda text: "A/B" in text or "Categorie B." in text,
    "bergen": lambda text: "Categorie B" in text,
    "stevig": lambda text: "Stevige zool" in text,
    "waterdicht": lambda text: "met membraan" in text,
    "leer": lambda text: "Leer" in text,
    "makkelijk": lambda text: "Stof" in text,
}


def grams(text: str) -> int:
    return int(re.findall(r"(\d+) gram", text)[0])


def comfort(text: str) -> int:
    return int(re.findall(r"Comfort (-?\d+) gra", text)[0])


def test_what_the_demos_helpers_say_of_a_product_its_shelf_says_too() -> None:
    for helper in read_folder(DEMO):
        for ware in helper.wares:
            for name in {each.id for each in helper.properties} & set(ON_THE_SHELF):
                said = ON_THE_SHELF[name](DESCRIBED[ware.item])
                assert said == (name in ware.has), (ware.item, name)
            assert ("hoog" in ware.has) == ware.item.startswith("boot-high")
            assert ("laag" in ware.has) == ware.item.startswith("boot-low")


# A word above the products -> the property that each of them then has to have. Who writes an end adds theirs.
CLAIMED = {
    "openritsen": "luchtig",
    "licht": "licht",
    "dons": "dons",
    "kunstvezel": "vochtvast",
    "koude nachten": "tot-2",
    "waterdicht": "waterdicht",
    "leer": "leer",
}


def ends_of(helper: Helper, *answers: str) -> Iterator[Ended]:
    """Where each way leads to that names products."""
    at = walk(helper, answers)
    if isinstance(at, Asked):
        for each in at.question.answers:
            yield from ends_of(helper, *answers, each.id)
    elif at is not None and not at.end.nothing:
        yield at


def test_what_stands_above_the_demos_products_is_true_of_each_that_may_stand_there() -> None:
    seen = 0
    for helper in read_folder(DEMO):
        for ended in ends_of(helper):
            said = f"{ended.end.title['nl']} {ended.end.why['nl']}".lower()
            claimed = {has for word, has in CLAIMED.items() if re.search(rf"\b{word}e?\b", said)}
            # Sold out makes way for the next, so any that fits may stand there.
            for ware in rules.fitting(helper, ended.given):
                seen += 1
                assert claimed <= ware.has, (ended.end.id, ware.item, rules.address_of(ended.given))
    assert seen > 100
