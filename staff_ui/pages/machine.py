"""What programs ask for: health, metrics, the live stream and static files."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

from litestar import Response
from litestar.exceptions import NotFoundException
from litestar.response import Stream

from edge import gauges
from edge.house import House
from edge.kit import exposition
from edge.kit.exposition import Samples, labels
from edge.kit.packing import packed
from edge.visits import tables
from staff_ui.desk import Desk, Guest
from staff_ui.security import YEAR_S, Ask
from staff_ui.sessions import Session

# name -> type and help, in the order of the table in README.md.
METRICS: Final[dict[str, tuple[str, str]]] = {
    "welkom_sightings_total": ("counter", "Presentations by outcome since the start."),
    "welkom_reader_up": ("gauge", "1 when a reader answers."),
    "welkom_hub_online": ("gauge", "1 when the hub can be reached."),
    "welkom_outbox_waiting": ("gauge", "Facts that the hub does not hold yet."),
    "welkom_visits_open": ("gauge", "Visits that have not ended."),
    "welkom_tablets_live": ("gauge", "Tablets with an open stream."),
    "welkom_sessions_open": ("gauge", "Staff signed in."),
    "welkom_fragments_rendered_total": ("counter", "Renderings of the arrivals fragment."),
    "welkom_search_names": ("gauge", "Names in the search index."),
    "welkom_advice_up": ("gauge", "1 when the advice worker answers."),
    "welkom_advice_customers": ("gauge", "Histories in the model after its last training."),
    "welkom_advice_restarts_total": ("counter", "Advice workers that died or hung since the start."),
    "welkom_search_products": ("gauge", "Products in the search index."),
    "welkom_identifiers_total": ("counter", "Rotating identifiers that the radio heard, by outcome."),
    "welkom_windows_up": ("gauge", "1 when the window worker answers."),
    "welkom_scanner_up": ("gauge", "1 when a scanner of the floor hears."),
    "welkom_near": ("gauge", "Customers whom the radio hears in the shop."),
    **gauges.GAUGES,
}

# Those that only a shop with a radio has.
BY_RADIO: Final = ("welkom_identifiers_total", "welkom_windows_up", "welkom_scanner_up", "welkom_near")

# Topics that a page without a card may hear alone: of products, or about one customer.
ONLY: Final = ("products", "visits", "presence,visits")


async def healthz(desk: Desk, request: Ask, guest: Guest) -> Response[object]:
    """`GET /healthz`: 200 when tablets can be served, else 503; nothing personal."""
    health = desk.house.health
    ready = health.ready()
    body = {
        "ready": ready,
        "readers": {name: "up" if reader.up else "down" for name, reader in sorted(health.readers.items())},
        "online": health.online,
        "waiting": health.waiting,
    }
    return Response(body, status_code=200 if ready else 503, headers={"cache-control": "no-store"})


async def metrics(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`GET /metrics`: Prometheus text format 0.0.4."""
    house = desk.house
    tally = house.counter.tally
    values: dict[str, Samples] = {
        "welkom_sightings_total": [
            (labels(outcome=name), getattr(tally, name))
            for name in ("recognised", "strangers", "withheld", "repeats", "outcomes")
        ],
        "welkom_reader_up": [
            (labels(reader=name), int(reader.up)) for name, reader in sorted(house.health.readers.items())
        ],
        "welkom_hub_online": [("", int(house.health.online))],
        "welkom_outbox_waiting": [("", house.health.waiting)],
        "welkom_visits_open": [("", tables.count_open(house.db.reader))],
        "welkom_tablets_live": [("", house.live.count())],
        "welkom_sessions_open": [("", len(desk.sessions))],
        "welkom_fragments_rendered_total": [("", desk.fragments.rendered)],
        "welkom_search_names": [("", len(house.search))],
        "welkom_advice_up": [("", int(house.advisor.condition.up))],
        "welkom_advice_customers": [("", house.advisor.condition.customers)],
        "welkom_advice_restarts_total": [("", house.advisor.condition.restarts)],
        "welkom_search_products": [("", len(house.products))],
        **_radio(house),
        **gauges.values(house),
    }
    return Response(
        exposition.text(METRICS, values),
        media_type=exposition.MEDIA_TYPE,
        headers={"cache-control": "no-store"},
    )


def _radio(house: House) -> dict[str, Samples]:
    """Totals about nobody; no lines in a shop without a radio."""
    radio = house.radio
    if radio is None:
        return {name: [] for name in BY_RADIO}
    totals, tracker, now_s = radio.lookout.resolver.totals, radio.nearby.tracker, house.time.now_ms() / 1000
    outcomes = {
        "resolved": totals.resolved,
        "strangers": totals.asked - totals.resolved,
        "withheld": radio.heard.withheld,
    }
    return {
        "welkom_identifiers_total": [(labels(outcome=name), count) for name, count in outcomes.items()],
        "welkom_windows_up": [("", int(radio.lookout.ready.is_set() and not radio.lookout.down))],
        "welkom_scanner_up": [
            (labels(scanner=each.id), int(tracker.health.state(each.id, now_s) == "hears"))
            for each in radio.floor.scanners
        ],
        "welkom_near": [("", len(tracker.stays()))],
    }


async def live(desk: Desk, request: Ask, guest: Guest) -> Stream:
    """`GET /live`: server-sent events; names of what changed. With `?only=` nobody's eyes on a card."""
    asked = request.query_params.get("only", "")
    only = asked if asked in ONLY else ""
    return Stream(
        _while_signed_in(desk, guest.who, only),
        media_type="text/event-stream",
        headers={"cache-control": "no-cache", "x-accel-buffering": "no"},
    )


async def _while_signed_in(desk: Desk, session: Session, only: str) -> AsyncGenerator[bytes, None]:
    """Ends with the session, at the latest at the next ping: a locked tablet counts as nobody's eyes."""
    async with aclosing(desk.house.live.stream(session.role, only=only)) as stream:
        async for message in stream:
            if not desk.sessions.alive(session, now_ms=desk.house.time.now_ms()):
                return
            yield message


async def static(desk: Desk, request: Ask, guest: Guest) -> Response[bytes]:
    """`GET /static/…`: for ever under its content's hash, otherwise asked again."""
    asset = desk.assets.get(request.path_params["path"].lstrip("/"))
    if asset is None:
        raise NotFoundException
    known = request.query_params.get("v") == asset.version
    keep = f"public, max-age={YEAR_S}, immutable" if known else "no-cache"
    body, said = packed(asset.body, asset.kind, accepted=request.headers.get("accept-encoding", ""))
    return Response(body, media_type=asset.kind, headers={"cache-control": keep, **said})
