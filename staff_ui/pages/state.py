"""The top line: how the house is, in a sentence or two; the rest stands at Winkel."""

from dataclasses import dataclass
from typing import Final

from edge.health import Health
from staff_ui.words import Words, key

STORE: Final = {"S01": key("state.disk_full")}
BROKEN: Final = key("state.store")
FETCHING: Final = {True: key("state.fetching"), False: key("state.fetching_later")}
IMPORT: Final = key("state.import_again")
MOST: Final = 2  # troubles; more are no line but a paragraph above somebody's card
CLOCK: Final = {"behind": key("state.clock_behind"), "ahead": key("state.clock_ahead")}


@dataclass(frozen=True, slots=True)
class State:
    """`kind` is `well` or `waiting`; the sentence says it in words."""

    kind: str
    sentence: str


def fetching(health: Health) -> str:
    """What is said of a replica that is not whole: without a hub only an import makes it so."""
    return IMPORT if health.alone else FETCHING[health.online]


def state(health: Health, words: Words, *, now_ms: int, busy: bool = False) -> State:
    """What staff can mend comes first; then what they only have to know. Beside any of that not all works."""
    sentences = []
    if health.store:
        sentences.append(words.say(STORE.get(health.store, BROKEN)))
    if health.clock:
        sentences.append(words.say(CLOCK[health.clock]))
    if health.lease_over:
        sentences.append(words.say("state.lease_over"))
    if health.fetching:
        sentences.append(words.say(fetching(health)))
    # A reader that has not come up yet has no reason to be down either: it is still opening.
    out = sorted(name for name, reader in health.readers.items() if not reader.up and reader.code)
    if out:
        sentences.append(words.count("state.reader_out", len(out), readers=", ".join(out)))
    if not health.online and not health.alone:
        since = words.since(health.online_since_ms, now_ms=now_ms)
        rest = _beside(health, words, works=not sentences)
        sentences.append(" ".join((words.say("state.offline", since=since), *rest)))
    if health.advice_down:
        sentences.append(words.say("state.no_advice"))
    if busy:
        sentences.append(words.say("state.busy"))
    if len(sentences) > MOST:
        sentences[MOST:] = [words.say("state.more")]
    if sentences:
        return State(kind="waiting", sentence=" ".join(sentences))
    return State(kind="well", sentence=words.say("state.well"))


def _beside(health: Health, words: Words, *, works: bool) -> list[str]:
    """What is said with a line that is out."""
    if health.waiting:
        waits = key("state.works_waiting") if works else key("state.waiting")
        return [words.count(waits, health.waiting)]
    return [words.say("state.works")] if works else []
