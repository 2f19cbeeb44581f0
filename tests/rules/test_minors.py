"""Below sixteen a parent says yes, to little; and nobody says yes to a profile of a child."""

from hypothesis import given
from hypothesis import strategies as st

from edge.consent.rules import MINOR, OF_MINORS, PURPOSES, may_ask
from edge.joining.rules import ASKED, Wish, asked_of, kept, wrong

NOW_MS = 1_795_340_460_000
WISHES = st.builds(
    Wish,
    name=st.sampled_from(["", "Joris"]),
    purposes=st.lists(st.sampled_from(ASKED), unique=True).map(tuple),
    young=st.booleans(),
    parent=st.sampled_from(["", "mevrouw De Vries", "06-12345678"]),
)


def test_only_recognition_and_contact_are_ever_asked_of_a_child() -> None:
    for purpose, basis in PURPOSES.items():
        assert may_ask(purpose, minor=False)
        assert may_ask(purpose, minor=True) is (basis != "consent" or purpose in OF_MINORS)
    assert not may_ask("profiling", minor=True)


@given(WISHES, st.booleans())
def test_whoever_is_under_sixteen_leaves_no_profile_and_a_parent_by_name(wish: Wish, card: bool) -> None:
    keep = kept(wish, card=card, now_ms=NOW_MS, day_ends_ms=NOW_MS + 1)
    assert (MINOR in keep.traits) is wish.young
    if wish.young:
        assert "profiling" not in keep.purposes
        if asked_of(wish) and wrong(wish, card=card) is None:
            assert wish.parent == "mevrouw De Vries"
            assert "guardian" in keep.traits
    else:
        assert "guardian" not in keep.traits
        assert {purpose for purpose in keep.purposes if purpose != "saving"} == set(wish.purposes)


@given(WISHES)
def test_a_child_saves_without_anybodys_yes(wish: Wish) -> None:
    nothing = Wish(young=wish.young)
    assert wrong(nothing, card=True) is None
    assert kept(nothing, card=True, now_ms=NOW_MS, day_ends_ms=NOW_MS + 1).purposes == ("saving",)
