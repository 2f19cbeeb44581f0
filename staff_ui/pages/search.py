"""Finding a customer by name: candidates from memory, each read again through the consent gate."""

from dataclasses import dataclass, field
from typing import Final

from litestar import Response

from edge.kit.errors import Corrupt
from edge.recognition import profile
from staff_ui.desk import Desk, Guest, frame, html, words
from staff_ui.pages.card import text, whole
from staff_ui.security import Ask
from staff_ui.sheets import Frame
from staff_ui.words import Words

FEWEST_LETTERS: Final = 2
MOST_HITS: Final = 8
# Candidates may have withdrawn since the index was filled; so many are looked at to find eight that have not.
MOST_CANDIDATES: Final = 32


@dataclass(frozen=True, slots=True)
class Hit:
    name: str = field(repr=False)
    initials: str = field(repr=False)
    since: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Search:
    frame: Frame
    asked: str = field(repr=False)
    hits: tuple[Hit, ...]
    sentence: str = field(repr=False)


async def search(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`GET /search?q=`."""
    around = frame(desk, request, guest, here="search")
    say = words(desk, around)
    asked = request.query_params.get("q", "").strip()[:80]
    letters = sum(letter.isalnum() for letter in asked)
    hits = _hits(desk, guest, asked, say) if letters >= FEWEST_LETTERS else ()
    it = Search(frame=around, asked=asked, hits=hits, sentence=_sentence(desk, asked, letters, hits, say))
    return html(desk, "search.html", it, language=around.language)


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
                name=text(name, "full") or text(name, "short"),
                initials=text(name, "initials") or "·",
                since=since,
            )
        )
        if len(hits) == MOST_HITS:
            break
    return tuple(hits)


def _sentence(desk: Desk, asked: str, letters: int, hits: tuple[Hit, ...], say: Words) -> str:
    if letters < FEWEST_LETTERS:
        return say.say("search.ask")
    if not hits:
        return say.say("search.none") if desk.house.health.search_ready else say.say("search.not_ready")
    return say.say("search.most", most=MOST_HITS) if len(hits) == MOST_HITS else ""
