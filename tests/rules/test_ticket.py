"""A shop's code for a customer's own phone: sealed for the hub, over after a quarter of an hour, of one customer."""

import re

import pytest

from edge.joining import ticket
from edge.joining.ticket import TICKET_MS, Ticket

KEY, OTHER = b"S" * 32, b"T" * 32
NOW_MS = 1_800_000_000_000
BENEFIT = "Vandaag: een stempel"
GIVEN = Ticket(NOW_MS + TICKET_MS, "van-dam", 8, "koffie", BENEFIT, card=b"h" * 32, card_kind="qr")


def test_a_ticket_says_to_the_hub_what_the_shop_put_into_it() -> None:
    text = ticket.write(KEY, "s1", GIVEN)
    assert ticket.shop_of(text) == "s1"
    assert ticket.read(KEY, text, now_ms=NOW_MS) == GIVEN
    assert re.fullmatch(r"s1\.[A-Za-z0-9_-]+", text)
    assert b"koffie" not in text.encode()


def test_each_ticket_is_of_another_customer_and_always_of_the_same_one() -> None:
    one, two = (ticket.write(KEY, "s1", GIVEN) for _ in range(2))
    assert ticket.customer_of(KEY, one) == ticket.customer_of(KEY, one)
    assert ticket.customer_of(KEY, one) != ticket.customer_of(KEY, two)


@pytest.mark.parametrize("spoil", ["over", "key", "shop", "end", "empty", "letters", "long"])
def test_what_is_no_ticket_of_this_shop_now_is_none(spoil: str) -> None:
    text, key, now_ms = ticket.write(KEY, "s1", GIVEN), KEY, NOW_MS
    match spoil:
        case "over":
            now_ms += TICKET_MS
        case "key":
            key = OTHER
        case "shop":
            text = text.replace("s1.", "s2.")
        case "end":
            text = text[:-4]
        case "empty":
            text = ""
        case "letters":
            text = "s1.é%"
        case _:
            text = "s1." + "A" * 2_000
            assert ticket.shop_of(text) == ""
    assert ticket.read(key, text, now_ms=now_ms) is None


def test_a_ticket_has_one_spelling_or_it_would_be_good_once_for_each() -> None:
    text = ticket.write(KEY, "s1", GIVEN)
    spelt = ["~~~~", "!", "=", "====", "\n"]
    others = [*(text + more for more in spelt), text[:9] + "*" + text[9:], text.replace(".", ".%", 1)]
    last = [text[:-1] + letter for letter in "ABCDEFGHabcdefgh0123-_" if letter != text[-1]]
    assert [ticket.read(KEY, each, now_ms=NOW_MS) for each in others + last] == [None] * len(others + last)
    assert ticket.read(KEY, text, now_ms=NOW_MS) == GIVEN
