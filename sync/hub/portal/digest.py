"""The monthly overview: who has data, who looked, what was used. A page to print, and a letter for who asks."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import msgspec

from edge.kit.errors import Refused, WelkomError
from edge.kit.log import died
from edge.kit.sql import Connection
from sync.hub import opening
from sync.hub.portal import choices
from sync.hub.portal.mine import Mine, of
from sync.hub.portal.page import SOMEBODY, SOMETHING, WHO, WHY
from sync.hub.portal.parties import PartyPane, parties
from sync.hub.portal.sheets import Frame
from sync.hub.portal.traits import MONTH_NAMES, whole
from sync.hub.portal.words import LANGUAGES, Words, key, known
from sync.hub.rounds import keep_on
from sync.hub.tables import own as tables
from sync.hub.tables.own import Address

if TYPE_CHECKING:
    from sync.hub.app import Hub
    from sync.hub.portal.pages import Pages

EVERY_S: Final = 600.0
SLICE: Final = 50  # letters a round: the requests in between do not notice


@dataclass(frozen=True, slots=True)
class Digest:
    """One month of a customer, in sentences."""

    frame: Frame
    title: str
    parties: tuple[PartyPane, ...] = field(repr=False)
    looks: tuple[str, ...] = field(repr=False)
    used: tuple[str, ...] = field(repr=False)
    asked: bool = False  # whether it comes by letter every month
    can_mail: bool = False


def month_ms(now_ms: int, *, months: int, timezone: str) -> int:
    """The first instant of this month, or of one `months` before it, where the shops are."""
    zone = ZoneInfo(timezone)
    now = datetime.fromtimestamp(now_ms / 1000, zone)
    number = now.year * 12 + now.month - 1 - months
    return int(datetime(number // 12, number % 12 + 1, 1, tzinfo=zone).timestamp() * 1000)


def digest(
    hub: "Hub",
    mine: Mine,
    words: Words,
    *,
    frame: Frame,
    since_ms: int,
    until_ms: int,
    asked: bool = False,
    can_mail: bool = False,
) -> Digest:
    """What happened from `since_ms` until `until_ms`, and who has data now."""
    at, now_ms = words.local(since_ms), hub.basis_ms()
    inside = [each for each in mine.looks if since_ms <= each.at_ms < until_ms]
    return Digest(
        frame=frame,
        title=words.say("digest.title", month=words.say(MONTH_NAMES[at.month - 1]), year=at.year),
        parties=tuple(
            each
            for each in parties(mine.records, words, now_ms=now_ms)
            if any(use.holds for use in each.uses)
        ),
        looks=_looks(hub, [(each.body, each.shop_id) for each in inside], words),
        used=_used(mine, words, since_ms=since_ms, until_ms=until_ms),
        asked=asked,
        can_mail=can_mail,
    )


def text(it: Digest, words: Words, *, link: str) -> str:
    """The letter. Without a name or a balance: a letter lies open on the way."""
    lines = [it.title, "", words.say("digest.parties")]
    for each in it.parties:
        lines.append(f"- {each.name}")
        lines += [f"  {use.title}{words.say('colon')} {use.period}" for use in each.uses if use.holds]
    lines += ["", words.say("digest.looks"), *(f"- {each}" for each in it.looks)]
    lines += [] if it.looks else [words.say("digest.nobody")]
    lines += ["", words.say("digest.used"), *(f"- {each}" for each in it.used)]
    lines += [] if it.used else [words.say("digest.unused")]
    return "\n".join([*lines, "", words.say("digest.more", link=link), ""])


async def send_due(pages: "Pages") -> int:
    """Send last month's overview to whoever asked for it and has not had it; how many were sent, a slice at most.

    Whom it could not be sent to is asked again in a later round, behind everybody else.
    """
    hub = pages.hub
    if not pages.letters.can:
        return 0
    now_ms, zone = hub.now_ms(), hub.config.timezone
    first_ms = month_ms(now_ms, months=0, timezone=zone)
    due = await hub.db.apply(tables.take_due, before_ms=first_ms, now_ms=now_ms, most=SLICE)
    sent = 0
    for each in due:
        try:
            await _send(pages, each, since_ms=month_ms(now_ms, months=1, timezone=zone), until_ms=first_ms)
        except Refused:
            continue  # forgotten meanwhile
        except WelkomError as error:
            hub.log("letter_unsent", code=error.code, hint=error.hint)
            await hub.db.apply(tables.set_digest, each.customer_id, digest_ms=first_ms - 1)
        except Exception as error:
            hub.log("letter_unsent", **died(error))
            await hub.db.apply(tables.set_digest, each.customer_id, digest_ms=first_ms - 1)
        else:
            sent += 1
    return sent


async def keep_sending(pages: "Pages") -> None:
    """Send what is due, round after round, until cancelled."""

    async def round_() -> None:
        while await send_due(pages):
            pass

    await keep_on(round_, rest=lambda: EVERY_S, log=pages.hub.log, failed="digest_failed")


async def _send(pages: "Pages", to: Address, *, since_ms: int, until_ms: int) -> None:
    hub = pages.hub
    words = pages.words(known(to.language) or LANGUAGES[0])

    def look(conn: Connection) -> Mine:
        now_ms = hub.basis_ms()
        return of(conn, hub.config, to.customer_id, log=hub.log, since_ms=since_ms, now_ms=now_ms)

    mine = await hub.db.view(look)
    frame = Frame(language=words.language)
    it = digest(hub, mine, words, frame=frame, since_ms=since_ms, until_ms=until_ms)
    await pages.letters.overview(to, it.title, text(it, words, link=hub.config.page + "/portal/digest"))


def _looks(hub: "Hub", looks: Sequence[tuple[bytes, str]], words: Words) -> tuple[str, ...]:
    """How often who looked, where and why; never a name of staff."""
    counted = Counter((*_who_why(body), shop_id) for body, shop_id in looks)
    return tuple(
        words.count(
            "digest.look",
            times,
            who=words.say(WHO.get(role, SOMEBODY)),
            why=words.say(WHY.get(purpose, SOMETHING)),
            shop=choices.name(shop_id, hub.config.names),
        )
        for (role, purpose, shop_id), times in counted.most_common()
    )


def _who_why(body: bytes) -> tuple[str, str]:
    try:
        found = msgspec.json.decode(body)
    except msgspec.MsgspecError:
        return "", ""
    role, purpose = (found.get("role"), found.get("purpose")) if isinstance(found, dict) else ("", "")
    return (role if isinstance(role, str) else ""), (purpose if isinstance(purpose, str) else "")


def _used(mine: Mine, words: Words, *, since_ms: int, until_ms: int) -> tuple[str, ...]:
    """What their data were used for: balances that moved, advice that was given."""
    found = []
    for instrument, said in (("points", key("digest.points")), ("stamps", key("digest.stamps"))):
        times = sum(
            each.instrument == instrument and since_ms <= each.at_ms < until_ms and each.why != opening.WHY
            for each in mine.moved
        )
        if times:
            found.append(words.count(said, times))
    advice = sum(each.kind == "suggestion_said" and since_ms <= each.at_ms < until_ms for each in mine.told)
    if advice:
        kept = mine.traits.values.get("baskets")
        baskets = kept.get("baskets") if isinstance(kept, dict) else None
        bought = len(baskets) if isinstance(baskets, list) else (whole(kept, "count") or 0)
        found.append(words.count("digest.advice", advice, bought=words.number(bought)))
    return tuple(found)
