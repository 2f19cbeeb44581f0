"""Who is there still, and who has left: cards that answer by turns, and codes in one view."""

from drivers.presentation import AT_ONCE, LEFT_S, Recent
from drivers.printed import IN_VIEW, REPEAT_S, Repeats
from drivers.reader import Token
from drivers.talks import Seen


def test_who_answers_by_turns_with_another_stays_the_same_presentation() -> None:
    recent, now_s = Recent(), 0.0
    phone, ring = recent.of("phone", now_s, is_one=True), recent.of("ring", now_s, is_one=True)
    assert [*phone.saw(Seen(outcome="locked")), *phone.left()] == ["locked"]
    for _ in range(5):
        now_s += 0.4
        ring.last_s = now_s
        assert recent.of("ring", now_s, is_one=True) is ring
        now_s += 0.4
        assert recent.of("phone", now_s, is_one=True) is phone
        assert phone.saw(Seen(outcome="locked")) == []
        phone.last_s = now_s


def test_a_phone_after_a_ring_can_be_the_next_customers_and_is_asked_without_telling_the_first_twice() -> (
    None
):
    recent = Recent()
    mine, hers = Token("vas", "G-1", "strong"), Token("vas", "G-2", "strong")
    assert recent.of(b"", 0.0, is_one=False).saw(Seen((mine,))) == [mine]
    recent.of(b"ring", 0.1, is_one=True)
    again = recent.of(b"", 0.2, is_one=False)
    assert not again.done
    assert again.saw(Seen((mine,))) == []
    recent.of(b"ring", 0.3, is_one=True)
    assert recent.of(b"", 0.4, is_one=False).saw(Seen((hers,))) == [hers]


def test_each_has_left_after_a_second_of_its_own_whoever_stays() -> None:
    recent = Recent()
    ring, phone = recent.of("ring", 0.0, is_one=True), recent.of("phone", 0.0, is_one=True)
    ring.last_s = 0.5
    assert recent.of("phone", LEFT_S, is_one=True) is not phone
    assert recent.of("ring", LEFT_S, is_one=True) is ring
    assert recent.of("ring", LEFT_S + 0.5, is_one=True) is not ring


def test_a_card_that_was_sensed_before_it_said_who_it_is_is_known_from_then_on() -> None:
    recent = Recent()
    card = recent.of(None, 0.0, is_one=True)
    recent.named(card, b"ring")
    assert recent.of(b"ring", 0.5, is_one=True) is card
    assert recent.of(None, 0.5, is_one=True) is not card


def test_however_many_pass_by_few_are_remembered() -> None:
    recent = Recent()
    first = recent.of(0, 0.0, is_one=True)
    for who in range(1, 3 * AT_ONCE):
        recent.of(who, 0.0, is_one=True)
    assert recent.of(0, 0.0, is_one=True) is not first
    last = recent.of(3 * AT_ONCE - 1, 0.0, is_one=True)
    assert recent.of(3 * AT_ONCE - 1, 0.0, is_one=True) is last


def test_two_codes_in_one_view_are_read_by_turns_and_count_once_each() -> None:
    repeats = Repeats()
    read = [repeats.again(frame, at * 0.3) for at, frame in enumerate(("A", "B") * 6)]
    assert read == [False, False, *[True] * 10]
    assert not repeats.again("A", 10 * 0.3 + REPEAT_S)
    for number in range(IN_VIEW):
        assert not repeats.again(str(number), 5.0)
    assert not repeats.again("A", 5.0)


def test_who_it_is_stands_in_no_repr() -> None:
    assert "deadbeef" not in repr(Recent().of("deadbeef", 0.0, is_one=True))
