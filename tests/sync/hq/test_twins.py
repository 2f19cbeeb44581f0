"""A copy of a box that only reads is found by its process, and a box that restarts never accuses itself."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from sync import wire
from sync.hub.hq import fleet
from sync.hub.tables import fleet as tables
from tests.sync.hq.test_fleet import box, say
from tests.sync.portal.place import Place, open_place
from tests.sync.portal.test_speed import Scene, scene, until

MINUTE_MS = 60_000


def heard(boots: Iterable[str]) -> bool:
    """Whether two boxes are found where these processes say in turn how they do, a minute apart."""
    kept, now_ms = None, MINUTE_MS
    for boot in boots:
        now_ms += MINUTE_MS
        kept = fleet.kept_of(kept, wire.Status(version="1", clock_ms=1, boot=boot), now_ms=now_ms)
    return kept is not None and fleet.are_twins(kept, now_ms=now_ms)


@pytest.mark.parametrize("boots", ["ABABABA", "AABBAABBAABBA", "xABABABA", "ABABABAB"])
def test_two_that_speak_by_turns_are_found(boots: str) -> None:
    assert heard(boots)


@pytest.mark.parametrize("boots", ["AAAAAAAA", "ABCDEFGH", "AABAB", "ABABBBBB", ""])
def test_one_that_restarts_or_whose_last_word_came_late_is_not(boots: str) -> None:
    assert not heard(boots)


def test_however_often_a_box_restarts_and_its_last_word_comes_late_it_never_accuses_itself() -> None:
    said = [each for number in range(1, 60) for each in (number, number - 1, number, number)]
    assert not heard(str(each) for each in said)


def test_a_box_of_a_version_before_this_one_says_no_process_and_is_left_alone() -> None:
    assert not heard([""] * 9)
    assert not heard(["A", "", "A", "", "A", "", "A", ""])


def test_headquarters_reads_what_to_do_about_a_copy_once_in_the_log_and_as_long_as_it_speaks(
    tmp_path: Path,
) -> None:
    with open_place(tmp_path / "hub") as place:
        for boot in "ABABAB":
            say(place, boot=boot)
        assert "kopie" not in shown(place)
        for boot in "ABAB":
            say(place, boot=boot)
        assert "Meld het echte opnieuw aan" in shown(place)
        assert 'data-mood="out"' in shown(place)
        assert [given["device"] for event, given in place.said if event == "box_copied"] == ["box-1"]
        place.clock.by_ms += fleet.TWINS_MS
        say(place, boot="B")
        assert "kopie" not in shown(place)


def shown(place: Place) -> str:
    return place.phone().get("/hq/fleet").text


@pytest.mark.parametrize("code", sorted(wire.PARTED))
def test_a_box_whose_history_has_parted_is_to_be_given_a_new_epoch(code: str) -> None:
    found = box(trouble=code)
    assert (found.mood, found.why) == ("out", ("parted",))


@pytest.mark.anyio
async def test_a_box_says_itself_that_its_history_does_not_follow_on(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        await it.tap()
        await until(lambda: bool(it.hub.db.reader.execute("SELECT 1 FROM event").fetchone()))
        await until(lambda: bool(status(it).boot))
        other = {"hash": bytes(32)}
        await it.hub.db.apply(lambda conn: conn.execute("UPDATE event SET hash=:hash", other) and None)
        await it.tap("counter-2")
        agent = it.edge.agent
        assert agent is not None
        await until(lambda: agent.state.code in wire.PARTED)
        it.cable.cut()  # whoever is back says at once how it does
        await until(lambda: not it.edge.house.health.online)
        it.cable.down = False
        agent.wake()
        await until(lambda: status(it).trouble in wire.PARTED)
        (found,) = await fleet.boxes(it.hub)
        assert "parted" in found.why


def status(it: Scene) -> wire.Status:
    said = tables.last(it.hub.db.reader, "box-1")
    return wire.Status(version="", clock_ms=0) if said is None else wire.decode_as(said.d, wire.Status)
