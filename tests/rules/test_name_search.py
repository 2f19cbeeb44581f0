"""A customer is found by the beginnings of the words of their name, whoever is called just that first."""

import pytest

from edge.recognition.search import BLOCK_NAMES, SearchIndex


def index(*names: str) -> SearchIndex:
    search = SearchIndex()
    for number, name in enumerate(names):
        search.add(number.to_bytes(16, "big"), name)
    return search


def found(search: SearchIndex, text: str, *, most: int = 8) -> list[int]:
    return [int.from_bytes(each, "big") for each in search.find(text, most=most)]


@pytest.mark.parametrize("place", [0, 1, 39, 40])
def test_whoever_is_called_just_what_was_typed_comes_before_many_who_are_called_more(place: int) -> None:
    names = [f"Zoë de Vries {number}" for number in range(40)]
    search = index(*names[:place], "Zoë", *names[place:])
    assert found(search, "zoe")[0] == place
    assert len(found(search, "Zoë")) == len({*found(search, "Zoë")}) == 8
    assert found(search, "zoe", most=100)[0] == place
    search.remove([place.to_bytes(16, "big")])
    assert place not in found(search, "zoe", most=100)


def test_a_name_that_ends_so_is_not_the_whole_name() -> None:
    search = index("Jan de Vries", "Piet Vries", "Vries", "Vriesman")
    assert found(search, "vries", most=2) == [2, 0]
    assert found(search, "vries") == [2, 0, 1, 3]
    assert found(search, "de vries") == found(search, "vries de") == [0]


def test_it_comes_first_from_any_block() -> None:
    names = ["Noor Bakker"] * BLOCK_NAMES
    assert found(index(*names, "Noor"), "noor")[0] == BLOCK_NAMES
