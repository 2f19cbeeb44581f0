"""The house's radio: whose the readers hear, whether they may be known right now, and what presence makes of it.

A shop without radio readers never loads any of it.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from drivers.catalogue import RADIO
from drivers.reader import Idle, Sighting
from drivers.settings import ReaderSettings
from edge.calibrating import NAME, Calibrating
from edge.config import Config
from edge.consent.facts import ConsentWithdrawn
from edge.facts import Fact
from edge.kit.child import Start
from edge.kit.clock import ShopTime
from edge.kit.errors import ConfigError
from edge.kit.ids import NewId
from edge.kit.log import Log
from edge.kit.sqlite import Database
from edge.live import Live
from edge.nearby import Nearby
from edge.presence import beacons, tags
from edge.presence.copies import Replayed
from edge.presence.files import read_floor, read_plan
from edge.presence.floor import Floor, Scanner, Zone
from edge.presence.lookout import Lookout
from edge.presence.moments import moments
from edge.presence.plan import Plan, draw
from edge.presence.process import Worker
from edge.presence.strongest import Strongest
from edge.presence.tracker import Reading
from edge.presence.walk import Tally
from edge.visits import tables as visits

# Receptions of one advert by several scanners come some 100 ms apart; they are one moment. Nobody sees the delay.
BEAT_S: Final = 0.25
# What took longer on its way says nothing of where anybody is now.
LATE_S: Final = 2.0
MOST_REPLAYS: Final = 20  # that a manager is shown
# Each device that is heard is asked about anew as often: a consent that ends by the clock tells nobody.
ASK_S: Final = 2.0
# Devices whose customer is remembered without being asked: those who are here, and some who just left.
MOST_OWNERS: Final = 5_000
SHOP: Final = "shop"  # the one zone of a shop without a floor file
Guard = Callable[[Awaitable[object]], Awaitable[None]]


@dataclass(slots=True)
class Heard:
    """Totals since the start, about nobody."""

    readings: int = 0
    withheld: int = 0  # of devices whose customer may not be known right now
    late: int = 0
    replayed: int = 0


@dataclass(frozen=True, slots=True)
class _Owner:
    customer: str
    asked_s: float


@dataclass(frozen=True, slots=True)
class Replay:
    """One identifier was heard close by in two zones at once; of whom it is nobody is told."""

    at_ms: int
    zones: tuple[str, str]


@dataclass(slots=True)
class _Waiting:
    readings: list[Reading] = field(default_factory=list)


class Radio:
    """One a house, used from its event loop. `resolve` is what radio readers ask; `run` until cancelled."""

    def __init__(
        self,
        db: Database[Fact],
        live: Live,
        time: ShopTime,
        new_id: NewId,
        *,
        start: Start,
        floor: Floor | None,
        scanners: Sequence[str],
        quiet_ms: int,
        log: Log,
        plan: Plan | None = None,
        calibration: tuple[Path, Path] | None = None,
    ) -> None:
        """`scanners` are the readers that stand for the shop's only zone where there is no floor file."""
        self._db = db
        self._time = time
        self._recipient = start.recipient
        self._plain = floor is None
        self.floor = floor or _one_zone(scanners)
        self.plan = plan or draw(self.floor, {})
        self._owners: dict[str, _Owner] = {}
        self._waiting = _Waiting()
        self.tags: dict[str, str] = {}  # the shop's own, and the zone in which each hangs
        self._through: dict[str, set[str]] = {}  # reader -> the scanners that are heard through it
        self.heard = Heard()
        self.lookout = Lookout(db, time, Worker(start), recipient=start.recipient, log=log)
        self.nearby = Nearby(
            self.floor,
            db,
            live,
            time,
            new_id,
            locate=lambda: Strongest(self.floor),
            customer_of=lambda device: self._owners[device].customer,
            recipient=start.recipient,
            quiet_ms=quiet_ms,
            on_replay=self._on_replay,
        )
        self._log = log
        self.replays: deque[Replay] = deque(maxlen=MOST_REPLAYS)
        self.tally = Tally()
        self.calibrating = None
        if calibration is not None:
            own, configured = calibration
            self.calibrating = Calibrating(
                self.floor, self.nearby.tracker, own=own, configured=configured, log=log
            )
        db.listeners.append(self._on_facts)
        self._take_tags()

    def resolve(self, said: bytes, at_s: float) -> str | None:
        """By the shop's own time, which a clock that is set wrong does not turn back."""
        return self.lookout.resolver(said, self._time.now_ms() / 1000)

    async def on_sighting(self, sighting: Sighting) -> None:
        """One advert of a device that resolved; it waits for the beat, and for what others heard of it."""
        token = sighting.token
        if token is None or token.kind != "eid":
            return
        scanner, rssi_dbm = token.about.get("scanner"), token.about.get("rssi_dbm")
        if not isinstance(scanner, str) or not isinstance(rssi_dbm, int | float):
            return
        now_s = self._time.now_ms() / 1000
        # By the machine's own clock, as readers say when something was: the shop's may be held up.
        age_s = max(0.0, (datetime.now(UTC) - sighting.at).total_seconds())
        if age_s > LATE_S:
            self.heard.late += 1
            return
        if token.value not in self.tags and not self._may_know(token.value, now_s):
            self.heard.withheld += 1
            return
        self.heard.readings += 1
        where = sighting.reader if self._plain else scanner
        self._through.setdefault(sighting.reader, set()).add(where)
        self.tally.heard(where, now_s)
        self._waiting.readings.append(Reading(now_s - age_s, where, token.value, float(rssi_dbm)))

    def on_idle(self, idle: Idle) -> None:
        """What a reader says of its own scanners."""
        for scanner, online in idle.scanners:
            if not self._plain:
                self._through.setdefault(idle.reader, set()).add(scanner)
                self.nearby.tracker.health.said(scanner, online=online)

    def place(self, scanner: str, language: str) -> str:
        """The zone in which this scanner hangs, as the shop calls it; the scanner's own id where it has none."""
        zone = next((each.zone for each in self.floor.scanners if each.id == scanner), "")
        room = self.plan.room(zone) if zone else None
        return room.name(language) if room is not None else scanner

    def on_reader(self, reader: str, *, up: bool) -> None:
        """A reader went or came, and with it every scanner that is heard through it: their silence says nothing."""
        for scanner in {reader, *self._through.get(reader, ())}:
            self.nearby.tracker.health.said(scanner, online=up)

    def changed(self, customers: Iterable[bytes]) -> None:
        """Something about these customers changed; who may no longer be known is gone when this returns."""
        people = list(customers)
        self.lookout.changed(people)
        now_ms = self._time.now_ms()
        for customer_id in people:
            if not visits.may_be_near(self._db.reader, customer_id, recipient=self._recipient, now_ms=now_ms):
                self._forget(customer_id.hex())

    def dropped(self, ids: Iterable[bytes]) -> None:
        """These devices are nobody's any more."""
        devices = {id_.hex() for id_ in ids}
        self.lookout.dropped(bytes.fromhex(each) for each in devices)
        # With another device that they have they are back within seconds, and in the same visit.
        for customer in {self._owners[each].customer for each in devices if each in self._owners}:
            self._forget(customer)

    def tags_changed(self, *, gone: Iterable[bytes] = ()) -> None:
        """A tag of the shop's own was put up or taken down; it is so when this returns."""
        self.lookout.dropped(gone)
        self._take_tags()
        self.lookout.known(bytes.fromhex(each) for each in self.tags)

    def _take_tags(self) -> None:
        before = self.tags
        self.tags = {id_.hex(): zone for id_, zone in tags.zones(self._db.reader).items()}
        tracker, now_s = self.nearby.tracker, self._time.now_ms() / 1000
        hung = {tag for tag, zone in self.tags.items() if zone != tags.CARRIED}
        tracker.fixed, tracker.carried = self.floor.beacons | hung, frozenset(self.tags) - hung
        for tag in before:
            if self.tags.get(tag) != before[tag]:
                tracker.health.taken_down(tag)
        for tag in hung:
            near = [each.id for each in self.floor.scanners if each.zone == self.tags[tag]]
            tracker.health.put_up(tag, near, now_s)
        if self.calibrating is not None:
            self.calibrating.device = next(iter(tracker.carried), "")

    async def run(self, guard: Guard) -> None:
        """Windows ahead, and the beat; `guard` takes what the disk cannot."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.lookout.run())
            group.create_task(self._beats(guard))

    async def _beats(self, guard: Guard) -> None:
        while True:
            await asyncio.sleep(BEAT_S)
            readings, self._waiting.readings = self._waiting.readings, []
            now_s = self._time.now_ms() / 1000
            for at_s, moment in moments(readings, within_s=BEAT_S, last_s=self.nearby.tracker.last_s):
                await guard(self.nearby.hear(at_s, moment))
                if self.calibrating is not None:
                    await guard(self.calibrating.hear(at_s, moment))
            await guard(self.nearby.pass_time(now_s))
            if self.calibrating is not None:
                await guard(self.calibrating.hear(now_s, ()))

    def _on_replay(self, replayed: Replayed) -> None:
        self.heard.replayed += 1
        self.replays.append(Replay(round(replayed.at_s * 1000), replayed.zones))
        self._log("presence_replayed", hint="nobody was greeted by it; see the page of the scanners")

    def _may_know(self, device: str, now_s: float) -> bool:
        held = self._owners.get(device)
        if held is not None and 0 <= now_s - held.asked_s < ASK_S:
            return True
        customer_id = None
        with suppress(ValueError):  # a device of somebody else's key list
            customer_id = beacons.owner(
                self._db.reader, bytes.fromhex(device), recipient=self._recipient, now_ms=round(now_s * 1000)
            )
        if customer_id is None:
            if held is not None:
                self._forget(held.customer)
            return False
        if held is None and len(self._owners) >= MOST_OWNERS:
            self._drop_absent()
        self._owners[device] = _Owner(customer_id.hex(), now_s)
        return True

    def _forget(self, customer: str) -> None:
        """Nothing of theirs stays: no reading that waits, no stay, no name of a device."""
        devices = {device for device, owner in self._owners.items() if owner.customer == customer}
        self._waiting.readings = [each for each in self._waiting.readings if each.device not in devices]
        self.nearby.forget(customer)
        for device in devices:
            del self._owners[device]

    def _drop_absent(self) -> None:
        here = set(self.nearby.tracker.remembered())
        waiting = {each.device for each in self._waiting.readings}  # of whom the next beat asks
        for device in [each for each, owner in self._owners.items() if owner.customer not in here]:
            if device not in waiting and self.nearby.tracker.last_s(device) == float("-inf"):
                del self._owners[device]

    def _on_facts(self, facts: Sequence[Fact]) -> None:
        self.changed(
            fact.customer_id
            for fact in facts
            if isinstance(fact, ConsentWithdrawn) and fact.purpose in ("recognition", "location")
        )


def open_radio(
    config: Config,
    db: Database[Fact],
    live: Live,
    time: ShopTime,
    new_id: NewId,
    *,
    start: Start,
    log: Log,
) -> Radio:
    """The radio of this configuration, `start` for its worker; raises ConfigError for a floor that cannot be read."""
    floor = read_floor(config.presence.floor) if config.presence.floor.exists() else None
    walked = (config.store.state / NAME, config.presence.calibration)
    return Radio(
        db,
        live,
        time,
        new_id,
        start=start,
        floor=floor,
        scanners=_own_scanners(config.readers),
        quiet_ms=config.visits.quiet_min * 60_000,
        log=log,
        plan=read_plan(config.presence.floor) if floor is not None else None,
        calibration=walked if floor is not None else None,
    )


def _own_scanners(readers: Iterable[ReaderSettings]) -> list[str]:
    return [each.name for each in readers if each.kind in RADIO]


def _one_zone(scanners: Sequence[str]) -> Floor:
    """A shop that only knows whether somebody is in it."""
    if not scanners:
        raise ConfigError(
            "presence has neither a floor nor a radio reader", code="P11", hint="write a floor file"
        )
    zone = Zone(SHOP, frozenset(), entrance=True)
    return Floor(name="", zones=(zone,), scanners=tuple(Scanner(each, SHOP) for each in scanners))
