"""What stays is anonymous: nobody can be told from what is published, and a report that leaks is found."""

from pathlib import Path

import pytest

from sync.hub.hq import export, reports
from sync.hub.hq.anonymous import BASE, LEAST, Cell, Month, published, segments, total
from tests.sync.anonymity import Attack, attacks, leaky, ours
from tests.sync.centre import KEYS, customer, open_centre

WORLDS = 150
CHANCE = 3.3 / WORLDS**0.5  # a fair coin thrown that often stays within it 999 times of 1,000
CELL = Cell("visitors", "2026-11-22", "s1")
DAY_MS = 24 * 3_600_000


def test_below_ten_there_is_no_number_and_above_it_multiples_of_five_that_are_right_on_average() -> None:
    assert {published(CELL, people, secret=b"k") for people in range(LEAST)} == {None}
    for people in range(LEAST, 60):
        said = [published(CELL, people, secret=bytes([key])) for key in range(250)]
        assert all(each is not None and each % BASE == 0 and abs(each - people) < BASE for each in said)
        assert abs(total(said) / len(said) - people) < 0.7
    assert published(CELL, 33, secret=b"k") == published(CELL, 33, secret=b"k")
    assert total([10, None, 25]) == 35


def test_a_segment_is_what_somebody_did() -> None:
    assert segments(Month("s1", 1, 1, 0)) == ["once"]
    assert segments(Month("s1", 3, 2, 0)) == ["sometimes", "cross_shop"]
    assert segments(Month("s1", 4, 1, 2)) == ["regular", "cross_channel"]


def worst(found: list[Attack]) -> Attack:
    return max(found, key=lambda each: each.advantage)


def test_no_attacker_tells_somebody_from_our_reports_better_than_by_chance() -> None:
    found = attacks(ours, kept=True, worlds=WORLDS, seed=3)
    assert worst(found).advantage <= CHANCE, worst(found)


def test_a_report_that_leaks_is_found() -> None:
    found = {each.name: each.advantage for each in attacks(leaky, kept=False, worlds=WORLDS, seed=3)}
    assert found["erasure"] > 0.6
    assert found["single"] > CHANCE


@pytest.mark.anyio
async def test_a_day_is_counted_once_it_is_over_and_stays_as_it_was_said_when_somebody_is_forgotten(
    tmp_path: Path,
) -> None:
    async with open_centre(tmp_path) as centre:
        hub = centre.hub
        people = [number.to_bytes(16) for number in range(1, 13)]
        await hub.add_customers(
            ["s1"], [customer(whose, number=f"N{number}") for number, whose in enumerate(people)]
        )
        for whose in people:
            body = b'{"visit_id":"%s","customer_id":"%s"}' % (whose.hex().encode(), whose.hex().encode())
            centre.box.happened(1, kind="visit_started", body=body)  # on the first day of 1970
            centre.box.happened(1, kind="visit_started", body=body)  # and back: one person all the same
        await centre.agent.once()

        async def rows(name: str, now_ms: int) -> list[tuple[object, ...]]:
            await hub.db.apply(reports.close, KEYS, now_ms=now_ms)
            asked = export.Asked(KEYS, "", now_ms, hub.log)
            return list(export.SHEETS[name].rows(hub.db.reader, asked))

        assert "1970-01-01" not in {each[0] for each in await rows("visitors", 4 * DAY_MS - 1)}
        ((*_, day),) = [[each for each in await rows("visitors", 4 * DAY_MS) if each[0] == "1970-01-01"]]
        assert day[:2] == ("1970-01-01", "s1")
        assert day[2] in (10, 15)
        for whose in people[:5]:
            await hub.erase(whose)
        assert day in await rows("visitors", 9 * DAY_MS)
        assert ("1970-01-02", "s1", None) in await rows("visitors", 9 * DAY_MS)
        month = [each for each in await rows("segments", 40 * DAY_MS) if each[0] == "1970-01"]
        assert sorted({people for *_, people in month}, key=str) == [None]  # seven are left: too few
        assert len(month) == 5
