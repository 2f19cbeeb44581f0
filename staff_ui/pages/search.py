"""Finding a customer by name: candidates from memory, each read again through the consent gate."""

from dataclasses import dataclass, field
from typing import Final

from litestar import Response
from litestar.response import Redirect

from edge.kit.errors import Corrupt, Gone
from edge.recognition import profile
from edge.recognition.tables import may_recognise
from edge.visits import acts
from edge.visits.facts import SeenAgain, VisitStarted
from edge.visits.rules import REASONS
from staff_ui.desk import Desk, Guest, frame, html, words
from staff_ui.drafts import drafted, sent
from staff_ui.pages.named import id_of
from staff_ui.pages.profile import Reason, reasons
from staff_ui.pages.values import initials, text, whole
from staff_ui.security import Ask, own_form
from staff_ui.sheets import Frame
from staff_ui.words import Words

FEWEST_LETTERS: Final = 2
MOST_HITS: Final = 8
# Candidates may have withdrawn since the index was filled; so many are looked at to find eight that have not.
MOST_CANDIDATES: Final = 32


@dataclass(frozen=True, slots=True)
class Hit:
    customer: str
    name: str = field(repr=False)
    initials: str = field(repr=False)
    since: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Search:
    frame: Frame
    asked: str = field(repr=False)
    hits: tuple[Hit, ...]
    sentence: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Open:
    """Why somebody opens the card of a customer who is not at a reader."""

    frame: Frame
    customer: str
    name: str = field(repr=False)
    reasons: tuple[Reason, ...]


async def search(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`GET /search`: the question, with what was typed and not yet sent."""
    return _page(desk, request, guest, drafted(desk, guest, "search", "q"), asked=False)


async def search_now(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`POST /search`: field `q`. A name is in no address, so in no history and no log."""
    form = await own_form(request, guest.tablet)
    await sent(desk, guest, "search")
    return _page(desk, request, guest, form.get("q", ""), asked=True)


def _page(desk: Desk, request: Ask, guest: Guest, text: str, *, asked: bool) -> Response[str]:
    around = frame(desk, request, guest, here="search")
    say, named = words(desk, around), text.strip()[:80]
    letters = sum(letter.isalnum() for letter in named)
    hits = _hits(desk, guest, named, say) if asked and letters >= FEWEST_LETTERS else ()
    sentence = _sentence(desk, letters, hits, say) if asked else say.say("search.ask")
    it = Search(frame=around, asked=named, hits=hits, sentence=sentence)
    return html(desk, "search.html", it, language=around.language)


async def open_now(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`POST /search/open`: fields `customer` and `why`; without a reason the page asks for one."""
    form = await own_form(request, guest.tablet)
    house, customer_id, why = desk.house, id_of(form.get("customer", "")), form.get("why", "")
    around = frame(desk, request, guest, here="search")
    say = words(desk, around)
    now_ms, recipient = house.time.now_ms(), house.config.shop.recipient
    name = customer_id and house.names.of(house.db.reader, customer_id, now_ms=now_ms)
    may = customer_id and may_recognise(house.db.reader, customer_id, recipient=recipient, now_ms=now_ms)
    if not customer_id or not name or not may:
        raise Gone("nobody who may be recognised", code="U06", hint="search again")
    if why not in REASONS:
        called = text(name, "full") or text(name, "short")
        it = Open(frame=around, customer=customer_id.hex(), name=called, reasons=reasons(say))
        return html(desk, "open.html", it, language=around.language)
    reader = say.say("search.by_phone") if why == "phone" else say.say("search.by_tablet")
    done = await house.db.write(
        acts.open_found,
        acts.Opening(customer_id, reason=why, role=guest.who.role, reader=reader),
        doer=guest.who.doer,
        recipient=recipient,
        now_ms=now_ms,
        new_id=house.new_id,
        quiet_ms=house.config.visits.quiet_min * 60_000,
    )
    if not done.facts:
        raise Gone("nobody who may be recognised", code="U06", hint="search again")
    visit = next(fact.visit_id for fact in reversed(done.facts) if isinstance(fact, VisitStarted | SeenAgain))
    guest.who.opened = (visit, why)
    house.live.tell("visits", done.seq)
    return Redirect(f"/visits/{visit.hex()}", status_code=303, headers={"cache-control": "no-store"})


def _hits(desk: Desk, guest: Guest, asked: str, say: Words) -> tuple[Hit, ...]:
    house, now_ms = desk.house, desk.house.time.now_ms()
    hits: list[Hit] = []
    for customer_id in dict.fromkeys(house.search.find(asked, most=MOST_CANDIDATES)):
        try:
            found = profile.read(
                house.db.reader,
                customer_id,
                role=guest.who.role,
                recipient=house.config.shop.recipient,
                now_ms=now_ms,
                kek=house.keys.kek,
            )
        except Corrupt as error:
            house.log("card_unreadable", code=error.code, hint=error.hint)
            continue
        name, year = found.values.get("name"), whole(found.values.get("since"), "year")
        if not text(name, "short"):
            continue
        since = "" if year is None else say.say("search.since", year=year)
        hits.append(
            Hit(
                customer=customer_id.hex(),
                name=text(name, "full") or text(name, "short"),
                initials=initials(name) or "·",
                since=since,
            )
        )
        if len(hits) == MOST_HITS:
            break
    return tuple(hits)


def _sentence(desk: Desk, letters: int, hits: tuple[Hit, ...], say: Words) -> str:
    if letters < FEWEST_LETTERS:
        return say.say("search.ask")
    if not hits:
        return say.say("search.none") if desk.house.health.search_ready else say.say("search.not_ready")
    return say.say("search.most", most=MOST_HITS) if len(hits) == MOST_HITS else ""
