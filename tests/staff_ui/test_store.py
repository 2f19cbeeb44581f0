"""Winkel and Beheer say what the top line says, and what was seen of customers."""

import pytest

from edge.health import Health
from edge.insight import tables
from edge.insight.days import day_of
from staff_ui.pages.manage import looks
from staff_ui.pages.state import state
from staff_ui.pages.store import sentences
from staff_ui.words import Words
from tests.staff_ui.house import Place

GIB = 1024**3
NOW_MS = 1_795_341_600_000


@pytest.fixture
def say() -> Words:
    return Words("nl", "Europe/Amsterdam")


def said(health: Health, say: Words) -> list[str]:
    return [
        each.value for each in sentences(health, say, free=48 * GIB, now_ms=NOW_MS) if each.kind != "well"
    ]


def test_a_clock_that_was_set_no_recognition_a_fetched_replica_and_missing_advice_are_said(
    say: Words,
) -> None:
    assert said(Health(online=True, search_ready=True), say) == []
    out = Health(
        online=True, search_ready=True, clock="behind", fetching=True, advice_down=True, lease_over=True
    )
    every = [say.say(f"state.{each}") for each in ("clock_behind", "lease_over", "fetching", "no_advice")]
    assert set(every) <= set(said(out, say))
    line = state(out, say, now_ms=NOW_MS).sentence
    assert line == f"{every[0]} {every[1]} Meer staat bij Winkel.", "two troubles are a line, four are not"
    out.lease_over = out.fetching = False
    assert state(out, say, now_ms=NOW_MS).sentence == f"{every[0]} {every[3]}"


def test_since_which_day_a_line_is_out_is_said_on_another_day(say: Words) -> None:
    out = Health(online_since_ms=NOW_MS - 3 * 86_400_000, search_ready=True)
    assert (
        state(out, say, now_ms=NOW_MS).sentence == "Hoofdkantoor niet bereikbaar sinds 19 nov. Alles werkt."
    )
    out.lease_over = True
    assert "Alles werkt" not in state(out, say, now_ms=NOW_MS).sentence


def test_a_shop_without_a_hub_is_told_to_import_again(say: Words) -> None:
    alone = Health(alone=True, search_ready=True, fetching=True)
    assert said(alone, say) == [state(alone, say, now_ms=NOW_MS).sentence]
    assert "Importeer de gegevens opnieuw" in state(alone, say, now_ms=NOW_MS).sentence


def test_who_looked_is_said_by_what_they_saw(say: Words) -> None:
    rows = [("staff", "recognition", "", 1), ("staff", "saving", "", 2), ("staff", "profiling", "", 3)]
    rows.append(("staff", "recognition", "phone", 4))
    seen = [each.why for each in looks(rows, say)]
    assert seen == ["Kaart gezien", "Tegoed gezien", "Advies gezien", "Telefoon"]


def test_who_became_known_stands_under_today_once_somebody_was_asked(place: Place) -> None:
    tablet = place.signed_in()
    assert "Bekend geworden" not in tablet.get("/store").text
    today = day_of(place.now_ms(), place.house.config.shop.timezone)
    for name, count in (("invited", 14), ("joined", 6)):
        place.run(place.house.db.apply(tables.add, today, name, count))
    assert "6 van 14 maakten zich vandaag bekend" in tablet.get("/store").text
