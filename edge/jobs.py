"""Clockwork: visits end, consents expire at their minute, times on the tablets turn; when what is old goes."""

import asyncio
from base64 import b64encode
from collections import Counter
from collections.abc import Awaitable
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge import centre, newcomers, pruning
from edge.consent.tables import FOREVER_MS
from edge.facts import Fact
from edge.files import suspect
from edge.guests import acts as guests
from edge.guests.facts import GuestLeft
from edge.guests.tables import Stay
from edge.house import House
from edge.insight import tables as insight
from edge.insight.days import day_of
from edge.kit.errors import Corrupt, StoreError
from edge.kit.sqlite import Committed
from edge.looks import acts as looks
from edge.looks import alarms
from edge.recognition import marks
from edge.record import set_clock
from edge.visits import acts
from edge.visits import tables as visits
from edge.visits.facts import VisitEnded

MINUTE_S: Final = 60.0
# One small commit; every fact writes the mark too.
MARK_S: Final = 10.0
PRUNE_EVERY_MINUTES: Final = 60
EXPIRE_EVERY_MINUTES: Final = 24 * 60
EXPIRE_AFTER_MINUTES: Final = 5  # of a start: a shop that is switched off at night expires too


def _announce(house: House, done: Committed[Fact]) -> None:
    if done.facts:
        house.live.tell("visits", done.seq)


async def attempt(house: House, step: Awaitable[object]) -> None:
    """Take a step that writes. A store that cannot is said once, shown by health, and tried again later."""
    try:
        await step
    except StoreError as error:
        store_down(house, error)
        return
    if house.health.store:
        house.health.store = ""
        house.log("store_up")
        house.live.tell("visits")


def store_down(house: House, error: StoreError) -> None:
    """Show, and say once, that the store cannot write; `keep_time` finds out when it can again."""
    if house.health.store != error.code:
        house.health.store = error.code
        house.log("store_down", code=error.code, hint=error.hint)
        house.live.tell("visits")


async def keep_time(house: House) -> None:
    """Write the clock's mark down, so that a power cut and a clock set back revive at most MARK_S of the past."""
    while True:
        await asyncio.sleep(MARK_S)
        await attempt(house, house.db.apply(set_clock, house.time.now_ms()))
        if house.db.unscrubbed:
            await attempt(house, house.db.scrub())
        await attempt(house, keep_lease(house))
        await attempt(house, newcomers.lay_in_again(house))
        watch_clock(house)


async def keep_lease(house: House) -> None:
    """Note that the hub was heard; say it, once each way, when that is so long ago that consents count no more."""
    for_ms, health = house.config.hub.lease_days * centre.DAY_MS, house.health
    if health.heard_ms:
        await house.db.apply(centre.extend_lease, heard_ms=health.heard_ms, for_ms=for_ms)
        health.heard_ms = 0
    over = house.time.now_ms() >= centre.lease_until_ms(house.db.reader)
    if over != health.lease_over:
        health.lease_over = over
        house.log("lease_over" if over else "lease_renewed")
        house.live.tell("visits")


def watch_clock(house: House) -> None:
    """Say it when somebody set the box's clock, once each way."""
    stepped = house.time.stepped()
    if stepped != house.health.clock:
        house.health.clock = stepped
        house.log("clock_stepped", kind=stepped or "right")
        house.live.tell("visits")


async def end_on_damage(house: House) -> None:
    """Stop the house when a file turns out damaged: the next start sets it aside, or says what to do."""
    await house.db.damage.wait()
    suspect(house.config.store.state)
    raise Corrupt(
        "a database file is damaged",
        code="S02",
        hint="Welkom starts again by itself: it fetches replica.db anew, and says what to do about journal.db",
    )


async def each_minute(house: House) -> None:
    """Turn the minute: quiet visits end, the tablets' "3 min" becomes "4 min"."""
    minute = 0
    while True:
        await asyncio.sleep(MINUTE_S)
        minute += 1
        now_ms = house.time.now_ms()
        await attempt(house, end_quiet(house))
        await attempt(house, leave_guests(house))
        await attempt(house, count_day(house))
        await attempt(house, tell_looks(house))
        await attempt(house, watch_looks(house))
        await attempt(house, house.db.forget(marks.drop_spent, now_ms=now_ms))
        if minute % PRUNE_EVERY_MINUTES == 0:
            await attempt(house, pruning.sweep(house, now_ms))
        await drop_old(house, minute)
        if minute == EXPIRE_AFTER_MINUTES:
            await attempt(house, house.db.sweep_late())
        if visits.count_some(house.db.reader, 1) or house.counter.notes.now():
            house.live.tell("visits")


