"""What somebody looks at in their visit: the few latest, for a quarter of an hour, nothing of it after their no."""

from edge.advice.looking import NOW_MS, Looking
from edge.advice.rules import MOST_HAND

VISIT, OTHER, WHO, ELSE = b"v" * 16, b"w" * 16, b"c" * 16, b"d" * 16


def test_the_latest_stands_first_and_only_the_few_latest_are_held() -> None:
    looking = Looking()
    assert looking.add(VISIT, WHO, "tent", now_ms=1)
    assert looking.add(VISIT, WHO, "sock", now_ms=2)
    assert not looking.add(VISIT, WHO, "tent", now_ms=3)
    assert looking.at(VISIT, now_ms=4) == ("tent", "sock")
    for number in range(MOST_HAND):
        looking.add(VISIT, WHO, f"more-{number}", now_ms=5)
    assert len(looking.at(VISIT, now_ms=6)) == MOST_HAND
    assert "tent" not in looking.at(VISIT, now_ms=6)
    assert looking.at(OTHER, now_ms=6) == ()


def test_after_a_quarter_of_an_hour_it_is_not_what_they_look_at_now() -> None:
    looking = Looking()
    looking.add(VISIT, WHO, "tent", now_ms=0)
    looking.add(VISIT, WHO, "sock", now_ms=10)
    assert looking.at(VISIT, now_ms=NOW_MS) == ("sock",)
    assert looking.past(now_ms=NOW_MS) == [(VISIT, WHO)]
    assert looking.past(now_ms=NOW_MS) == []
    assert looking.at(VISIT, now_ms=NOW_MS + 9) == ("sock",)


def test_a_no_an_end_and_a_mistake_each_take_their_own_away() -> None:
    looking = Looking()
    for visit_id, who in ((VISIT, WHO), (OTHER, ELSE)):
        looking.add(visit_id, who, "tent", now_ms=1)
        looking.add(visit_id, who, "sock", now_ms=1)
    assert looking.remove(OTHER, "tent")
    assert not looking.remove(OTHER, "tent")
    looking.forget(WHO)
    assert looking.at(VISIT, now_ms=2) == ()
    assert looking.at(OTHER, now_ms=2) == ("sock",)
    looking.drop(OTHER)
    assert looking.at(OTHER, now_ms=2) == ()
    assert not looking.remove(OTHER, "sock")
