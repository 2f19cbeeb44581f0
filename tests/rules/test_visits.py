"""However a card flaps between readers: one visit at a time, one greeting a visit."""

from collections import Counter
from dataclasses import dataclass, field
from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from edge.visits.facts import CardShown, Greeted, SeenAgain, VisitEnded, VisitStarted
from edge.visits.rules import QUIET_MS, OpenVisit, Presented, VisitFact, over, presented

READERS = st.sampled_from(["door", "counter-1", "counter-2"])
GAPS = st.one_of(
    st.integers(0, 5_000),
    st.integers(QUIET_MS - 2, QUIET_MS + 2),
    st.integers(0, 3 * QUIET_MS),
)
TAPS = st.lists(st.tuples(GAPS, READERS), min_size=1, max_size=40)


@dataclass
class Diary:
    """One customer's visits as the tables would keep them."""

    facts: list[VisitFact] = field(default_factory=list)
    visit: OpenVisit | None = None

    def take(self, facts: list[VisitFact]) -> None:
        for fact in facts:
            match fact:
                case VisitStarted():
                    assert self.visit is None, "a second visit was opened"
                    self.visit = OpenVisit(fact.visit_id, fact.at_ms)
                case SeenAgain():
                    assert self.visit is not None
                    self.visit = OpenVisit(fact.visit_id, fact.at_ms)
                case VisitEnded():
                    assert self.visit is not None
                    assert fact.visit_id == self.visit.visit_id
                    self.visit = None
                case Greeted() | CardShown():
                    assert self.visit is not None
                    assert fact.visit_id == self.visit.visit_id
        self.facts += facts


def play(taps: list[tuple[int, str]], *, watching: tuple[str, ...] = ()) -> Diary:
    diary, at_ms, numbers = Diary(), 0, count()
    for gap_ms, reader in taps:
        at_ms += gap_ms
        what = Presented(b"c", reader=reader, how="tap", evidence="weak", at_ms=at_ms)
        diary.take(presented(what, diary.visit, new_id=lambda: next(numbers).to_bytes(16), watching=watching))
    return diary


def of(diary: Diary, kind: type[VisitFact]) -> list[VisitFact]:
    return [fact for fact in diary.facts if isinstance(fact, kind)]


@given(TAPS)
def test_every_visit_is_greeted_exactly_once(taps: list[tuple[int, str]]) -> None:
    diary = play(taps)
    greeted = Counter(fact.visit_id for fact in of(diary, Greeted))
    assert greeted == Counter(fact.visit_id for fact in of(diary, VisitStarted))
    assert set(greeted.values()) == {1}


@given(TAPS)
def test_a_new_visit_starts_exactly_after_a_gap_of_the_quiet_period(taps: list[tuple[int, str]]) -> None:
    gaps = [gap_ms for gap_ms, _ in taps[1:]]
    assert len(of(play(taps), VisitStarted)) == 1 + sum(gap_ms >= QUIET_MS for gap_ms in gaps)


@given(TAPS)
def test_every_presentation_is_a_start_or_seen_again(taps: list[tuple[int, str]]) -> None:
    diary = play(taps)
    assert len(of(diary, VisitStarted)) + len(of(diary, SeenAgain)) == len(taps)
    assert len(of(diary, VisitEnded)) == len(of(diary, VisitStarted)) - 1


@given(TAPS, st.sets(st.sampled_from(["staff", "manager"])).map(sorted).map(tuple))
def test_a_card_is_shown_once_to_each_role_that_watches_and_with_the_start(
    taps: list[tuple[int, str]], watching: tuple[str, ...]
) -> None:
    diary = play(taps, watching=watching)
    shown = Counter((fact.visit_id, fact.role) for fact in of(diary, CardShown))
    started = [fact.visit_id for fact in of(diary, VisitStarted)]
    assert shown == Counter((visit_id, role) for visit_id in started for role in watching)


@given(TAPS)
def test_facts_carry_the_time_of_the_presentation_that_made_them(taps: list[tuple[int, str]]) -> None:
    times = [fact.at_ms for fact in play(taps).facts]
    assert times == sorted(times)


def test_a_visit_is_over_at_the_quiet_period_and_not_a_millisecond_before() -> None:
    visit = OpenVisit(b"v", seen_ms=1_000)
    assert not over(visit, now_ms=1_000 + QUIET_MS - 1)
    assert over(visit, now_ms=1_000 + QUIET_MS)
    assert over(visit, now_ms=1_005, quiet_ms=5)


def test_the_first_sight_starts_greets_and_tells_how() -> None:
    started, greeted = play([(7, "door")]).facts
    assert isinstance(started, VisitStarted)
    assert (started.customer_id, started.reader, started.how, started.evidence) == (
        b"c",
        "door",
        "tap",
        "weak",
    )
    assert greeted == Greeted(visit_id=started.visit_id, at_ms=7)
