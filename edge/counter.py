"""The shell around the counter: what is presented at a reader becomes an outcome, facts and a poke.

What is nobody's visit goes to `notes.py`. Of a stranger it keeps itself, for two seconds, the hash that tells one
hold of a card from two. In memory alone, but for the mark of a strong proof (recognition/marks): a counter without
its minute, or a phone's time while a copy could count.
"""

import asyncio
from collections import Counter as Counts
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from drivers.codecs.printed import fob as fobs
from drivers.reader import Sighting
from edge.ahead import Ahead
from edge.catalogue import tables as catalogue
from edge.display import Display
from edge.elsewhere import Elsewhere
from edge.facts import Fact
from edge.keys import Keys
from edge.kit.clock import ShopTime
from edge.kit.ids import NewId
from edge.kit.sqlite import Database
from edge.live import Live
from edge.notes import NOBODY, FobRead, NoteKind, Notes, Scanned
from edge.recognition import marks, rotating, tables
from edge.recognition.evidence import WEAK, Proof, proof
from edge.recognition.facts import TapReplayed
from edge.recognition.rules import (
    SAME_TAP_MS,
    Found,
    LastSeen,
    Recognised,
    Recognition,
    Repeat,
    Replayed,
    Stranger,
    Withheld,
    hashes,
    is_repeat,
    recognise,
)
from edge.staff.badges import Badges
from edge.visits import acts

# Presentations remembered against repeats; a busy second of 1,000 sightings, twice.
MAX_LAST: Final = 2_000


@dataclass(slots=True)
class Tally:
    """Totals since the start, about nobody."""

    presented: int = 0
    recognised: int = 0
    strangers: int = 0
    withheld: int = 0
    repeats: int = 0
    replayed: int = 0
    outcomes: int = 0


