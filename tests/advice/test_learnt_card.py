"""What was learnt reaches the card: from the real worker's process, ordered anew, guarded, each reason still true."""

import asyncio
from collections import Counter
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge.advice.learning import Learning, Shop
from edge.advice.limits import barred_words
from edge.advice.model import Model
from edge.advice.reasons import Often, PopularHere, Suggestion
from edge.advice.rules import DAY_MS, Ask, Basket, Item
from edge.advice.suggesting import Ranked, suggest
from edge.advice.talk import Made
from edge.bench.worlds import market
from tests.advice.recount import History, Line, recounted
from tests.advice.shop import AdviceShop, open_advice, put_items
from tests.advice.test_learning import finished
from tests.kit.clocks import START_MS
from tests.patience import PATIENT_S

pytestmark = pytest.mark.anyio
PEOPLE = {
    name.encode().ljust(16): tuple(
        Basket(START_MS - 7 * (len(line) - place) * DAY_MS, visit.items) for place, visit in enumerate(line)
    )
    for name, line in market(45, products=120).items()
}
ITEMS = {f"p{n}": Item(f"p{n}", f"Product {n}", "eten", False, False, 5) for n in range(120)}
TODAY = datetime.fromtimestamp(START_MS / 1000, UTC).date().isoformat()


def line_of(who: bytes) -> Line:
    days = [datetime.fromtimestamp((each.at_ms or 0) / 1000, UTC).date() for each in PEOPLE[who]]
    baskets = [
        {"t": day.isoformat(), "items": list(each.items)} for day, each in zip(days, PEOPLE[who], strict=True)
    ]
    return {"customer": who.hex(), "baskets": baskets, "t": TODAY}


async def made(shop: AdviceShop, who: bytes) -> list[Made]:
    answer = await shop.worker.advise(who, [], START_MS, timeout_s=PATIENT_S)
    assert answer.profiled
    return answer.made


async def learnt(shop: AdviceShop) -> None:
    async with asyncio.timeout(PATIENT_S):
        while not (await shop.worker.refresh([], START_MS, timeout_s=PATIENT_S)).ranked:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


def card_of(who: bytes, model: Model, ranked: Ranked | None = None) -> list[Suggestion]:
    def look(names: Collection[str]) -> dict[str, Item]:
        return {each: ITEMS[each] for each in names}

    return suggest(Ask(who, PEOPLE[who], START_MS), model, look, words=barred_words(), ranked=ranked)


def shop_model() -> Model:
    model = Model()
    for each, own in PEOPLE.items():
        model.put(each, own, until_ms=1 << 62)
    return model


def by_rules_alone(who: bytes) -> list[str]:
    return [each.item for each in card_of(who, shop_model())]


def test_no_place_that_own_purchases_hold_is_put_down_to_what_is_popular() -> None:
    model = shop_model()
    learning = Learning()
    learning.begin(model.known(), lambda: Shop({}, frozenset()))
    finished(learning)
    told = History(line_of(who) for who in PEOPLE)
    codes = Counter[str]()
    for who, own in PEOPLE.items():
        ranked = learning.ranked(who, own, (), now_ms=START_MS)
        assert ranked is not None
        for each in card_of(who, model, ranked):
            codes["before" if isinstance(each.reason, Often) and not each.reason.habit else each.code] += 1
            if isinstance(each.reason, PopularHere) and each.item in ranked.names:
                assert not ranked.by_own(each.item)[1]
                assert not ranked.by_alike(each.item)[1]
            assert (
                recounted(told, line_of(who), each.item, {"code": each.code, "evidence": each.evidence}) == ""
            )
    assert codes["before"]
    assert codes.total() == 3 * len(PEOPLE)


async def test_the_learnt_ranking_orders_the_card_with_true_reasons_and_the_same_guards(
    tmp_path: Path,
) -> None:
    async with open_advice(tmp_path, ITEMS) as shop:
        await shop.history(PEOPLE)
        await shop.worker.open()
        try:
            await shop.worker.train(START_MS, timeout_s=PATIENT_S)
            asked = list(PEOPLE)[:12]
            await learnt(shop)
            after = {who: await made(shop, who) for who in asked}
            assert any([each.item for each in after[who]] != by_rules_alone(who) for who in asked)
            told = History(line_of(who) for who in PEOPLE)
            for who in asked:
                assert len(after[who]) == 3
                for each in after[who]:
                    reason = {"code": each.code, "evidence": each.evidence}
                    assert recounted(told, line_of(who), each.item, reason) == ""
            first, *rest = after[asked[0]]
            sold_out = {**ITEMS, first.item: Item(first.item, first.title, "eten", False, False, 0)}
            await shop.db.apply(put_items, sold_out.values())
            assert [each.item for each in await made(shop, asked[0])][:2] == [each.item for each in rest]
        finally:
            await shop.worker.close()
