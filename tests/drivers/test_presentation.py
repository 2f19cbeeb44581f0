"""Who is there still, and who has left: cards that answer by turns, and codes in one view."""

from drivers.presentation import AT_ONCE, LEFT_S, Recent
from drivers.printed import IN_VIEW, REPEAT_S, Repeats
from drivers.talks import Seen


def test_who_answers_by_turns_with_another_stays_the_same_presentation() -> None:
    recent, now_s = Recent(), 0.0
    phone, ring = recent.of("phone", now_s), recent.of("ring", now_s)
    assert [*phone.saw(Seen(outcome="locked")), *phone.left()] == ["locked"]
    for _ in range(5):
        now_s += 0.4
        ring.last_s = now_s
        assert recent.of("ring", now_s) is ring
        now_s += 0.4
        assert recent.of("phone", now_s) is phone
        assert phone.saw(Seen(outcome="locked")) == []
        phone.last_s = now_s


def test_each_has_left_after_a_second_of_its_own_whoever_stays() -> None:
    recent = Recent()
    ring, phone = recent.of("ring", 0.0), recent.of("phone", 0.0)
    ring.last_s = 0.5
    assert recent.of("phone", LEFT_S) is not phone
    assert recent.of("ring", LEFT_S) is ring
    assert recent.of("ring", LEFT_S + 0.5) is not ring


def test_a_card_that_was_sensed_before_it_said_who_it_is_is_known_from_then_on() -> None:
    recent = Recent()
    card = recent.of(None, 0.0)
    recent.named(card, b"ring")
    assert recent.of(b"ring", 0.5) is card
    assert recent.of(None, 0.5) is not card


def test_however_many_pass_by_few_are_remembered() -> None:
    recent = Recent()
    first = recent.of(0, 0.0)
    for who in range(1, 3 * AT_ONCE):
        recent.of(who, 0.0)
    assert recent.of(0, 0.0) is not first
    last = recent.of(3 * AT_ONCE - 1, 0.0)
    assert recent.of(3 * AT_ONCE - 1, 0.0) is last


def test_two_codes_in_one_view_are_read_by_turns_and_count_once_each() -> None:
    repeats = Repeats()
    read = [repeats.again(frame, at * 0.3) for at, frame in enumerate(("A", "B") * 6)]
    assert read == [False, False, *[True] * 10]
    assert not repeats.again("A", 10 * 0.3 + REPEAT_S)
    for number in range(IN_VIEW):
        assert not repeats.again(str(number), 5.0)
    assert not repeats.again("A", 5.0)


def test_who_it_is_stands_in_no_repr() -> None:
    assert "deadbeef" not in repr(Recent().of("deadbeef", 0.0))
