"""Whatever a signal does, a customer comes in once, leaves once, and is greeted once a visit."""

from itertools import count, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.presence import rules
from edge.presence.copies import Replayed
from edge.presence.estimate import Estimate
from edge.presence.floor import Floor, Scanner, Zone
from edge.presence.health import Health
from edge.presence.moments import moments
from edge.presence.rules import Happened, Reception
from edge.presence.strongest import Strongest
from edge.presence.tracker import FORGET_S, Out, Place, Reading, Tracker

SHOP = Floor(
    "shop",
    (
        Zone("door", frozenset({"shelves"}), entrance=True),
        Zone("shelves", frozenset({"door", "till"})),
        Zone("till", frozenset({"shelves"})),
    ),
    (Scanner("g1", "door"), Scanner("g2", "shelves"), Scanner("g3", "till")),
)
INSIDE = Estimate("shelves", 0.9)


def tracker(owners: dict[str, str] | None = None) -> Tracker:
    numbers = count(1)
    of = owners or {}
    return Tracker(
        SHOP,
        locate=lambda: Strongest(SHOP),
        new_visit=lambda: f"v{next(numbers)}",
        customer_of=lambda device: of.get(device, device),
    )


def events(out: list[Out]) -> list[tuple[str, str, str]]:
    return [(each.kind, each.zone, each.visit) for each in out if isinstance(each, Happened)]


def heard(
    engine: Tracker, at_s: float, scanner: str = "g1", *, device: str = "d", dbm: float = -55
) -> list[Out]:
    return engine.hear(at_s, [Reading(at_s, scanner, device, dbm)])


def test_one_stray_reception_greets_nobody() -> None:
    engine = tracker()
    assert events(heard(engine, 0)) == []
    assert events(heard(engine, 6)) == []
    assert events(heard(engine, 12)) == []


def test_three_receptions_in_five_seconds_at_a_single_scanner_at_the_door_are_an_arrival_once() -> None:
    engine = tracker()
    out = [each for at_s in range(30) for each in heard(engine, at_s * 0.5)]
    assert events(out) == [("entered", "door", "v1")]


def test_two_scanners_at_once_are_an_arrival() -> None:
    engine = tracker()
    out = engine.hear(1.0, [Reading(1.0, "g1", "d", -60), Reading(1.0, "g2", "d", -75)])
    assert [type(each) for each in out] == [Place, Happened]


def test_somebody_on_the_street_is_not_in() -> None:
    engine = tracker()
    out = [each for at_s in range(30) for each in heard(engine, at_s * 0.5, dbm=-96)]
    assert events(out) == []
    assert {each.estimate.zone for each in out if isinstance(each, Place)} == {None}


@pytest.mark.parametrize("scanner", ["g1", "g2"])
@pytest.mark.parametrize("dbm", [-88.0, -83.0])
def test_a_neighbours_device_behind_the_wall_is_never_in_without_a_calibration(
    scanner: str, dbm: float
) -> None:
    engine = tracker()
    out = [each for n in range(600) for each in heard(engine, n * 0.5, scanner, dbm=dbm + n % 3 - 1)]
    assert events(out) == []


def test_a_weak_device_of_somebody_who_stays_is_in_after_a_minute_and_one_that_passes_is_not() -> None:
    engine = tracker()
    out = [each for at_s in range(70) for each in heard(engine, at_s, dbm=-79)]
    assert events(out) == [("entered", "door", "v1")]
    engine = tracker()
    out = [each for at_s in range(300) if at_s % 60 < 50 for each in heard(engine, at_s, dbm=-79)]
    assert events(out) == []


@pytest.mark.parametrize("gap_s", [1.0, 2.5, 3.0, 4.4])
def test_a_fob_that_is_heard_only_every_few_seconds_comes_in_at_its_third_word(gap_s: float) -> None:
    engine = tracker()
    out = [each for n in range(3) for each in heard(engine, n * gap_s)]
    assert events(out) == [("entered", "door", "v1")]


def test_receptions_must_be_recent_and_the_estimate_inside() -> None:
    recent = [Reception(at_s, "g1") for at_s in (1.0, 2.0, 3.0)]
    assert rules.enters(recent, INSIDE, at_s=4)
    assert not rules.enters(recent, INSIDE, at_s=6.5)
    assert not rules.enters(recent, Estimate(None, 0.9), at_s=4)


