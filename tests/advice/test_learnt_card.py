"""What was learnt reaches the card: from the real worker's process, ordered anew, guarded, each reason still true."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge.advice.limits import barred_words
from edge.advice.model import Model
from edge.advice.rules import DAY_MS, Ask, Basket, Item
from edge.advice.suggesting import suggest
from edge.advice.talk import Made
from edge.bench.worlds import market
from tests.advice.recount import History, Line, recounted
from tests.advice.shop import AdviceShop, open_advice, put_items
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


def by_rules_alone(who: bytes) -> list[str]:
    model = Model()
    for each, own in PEOPLE.items():
        model.put(each, own, until_ms=1 << 62)
    ask = Ask(who, PEOPLE[who], START_MS)
    found = suggest(ask, model, lambda names: {each: ITEMS[each] for each in names}, words=barred_words())
    return [each.item for each in found]


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
