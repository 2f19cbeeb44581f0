"""What the stage does in the shop with nobody at a tablet: a full card redeemed, the day told in five figures."""

from drivers.codecs.printed.fob import Fob
from edge.app import Edge
from edge.insight import tables as insight
from edge.insight.days import day_of, day_starts_ms
from edge.outbox import depth
from edge.presence import beacons
from edge.presence.acts import device_id
from edge.presence.devices import Device
from edge.shop import tables as shop
from edge.staff import tables as staff
from edge.visits import tables as visits
from edge.wallet import acts
from edge.wallet import tables as wallet
from edge.wallet.rules import Asked
from edge.wallet.tables import Here
from staff_ui.desk import Saying


def knows(edge: Edge, told: dict[str, int]) -> bool:
    """Whether the appliance has taken in what headquarters told, the last row of each part."""
    held = dict(edge.house.db.reader.execute("SELECT part, seq FROM replica.feed_cursor"))
    return all(held.get(part, 0) >= seq for part, seq in told.items())


async def give_fob(edge: Edge, customer_id: bytes, fob: Fob) -> bool:
    """A fob is this customer's, the first time that it is asked for; False before headquarters has told of them."""
    house = edge.house
    id_ = device_id(fob, shop_key=house.keys.shop_key)
    if beacons.is_anybodys(house.db.reader, id_):
        return True
    wrapped = beacons.wrapped_key(house.db.reader, customer_id)
    if wrapped is None:
        return False
    await house.db.apply(
        beacons.give,
        Device(id_.hex(), fob.identity_key, fob.exponent, fob.epoch_s),
        customer_id=customer_id,
        wrapped=wrapped,
        kek=house.keys.kek,
        now_ms=house.time.now_ms(),
    )
    if house.radio is not None:
        house.radio.changed([customer_id])
    return True


async def redeem_stamps(edge: Edge, customer_id: bytes, *, by: str) -> None:
    """The colleague `by` redeems a full stamp card of whoever stands here."""
    house = edge.house
    visit, colleague = visits.open_visit(house.db.reader, customer_id), staff.by_name(house.db.reader, by)
    if visit is None or colleague is None:
        return
    here = Here(
        house.config.shop.recipient, house.config.hub.device, house.keys.kek, house.config.wallet.limits
    )

    def asked() -> Asked:
        now_ms = house.time.now_ms()
        return Asked(house.new_id(), visit.visit_id, role=colleague.role, staff_id=colleague.id, at_ms=now_ms)

    held = wallet.balances(house.db.reader, customer_id, role="staff", here=here, now_ms=house.time.now_ms())
    if held and held.stamps and not held.stamps.full:
        # The day has been played before: what was redeemed then is saved again first.
        missing = held.stamps.of - held.stamps.have
        await house.db.write(acts.earn, asked(), instrument="stamps", amount=missing, here=here)
    done = await house.db.write(acts.redeem_stamps, asked(), here=here)
    house.live.tell("visits", done.seq)


def closing_figures(edge: Edge) -> tuple[Saying, ...]:
    """Today in five figures, about nobody."""
    house = edge.house
    conn, now_ms = house.db.reader, house.time.now_ms()
    day, since_ms = (
        day_of(now_ms, house.config.shop.timezone),
        day_starts_ms(now_ms, house.config.shop.timezone),
    )
    today = shop.today(conn, since_ms=since_ms, day=day)
    strangers = insight.of_day(conn, day).get("stranger", 0) + house.counter.counts["stranger"]
    waiting = depth(conn)
    return (
        Saying("stage.figure.visits", {"count": today.visits}),
        Saying("stage.figure.strangers", {"count": strangers}),
        Saying("stage.figure.redeemed", {"count": wallet.redeemed_cards(conn, since_ms=since_ms)}),
        Saying("stage.figure.stopped", {"count": today.stopped}),
        Saying("stage.figure.sent", {"waiting": waiting}),
    )