class Counter:
    """Turns sightings into what staff see. One instance a house, used from its event loop."""

    def __init__(
        self,
        db: Database[Fact],
        live: Live,
        time: ShopTime,
        new_id: NewId,
        keys: Keys,
        *,
        recipient: str,
        quiet_ms: int,
        unlocking: frozenset[str] = frozenset(),
    ) -> None:
        """`unlocking` are the passes and keys that ask for the phone's own unlock (`evidence.ISSUED_AS`)."""
        self._db = db
        self._live = live
        self._time = time
        self._new_id = new_id
        self._keys = keys
        self._recipient = recipient
        self._quiet_ms = quiet_ms
        self._unlocking = unlocking
        self._last: OrderedDict[bytes, LastSeen] = OrderedDict()
        # Reader and moment of the last tap that was somebody's.
        self._known: tuple[str, datetime] | None = None
        self.tally = Tally()
        self.ahead = Ahead(db, live)
        self.badges = Badges(db)
        self.elsewhere: Elsewhere | None = None  # asks the centre; None without one
        self.display = Display()
        self.notes = Notes(db, live, time, new_id, display=self.display)
        self.counts: Counts[str] = Counts()  # since they were last written down (jobs.count_days)

    async def on_sighting(self, sighting: Sighting, *, asked: bool = False) -> Recognition | None:
        """Take one sighting in; what it meant, None for outcomes without a token and for products.

        `asked`: the centre was asked whose card it is, and has sent who.
        """
        now_ms = self._time.now_ms()
        self.tally.presented += 1
        token = sighting.token
        if token is None:
            self.tally.outcomes += 1
            assert sighting.outcome is not None
            self.notes.add(sighting.outcome, sighting.reader, now_ms)
            return None
        if token.value.startswith(fobs.START):
            self._read_fob(token.value, sighting.reader, now_ms)
            return None
        named: tuple[str, str] = (token.kind, token.value)
        of_pass: rotating.Shown | None = None
        if token.value.startswith(rotating.START):
            of_pass = rotating.read(self._keys.chain_key, token.value, now_ms=now_ms)
            if of_pass is None:
                self.notes.add("unreadable", sighting.reader, now_ms)
                return None
            named = (rotating.KIND, of_pass.name)
        card = hashes(self._keys.chain_key, self._keys.shop_key, *named)
        if card is None:
            if token.kind == "gs1":
                self._scan(token.value, sighting.reader, now_ms, known_only=False)
            return None
        presented = card.outer
        shown = (
            WEAK
            if token.evidence == "weak"
            else proof(token.kind, token.evidence, token.about, now_ms=now_ms, unlocking=self._unlocking)
        )
        if of_pass is not None:
            shown = of_pass.proof
            if of_pass.when != "now" or self._repeats_pass(presented, of_pass):
                return self._of_pass(presented, of_pass, sighting.reader, now_ms)
        # Radio hears a thousand passers-by a second: those who are nobody here cost no turn on the writer, and
        # not even their hash is remembered.
        if sighting.how == "near" and not tables.is_known(self._db.reader, presented):
            self.tally.strangers += 1
            return Stranger()
        if self.badges.concerns(presented, now_ms=now_ms) and await self.badges.take(
            presented, customers=tables.is_known(self._db.reader, presented), now_ms=now_ms
        ):
            return None
        if self._repeats(presented, sighting.reader, now_ms, shown):
            self.tally.repeats += 1
            return Repeat()
        facts = await self._saw(presented, sighting, shown, now_ms)
        if facts and isinstance(facts[0], TapReplayed):
            return self._replayed(sighting.reader, now_ms)
        if facts:
            self.tally.recognised += 1
            self._known = (sighting.reader, sighting.at)
            if sighting.how != "near":
                self.display.say("recognised", sighting.reader, now_ms=now_ms)
            return Recognised()
        found = tables.find(self._db.reader, presented, recipient=self._recipient, now_ms=now_ms)
        outcome = recognise(found)
        if shown.mark is not None and found is not None and not await self._is_fresh(found, presented, shown):
            return self._replayed(sighting.reader, now_ms)
        # A number that is nobody's card may be on a product: shops number those themselves too.
        if (
            isinstance(outcome, Stranger)
            and token.kind == "barcode"
            and sighting.how != "near"
            and self._scan(token.value, sighting.reader, now_ms, known_only=True)
        ):
            return None
        match outcome:
            case Withheld():
                self.tally.withheld += 1
                kind: NoteKind = "blocked" if outcome.why == "blocked" else "withheld"
            case _:
                # A phone gives all its passes of ours in one tap: beside a known one the others are no newcomer's.
                if self._known == (sighting.reader, sighting.at):
                    self.tally.strangers += 1
                    return outcome
                found_there = None
                if self.elsewhere is not None and sighting.how != "near" and not asked:
                    found_there = await self.elsewhere.whose(card)
                if found_there == "coming":
                    self._last.pop(presented, None)
                    self.tally.presented -= 1
                    return await self.on_sighting(sighting, asked=True)
                self.tally.strangers += 1
                kind = "blocked" if found_there == "blocked" else "stranger"
        # Only what was held to a reader on purpose is answered.
        if sighting.how != "near":
            self.counts["stranger" if kind == "stranger" else "withheld"] += 1
            self.notes.add(
                kind,
                sighting.reader,
                now_ms,
                card=card if kind == "stranger" or self._may_join(kind, presented) else None,
                owner=(found.customer_id, presented) if found and kind == "withheld" else NOBODY,
                shown=shown,
            )
        return outcome

    def _may_join(self, kind: NoteKind, presented: bytes) -> bool:
        """Whether a card that saved without a name may become its holder's."""
        return kind == "withheld" and not tables.is_taken(self._db.reader, presented)

    async def _is_fresh(self, found: Found, presented: bytes, shown: Proof) -> bool:
        """Of whom the tap's own transaction did not recognise: whether the proof is another than the last."""
        assert shown.mark is not None
        if found.blocked:
            return True
        if found.may_recognise:
            return False  # then only the mark can have stood in the way
        return await self._db.apply(
            marks.take,
            presented,
            customer_id=found.customer_id,
            mark=shown.mark,
            now_ms=self._time.now_ms(),
        )

    def _repeats_pass(self, presented: bytes, of_pass: rotating.Shown) -> bool:
        """Whether the code of this half minute was there before: held once more, or copied off the screen."""
        return marks.is_spent(self._db.reader, presented, signed_ms=of_pass.window_ms)

    def _of_pass(self, presented: bytes, of_pass: rotating.Shown, reader: str, now_ms: int) -> Recognition:
        """What a code of a pass means that opens nothing: the same once more, an old picture, or made up."""
        if of_pass.when == "now":
            self.tally.repeats += 1
            return Repeat()
        if not tables.is_known(self._db.reader, presented):
            self.tally.strangers += 1
            self.notes.add("stranger", reader, now_ms)
            return Stranger()
        self.tally.replayed += 1
        self.notes.add("expired" if of_pass.when == "past" else "forged", reader, now_ms)
        return Replayed()

    def _replayed(self, reader: str, now_ms: int) -> Replayed:
        self.tally.replayed += 1
        self.notes.add("replayed", reader, now_ms)
        return Replayed()

    async def _saw(self, presented: bytes, sighting: Sighting, shown: Proof, now_ms: int) -> Sequence[Fact]:
        act = partial(
            acts.saw,
            credential=presented,
            reader=sighting.reader,
            how=sighting.how,
            evidence=shown.evidence,
            mark=shown.mark,
            now_ms=now_ms,
            new_id=self._new_id,
            recipient=self._recipient,
            quiet_ms=self._quiet_ms,
            watching=(watching := self._live.roles()),
        )
        done, gathered = await self._db.write_here(
            act, gather=partial(self.ahead.gather, now_ms=now_ms, roles=watching)
        )
        if done.facts and not isinstance(done.facts[0], TapReplayed):
            self.notes.clear()
            if gathered is not None:
                self.ahead.offer(gathered)
            self._live.tell("visits", done.seq)
            # Nothing above had to wait: now the streams write, then the rendering is made; then the next sighting.
            await asyncio.sleep(0)
        return done.facts

    def _scan(self, code: str, reader: str, now_ms: int, *, known_only: bool) -> bool:
        """Hold a scanned product for the tablets; False when it is none of ours and only those are wanted."""
        items = catalogue.scanned(self._db.reader, code)
        if not items and known_only:
            return False
        self.notes.hold_product(
            Scanned(items[0] if items else "", code if not known_only else "", reader, now_ms)
        )
        return True

    def _read_fob(self, code: str, reader: str, now_ms: int) -> None:
        try:
            fob = fobs.read(code)
        except fobs.FobError:
            self.notes.add("unreadable", reader, now_ms)
            return
        if fob is not None:
            self.notes.hold_fob(FobRead(fob, reader, now_ms))

    def _repeats(self, presented: bytes, reader: str, now_ms: int, shown: Proof) -> bool:
        last = self._last.get(presented)
        repeat = is_repeat(last, reader=reader, at_ms=now_ms, proof=shown)
        self._last[presented] = LastSeen(reader, now_ms, last.proof if last and repeat else shown)
        self._last.move_to_end(presented)
        # What is too old to be a repeat is forgotten at once: it may be a stranger's.
        while self._last:
            oldest = next(iter(self._last.values()))
            if len(self._last) <= MAX_LAST and now_ms - oldest.at_ms < SAME_TAP_MS:
                break
            self._last.popitem(last=False)
        return repeat
