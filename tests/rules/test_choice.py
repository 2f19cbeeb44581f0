"""Choice helpers: whatever tree is written, every way ends and says truly why."""

from hypothesis import given, settings
from hypothesis import strategies as st

from edge.advice.limits import barred_words
from edge.advice.rules import Item
from edge.choice import rules
from edge.choice.folder import read_helper
from edge.choice.rules import Asked, Ended, outcome, walk
from edge.choice.tree import MOST_QUESTIONS, TOP
from tests.rules.choice_trees import DEMO, Tree, checked, shelf, spelt, trees, ways_of


@settings(max_examples=40)
@given(trees(), st.data())
def test_every_way_ends_and_what_is_named_there_fits_is_there_and_says_truly_why(
    tree: Tree, data: st.DataObject
) -> None:
    helper = checked(spelt(tree))
    has = {each["item"]: set(each["has"]) for each in tree["wares"]}
    order = list(has)
    counts = data.draw(st.fixed_dictionaries({item: st.sampled_from((None, 0, 3)) for item in has}))
    gone = data.draw(st.sampled_from(order))
    held = shelf({item: count for item, count in counts.items() if item != gone})
    for way, end in list(ways_of(tree["questions"]))[:40]:
        answers = [answer["id"] for _, answer in way]
        before = MOST_QUESTIONS
        for so_far in range(len(answers)):
            asked = walk(helper, answers[:so_far])
            assert isinstance(asked, Asked)
            assert asked.number == so_far + 1 <= asked.of <= before
            before = asked.of
        ended = walk(helper, answers)
        assert isinstance(ended, Ended)
        assert ended.end.id == end
        must = {name for _, answer in way for name in answer["must"]}
        like = {name for _, answer in way for name in answer["like"]} - must
        there = [item for item in order if must <= has[item] and item in held and counts[item] != 0]
        best = sorted(there, key=lambda item: -len(like & has[item]))[:TOP]
        found = outcome(helper, ended, lambda items: held, words=barred_words())
        assert [each.item.item for each in found.picks] == best
        assert bool(found.nothing) == (not best)
        for pick in found.picks:
            said = [*pick.speaks_for, *pick.against]
            assert [each.text["nl"] for each in pick.speaks_for] == [
                f"has {name}" for name in dict.fromkeys(n for _, a in way for n in a["must"] + a["like"])
                if name in has[pick.item.item]
            ]  # fmt: skip
            assert len(said) == len(must | like)
            assert {each.answer.id for each in said} <= set(answers)


def test_what_is_sold_out_or_barred_is_not_named_and_the_reason_is_said() -> None:
    helper = read_helper(DEMO / "slaapzak.toml")
    ended = walk(helper, ["rug", "vorst", "nat", "recht"])
    assert isinstance(ended, Ended)
    fit = [ware.item for ware in rules.fitting(helper, ended.given)]

    def nothing(held: dict[str, Item]) -> str:
        return outcome(helper, ended, lambda items: held, words=barred_words()).nothing

    assert fit == ["bag-sleep-005", "bag-sleep-012"]
    assert nothing({}) == "gone"
    assert nothing(shelf(dict.fromkeys(fit, 0))) == "sold_out"
    assert nothing({item: Item(item, item, "wijn", False, False, 3) for item in fit}) == "barred"
    assert nothing({item: Item(item, item, "tenten", False, True, 3) for item in fit}) == "barred"
    assert nothing(shelf({fit[1]: None})) == ""


def test_answers_that_are_no_way_through_lead_nowhere() -> None:
    helper = read_helper(DEMO / "slaapzak.toml")
    for answers in (
        ["te-voet"],
        ["rug", "rug"],
        ["rug", "winter", "nat"],
        [""],
        ["rug", "zomer", "recht", ""],
    ):
        assert walk(helper, answers) is None
        assert rules.stand(helper, ".".join(answers) or "no-answer") == (walk(helper, ()), True)
    assert rules.stand(helper, "rug.zomer") == (walk(helper, ["rug", "zomer"]), False)
    assert rules.stand(helper, "") == (walk(helper, ()), False)
    assert rules.answers_of("rug.zomer") == ("rug", "zomer")
    assert rules.answers_of("") == ()
