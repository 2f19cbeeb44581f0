"""What staff's answers teach: counts by product and reason, never of a person, gone with the consent."""

import json
import os
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from sqlite3 import Connection

import pytest

from edge import files
from edge.advice import acts, learnt, outcomes, tables
from edge.advice.facts import SuggestionDismissed, SuggestionSaid
from edge.advice.outcomes import KEEP_MS, Outcome
from edge.advice.rules import DAY_MS, Basket
from edge.cli import main
from edge.config import credentials_folder, load
from edge.files import prepare
from edge.keys import read_keys
from edge.kit.clock import SystemClock
from edge.kit.log import said_to_nobody
from edge.kit.sqlite import open_both
from edge.visits import acts as visit_acts
from tests.advice.shop import AdviceShop, open_advice, put_history
from tests.tables.floor import RECIPIENT

ROWS = "SELECT item, reason, said, away FROM suggestion ORDER BY item"


def outcome(who: int, item: str, *, said: bool = False, away: str = "", reason: str = "often") -> Outcome:
    return Outcome(who.to_bytes(16), item, reason, 0, said, away)


async def came(shop: AdviceShop) -> tuple[bytes, bytes]:
    who = os.urandom(16)
    await shop.history({who: [Basket(shop.floor.now_ms - DAY_MS, ("tea",))]})
    return who, await shop.visit(who)


async def show(shop: AdviceShop, visit_id: bytes, *items: str) -> None:
    made = dict.fromkeys(items, "often")
    await shop.db.apply(outcomes.shown, visit_id, made, recipient=RECIPIENT, now_ms=shop.floor.now_ms)


@pytest.mark.anyio
async def test_what_was_shown_said_and_put_away_is_kept_once_a_visit(tmp_path: Path) -> None:
    async with open_advice(tmp_path, {}) as shop:
        _, visit_id = await came(shop)
        more = {"recipient": RECIPIENT, "now_ms": shop.floor.now_ms}
        for _ in range(2):
            await show(shop, visit_id, "tea", "jam", "rye")
        await shop.db.write(acts.said, visit_id, item="tea", reason="often", **more)  # type: ignore[arg-type]
        await shop.db.write(acts.dismiss, visit_id, item="jam", why="odd", **more)  # type: ignore[arg-type]
        assert [tuple(row) for row in shop.db.reader.execute(ROWS)] == [
            ("jam", "often", 0, "odd"),
            ("rye", "often", 0, ""),
            ("tea", "often", 1, ""),
        ]
        assert outcomes.unseen(shop.db.reader, visit_id, ["tea", "oat"]) == ["oat"]


@pytest.mark.anyio
async def test_a_suggestion_lets_go_of_its_visit_and_minute_as_that_ends(tmp_path: Path) -> None:
    joined = """SELECT count(*) FROM suggestion AS s WHERE EXISTS (SELECT 1 FROM visit WHERE id=s.visit_id)"""
    async with open_advice(tmp_path, {}) as shop:
        who, visit_id = await came(shop)
        shown_ms = shop.floor.now_ms
        await show(shop, visit_id, "tea", "jam")
        assert shop.floor.one(joined) == 2
        await shop.db.write(visit_acts.end_quiet, now_ms=shown_ms + DAY_MS, quiet_ms=1)
        assert shop.floor.one(joined) == 0
        quarter = shown_ms // 900_000 * 900_000
        parted = [(who, "jam", quarter), (who, "tea", quarter)]
        assert [
            (bytes(one.customer_id), one.item, one.shown_ms) for one in outcomes.kept(shop.db.reader)
        ] == parted
        # What ended before the rule came is parted at the update; what is going on is not.
        now = await shop.visit(who)
        await show(shop, now, "rye")
        await shop.db.apply(
            lambda conn: conn.execute("UPDATE suggestion SET visit_id=? WHERE item='jam'", (visit_id,))
        )
        assert shop.floor.one(joined) == 2
        update = (Path(files.__file__).parent / "schema/journal/0023_suggestion_parted.sql").read_text()
        await shop.db.apply(lambda conn: conn.execute(update))
        assert shop.floor.one(joined) == 1
        assert outcomes.unseen(shop.db.reader, now, ["rye"]) == []


@pytest.mark.anyio
async def test_nothing_is_kept_without_consent_and_all_goes_with_it_or_after_its_time(tmp_path: Path) -> None:
    async with open_advice(tmp_path, {}) as shop:
        plain = os.urandom(16)
        await shop.history({plain: ()}, purposes=("recognition",))
        await show(shop, await shop.visit(plain), "tea")
        assert shop.floor.one("SELECT count(*) FROM suggestion") == 0
        who, visit_id = await came(shop)
        await show(shop, visit_id, "tea")
        await shop.db.apply(tables.forget, who)
        assert shop.floor.one("SELECT count(*) FROM suggestion") == 0
        await show(shop, visit_id, "tea")
        assert await shop.db.apply(outcomes.prune, now_ms=shop.floor.now_ms + KEEP_MS - 1) == 0
        assert await shop.db.apply(outcomes.prune, now_ms=shop.floor.now_ms + KEEP_MS) == 1


