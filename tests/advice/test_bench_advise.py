"""The harness that ours is measured with: marks by hand, peers that do what their papers say, nothing of tomorrow."""

import sys

import numpy as np
import pytest

from edge.advice.ranking.numbering import Visit, numbered
from edge.bench.advise import Sheet
from edge.bench.exam import cut_day, exam, marked, paired_t
from edge.bench.installed import installed
from edge.bench.peers import PEERS, frequency, recency, tifu, up_cf


def visits(*baskets: str, first: int = 100) -> list[Visit]:
    return [Visit(first + place, None, tuple(each)) for place, each in enumerate(baskets)]


def test_marks_are_those_by_hand() -> None:
    marks = marked([["a", "x", "b"]], [["a", "b", "c"]], [{"a", "c"}])
    assert marks.recall[0] == pytest.approx(2 / 3)
    ideal = 1 + 1 / np.log2(3) + 1 / np.log2(4)
    assert marks.ndcg[0] == pytest.approx((1 + 1 / np.log2(4)) / ideal)
    assert marks.again[0] == pytest.approx(0.5)
    assert marks.new[0] == pytest.approx(1)


def test_paired_t_is_student_s() -> None:
    ours, theirs = np.array([3, 4, 8], np.float32), np.array([1, 3, 4], np.float32)
    assert paired_t(ours, theirs) == pytest.approx(7 / 3 / (np.std([2, 1, 4], ddof=1) / np.sqrt(3)))


def test_nothing_of_after_the_cut_is_known() -> None:
    histories = {"a": visits("ab", "ac", "ad", "e"), "b": visits("ab", "b", first=101), "c": visits("a")}
    assert cut_day(histories, 0.5) == 101
    taken = exam(histories, 102)
    assert taken.known == {"a": visits("ab", "ac"), "b": visits("ab", first=101), "c": visits("a")}
    assert taken.next == {"a": histories["a"][2]}
    assert exam(histories, None).next == {"a": histories["a"][3]}


def test_the_peers_score_as_their_papers_say() -> None:
    known = {"a": visits("xy", "x"), "b": visits("x", "xz"), "c": visits("yw", "w")}
    held = numbered(known.items())
    asked = np.array([0])
    columns = [held.number[each] for each in "xyzw"]
    (often,) = (block[0, columns] for block in frequency(held.log, asked))
    assert often.tolist() == [2, 1, 0, 0]
    (late,) = (block[0, columns] for block in recency(held.log, asked, decay=0.5))
    assert late.tolist() == [1.5, 0.5, 0, 0]
    (near,) = (
        block[0, columns]
        for block in tifu(held.log, asked, group=2, within=0.5, between=0.9, nearest=1, own=0.5)
    )
    # One group of two: the older basket weighs half; b is nearer than c.
    assert near.tolist() == pytest.approx([(0.75 + 0.75) / 2, 0.25 / 2, 0.5 / 2, 0])
    (alike,) = (block[0, columns] for block in up_cf(held.log, asked, lately=1, asymmetry=0.5, locality=1))
    # Alike to oneself 1, to b 1/2, to c 1/2; their last baskets are x, xz and w.
    assert alike.tolist() == pytest.approx([1.5, 0, 0.5, 0.5])


def test_peers_of_other_packages_are_there_where_those_are_installed_and_named_where_not() -> None:
    found, absent = installed(lambda name: None if name == "similaripy" else name)
    assert [each.name for each in found] == [
        "implicit_bm25",
        "implicit_als",
        "cornac_gptop",
        "cornac_tifuknn",
    ]
    assert absent == {"cornac_upcf": "similaripy not installed"}
    found, absent = installed(lambda name: None)
    assert found == ()
    assert absent["cornac_upcf"] == "cornac and similaripy not installed"
    heavy = {name.split(".")[0] for name in sys.modules} & {"implicit", "cornac"}
    assert not heavy  # looking for them loads nothing


def test_a_peer_s_ties_go_to_what_is_popular_however_high_they_score() -> None:
    rest = [f"r{number:02d}" for number in range(20)]
    habit = [Visit(place, None, (*rest, "a", "z")) for place in range(40)]
    others = {f"o{number}": [Visit(0, None, ("z",)), Visit(1, None, ("z",))] for number in range(9)}
    taken = exam({"me": [*habit, Visit(50, None, ("a",))], **others}, 45)
    (answer,) = Sheet(taken).answers(PEERS[1], {})
    assert answer[0] == "z"
