"""Asking the centre whose card it is: a hub that does not answer holds up one stranger, and not each after them."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from edge.elsewhere import Elsewhere, Found
from edge.recognition.rules import Hashes, hashes

pytestmark = pytest.mark.anyio
KEY = bytes(32)


def card() -> Hashes:
    found = hashes(KEY, KEY, "barcode", "2912345678903")
    assert found is not None
    return found


def asking(ask: Callable[[str], Awaitable[tuple[Found, int]]], *, rest_s: float) -> Elsewhere:
    return Elsewhere(
        ask,
        cursor=lambda: 0,
        online=lambda: True,
        shop_key=KEY,
        shop_id="s1",
        ask_s=0.01,
        rest_s=rest_s,
    )


@pytest.mark.parametrize(("rest_s", "asked"), [(3600.0, 1), (0.0, 3)])
async def test_a_hub_that_let_a_stranger_wait_is_left_alone_for_a_while(rest_s: float, asked: int) -> None:
    questions = []

    async def silent(sealed: str) -> tuple[Found, int]:
        questions.append(sealed)
        await asyncio.Event().wait()
        raise AssertionError

    elsewhere = asking(silent, rest_s=rest_s)
    assert [await elsewhere.whose(card()) for _ in range(3)] == [None] * 3
    assert len(questions) == asked


async def test_a_hub_that_says_no_at_once_is_asked_for_the_next_card_too() -> None:
    questions = []

    async def refusing(sealed: str) -> tuple[Found, int]:
        questions.append(sealed)
        raise TimeoutError  # as edge.line says it of whatever went wrong

    elsewhere = asking(refusing, rest_s=3600.0)
    assert [await elsewhere.whose(card()) for _ in range(3)] == [None] * 3
    assert len(questions) == 3
