"""Judges dead letters once more where what stood in their way is gone: of whoever joins at once, of all each hour.

Two hubs may take in the same moment what belongs together; a balance that did not open opens once its key is back;
a card that earned without a line may be one that another shop, without a line too, gave out that day.
"""

from collections.abc import Iterable, Sequence
from functools import partial
from itertools import chain, groupby, repeat
from typing import TYPE_CHECKING, Final

from msgspec import Raw

from edge.kit.sql import Connection
from sync import wire
from sync.hub import nobodys, verdicts, wallet
from sync.hub.config import Keys
from sync.hub.hq import news
from sync.hub.purses import Purses
from sync.hub.rounds import keep_on
from sync.hub.tables import devices, events
from sync.hub.tables import feed as partitions
from sync.hub.tables.events import Unknown
from sync.hub.tables.feed import Moved
from sync.hub.verdicts import Effects, Late

if TYPE_CHECKING:
    from sync.hub.app import Hub

EVERY_S: Final = 3_600.0
MOST: Final = (
    20_000  # customers a round and reason: whose letters stay what they are keep nobody else's waiting
)
SLICE: Final = 100  # customers in one transaction
# Dead letters of one customer; between a backup and a shop's next upload it is a handful.
_MOST_AGAIN: Final = 1_000


async def judge(hub: "Hub") -> None:
    """What was said of people whom the hub did not know, or could not count for, then, and can now."""
    whom = await hub.db.view(events.heard_of, most=MOST)
    for first in range(0, len(whom), SLICE):
        await hub.change(judge_again, hub.keys, whom[first : first + SLICE], now_ms=hub.now_ms())
    after = events.FIRST
    while letters := await hub.db.read(events.nobodys, after=after, most=nobodys.SLICE):
        if found := await hub.db.read(nobodys.known_by_now, hub.keys, letters):
            await hub.change(judge_cards, hub.keys, found, now_ms=hub.now_ms())
        after = letters[-1].place


async def keep_judging(
    hub: "Hub", *, at_once: bool = False, rests: Iterable[float] = repeat(EVERY_S)
) -> None:
    """`judge` until cancelled, for the first time `at_once` or after a rest; what fails is said, and tried again."""
    rest = chain([0.0] if at_once else [], rests).__next__
    await keep_on(lambda: judge(hub), rest=rest, log=hub.log, failed="judging_failed")


def again(conn: Connection, keys: Keys, customer_id: bytes, *, now_ms: int) -> Late:
    """Judge once more what shops said of somebody before the hub knew them, or had their key.

    A hub that was put back hears of a guest, perhaps, before it hears again that they joined. A letter that was
    taken is none any more, so that nothing is counted twice; of somebody erased nothing is found.
    """
    return _judged(conn, keys, events.unknown(conn, customer_id, most=_MOST_AGAIN), now_ms=now_ms)


def _judged(conn: Connection, keys: Keys, letters: Sequence[Unknown], *, now_ms: int) -> Late:
    done = Late([], [])
    once_more = partial(again, conn, keys, now_ms=now_ms)
    for (device_id, epoch), its in groupby(letters, key=lambda each: (each.device_id, each.epoch)):
        device = devices.device(conn, device_id)
        if device is None:
            continue
        whose = verdicts.whose(device, devices.hub_epoch(conn), now_ms=now_ms, epoch=epoch)
        purses = Purses(conn, keys, now_ms=now_ms, **whose)
        effects = Effects(device, epoch, now_ms, purses)
        for letter in its:
            fact = wire.Event(letter.seq, letter.at_ms, letter.kind, Raw(letter.body))
            read = verdicts.read(fact, letter.hash)
            kept = verdicts.judged(conn, keys, read, effects=effects, again=once_more)
            events.judge(conn, letter, kept)
        done.lines.extend(effects.lines + wallet.rows(conn, purses.keep()))
        done.told.extend(effects.told)
    return done


def judge_again(conn: Connection, keys: Keys, whom: Sequence[bytes], *, now_ms: int) -> list[Moved]:
    """Judge once more what was said of these, of whom the hub knows more by now; the partitions that grew.

    Two hubs on one database may take two uploads in one moment, neither seeing who joined in the other's.
    """
    return _told(conn, [again(conn, keys, each, now_ms=now_ms) for each in whom])


def judge_cards(conn: Connection, keys: Keys, letters: Sequence[Unknown], *, now_ms: int) -> list[Moved]:
    """Judge once more what cards earned that are somebody's by now; the partitions that grew."""
    return _told(conn, [_judged(conn, keys, letters, now_ms=now_ms)])


def _told(conn: Connection, done: Sequence[Late]) -> list[Moved]:
    news.tell(conn, [one for each in done for one in each.told])
    return partitions.publish(conn, [line for each in done for line in each.lines])