async def tell_looks(house: House) -> None:
    """Send the new lines of the chain of looks up, signed: what the hub holds nobody here can change."""
    if house.health.alone:
        return
    key = Ed25519PrivateKey.from_private_bytes(house.keys.device_key)

    def sign(text: bytes) -> str:
        return b64encode(key.sign(text)).decode()

    while (await house.db.write(looks.tell, sign=sign, now_ms=house.time.now_ms())).facts:
        pass


async def watch_looks(house: House) -> None:
    """Judge the looks; a manager's page shows what to ask about."""
    rules = house.config.looks
    raised = await house.db.apply(
        alarms.watch,
        now_ms=house.time.now_ms(),
        most_an_hour=rules.most_an_hour,
        alone_ms=rules.alone_min * 60_000,
    )
    if raised:
        house.log("looks_to_ask_about", count=raised)


async def drop_old(house: House, minute: int) -> None:
    """Delete in its minute what is past its time, by a clock that is sure: what went never comes back."""
    now_ms = house.time.sure_ms()
    if now_ms is None:
        return
    if minute % PRUNE_EVERY_MINUTES == 0:
        await attempt(house, pruning.prune(house.db, now_ms=now_ms, alone=house.health.alone))
    if minute % EXPIRE_EVERY_MINUTES == EXPIRE_AFTER_MINUTES:
        await attempt(house, pruning.drop_expired(house, now_ms))


async def count_day(house: House) -> None:
    """Write down what the counter counted since the last time: a stranger must not cost a commit each."""
    counts = dict(house.counter.counts)
    if counts:
        day = day_of(house.time.now_ms(), house.config.shop.timezone)
        await house.db.apply(insight.add_all, day, counts)
        house.counter.counts.subtract(counts)
        house.counter.counts += Counter()  # without those that are at nothing now


async def end_quiet(house: House) -> None:
    """End every visit whose quiet period has passed."""
    while True:
        done = await house.db.write(
            acts.end_quiet, now_ms=house.time.now_ms(), quiet_ms=house.config.visits.quiet_min * 60_000
        )
        _announce(house, done)
        if not done.facts:
            return


async def leave_guests(house: House) -> None:
    """Forget the members of another shop whose visit is over, here and by word to the hub."""
    done = await house.db.write(guests.leave, now_ms=house.time.now_ms())
    stays = [Stay(each.customer_id, each.since_ms) for each in done.facts if isinstance(each, GuestLeft)]
    if stays:
        await house.db.owe_sweep()
        await house.db.apply(guests.forget, stays)
        await house.db.scrub()  # the pages wait for the night: a guest leaves while others are there
        people = [stay.customer_id for stay in stays]
        house.names.forget(people)
        house.search.remove(people)
        house.advisor.changed(people)
        if house.radio is not None:
            house.radio.changed(people)


async def expire(house: House) -> None:
    """End visits at the instant their last basis ends, without any network."""
    while True:
        now_ms = house.time.now_ms()
        await attempt(house, end_without_basis(house))
        until_ms = visits.next_expiry_ms(
            house.db.reader, recipient=house.config.shop.recipient, now_ms=now_ms
        )
        # A visit that starts meanwhile may end sooner than what we wait for, so look again each minute.
        wait_s = MINUTE_S if until_ms >= FOREVER_MS else min(MINUTE_S, max(0, until_ms - now_ms) / 1000)
        await asyncio.sleep(wait_s + 0.001)


async def end_without_basis(house: House) -> None:
    """End visits of customers who may not be recognised any more."""
    followed = visits.last_seen(house.db.reader)
    done = await house.db.write(
        acts.end_without_basis, now_ms=house.time.now_ms(), recipient=house.config.shop.recipient
    )
    if (
        followed is not None
        and any(isinstance(fact, VisitEnded) and fact.visit_id == followed[0] for fact in done.facts)
        and visits.stopped(house.db.reader, followed[0], recipient=house.config.shop.recipient)
    ):
        # Their card was the one that tablets showed: it must not just turn into somebody else's.
        house.counter.notes.stopped(followed[1])
    _announce(house, done)
