"""The merge of consents is a lattice, and every declared datum has a purpose with a basis."""

from functools import reduce
from itertools import permutations
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from edge.consent.rules import PURPOSES, TRAITS, Basis, Register, Role, merge, traits_for, traits_of

REGISTERS = st.builds(Register, st.integers(1, 4), st.sampled_from(["given", "withdrawn"]))
PERHAPS = st.none() | REGISTERS


@given(PERHAPS, PERHAPS)
def test_it_does_not_matter_which_side_is_asked_first(ours: Register | None, theirs: Register | None) -> None:
    assert merge(ours, theirs) == merge(theirs, ours)


@given(PERHAPS, PERHAPS, PERHAPS)
def test_it_does_not_matter_in_which_order_three_places_meet(
    one: Register | None, two: Register | None, three: Register | None
) -> None:
    assert merge(merge(one, two), three) == merge(one, merge(two, three))


@given(PERHAPS, PERHAPS)
def test_hearing_the_same_again_changes_nothing(ours: Register | None, theirs: Register | None) -> None:
    held = merge(ours, theirs)
    assert merge(held, ours) == held
    assert merge(held, theirs) == held
    assert merge(held, held) == held


@given(PERHAPS, PERHAPS)
def test_the_merge_is_one_of_the_two_and_none_only_of_none(
    ours: Register | None, theirs: Register | None
) -> None:
    held = merge(ours, theirs)
    assert held in (ours, theirs)
    assert (held is None) == (ours is None and theirs is None)


@given(st.lists(REGISTERS, min_size=1, max_size=5))
def test_withdrawn_stays_withdrawn_until_a_later_generation_gives_again(heard: list[Register]) -> None:
    withdrawn = max((each.gen for each in heard if each.state == "withdrawn"), default=0)
    given_ = max((each.gen for each in heard if each.state == "given"), default=0)
    for order in permutations(heard):
        held = reduce(merge, order, None)
        assert held is not None
        assert held.state == ("given" if given_ > withdrawn else "withdrawn")
        assert held.gen == max(withdrawn, given_)


def test_every_purpose_rests_on_a_basis_of_the_law() -> None:
    assert set(PURPOSES.values()) <= set(get_args(Basis))


def test_saving_and_receipts_need_no_consent_and_everything_else_does() -> None:
    without = {purpose for purpose, basis in PURPOSES.items() if basis != "consent"}
    assert without == {"saving", "receipts"}


def test_every_trait_names_a_declared_purpose_and_why_it_is_kept() -> None:
    for name, trait in TRAITS.items():
        assert trait.purpose in PURPOSES, name
        assert len(trait.why.split()) >= 3, name


NOBODYS = {"guarded", "age_band", "guardian"}  # that they are there is what counts


def test_every_trait_may_be_seen_by_somebody_or_on_purpose_by_nobody_and_ends_in_some_days_or_with_its_purpose() -> (
    None
):
    for name, trait in TRAITS.items():
        assert bool(trait.roles) is (name not in NOBODYS), name
        assert trait.roles <= set(get_args(Role)), name
        assert trait.keep_days is None or trait.keep_days > 0, name


def test_a_profile_is_never_kept_without_an_end() -> None:
    assert all(trait.keep_days for trait in TRAITS.values() if trait.purpose == "profiling")


def test_a_role_sees_its_traits_in_the_order_of_the_declaration() -> None:
    for role in get_args(Role):
        assert traits_of(role) == [name for name in TRAITS if role in TRAITS[name].roles]
        assert traits_for(role) == [name for name in traits_of(role) if TRAITS[name].on_card]
