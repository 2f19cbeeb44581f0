"""A box that says what no clock and no person can have said: nobody else notices, and nothing is lost."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from edge.consent.rules import Register
from sync import wire
from sync.hub import consents
from sync.hub.hq import export
from sync.hub.tables import events, hooks
from sync.hub.tables.events import Kept
from sync.rows import MOST
from tests.sync.centre import ANNA, HERE, KEYS, Centre, customer, open_centre
from tests.sync.test_intake import push

pytestmark = pytest.mark.anyio
OF_ANNA = {"customer_id": ANNA.hex()}
LINE = {"line_id": "07" * 16, "instrument": "points", "delta": 1, "why": "purchase"}
YES = {"purpose": "recognition", "recipient": HERE}


async def say(centre: Centre, *facts: tuple[str, dict[str, Any]], at_ms: int | None = None) -> wire.Answer:
    """Upload these facts after those of before, all at one instant; what the hub answers."""
    first = centre.box.depth() + 1
    for kind, body in facts:
        centre.box.happened(1, kind=kind, body=msgspec.json.encode(OF_ANNA | body))
    batch = centre.box.batch(first, first + len(facts) - 1)
    if at_ms is not None:
        batch = replace(batch, events=[replace(each, at_ms=at_ms) for each in batch.events])
    status, answer = await push(centre, batch)
    assert status == 200
    assert isinstance(answer, wire.Answer)
    return answer


async def test_a_fact_at_an_instant_that_no_calendar_has_is_a_dead_letter_and_a_stop_holds_all_the_same(
    tmp_path: Path,
) -> None:
    async with open_centre(tmp_path) as centre:
        await centre.hub.add_customers(["s1"], [customer()])
        told = hooks.Hook("h", "https://hq.test", frozenset(), b"w", None, None, None, None)
        await centre.hub.db.apply(hooks.add_hook, told)
        stop = ("consent_withdrawn", YES | {"gen": 1})
        answer = await say(centre, ("visit_started", {}), ("wallet_moved", LINE), stop, at_ms=MOST)
        assert answer.rejected == [wire.Rejection(1, "BAD_BODY"), wire.Rejection(2, "BAD_BODY")]
        assert register(centre) == Register(1, "withdrawn")
        (message,) = await centre.hub.db.read(hooks.due, "h", now_ms=0, longest_ms=(0,), most=9)
        assert b"9999-12-30" in message.body
        await centre.hub.erase(ANNA)
        bodies = centre.hub.db.reader.execute("SELECT body FROM event").fetchall()
        assert all(ANNA.hex().encode() not in bytes(body) for (body,) in bodies)


async def test_a_fact_beyond_the_calendar_that_was_stored_before_is_exported_like_any_other(
    tmp_path: Path,
) -> None:
    async with open_centre(tmp_path) as centre:
        kept = [Kept(1, MOST, "visit_started", b"{}", b"h" * 32, None, None)]
        await centre.hub.db.apply(events.keep_all, [("box-1", 1, kept)], now_ms=1)
        asked = export.Asked(KEYS, "", 1, centre.hub.log)
        (row,) = list(export.SHEETS["facts"].rows(centre.hub.db.reader, asked))
        assert row[4].year == 9999


async def test_no_generation_that_a_shop_says_shuts_a_customer_out_of_saying_yes_again(
    tmp_path: Path,
) -> None:
    async with open_centre(tmp_path) as centre:
        await centre.hub.add_customers(["s1"], [customer()])
        await say(centre, ("consent_withdrawn", YES | {"gen": MOST}))
        held = register(centre)
        assert held == Register(1 + consents.AHEAD, "withdrawn")
        moved = await centre.hub.change(
            consents.grant, ANNA, purpose="recognition", recipient=HERE, base=held, now_ms=2
        )
        assert moved
        assert register(centre) == Register(held.gen + 1, "given")
        answer = await say(centre, ("consent_given", YES | {"gen": MOST, "until_ms": MOST}))
        assert [each.code for each in answer.rejected] == ["BAD_BODY"]
        assert register(centre) == Register(held.gen + 1, "given")


def register(centre: Centre) -> Register:
    """What the hub holds of the one consent that these tests change."""
    (row,) = centre.hub.db.reader.execute("SELECT gen, state FROM consent WHERE purpose='recognition'")
    return Register(*row)
