"""The way to a product: a sentence over few borders, from the counter or wherever somebody starts."""

from staff_ui.pages.directions import way_to
from staff_ui.samples.plan import sampled
from staff_ui.words import Words

PLAN = sampled()[1]
NL, EN = Words("nl", "Europe/Amsterdam"), Words("en", "Europe/Amsterdam")


def said(place: str, start: str = "", say: Words = NL) -> str:
    found = way_to(PLAN, place, say, start=start)
    return found.sentence if found else ""


def test_the_sentence_names_the_zones_one_walks_through() -> None:
    assert said("gang 4, vak B3") == "Van Kassa langs Schoenen naar Kamperen en koken."
    assert said("gang 4, vak B3", "shoes") == "Van Schoenen meteen door naar Kamperen en koken."
    assert said("kassa") == "Het staat hier, bij Kassa."
    assert said("gang 4", say=EN) == "From Counter past Shoes to Camping and cooking."


def test_a_start_that_is_no_zone_is_the_counter_and_a_place_of_no_zone_has_no_way() -> None:
    assert said("gang 4", "attic") == said("gang 4")
    assert said("magazijn") == ""
    assert said("") == ""


def test_the_way_is_drawn_from_room_to_room() -> None:
    found = way_to(PLAN, "gang 4", NL)
    assert found is not None
    marks = {shape.zone: shape.mark for shape in found.drawing.shapes}
    assert (marks["till"], marks["shoes"], marks["camp"], marks["door"]) == ("start", "way", "goal", "")
    assert len(found.drawing.steps) == 2
