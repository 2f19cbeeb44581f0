"""The one place where a house is put together of what was opened for it, by the composition root and by tests."""

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from drivers.catalogue import RADIO
from edge import outbox
from edge.advice import rest
from edge.advice.advisor import Advisor
from edge.advice.process import Worker
from edge.config import Config
from edge.counter import Counter
from edge.facts import Fact
from edge.files import Files
from edge.health import Health
from edge.house import House
from edge.keys import Keys
from edge.kit.child import Start
from edge.kit.clock import ShopTime, utc
from edge.kit.errors import ConfigError
from edge.kit.ids import NewId
from edge.kit.log import Log
from edge.kit.sqlite import Database
from edge.live import Live
from edge.recognition.names import Names
from edge.recognition.search import SearchIndex
from edge.shop import tables as shop
from edge.visits import tables as visits

# What not every shop has, its modules are loaded where it is opened: a start is counted in their milliseconds.
if TYPE_CHECKING:
    from edge.choice.tree import Helper
    from edge.radio import Radio
    from edge.tls.own import Own


def build(
    config: Config,
    keys: Keys,
    *,
    files: Files,
    db: Database[Fact],
    time: ShopTime,
    new_id: NewId,
    health: Health,
    log: Log,
    own: "Own | None" = None,
) -> House:
    """The house of `config` on its open database; nothing of it runs yet. Raises ConfigError (a wrong floor)."""
    live = Live()
    health.depth = lambda: outbox.depth(db.reader)
    recipient = config.shop.recipient
    start = Start(str(files.journal), str(files.replica), recipient, keys.kek, config.shop.country)
    return House(
        config=config,
        keys=keys,
        db=db,
        live=live,
        time=time,
        new_id=new_id,
        counter=Counter(
            db,
            live,
            time,
            new_id,
            keys,
            recipient=recipient,
            quiet_ms=config.visits.quiet_min * 60_000,
            unlocking=frozenset(config.wallet.unlocking.split()),
        ),
        names=Names(recipient=recipient, kek=keys.kek, log=log),
        search=SearchIndex(),
        health=health,
        log=log,
        own=own,
        advisor=_advisor(config, start, db=db, live=live, time=time, health=health, log=log),
        radio=_radio(config, start, db=db, live=live, time=time, new_id=new_id, log=log),
        helpers=_helpers(config, log),
    )


def _advisor(
    config: Config,
    start: Start,
    *,
    db: Database[Fact],
    live: Live,
    time: ShopTime,
    health: Health,
    log: Log,
) -> Advisor:
    offers, zone = config.advice, ZoneInfo(config.shop.timezone)

    def advised() -> None:
        health.advice_down = advisor.condition.down
        live.tell("visits")

    def withheld(visit_id: bytes) -> bool:
        """Whoever asked to be left alone gets no advice, and in the busy mode and in quiet hours nobody does."""
        hour = utc(time.now_ms()).astimezone(zone).hour
        return (
            rest.is_quiet_hour(hour, from_hour=offers.quiet_from, until_hour=offers.quiet_until)
            or shop.busy(db.reader)
            or visits.is_left_alone(db.reader, visit_id)
        )

    def enough(visit_id: bytes) -> bool:
        here = visits.lately(db.reader, visit_id, within_ms=rest.WEEK_MS, now_ms=time.now_ms())
        return rest.had_enough(here, most_a_week=offers.most_a_week)

    advisor = Advisor(
        db,
        time,
        Worker(start),
        recipient=start.recipient,
        timezone=config.shop.timezone,
        tell=advised,
        log=log,
    )
    advisor.withheld, advisor.enough = withheld, enough
    db.listeners.append(advisor.heard)
    return advisor


def _radio(
    config: Config,
    start: Start,
    *,
    db: Database[Fact],
    live: Live,
    time: ShopTime,
    new_id: NewId,
    log: Log,
) -> "Radio | None":
    if not config.presence.floor.exists() and not any(each.kind in RADIO for each in config.readers):
        return None
    from edge.radio import open_radio

    return open_radio(config, db, live, time, new_id, start=start, log=log)


def _helpers(config: Config, log: Log) -> tuple["Helper", ...]:
    """The shop's choice helpers; a shop opens without one whose file is wrong."""
    if not config.choice.folder.is_dir():
        return ()
    from edge.choice.folder import read_folder

    def refused(error: ConfigError) -> None:
        log("helper_refused", code=error.code, hint="`welkom check` says what to mend")

    return read_folder(config.choice.folder, refused=refused)
