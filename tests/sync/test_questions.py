"""A shop asks whose card it was handed as often as a busy day needs, and no box learns the whole chain by asking."""

from pathlib import Path

import pytest

from edge.kit.seal import derive, guest_place, seal
from edge.recognition.rules import Stranger, hashes
from sync import wire
from sync.hub.hq import fleet
from sync.hub.problem import Refusal
from sync.hub.questions import Measure, Questions
from sync.hub.tables import guests as stays
from tests.sync.centre import KEYS, SHOP_KEY, Centre, customer, open_centre
from tests.sync.portal.test_speed import scene, until
from tests.sync.test_guests import held, points, saved, tap, with_bram
from tests.sync.test_intake import AUTH
from tests.sync.test_wallet import two_shops

pytestmark = pytest.mark.anyio


def refused_for(questions: Questions, shop: str = "s1") -> int:
    with pytest.raises(Refusal) as caught:
        questions.ask(shop)
    assert (caught.value.code, caught.value.status) == ("GUESTS_MANY", 429)
    return caught.value.retry_s


async def test_a_shop_asks_so_often_at_once_and_then_so_often_a_minute() -> None:
    now_s = 1_000.0
    questions = Questions(Measure(at_once=5, a_minute=6), now_s=lambda: now_s)
    for _ in range(5):
        questions.ask("s1")
    assert refused_for(questions) == 10
    questions.ask("s2")  # another shop's measure is its own
    assert questions.refused() == {"s1"}
    now_s += 9
    assert refused_for(questions) == 1
    now_s += 1
    questions.ask("s1")
    now_s += 3_600
    for _ in range(5):
        questions.ask("s1")
    refused_for(questions)
    now_s += 24 * 3_600
    assert questions.refused() == set()


async def test_whoever_guesses_is_refused_four_times_as_soon() -> None:
    questions = Questions(Measure(at_once=20, a_minute=6), now_s=lambda: 0.0)
    for _ in range(5):
        questions.ask("s1")
        questions.was_nobody("s1")
    assert refused_for(questions) == 10


async def test_black_friday_in_a_large_shop_is_never_refused() -> None:
    """45 visits a minute for 12 hours, one in five of another shop, as many of nobody's cards; and two coaches."""
    now_s = 0.0
    questions = Questions(Measure(), now_s=lambda: now_s)
    for minute in range(12 * 60):
        for _ in range(100 if minute in (0, 240) else 0):
            questions.ask("s1")
        now_s = 60.0 * minute
        for _ in range(9):
            questions.ask("s1")
            questions.ask("s1")
            questions.was_nobody("s1")
    assert questions.refused() == set()


async def ask(centre: Centre, number: str) -> tuple[int, str, str]:
    card = hashes(KEYS.chain_key, SHOP_KEY, "barcode", number)
    assert card is not None
    sealed = seal(derive(SHOP_KEY, "key-transport"), card.inner, guest_place("s1")).hex()
    answer = await centre.client.post(
        wire.GUEST_PATH, content=wire.encode_ask(wire.GuestAsk(card=sealed)), auth=AUTH
    )
    said = answer.json()
    return answer.status_code, said.get("found") or said["code"], answer.headers.get("retry-after", "")


async def test_number_after_number_brings_a_handful_is_said_once_and_seen_by_headquarters(
    tmp_path: Path,
) -> None:
    async with open_centre(tmp_path) as centre:
        await two_shops(centre)
        who = [number.to_bytes(16) for number in range(1, 9)]
        people = [customer(each, number=f"CHAIN-{number:04}") for number, each in enumerate(who)]
        await centre.hub.add_customers(["s2"], people)
        centre.hub.questions = Questions(Measure(at_once=3, a_minute=1), now_s=lambda: 0.0)
        answers = [await ask(centre, f"CHAIN-{number:04}") for number in range(8)]
        assert answers == [(200, "coming", "")] * 3 + [(429, "GUESTS_MANY", "60")] * 5
        here = [each for each in who if stays.stay(centre.hub.db.reader, each, "s1")]
        assert here == who[:3]
        said = [given["code"] for event, given in centre.said.lines if event == "request_refused"]
        assert said == ["GUESTS_MANY"]
        asking = {box.id: "guests" in box.why for box in await fleet.boxes(centre.hub)}
        assert asking == {"box-1": True, "box-2": False}


async def test_a_shop_that_is_refused_lets_the_card_earn_without_a_name_as_without_a_line(
    tmp_path: Path,
) -> None:
    async with scene(tmp_path) as it:
        await with_bram(it)
        it.hub.questions = Questions(Measure(at_once=1, a_minute=1), now_s=lambda: 0.0)
        it.hub.questions.ask("s1")
        elsewhere = it.edge.house.counter.elsewhere
        assert elsewhere is not None
        elsewhere.ask_s = 30.0
        assert isinstance(await tap(it), Stranger)
        assert held(it) == {}
        assert elsewhere._rests_until_s == 0.0  # it was a word, and no silence: the next card is asked for
        await saved(it, "LOYALTY-0002", b"1" * 16)
        await until(lambda: points(it) == 127)
