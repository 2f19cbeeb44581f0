"""Every personal datum says where it comes from, on what it rests and when it ends (S027)."""

from typing import get_args

from edge.consent.rules import PURPOSES, TRAITS, Source


def test_every_trait_has_a_source_of_ours_a_basis_and_an_end() -> None:
    for name, trait in TRAITS.items():
        assert trait.source in get_args(Source), name
        assert trait.purpose in PURPOSES, name
        # What purchases say ends by itself; all else with its basis.
        assert (trait.keep_days is not None) == (trait.purpose == "profiling"), name


def test_nothing_comes_from_third_parties_and_nothing_is_guessed() -> None:
    assert set(get_args(Source)) == {"customer", "shop", "web shop"}
    guessed = {"age", "gender", "nationality", "income", "household", "health", "religion", "score"}
    assert not guessed & set(TRAITS)