def test_a_line_stands_for_ten_customers_and_the_rest_is_told_together_or_not_at_all() -> None:
    found = [(outcome(who, "tea", said=who < 4), who < 2) for who in range(10)]
    found += [(outcome(1, "jam", away="odd"), False)] * 30  # often shown, to one
    found += [(outcome(who, f"rye-{who}"), False) for who in range(1, 9)]
    found += [(outcome(who, "oat", reason="goes_with"), True) for who in range(9)]
    told = learnt.report(found)
    tea = {"shown": 10, "said": 4, "bought": 2, "bought_said": 2, "dismissed": {}}
    assert told["products"] == [{"item": "tea", "reason": "often", **tea}]
    # Of the rest of `often` there are 8 people, of `goes_with` 9: nothing is said, and no total gives them away.
    assert told["rest"] == {}
    assert told["reasons"] == {"often": tea}
    found += [(outcome(who, f"rye-{who}"), False) for who in (20, 21)]
    told = learnt.report(found)
    assert told["rest"]["often"] == {
        "shown": 40, "said": 0, "bought": 0, "bought_said": 0, "dismissed": {"odd": 30},
    }  # fmt: skip
    assert told["reasons"]["often"]["shown"] == 50


def test_bought_is_in_a_basket_of_that_day_in_the_shop() -> None:
    def day(at_ms: int) -> str:
        return str(at_ms // DAY_MS)

    one = Outcome(b"1", "tea", "often", 5 * DAY_MS + 9, said=True, away="")
    assert learnt.bought(one, [Basket(5 * DAY_MS, ("jam", "tea"))], day)
    assert not learnt.bought(one, [Basket(4 * DAY_MS, ("tea",)), Basket(5 * DAY_MS, ("jam",))], day)
    assert not learnt.bought(one, [Basket(None, ("tea",))], day)


def test_only_whole_weeks_are_counted() -> None:
    assert learnt.weeks("2026-11-29") == ("2026-08-31", "2026-11-23")  # a Sunday
    assert learnt.weeks("2026-11-30") == ("2026-09-07", "2026-11-30")


def put(conn: Connection, *, kek: bytes, recipient: str, now_ms: int) -> None:
    """Twelve customers of two weeks ago, half of whom were told and bought; one of today."""
    for number in range(13):
        who, visit_id = os.urandom(16), os.urandom(16)
        at_ms = now_ms if number == 12 else now_ms - 9 * DAY_MS
        bought = ("tea",) if number % 2 else ("jam",)
        put_history(conn, who, [Basket(at_ms, bought)], kek=kek, recipient=recipient)
        outcomes.said(conn, SuggestionSaid(visit_id, who, "tea", "often", at_ms))
        if number % 2 == 0:
            outcomes.dismissed(conn, SuggestionDismissed(visit_id, who, "tea", "not_interested", at_ms))


def test_the_report_of_a_shop_counts_and_names_nobody(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    toml = tmp_path / "welkom.toml"
    assert main(["init", "--config", str(toml), "--shop", "assen", "--hub", ""]) == 0
    config = load(toml)
    files = prepare(config.store.state, log=said_to_nobody)
    keys, now_ms = read_keys(credentials_folder(config)), SystemClock().wall_ms()
    with closing(open_both(files.journal, attach={"replica": files.replica})) as conn:
        put(conn, kek=keys.kek, recipient=config.shop.recipient, now_ms=now_ms)
        people = [bytes(who).hex() for (who,) in conn.execute("SELECT customer_id FROM suggestion")]
        columns = {name for _, name, *_ in conn.execute("PRAGMA table_info(suggestion)")}
    capsys.readouterr()
    assert main(["advise", "--report", "--config", str(toml)]) == 0
    told = capsys.readouterr()
    tea = {"shown": 12, "said": 12, "bought": 6, "bought_said": 6, "dismissed": {"not_interested": 6}}
    assert json.loads(told.out)["products"] == [{"item": "tea", "reason": "often", **tea}]
    today = date.today()
    days = [(today - timedelta(days=back)).isoformat() for back in range(100)]
    assert not any(each in told.out + told.err for each in (*people, *days))
    # Nothing of staff is even kept: no name, no role, no tablet, no session.
    assert columns == {"visit_id", "item", "customer_id", "reason", "shown_ms", "said", "away"}


@pytest.mark.parametrize(
    "words", [("--report",), ("--config", "x.toml"), ("--report", "--config", "x", "--k", "3"), ()]
)
def test_the_report_wants_a_shop_and_nothing_else(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["advise", *words]) == 2
    assert "W01" in capsys.readouterr().err
