"""The advisor with its real worker process: asked after the card, gone with the consent, no loss when it dies."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from edge.advice import acts, tables
from edge.advice.advisor import is_night
from edge.advice.reasons import PERSONAL
from edge.advice.rules import DAY_MS, REFUSED_MS
from tests.advice.shop import AdviceShop, open_advice
from tests.kit.clocks import START_MS
from tests.kit.stores import files_with
from tests.rules.advice_shop import catalogue, histories
from tests.tables.floor import KEYS, RECIPIENT, Floor

pytestmark = pytest.mark.anyio
ITEMS = catalogue()
PEOPLE = histories(60, ITEMS)
PATIENCE_S = 40.0


async def until(check: Callable[[], object], what: str) -> None:
    for _ in range(int(PATIENCE_S / 0.02)):
        if check():
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"not in time: {what}")


@asynccontextmanager
async def running(folder: Path, **more: object) -> AsyncIterator[AdviceShop]:
    """An open shop whose worker has been trained on sixty histories."""
    async with open_advice(folder, ITEMS) as shop:
        await shop.history(PEOPLE, **more)
        work = asyncio.create_task(shop.advisor.run())
        shop.advisor.start()
        try:
            await until(lambda: shop.advisor.condition.up, "the worker is trained")
            yield shop
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)


async def suggested(shop: AdviceShop, customer_id: bytes) -> bytes:
    visit_id = await shop.visit(customer_id)
    await until(lambda: shop.advisor.suggestions(visit_id), "suggestions")
    return visit_id


def known() -> bytes:
    """Somebody with purchases enough for reasons of their own."""
    return max(PEOPLE, key=lambda who: len(PEOPLE[who]))


async def test_a_visit_gets_three_suggestions_and_the_tablets_are_told_once(tmp_path: Path) -> None:
    async with running(tmp_path) as shop:
        assert shop.advisor.condition.customers == len(PEOPLE)
        visit_id = await suggested(shop, known())
        found = shop.advisor.suggestions(visit_id)
        assert len({each.item for each in found}) == len(found) == 3
        assert {each.code for each in found} & PERSONAL
        assert shop.told == [1]
        assert all(each.title.startswith("Titel") for each in found)


async def test_nothing_is_suggested_where_nobody_runs_a_worker(tmp_path: Path) -> None:
    async with open_advice(tmp_path, ITEMS) as shop:
        await shop.history(PEOPLE)
        visit_id = await shop.visit(known())
        await shop.advisor.ask(visit_id, known())
        assert shop.advisor.suggestions(visit_id) == ()
        assert shop.worker.pid is None


async def test_a_withdrawal_takes_suggestions_away_at_once_and_the_person_out_of_the_model(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as shop:
        who = known()
        visit_id = await suggested(shop, who)
        await shop.floor.withdraw(who, "profiling")
        assert shop.advisor.suggestions(visit_id) == ()
        await until(lambda: shop.advisor.suggestions(visit_id), "what is popular comes in place")
        assert {each.code for each in shop.advisor.suggestions(visit_id)} == {"popular_here"}
        size = await shop.worker.refresh([], shop.floor.now_ms, timeout_s=PATIENCE_S)
        assert size.customers == len(PEOPLE) - 1


async def test_a_withdrawal_while_the_worker_thinks_leaves_nothing(tmp_path: Path) -> None:
    async with running(tmp_path) as shop:
        who = known()
        with stopped(shop):
            visit_id = await shop.visit(who)
            asking = asyncio.create_task(shop.advisor.ask(visit_id, who))
            await asyncio.sleep(0.2)
            shop.db.listeners.clear()  # it hears of nothing, and still may not show it
            await shop.floor.withdraw(who, "profiling")
        await asking
        assert not {each.code for each in shop.advisor.suggestions(visit_id)} & PERSONAL


async def test_a_withdrawal_that_nobody_told_of_is_seen_when_it_is_read(tmp_path: Path) -> None:
    async with running(tmp_path) as shop:
        visit_id = await suggested(shop, known())
        shop.db.listeners.clear()
        await shop.floor.withdraw(known(), "profiling")
        assert shop.advisor.advice(visit_id) is None


async def test_suggestions_carry_the_end_of_the_consent(tmp_path: Path) -> None:
    async with running(tmp_path, until_ms=START_MS + DAY_MS) as shop:
        visit_id = await suggested(shop, known())
        advice = shop.advisor.advice(visit_id)
        assert advice
        assert advice.until_ms == START_MS + DAY_MS
        shop.floor.clock.pass_ms(DAY_MS)
        assert shop.advisor.advice(visit_id) is None


async def test_without_consent_to_profiling_only_what_is_popular_is_suggested(tmp_path: Path) -> None:
    async with running(tmp_path) as shop:
        plain = os.urandom(16)
        await shop.history({plain: PEOPLE[known()]}, purposes=("recognition",))
        visit_id = await suggested(shop, plain)
        advice = shop.advisor.advice(visit_id)
        assert advice
        assert not advice.profiled
        assert {each.code for each in advice.suggestions} == {"popular_here"}


async def test_what_is_put_away_is_not_suggested_for_fourteen_days(tmp_path: Path) -> None:
    async with running(tmp_path) as shop:
        who = known()
        visit_id = await suggested(shop, who)
        item = shop.advisor.suggestions(visit_id)[0].item
        more = {"why": "not_interested", "recipient": RECIPIENT, "now_ms": shop.floor.now_ms}
        done = await shop.db.write(acts.dismiss, visit_id, item=item, **more)  # type: ignore[arg-type]
        assert len(done.facts) == 1
        shop.advisor.put_away(visit_id, item)
        assert item not in {each.item for each in shop.advisor.suggestions(visit_id)}
        now_ms = shop.floor.now_ms
        answer = await shop.worker.advise(who, [], now_ms + REFUSED_MS - 1, timeout_s=PATIENCE_S)
        assert item not in {each.item for each in answer.made}
        assert tables.refused(shop.db.reader, who, now_ms=now_ms + REFUSED_MS) == frozenset()
        assert await shop.db.apply(tables.prune, now_ms=now_ms + REFUSED_MS) == 1


async def test_nothing_is_kept_of_a_no_without_consent_to_profiling(tmp_path: Path) -> None:
    async with running(tmp_path) as shop:
        plain = os.urandom(16)
        await shop.history({plain: ()}, purposes=("recognition",))
        visit_id = await suggested(shop, plain)
        item = shop.advisor.suggestions(visit_id)[0].item
        for act, more in ((acts.dismiss, {"why": "odd"}), (acts.said, {"reason": "popular_here"})):
            done = await shop.db.write(
                act, visit_id, item=item, recipient=RECIPIENT, now_ms=shop.floor.now_ms, **more
            )  # type: ignore[arg-type]
            assert done.facts == []
        shop.advisor.put_away(visit_id, item)
        assert item not in {each.item for each in shop.advisor.suggestions(visit_id)}
        assert shop.floor.one("SELECT count(*) FROM refusal") == 0
        # Neither what was put away nor what is in hand is an input: it is only not said again.
        await shop.advisor.ask(visit_id, plain)
        left = shop.advisor.suggestions(visit_id)
        assert left
        assert item not in {each.item for each in left}
        assert {each.code for each in left} == {"popular_here"}
        hand = await shop.worker.advise(plain, [item], shop.floor.now_ms, timeout_s=PATIENCE_S)
        assert {each.code for each in hand.made} == {"popular_here"}
        assert item not in {each.item for each in hand.made}


async def test_a_withdrawal_forgets_what_was_refused(tmp_path: Path) -> None:
    async with running(tmp_path) as shop:
        visit_id = await suggested(shop, known())
        await shop.db.write(
            acts.dismiss, visit_id, item="x", why="odd", recipient=RECIPIENT, now_ms=shop.floor.now_ms
        )
        assert shop.floor.one("SELECT count(*) FROM refusal") == 1
        await shop.floor.withdraw(known(), "profiling")
        assert shop.floor.one("SELECT count(*) FROM refusal") == 0


@contextmanager
def stopped(shop: AdviceShop) -> Iterator[None]:
    """The worker hangs for a while."""
    pid = shop.worker.pid
    assert pid
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


async def test_a_worker_that_is_killed_is_started_again_and_asked_about_who_is_here(tmp_path: Path) -> None:
    async with running(tmp_path) as shop:
        pid = shop.worker.pid
        assert pid
        os.kill(pid, signal.SIGKILL)
        await until(lambda: shop.advisor.condition.down, "its death is seen")
        visit_id = await shop.visit(known())
        await until(lambda: shop.advisor.suggestions(visit_id), "a new one answers")
        assert shop.worker.pid != pid
        assert shop.advisor.condition.restarts == 1
        names = [event for event, _ in shop.events]
        assert names.index("advice_down") < names.index("advice_up")
        # Seen when it died, not when somebody next asked and waited for an answer.
        assert [said["message"] for event, said in shop.events if event == "advice_down"] == [
            "the advice worker died"
        ]
        assert known().hex() not in str(shop.events)


async def test_a_hanging_worker_means_no_advice_and_no_wait(tmp_path: Path) -> None:
    async with running(tmp_path) as shop:
        with stopped(shop):
            visit_id = await shop.visit(known())
            assert shop.advisor.suggestions(visit_id) == ()
            await shop.advisor.ask(visit_id, known())  # gives up by itself
            assert "no_advice" in [event for event, _ in shop.events]
        await until(lambda: shop.advisor.suggestions(visit_id), "the visit is asked about again")


async def test_the_worker_goes_with_the_advisor(tmp_path: Path) -> None:
    async with running(tmp_path) as shop:
        pid = shop.worker.pid
        assert pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_no_purchase_and_no_key_reaches_a_file_or_a_command_line(tmp_path: Path) -> None:
    async with running(tmp_path) as shop:
        await suggested(shop, known())
        pid = shop.worker.pid
        for place in ("cmdline", "environ"):
            said = await asyncio.to_thread(Path(f"/proc/{pid}/{place}").read_bytes)
            assert KEYS.kek not in said
            assert KEYS.kek.hex().encode() not in said
        assert files_with(KEYS.kek, tmp_path) == []
        assert files_with(b'"baskets"', tmp_path) == []


async def test_peak_or_a_customer_who_wants_to_be_left_alone_gets_none(tmp_path: Path) -> None:
    async with running(tmp_path) as shop:
        visit_id = await suggested(shop, known())
        shop.advisor.withheld = lambda each: each == visit_id
        assert shop.advisor.suggestions(visit_id) == ()
        shop.advisor.withheld = lambda each: False
        assert shop.advisor.suggestions(visit_id) != ()


async def test_who_had_enough_this_week_is_asked_about_no_more(tmp_path: Path) -> None:
    async with running(tmp_path) as shop:
        asked: list[bytes] = []
        shop.advisor.enough = lambda each: asked.append(each) or True  # type: ignore[func-returns-value]
        visit_id = await shop.visit(known())
        await until(lambda: asked, "whether it was enough")
        assert shop.advisor.suggestions(visit_id) == ()
        shop.advisor.enough = lambda each: False
        shop.advisor.wanted(visit_id, known())
        await until(lambda: shop.advisor.suggestions(visit_id), "suggestions")


async def test_a_night_comes_once_a_day_in_the_shops_own_time() -> None:
    zone = ZoneInfo("Europe/Amsterdam")
    ten = START_MS  # 10:00 in Amsterdam
    hour = 3_600_000
    assert not is_night(ten, ten + 12 * hour, zone)
    assert not is_night(ten, ten + 16 * hour, zone)  # 02:00
    assert is_night(ten, ten + 17 * hour, zone)
    assert not is_night(ten + 17 * hour, ten + 20 * hour, zone)
    assert is_night(0, ten, zone)


async def test_an_erased_customer_leaves_no_refusal_and_no_suggestion(tmp_path: Path) -> None:
    async with running(tmp_path) as shop:
        floor: Floor = shop.floor
        person = floor.feed.new_person("77")
        await shop.history({person.customer_id: PEOPLE[known()]})
        visit_id = await suggested(shop, person.customer_id)
        await shop.db.write(
            acts.dismiss, visit_id, item="x", why="odd", recipient=RECIPIENT, now_ms=floor.now_ms
        )
        await floor.apply(floor.feed.erasure(person))
        shop.advisor.changed([person.customer_id])
        assert floor.one("SELECT count(*) FROM refusal") == 0
        assert shop.advisor.advice(visit_id) is None
