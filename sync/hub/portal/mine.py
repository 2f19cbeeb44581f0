"""Everything the hub holds of one customer, as of one moment: what their page, copy and overview are made of."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import merge
from typing import TYPE_CHECKING, Any, Final, TypeVar

from edge.consent.records import Record
from edge.consent.rules import TRAITS, traits_for
from edge.kit.log import Log
from edge.kit.sql import Connection
from sync.hub import merging, records
from sync.hub.config import Config
from sync.hub.hq import channels, whom
from sync.hub.portal import choices, sessions
from sync.hub.portal.guard import no_session
from sync.hub.portal.sessions import Guest
from sync.hub.portal.traits import Traits, open_traits
from sync.hub.tables import happenings, people
from sync.hub.tables import mine as tables
from sync.hub.tables.happenings import Told
from sync.hub.tables.mine import Moved
from sync.hub.tables.people import Consent, Credential
from sync.hub.tables.portal import View

if TYPE_CHECKING:
    from sync.hub.app import Hub

CORRECTED: Final = "corrected"
_MOST: Final = 100_000
_END_MS: Final = 253_402_300_799_000
HIDDEN: Final = frozenset(("counted",))  # how the machines count; of no use to anybody else


@dataclass(frozen=True, slots=True)
class Happened:
    """What happened in another channel or on this page, opened."""

    at_ms: int
    channel: str
    kind: str
    shop_id: str
    about: Mapping[str, Any] = field(repr=False)


Dated = TypeVar("Dated", View, Moved, Told, Happened)


@dataclass(frozen=True, slots=True)
class Mine:
    """One customer, whole."""

    customer_id: bytes = field(repr=False)
    held: Sequence[Consent]
    records: Sequence[Record]
    traits: Traits = field(repr=False)
    looks: Sequence[View] = field(repr=False)
    moved: Sequence[Moved] = field(repr=False)
    told: Sequence[Told] = field(repr=False)
    happened: Sequence[Happened] = field(repr=False)
    cards: Sequence[Credential] = field(repr=False)
    shops: Sequence[str]


async def read(hub: "Hub", who: Guest, *, since_ms: int = 0) -> Mine:
    """What the session of `who` opens; raises Refusal NO_SESSION where it does not any more."""
    now_ms, basis_ms = hub.now_ms(), hub.basis_ms()

    def look(conn: Connection) -> Mine:
        inside = sessions.guest(conn, who.token, now_ms=now_ms)
        if inside is None:
            raise no_session()
        return of(conn, hub.config, inside.customer_id, log=hub.log, since_ms=since_ms, now_ms=basis_ms)

    return await hub.db.view(look)


def of(conn: Connection, config: Config, customer_id: bytes, *, log: Log, since_ms: int, now_ms: int) -> Mine:
    """Everything of a customer, looks since an instant; `now_ms` is `Hub.basis_ms`. Raises Refused for nobody."""
    whose = merging.history(conn, customer_id)  # theirs, and what cards had done that became theirs
    sealed = tables.traits(conn, customer_id, now_ms=now_ms)
    return Mine(
        customer_id=customer_id,
        held=people.consents(conn, customer_id),
        records=records.of(conn, customer_id, records.Parties.of(config), now_ms=now_ms),
        traits=open_traits(sealed, kek=config.keys.hub_kek, log=log),
        looks=_newest(tables.looks(conn, each, since_ms=since_ms) for each in whose),
        moved=_newest(tables.moved(conn, each) for each in whose),
        told=_newest(happenings.told(conn, each, upto_ms=_END_MS, most=_MOST) for each in whose),
        happened=_newest(_happened(conn, config, each) for each in whose),
        cards=people.credentials(conn, customer_id),
        shops=people.shops_of(conn, customer_id),
    )


def _happened(conn: Connection, config: Config, customer_id: bytes) -> list[Happened]:
    key = whom.key_of(conn, config.keys, customer_id)
    return [
        Happened(each.at_ms, each.channel, each.kind, each.shop_id or "", channels.opened(key, each) or {})
        for each in happenings.happened(conn, customer_id, upto_ms=_END_MS, most=_MOST)
    ]


def _newest(histories: Iterable[Sequence[Dated]]) -> list[Dated]:
    """Several time lines, each the newest first, as one."""
    return list(merge(*histories, key=lambda each: -each.at_ms))


def staff_see(mine: Mine, recipient: str, *, now_ms: int) -> Traits:
    """What a tablet of this recipient unseals for a glance: the traits of the role whose purpose has a basis there.

    The same declaration rules on the appliance (edge/recognition/profile.py).
    """
    given = {
        each.purpose
        for each in mine.held
        if each.recipient == recipient and choices.given(each, now_ms=now_ms)
    }
    # Who is not recognised has no card: a tap shows a balance without a name, and nothing else.
    names = [name for name in traits_for("staff") if TRAITS[name].purpose in given and "recognition" in given]
    return Traits(
        {name: mine.traits.values[name] for name in names if name in mine.traits.values},
        {name: mine.traits.as_of_ms[name] for name in names if name in mine.traits.as_of_ms},
    )


def plain(value: Any) -> Any:
    """A trait's value without what only machines count by."""
    if isinstance(value, Mapping):
        return {name: plain(each) for name, each in value.items() if name not in HIDDEN}
    return [plain(each) for each in value] if isinstance(value, list) else value


def first(found: Sequence[Any], fits: Callable[[Any], bool]) -> Any:
    """The newest that fits, None for none; what comes from the tables stands newest first."""
    return next((each for each in found if fits(each)), None)
