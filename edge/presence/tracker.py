"""The engine: readings of devices that resolve go in; places, comings and goings come out. No clock and no I/O.

Whoever runs it says what time it is, with each reading and with `pass_time`. Everything it holds of a device is in
memory and goes at the latest `FORGET_S` after the device was heard last, or at once with `forget`.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from edge.presence import rules
from edge.presence.copies import Copies, Far, Replayed
from edge.presence.estimate import Estimate, Locator
from edge.presence.floor import Floor
from edge.presence.health import Health
from edge.presence.rules import Happened, Reception, Seen, Stay

FORGET_S: Final = 120.0  # of raw signals: after so long they say nothing of where somebody is
GAP_SHARE: Final = 0.1  # of the newest gap in a device's usual one
MOST_GAP_S: Final = 30.0  # a longer one is an absence, not a rhythm
LEAST_GAP_S: Final = 0.05
LOOK_S: Final = 0.5  # with many devices there are many moments: who else has left is asked so often
NOWHERE: Final = Estimate(None, 0.0)


@dataclass(frozen=True, slots=True)
class Reading:
    """One reception of a device that resolves, by one scanner."""

    at_s: float
    scanner: str
    device: str
    rssi_dbm: float


@dataclass(frozen=True, slots=True)
class Place:
    """Where a device is thought to be at a moment at which it was heard, and who heard it best."""

    at_s: float
    device: str
    estimate: Estimate
    scanner: str
    rssi_dbm: float


@dataclass(slots=True)
class _Device:
    locator: Locator
    estimate: Estimate = NOWHERE
    at_s: float = float("-inf")
    gap_s: float = 1.0
    receptions: deque[Reception] = field(default_factory=lambda: deque(maxlen=64))
    copies: Copies = field(default_factory=Copies)


Out = Place | Happened | Replayed


class Tracker:
    """All devices on one floor. `locate` makes a device's locator, `new_visit` the id of a visit, `customer_of` says
    whose a device is: several devices of one customer are one visit.
    """

    def __init__(
        self,
        floor: Floor,
        *,
        locate: Callable[[], Locator],
        new_visit: Callable[[], str],
        customer_of: Callable[[str], str] = str,
    ) -> None:
        self._floor = floor
        self._locate = locate
        self._new_visit = new_visit
        self._customer_of = customer_of
        self._devices: dict[str, _Device] = {}
        self._stays: dict[str, Stay] = {}
        self._looked_s = float("-inf")  # when everybody was asked last whether they had left
        self._far = Far(floor)
        self._was_deaf = False
        self._hearing_since_s = float("-inf")  # when scanners came back that had all been offline
        self.health = Health()
        self.fixed: frozenset[str] = floor.beacons  # tags of the shop's own that hang somewhere: nobody
        self.carried: frozenset[str] = frozenset()  # and those that are walked around: nobody either

    def hear(self, at_s: float, readings: Sequence[Reading]) -> list[Out]:
        """Take in what was heard at one moment, for each device its place, then what happened to its customer.

        What had to happen by then (somebody left) comes first. Readings of one moment belong in one call.
        """
        self._listen(at_s)
        for reading in readings:
            self.health.heard(reading.scanner, at_s)
            if reading.device in self.fixed:
                self.health.heard_tag(reading.device, reading.scanner, at_s)
        self._listen(at_s)
        out: list[Out] = []
        if abs(at_s - self._looked_s) >= LOOK_S:
            out += self.pass_time(at_s)
        by_device: dict[str, dict[str, list[float]]] = {}
        for reading in readings:
            if reading.device not in self.fixed and reading.device not in self.carried:
                heard = by_device.setdefault(reading.device, {}).setdefault(reading.scanner, [])
                heard.append(reading.rssi_dbm)
        alive = self.health.alive(at_s)
        for name, of_scanners in by_device.items():
            device = self._devices.get(name)
            if device is None:
                device = self._devices[name] = _Device(self._locate())
            elif device.at_s > at_s:
                continue  # from the past of this very device: it would move it back
            out += self._leave(self._customer_of(name), at_s)
            means = {scanner: sum(each) / len(each) for scanner, each in of_scanners.items()}
            self._note(device, at_s, [scanner for scanner, each in of_scanners.items() for _ in each])
            device.estimate = device.locator.hear(at_s, means, alive=alive)
            if (zones := device.copies.hear(at_s, means, self._far)) is not None:
                out.append(Replayed(at_s, name, zones))
            best = max(means, key=lambda scanner: means[scanner])
            out.append(Place(at_s, name, device.estimate, best, means[best]))
            out += self._follow(name, device)
        return out

    def pass_time(self, at_s: float) -> list[Happened]:
        """Who has left by now, in order of time; and what is too old of anybody is forgotten."""
        self._looked_s = at_s
        self._listen(at_s)
        gone = [each for customer in list(self._stays) for each in self._leave(customer, at_s)]
        for name, device in list(self._devices.items()):
            if at_s - device.at_s > FORGET_S:
                del self._devices[name]
        return sorted(gone, key=lambda each: each.at_s)

    def _leave(self, customer: str, at_s: float) -> list[Happened]:
        """That this customer has left by now, where it is so and was not said."""
        stay = self._stays.get(customer)
        if stay is None:
            return []
        if stay.left_s is not None:
            if not rules.same_visit(stay, at_s=at_s):
                del self._stays[customer]
            return []
        ends_s = rules.leaves_at_s(
            stay,
            entrances=self._floor.entrances,
            deaf=self._deaf(at_s),
            hearing_since_s=self._hearing_since_s,
        )
        if ends_s > at_s:
            return []
        self._stays[customer] = replace(stay, left_s=ends_s)
        return [Happened("left", ends_s, stay.seen.device, stay.zone, stay.visit)]

    def _listen(self, at_s: float) -> None:
        """Note when the scanners came back, whether they said so or were heard."""
        deaf = self._deaf(at_s)
        if self._was_deaf and not deaf:
            self._hearing_since_s = at_s
        self._was_deaf = deaf

    def _deaf(self, at_s: float) -> bool:
        return all(self.health.hears_nothing(scanner.id, at_s) for scanner in self._floor.scanners)

    def relocate(self, locate: Callable[[], Locator]) -> None:
        """Another calibration: everybody who is here is placed by it from their next reading on."""
        self._locate = locate
        for device in self._devices.values():
            device.locator = locate()

    def forget(self, customer: str) -> None:
        """The customer no longer wants to be seen: nothing of theirs is left, and nothing more is said."""
        self._stays.pop(customer, None)
        for name in [name for name in self._devices if self._customer_of(name) == customer]:
            del self._devices[name]

    def last_s(self, device: str) -> float:
        """When this device was heard last, minus infinity if it is not remembered."""
        held = self._devices.get(device)
        return held.at_s if held else float("-inf")

    def remembered(self) -> frozenset[str]:
        """Who is here, or left so lately that a return is the same visit."""
        return frozenset(self._stays)

    def stays(self) -> Mapping[str, Stay]:
        """Who is here now, by customer."""
        return {customer: stay for customer, stay in self._stays.items() if stay.left_s is None}

    def _note(self, device: _Device, at_s: float, scanners: Sequence[str]) -> None:
        gap_s = at_s - device.at_s
        if LEAST_GAP_S <= gap_s <= MOST_GAP_S:
            device.gap_s += GAP_SHARE * (gap_s - device.gap_s)
        device.at_s = at_s
        device.receptions.extend(Reception(at_s, scanner) for scanner in scanners)
        while device.receptions and at_s - device.receptions[0].at_s > rules.RECEPTIONS_S:
            device.receptions.popleft()

    def _follow(self, name: str, device: _Device) -> list[Happened]:
        """What its being heard means for the customer."""
        customer = self._customer_of(name)
        stay = self._stays.get(customer)
        seen = Seen(device.at_s, name, device.estimate, device.gap_s)
        if stay is not None and stay.left_s is None:
            if not self._leads(name, device, stay):
                # Heard, so still here; where is the other device's to say.
                self._stays[customer] = replace(stay, seen=replace(stay.seen, at_s=device.at_s))
                return []
            self._stays[customer], happened = rules.seen_in(stay, seen)
            return [happened] if happened else []
        zone = device.estimate.zone
        if zone is None or not rules.enters(device.receptions, device.estimate, at_s=device.at_s):
            return []
        if device.copies.holds(device.at_s):
            return []
        if stay is not None and rules.same_visit(stay, at_s=device.at_s):
            visit, since_s, dwelt = stay.visit, stay.since_s, stay.dwelt
        else:
            visit, since_s, dwelt = self._new_visit(), device.at_s, frozenset[str]()
        self._stays[customer] = Stay(visit, zone, since_s, device.at_s, seen, dwelt=dwelt)
        return [Happened("entered", device.at_s, name, zone, visit)]

    def _leads(self, name: str, device: _Device, stay: Stay) -> bool:
        """Whether this device says where the customer is: the one that did, until it has been silent."""
        if name == stay.seen.device:
            return True
        other = self._devices.get(stay.seen.device)
        return other is None or device.at_s - other.at_s > rules.FRESH_S
