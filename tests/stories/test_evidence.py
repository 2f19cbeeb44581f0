"""Every strong way to tap through the readers of a whole house: proved once, replayed never, refused in words."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from drivers.codecs.sightings import from_line
from drivers.pipe import PipeReader, send
from drivers.reader import Sighting, Token
from drivers.replay import ReplayReader
from drivers.sim import SimReader
from edge.app import Edge, open_edge
from edge.config import Config, Shop, Store
from edge.counter import Tally
from edge.kit.serve import listen
from edge.uplink import Uplink
from sync import wire
from tests.tables.floor import KEYS, RECIPIENT, TRAITS, Feed, page

pytestmark = pytest.mark.anyio
MEMBER, CHIP = "LOYALTY-0001", "04a1b2c3d4e5f6"


def line(
    kind: str,
    value: str,
    about: Mapping[str, Any],
    *,
    reader: str = "counter-1",
    evidence: str = "strong",
    outcome: str | None = None,
) -> str:
    """One line of the contract, as `watch` prints it."""
    token = {"kind": kind, "value": value, "evidence": evidence, "about": dict(about)}
    whole: dict[str, Any] = {"reader": reader, "at": rfc(0), "how": "tap"}
    whole |= {"token": None, "outcome": outcome} if outcome else {"token": token}
    return json.dumps(whole)


def rfc(off_s: float) -> str:
    at = datetime.now(UTC) + timedelta(seconds=off_s)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@asynccontextmanager
async def house(folder: Path, *readers: Any) -> AsyncIterator[Edge]:
    """One customer, known by a number and by a chip; the readers run."""

    async def applied(rows: Any) -> None: ...

    config = Config(shop=Shop(recipient=RECIPIENT), store=Store(state=folder / "state"))
    async with open_edge(config, keys=KEYS, readers=readers, log=lambda event, **fields: None) as edge:
        feed = Feed()
        person = feed.new_person(MEMBER, f"uid:{CHIP}")
        uplink = Uplink(edge.house.db, KEYS, edge.house.time, on_applied=applied)
        rows: list[wire.Row] = [
            feed.customer(person, TRAITS),
            feed.credential(person, 0),
            feed.credential(person, 1),
            feed.consent(person),
            feed.consent(person, "saving"),
        ]
        await uplink.apply(page(feed.key(person)))
        await uplink.apply(page(*rows))
        with listen("127.0.0.1", 0) as sock:
            running = asyncio.create_task(edge.run(sock))
            try:
                yield edge
            finally:
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)


async def until(check: Callable[[], bool]) -> None:
    for _ in range(1_000):
        if check():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("not within 10 s")


async def said(path: Path, *lines: str) -> None:
    async def all_of_them() -> AsyncIterator[Sighting]:
        for each in lines:
            yield from_line(each)

    await until(path.exists)
    await send(path, all_of_them())


def proved(edge: Edge) -> list[Any]:
    return edge.house.db.reader.execute("SELECT evidence, strong_ms IS NOT NULL FROM visit").fetchall()


def heard(edge: Edge) -> Tally:
    return edge.house.counter.tally


async def test_each_strong_kind_proves_itself_through_the_pipe_and_none_of_it_twice(tmp_path: Path) -> None:
    pipe = tmp_path / "readers.sock"
    vas = line("vas", MEMBER, {"pass_type_id": "pass.example.shop", "signed_at": rfc(-5)}, reader="a")
    sun = line("sun", CHIP.upper(), {"ctr": 7}, reader="b")
    hce = line("hce", MEMBER, {"key_id": "00000001"}, reader="c")
    tap = line("smarttap", MEMBER, {"collector_id": 20180608, "kind": "ly", "oid": "aa"}, reader="d")
    async with house(tmp_path, PipeReader("pipe", pipe)) as edge:
        tally = heard(edge)
        for number, strong in enumerate((vas, sun, hce, tap), 1):
            await said(pipe, strong)
            await until(lambda number=number: tally.recognised == number)  # type: ignore[misc]
        assert proved(edge) == [("strong", 1)]
        # Played again at another reader: what carries a mark is found out, whatever its signature says.
        for number, again in enumerate((vas, sun), 1):
            await said(pipe, again.replace('"reader": "a"', '"reader": "x"').replace('"b"', '"x"'))
            await until(lambda number=number: tally.replayed == number)  # type: ignore[misc]
        assert tally.recognised == 4
        assert edge.house.counter.notes.now()[0].kind == "replayed"
        kinds = edge.house.db.reader.execute("SELECT kind FROM outbox WHERE kind='tap_replayed'").fetchall()
        assert len(kinds) == 2


async def test_a_forged_tap_opens_nothing_and_is_kept_of_nobody(tmp_path: Path) -> None:
    pipe = tmp_path / "readers.sock"
    async with house(tmp_path, PipeReader("pipe", pipe)) as edge:
        for outcome in ("forged", "locked"):
            await said(pipe, line("sun", "-", {}, outcome=outcome))
        await until(lambda: heard(edge).outcomes == 2)
        assert [note.kind for note in edge.house.counter.notes.now()] == ["locked", "forged"]
        assert edge.house.db.reader.execute("SELECT count(*) FROM outbox").fetchone() == (0,)


async def test_a_recorded_day_of_taps_replays_as_replays(tmp_path: Path) -> None:
    day = tmp_path / "day.jsonl"
    counters = [
        line("sun", CHIP, {"ctr": ctr}, reader=f"{where}{ctr}") for where in "rs" for ctr in (1, 2, 3)
    ]
    day.write_text("\n".join(counters) + "\n")
    async with house(tmp_path, ReplayReader("day", day, pace=0)) as edge:
        await until(lambda: (heard(edge).recognised, heard(edge).replayed) == (3, 3))


async def test_two_readers_that_hear_one_counter_recognise_once(tmp_path: Path) -> None:
    one, two = SimReader("a"), SimReader("b")
    async with house(tmp_path, one, two) as edge:
        for ctr in range(1, 6):
            for reader in (one, two):
                reader.tap(Token("sun", CHIP, "strong", {"ctr": ctr}))
            await until(lambda ctr=ctr: heard(edge).presented == 2 * ctr)  # type: ignore[misc]
        await until(lambda: (heard(edge).recognised, heard(edge).replayed) == (5, 5))