def test_silence_ends_a_stay_and_sooner_at_the_door() -> None:
    for scanner, after_s in (("g1", rules.DOOR_S), ("g2", rules.LEAVE_S)):
        engine = tracker()
        for at_s in range(5):
            heard(engine, at_s, scanner)
        assert engine.pass_time(4 + after_s - 0.1) == []
        (left,) = engine.pass_time(4 + after_s)
        assert (left.kind, left.at_s) == ("left", 4 + after_s)
        assert engine.stays() == {}


def test_a_slow_fob_is_waited_for_longer() -> None:
    engine = tracker()
    for at_s in range(0, 600, 10):
        engine.hear(at_s, [Reading(at_s, "g2", "d", -60), Reading(at_s, "g3", "d", -75)])
    assert engine.pass_time(590 + 50) == []
    assert len(engine.pass_time(590 + 70)) == 1


def test_who_is_back_within_ten_minutes_is_in_the_same_visit_and_later_in_another() -> None:
    engine = tracker()
    out: list[Out] = []
    for start_s in (0.0, 300.0, 2000.0):
        for n in range(5):
            out += heard(engine, start_s + n, "g2")
    out += engine.pass_time(3000)
    assert [(kind, visit) for kind, _, visit in events(out)] == [
        ("entered", "v1"),
        ("left", "v1"),
        ("entered", "v1"),
        ("left", "v1"),
        ("entered", "v2"),
        ("left", "v2"),
    ]


def test_two_devices_of_one_customer_are_one_visit_and_the_second_moves_nobody() -> None:
    engine = tracker({"phone": "c", "fob": "c"})
    out: list[Out] = []
    for at_s in range(10):
        out += heard(engine, at_s, "g2", device="phone")
        out += heard(engine, at_s + 0.4, "g3", device="fob")
    assert events(out) == [("entered", "shelves", "v1")]
    for at_s in range(10, 40):  # the phone is in a locker now, the fob goes on
        out += heard(engine, at_s, "g3", device="fob")
    assert events(out)[1:] == [("moved", "till", "v1")]


def test_with_every_scanner_offline_nobody_left_but_presence_still_expires() -> None:
    engine = tracker()
    for at_s in range(5):
        heard(engine, at_s, "g2")
    for scanner in SHOP.scanners:
        engine.health.said(scanner.id, online=False)
    assert engine.pass_time(100) == []
    assert len(engine.pass_time(4 + rules.DEAF_S)) == 1


def test_when_scanners_come_back_nobody_left_meanwhile() -> None:
    engine = tracker({"phone": "c"})
    for at_s in range(5):
        heard(engine, at_s, "g2", device="phone")
    for scanner in SHOP.scanners:
        engine.health.said(scanner.id, online=False)
    assert events(heard(engine, 200, "g1", device="other")) == []
    assert events(heard(engine, 203, "g2", device="phone")) == []
    assert engine.pass_time(203 + rules.LEAVE_S - 1) == []
    assert [each.device for each in engine.pass_time(203 + rules.LEAVE_S)] == ["phone"]


def test_scanners_that_say_they_are_back_before_they_hear_send_nobody_away() -> None:
    engine = tracker()
    for at_s in range(5):
        heard(engine, at_s, "g2")
    for scanner in SHOP.scanners:
        engine.health.said(scanner.id, online=False)
    assert engine.pass_time(200) == []
    engine.health.said("g1", online=True)
    assert engine.pass_time(201) == []
    assert engine.pass_time(201 + rules.LEAVE_S - 1) == []
    assert len(engine.pass_time(201 + rules.LEAVE_S)) == 1


def test_a_withdrawal_leaves_nothing_and_says_nothing() -> None:
    engine = tracker({"phone": "c"})
    for at_s in range(5):
        heard(engine, at_s, device="phone")
    engine.forget("c")
    assert engine.stays() == {}
    assert engine.pass_time(9999) == []
    assert engine.last_s("phone") == float("-inf")


