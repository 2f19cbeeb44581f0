"""The stage behind `/demo`: six people, a switch for the internet, and a day that plays while nobody else does."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

from edge.app import Edge
from edge.demo.cable import Cable
from edge.demo.day import DAY, FIRST_S, Scene
from edge.demo.office import Office
from edge.demo.people import Person
from edge.demo.shop import closing_figures, give_fob, redeem_stamps
from edge.demo.walk import Walk, fob_of
from edge.outbox import depth
from edge.recognition.tables import may_recognise
from staff_ui.desk import Saying, StageLetter, StagePerson, StageState

STRANGER: Final = "2000000000015"  # nobody's card
_SEEN_S: Final = 5.0  # the page asks for the state every second; silent for longer, nobody is watching


class Stage:
    """Implements `staff_ui.desk.Stage`. `hold` writes a card number to the counter's line, which is a scan;
    `answer` is a phone that answers the reader there, which may redeem, unlocked by its owner or not."""

    def __init__(
        self,
        cast: Sequence[Person],
        *,
        birthdays: Sequence[tuple[int, int] | None],
        office: Office,
        cable: Cable,
        hold: Callable[[str], None],
        answer: Callable[[str, bool], None],
        walk: Walk,
        staff: str,
        pin: str,
    ) -> None:
        self.people = tuple(
            StagePerson(each.name, each.barcode, birthday)
            for each, birthday in zip(cast, birthdays, strict=True)
        )
        self.stranger = STRANGER
        self.staff, self.pin = staff, pin
        self.hub = office.address
        self._cast = cast
        self._office = office
        self._cable = cable
        self._hold = hold
        self._answer = answer
        self._walk = walk
        self._edge: Edge | None = None
        self._chosen = 0
        self._caption = Saying("stage.intro")
        self._playing = False
        self._from_seq = 0  # the last fact that the hub held when the cable was cut
        self._cut_ms = 0
        self._joined = False
        self._figures: tuple[Saying, ...] = ()
        self._seen_s = self._opened_s = self._touched_s = 0.0
        self._wake = asyncio.Event()
        self._over = asyncio.Event()

    def join(self, edge: Edge) -> None:
        """The appliance that stands on this stage, once it is open."""
        self._edge = edge
        radio = edge.house.radio
        assert radio is not None, "the stage has a floor"
        self._walk.plan, self._walk.resolve = radio.plan, radio.resolve

    def tap(self, barcode: str, *, unlocked: bool = False) -> None:
        self._take_over()
        self._caption = self._about(barcode)
        self._present(barcode, unlocked=unlocked)

    def _about(self, barcode: str) -> Saying:
        """What a card that is held to the reader means: known, known and not to be recognised, or nobody's."""
        house = self._opened().house
        for person in self._cast:
            if person.barcode == barcode:
                conn, who = house.db.reader, person.customer_id
                recipient, now_ms = house.config.shop.recipient, house.time.now_ms()
                may = may_recognise(conn, who, recipient=recipient, now_ms=now_ms)
                said = "stage.day.known" if may else "stage.declined"
                return Saying(said, {"name": person.traits["name"]["short"]})
        return Saying("stage.day.stranger")

    async def walk(self, who: int, zone: str) -> None:
        """One of the six comes in with their fob, goes to a zone, or leaves where it is empty."""
        self._take_over()
        person = self._cast[who]
        fob = fob_of(person.barcode)
        if await give_fob(self._opened(), person.customer_id, fob):
            self._chosen = who
            self._caption = Saying(
                "stage.walks" if zone else "stage.walks_out", {"name": person.traits["name"]["short"]}
            )
            self._walk.go(person.barcode, fob, zone)

    async def internet(self, on: bool) -> None:
        self._take_over()
        self._switch(on)

    async def play(self, on: bool) -> None:
        """Start the day, or stop it where it is."""
        if on and not self._playing:
            self._figures = ()
            self._playing = True
            self._wake.set()
        elif not on:
            self._take_over()

    async def phone(self, *, apart: bool = False) -> str | None:
        """Where the chosen customer's own page is, with a code that works once; None when they were forgotten."""
        return await self._office.phone(self._cast[self._chosen].customer_id, apart=apart)

    def letters(self) -> Sequence[StageLetter]:
        return self._office.letters()

    def office(self) -> str:
        return self._office.desk(self._cast[self._chosen].customer_id)

    def watched(self) -> bool:
        return self._now_s() - self._seen_s < _SEEN_S

    def state(self) -> StageState:
        now_s = self._now_s()
        if not self.watched():
            self._opened_s = now_s
        self._seen_s = now_s
        return StageState(
            internet=self._cable.whole,
            playing=self._playing,
            caption=self._caption,
            line=self._line(),
            chosen=self._chosen,
            figures=self._figures,
            where=self._where(),
        )

    def _where(self) -> tuple[str, ...]:
        """In which zone the tracker believes each of the six, empty where they are not here."""
        radio = self._opened().house.radio
        stays = radio.nearby.tracker.stays() if radio is not None else {}
        found = [stays.get(each.customer_id.hex()) for each in self._cast]
        return tuple(stay.zone if stay is not None else "" for stay in found)

    async def run(self) -> None:
        """Play the day once somebody has looked at the untouched stage for a while, or asked for it."""
        played = False
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(
                    1.0
                ):  # `wait_for` may lose our own being cancelled (before Python 3.12)
                    await self._wake.wait()
            self._wake.clear()
            waited = self.watched() and not self._touched_s and self._now_s() - self._opened_s >= FIRST_S
            if not self._playing and (played or not waited):
                continue
            self._playing = played = True
            self._over.clear()
            await self._day()
            self._playing = False

    async def _day(self) -> None:
        for scene in DAY:
            await self._act(scene)
            with suppress(TimeoutError):
                async with asyncio.timeout(scene.wait_s):
                    await self._over.wait()
            if self._over.is_set():
                return

    async def _act(self, scene: Scene) -> None:
        edge, person = self._opened(), self._cast[scene.who]
        self._caption = Saying(scene.say, {"name": person.traits["name"]["short"]})
        match scene.act:
            case "open":
                for each in self._cast:  # somebody may have stopped being recognised on another day
                    await self._office.allow(each.customer_id)
            case "tap":
                self._present(person.barcode)
            case "stranger":
                self._present(STRANGER)
            case "cut":
                self._switch(False)
            case "join":
                self._switch(True)
            case "redeem":
                await redeem_stamps(edge, person.customer_id, by=self.staff)
            case "stop":
                await self._office.stop(person.customer_id)
            case "allow":
                await self._office.allow(person.customer_id)
            case "close":
                self._figures = closing_figures(edge)

    def _present(self, barcode: str, *, unlocked: bool = False) -> None:
        for place, person in enumerate(self._cast):
            if person.barcode == barcode:
                self._chosen = place
                self._answer(barcode, unlocked)
                return
        self._hold(barcode)

    def _switch(self, on: bool) -> None:
        house = self._opened().house
        if on and not self._cable.whole:
            self._cable.join()
            self._joined = True
            agent = self._opened().agent
            if agent is not None:
                agent.wake()
        elif not on and self._cable.whole:
            self._cable.cut()
            self._joined = False
            self._cut_ms = house.time.now_ms()
            (self._from_seq,) = house.db.reader.execute("SELECT acked FROM outbox_head").fetchone()

    def _line(self) -> Saying:
        """The internet in one sentence, as far as this box can know."""
        house = self._opened().house
        waiting = depth(house.db.reader)
        if not self._cable.whole:
            return Saying("stage.line.out", {"waiting": waiting, "since_ms": self._cut_ms})
        if self._joined:
            (head,) = house.db.reader.execute("SELECT seq FROM outbox_head").fetchone()
            sent, twice = self._office.sent(after=self._from_seq)
            return Saying("stage.line.back", {"sent": sent, "of": head - self._from_seq, "twice": twice})
        return Saying("stage.line.well")

    def _take_over(self) -> None:
        self._touched_s = self._now_s()
        if self._playing and not self._over.is_set():
            self._over.set()
            self._switch(True)  # what the day had cut; whoever takes over finds the line whole
        self._caption = Saying("stage.yours")

    def _opened(self) -> Edge:
        assert self._edge is not None, "the stage is used before its appliance is open"
        return self._edge

    def _now_s(self) -> float:
        return asyncio.get_running_loop().time()
