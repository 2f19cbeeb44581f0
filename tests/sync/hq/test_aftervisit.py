"""What was suggested at a visit goes to the mailer of headquarters: with two yeses, while it makes sense."""

from pathlib import Path
from typing import Any

import pytest
from msgspec import Raw
from msgspec.json import encode

from edge.catalogue.rules import Product
from edge.kit.errors import WordsError
from sync import wire
from sync.hub import catalogue, consents
from sync.hub.consents import NewConsent
from sync.hub.hq import export
from sync.hub.hq.aftervisit import LATELY_MS
from sync.hub.people import NewCustomer
from tests.sync.centre import HERE, Centre, open_centre

pytestmark = pytest.mark.anyio
HOUR_MS = 3_600_000
BOTH, NO_MAIL, NO_ADVICE, STOPS = (bytes([number]) * 16 for number in (1, 2, 3, 4))
YES = {
    BOTH: ("profiling", "contact"),
    NO_MAIL: ("profiling",),
    NO_ADVICE: ("contact",),
    STOPS: ("profiling", "contact"),
}
Rows = list[tuple[Any, ...]]


async def put(centre: Centre, *, bought: str, at_ms: int) -> None:
    baskets = {"baskets": [{"at_ms": at_ms, "items": [bought]}]}
    await centre.hub.add_customers(
        ["s1"],
        [
            NewCustomer(
                who,
                {"baskets": baskets} if "profiling" in purposes else {},
                [],
                [NewConsent(purpose, HERE) for purpose in ("saving", *purposes)],
            )
            for who, purposes in YES.items()
        ],
    )
    goods = [Product("tent", "Tent", 100), Product("sock", "Sok", 100), Product("wax", "Was", 100)]
    goods.append(Product("test", "Zelftest", 100, sensitive=True))
    await centre.hub.change(catalogue.put_products, goods)


async def tell(centre: Centre, *told: tuple[bytes, str, str], at_ms: int) -> None:
    """The shop's box reports what was said (`often`) or put away, each a minute after the one before."""
    events = []
    for number, (who, item, what) in enumerate(told, 1):
        body = {"visit_id": "07" * 16, "customer_id": who.hex(), "item": item}
        kind = "suggestion_dismissed" if what == "no" else "suggestion_said"
        body |= {"why": "odd"} if what == "no" else {"reason": what}
        events.append(wire.Event(number, at_ms + number * 60_000, kind, Raw(encode(body))))
    await centre.hub.take(wire.Envelope("box-1", 1, 1, wire.SCHEMA, bytes(32).hex()), events)


async def listed(centre: Centre, *, now_ms: int) -> Rows:
    sheet = export.checked("suggestions", "contact")
    asked = export.Asked(centre.hub.keys, "contact", now_ms, centre.hub.log)
    return await centre.hub.db.view(lambda conn: list(sheet.rows(conn, asked)))


async def test_the_mailer_gets_what_was_said_and_not_bought_of_whoever_agreed_to_both(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        start_ms = centre.hub.now_ms()
        await put(centre, bought="wax", at_ms=start_ms + 3 * HOUR_MS)
        said = [(who, "tent", "often") for who in YES]
        await tell(
            centre,
            *said,
            (BOTH, "sock", "often"),
            (BOTH, "sock", "no"),  # refused after all
            (BOTH, "wax", "often"),  # bought two hours later
            (BOTH, "test", "often"),  # not to be named by now
            (BOTH, "gone", "often"),  # no product any more
            (BOTH, "tent", "goes_with"),
            at_ms=start_ms + HOUR_MS,
        )
        later_ms = start_ms + 4 * HOUR_MS
        found = await listed(centre, now_ms=later_ms)
        assert {row[0] for row in found} == {BOTH.hex(), STOPS.hex()}
        (mine,) = [row for row in found if row[0] == BOTH.hex()]
        assert (mine[1], *mine[3:]) == ("s1", "tent", "Tent", "goes_with")
        no = consents.withdraw
        await centre.hub.change(no, STOPS, purpose="contact", recipient=HERE, now_ms=later_ms)
        assert [row[0] for row in await listed(centre, now_ms=later_ms)] == [BOTH.hex()]
        await centre.hub.change(no, BOTH, purpose="profiling", recipient=HERE, now_ms=later_ms)
        assert await listed(centre, now_ms=later_ms) == []


async def test_after_a_week_it_is_no_longer_an_after_visit_list(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        start_ms = centre.hub.now_ms()
        await put(centre, bought="tent", at_ms=start_ms - 30 * 24 * HOUR_MS)
        await tell(centre, (BOTH, "tent", "often"), at_ms=start_ms)
        assert len(await listed(centre, now_ms=start_ms + LATELY_MS)) == 1
        assert await listed(centre, now_ms=start_ms + LATELY_MS + HOUR_MS) == []


def test_it_goes_out_for_no_other_purpose() -> None:
    for purpose in ("", "profiling"):
        with pytest.raises(WordsError):
            export.checked("suggestions", purpose)