def test_raw_signals_are_forgotten_within_minutes() -> None:
    engine = tracker()
    heard(engine, 0)
    engine.pass_time(FORGET_S + 1)
    assert engine.last_s("d") == float("-inf")


def test_the_shops_own_tags_are_nobody_and_prove_that_a_scanner_hears() -> None:
    numbers = count()
    floor = Floor(SHOP.name, SHOP.zones, SHOP.scanners, frozenset({"tag"}))
    engine = Tracker(floor, locate=lambda: Strongest(floor), new_visit=lambda: f"v{next(numbers)}")
    assert [out for at_s in range(20) for out in heard(engine, at_s, device="tag")] == []
    assert engine.health.state("g1", 20) == "hears"
    assert engine.health.state("g2", 20) == "silent"


def test_a_scanner_that_no_longer_hears_the_shops_own_tag_is_deaf_and_its_silence_says_nothing() -> None:
    health = Health()
    for at_s in range(30):
        for scanner in ("g1", "g2"):
            health.heard(scanner, at_s)
            health.heard_tag("tag", scanner, at_s)
    assert health.alive(30) == {"g1", "g2"}
    for at_s in range(30, 60):
        health.heard("g1", at_s)  # something of a customer, but not the tag that the other one hears
        health.heard("g2", at_s)
        health.heard_tag("tag", "g2", at_s)
    assert (health.state("g1", 60), health.state("g2", 60)) == ("deaf", "hears")
    assert health.alive(60) == {"g2"}
    health.heard_tag("tag", "g1", 60)
    assert health.state("g1", 60) == "hears"


def test_a_tag_with_an_empty_battery_makes_nobody_deaf_and_a_far_one_is_not_relied_on() -> None:
    health = Health()
    for at_s in range(30):
        health.heard("g1", at_s)
        health.heard_tag("near", "g1", at_s)
        if at_s % 9 == 0:
            health.heard_tag("far", "g1", at_s)
        health.heard_tag("far", "g2", at_s)
    for at_s in range(30, 90):
        health.heard("g1", at_s)
        health.heard_tag("far", "g2", at_s)
    assert health.state("g1", 90) == "hears"


def test_a_scanner_under_a_tag_that_hears_nothing_at_all_is_deaf_from_the_start() -> None:
    health = Health()
    health.put_up("tag", ["g1"], 0)
    assert (health.state("g1", 16), health.state("g2", 16)) == ("deaf", "silent")
    health.taken_down("tag")
    assert health.state("g1", 16) == "silent"


def test_while_every_scanner_is_deaf_nobody_has_left() -> None:
    engine = tracker()
    engine.fixed = frozenset({"tag"})
    for at_s in range(20):
        engine.hear(at_s, [Reading(at_s, each.id, "tag", -60) for each in SHOP.scanners])
        heard(engine, at_s, "g2")
    assert engine.pass_time(19 + 100) == []
    assert len(engine.pass_time(19 + rules.DEAF_S)) == 1


WIDE = Floor(
    "wide",
    SHOP.zones,
    (
        Scanner("g1", "door", (0, 0, 0)),
        Scanner("g2", "shelves", (6, 0, 0)),
        Scanner("g3", "till", (12, 0, 0)),
    ),
)


@pytest.mark.parametrize("floor", [SHOP, WIDE])
@pytest.mark.parametrize("gap_s", [0.0, 0.25, 1.0])
def test_one_identifier_close_by_in_two_far_places_is_a_copy_and_greets_nobody(
    floor: Floor, gap_s: float
) -> None:
    engine = Tracker(floor, locate=lambda: Strongest(floor), new_visit=lambda: "v")
    out: list[Out] = []
    for n in range(20):
        out += heard(engine, n * 1.0, "g1", dbm=-45)
        out += heard(engine, n * 1.0 + gap_s / 2, "g3", dbm=-45)
    assert events(out) == []
    (replayed,) = [each for each in out if isinstance(each, Replayed)]
    assert set(replayed.zones) == {"door", "till"}
    for n in range(100, 105):
        out += heard(engine, n, "g1", dbm=-45)
    assert events(out) == [("entered", "door", "v")]  # a minute after the copy was heard last


@pytest.mark.parametrize(
    "dbm", [{"g1": -45.0, "g2": -45.0}, {"g1": -45.0, "g3": -62.0}], ids=["neighbours", "far and weak"]
)
def test_who_is_heard_in_two_places_as_one_person_can_be_comes_in(dbm: dict[str, float]) -> None:
    engine = Tracker(WIDE, locate=lambda: Strongest(WIDE), new_visit=lambda: "v")
    out: list[Out] = []
    for n in range(10):
        out += engine.hear(n, [Reading(n, scanner, "d", each) for scanner, each in dbm.items()])
    assert events(out) == [("entered", "door", "v")]
    assert not [each for each in out if isinstance(each, Replayed)]


def test_a_copy_of_somebody_who_is_in_sends_nobody_away_and_greets_nobody_twice() -> None:
    engine = tracker()
    out = [each for n in range(10) for each in heard(engine, n, "g1", dbm=-45)]
    for n in range(10, 80):
        out += heard(engine, n, "g1", dbm=-45)
        out += heard(engine, n, "g3", dbm=-45)
    assert [kind for kind, _, _ in events(out) if kind in ("entered", "left")] == ["entered"]
    assert len([each for each in out if isinstance(each, Replayed)]) == 2  # at most once a minute


def test_receptions_of_one_advert_are_one_moment_and_a_slow_gateways_counts_with_its_devices_last() -> None:
    read = [Reading(at_s, scanner, "d", -50) for at_s, scanner in ((9.1, "g2"), (10.2, "g1"), (10.0, "g3"))]
    found = moments(read, within_s=0.25, last_s=lambda device: 9.5)
    assert [(at_s, [each.scanner for each in moment]) for at_s, moment in found] == [
        (9.5, ["g2"]),
        (10.2, ["g3", "g1"]),
    ]


def test_dwell_counts_where_there_was_evidence_and_starts_anew_with_a_move() -> None:
    engine = tracker()
    for at_s in (0, 1, 2, 3, 4, 5, 25, 26):
        heard(engine, at_s, "g2")
    (stay,) = engine.stays().values()
    assert stay.dwell_s == pytest.approx(4, abs=1.5)  # not the 20 s of silence
    for at_s in range(27, 37):
        heard(engine, at_s, "g3", dbm=-40)
    (stay,) = engine.stays().values()
    assert stay.zone == "till"
    assert stay.dwell_s < 10


def test_a_dwell_is_said_once_a_zone_and_visit() -> None:
    engine = tracker()
    out: list[Out] = []
    for start_s, scanner in ((0, "g2"), (100, "g3"), (200, "g2"), (300, "g3")):
        for n in range(80):
            out += heard(engine, start_s + n, scanner)
    dwelt = [zone for kind, zone, _ in events(out) if kind == "dwelt"]
    assert dwelt == ["shelves", "till"]


GAPS = st.one_of(st.floats(0.05, 3), st.floats(15, 50), st.floats(550, 650))
SIGNALS = st.lists(
    st.tuples(
        GAPS, st.sampled_from(["g1", "g2", "g3"]), st.sampled_from(["phone", "fob"]), st.floats(-100, -30)
    ),
    max_size=60,
)


@given(SIGNALS)
def test_however_signals_flap_comings_and_goings_alternate_and_it_ends_by_itself(
    signals: list[tuple[float, str, str, float]],
) -> None:
    engine = tracker({"phone": "c", "fob": "c"})
    out: list[Out] = []
    at_s = 0.0
    for gap_s, scanner, device, dbm in signals:
        at_s += gap_s
        out += heard(engine, at_s, scanner, device=device, dbm=dbm)
    out += engine.pass_time(at_s + rules.DEAF_S)
    told = [each for each in out if isinstance(each, Happened)]
    stays = [each for each in told if each.kind in ("entered", "left")]
    assert [each.kind for each in stays] == ["entered", "left"] * (len(stays) // 2)
    for left, entered in pairwise(stays):
        if left.kind == "left":
            assert (left.visit == entered.visit) == (entered.at_s - left.at_s <= rules.AGAIN_S)
    assert [each.at_s for each in told] == sorted(each.at_s for each in told)
    assert engine.stays() == {}
