"""Beheer, for managers: colleagues and their locks and badges, tablets, who is signed in, who looked and why."""

from dataclasses import dataclass
from typing import Final

from litestar import Response
from litestar.response import Redirect

from edge.looks import alarms
from edge.looks.alarms import Alarm
from edge.shop import tables as shop
from edge.shop.usage import Usage, usage
from edge.staff import acts, tables
from edge.staff.deeds import Doer
from staff_ui.desk import Desk, Guest, frame, html, initials, managers_only, words
from staff_ui.pages.profile import WHY
from staff_ui.security import Ask, own_form
from staff_ui.sheets import Frame
from staff_ui.words import Words, key

WEEK_MS: Final = 7 * 24 * 3_600_000
MONTH_MS: Final = 30 * 24 * 3_600_000
ROLES: Final = {"staff": key("role.staff"), "manager": key("role.manager")}

USED: Final = {
    "help": key("used.help"),
    "search": key("used.search"),
    "wallet": key("used.wallet"),
    "profile": key("used.profile"),
    "advice": key("used.advice"),
    "alone": key("used.alone"),
    "tour": key("used.tour"),
    "practice": key("used.practice"),
}
# Looks to ask about: more than usual on one tablet, at somebody marked, at somebody who was not there.
UNUSUAL: Final = {
    "many": key("unusual.many"),
    "guarded": key("unusual.guarded"),
    "alone": key("unusual.alone"),
}
# Purpose -> what was seen of a customer without anybody having to say why.
SEEN: Final = {
    "recognition": key("why.glance"),
    "saving": key("why.wallet"),
    "profiling": key("why.advice"),
    "location": key("why.zone"),
}


@dataclass(frozen=True, slots=True)
class Colleague:
    staff: str
    name: str
    initials: str
    role: str
    locked: bool
    badge: bool
    asked: bool


@dataclass(frozen=True, slots=True)
class Tablet:
    """`tablet` is the hash of its token; `who` is signed in on it."""

    tablet: str
    name: str
    paired: str
    who: str
    own: bool


@dataclass(frozen=True, slots=True)
class Looks:
    role: str
    why: str
    count: str


@dataclass(frozen=True, slots=True)
class Unusual:
    """Looks that a manager should ask about, as a sentence: where and when, never at whom."""

    what: str
    where: str


@dataclass(frozen=True, slots=True)
class Use:
    """How often all together used something; `never` is said with what to do."""

    label: str
    value: str
    never: bool


@dataclass(frozen=True, slots=True)
class Manage:
    frame: Frame
    staff: tuple[Colleague, ...]
    tablets: tuple[Tablet, ...]
    looks: tuple[Looks, ...]
    said: tuple[tuple[str, str], ...]
    uses: tuple[Use, ...] = ()  # none: too few colleagues to say anything that is about nobody
    unusual: tuple[Unusual, ...] = ()


async def manage(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`GET /manage`."""
    managers_only(guest)
    house, now_ms = desk.house, desk.house.time.now_ms()
    around, conn = frame(desk, request, guest, here="manage"), desk.house.db.reader
    say = words(desk, around)
    locked, badged = tables.locked(conn, now_ms=now_ms), tables.badged(conn)
    asked = house.counter.badges.asked(now_ms=now_ms)
    it = Manage(
        frame=around,
        staff=tuple(
            Colleague(
                staff=each.id.hex(),
                name=each.name,
                initials=initials(each.name),
                role=say.say(ROLES[each.role]),
                locked=each.id in locked,
                badge=each.id in badged,
                asked=each.id == asked,
            )
            for each in tables.everybody(conn)
        ),
        tablets=tuple(
            Tablet(
                tablet=row.token_hash.hex(),
                name=row.name,
                paired=say.say("manage.paired", when=say.when(row.paired_ms, now_ms=now_ms)),
                who=", ".join(each.name for each in desk.sessions.on(row.token_hash)),
                own=row.token_hash == guest.who.tablet_hash,
            )
            for row in tables.tablets(conn)
        ),
        looks=looks(shop.looks(conn, since_ms=now_ms - WEEK_MS), say),
        said=tuple((say.when(at_ms, now_ms=now_ms), text) for at_ms, text in shop.feedback(conn, most=5)),
        uses=uses(
            usage(
                conn,
                since_ms=now_ms - WEEK_MS,
                since_day=say.local(now_ms - WEEK_MS).date().isoformat(),
            ),
            say,
        ),
        unusual=unusual(
            alarms.lately(conn, since_ms=now_ms - MONTH_MS),
            {Doer(b"", row.token_hash).device: row.name for row in tables.tablets(conn)},
            say,
            now_ms=now_ms,
        ),
    )
    return html(desk, "manage.html", it, language=around.language)


def looks(rows: list[tuple[str, str, str, int]], say: Words) -> tuple[Looks, ...]:
    return tuple(
        Looks(
            say.say(ROLES.get(role, "role.staff")),
            say.say(WHY[reason][0] if reason in WHY else SEEN.get(purpose, SEEN["recognition"])),
            say.number(count),
        )
        for role, purpose, reason, count in rows
    )


def unusual(raised: list[Alarm], names: dict[str, str], say: Words, *, now_ms: int) -> tuple[Unusual, ...]:
    """`names`: of the tablets, by how the chain of looks names them."""
    return tuple(
        Unusual(
            what=say.say(UNUSUAL.get(each.kind, UNUSUAL["many"])),
            where=" · ".join(
                part
                for part in (
                    say.when(each.at_ms, now_ms=now_ms),
                    names.get(each.device, ""),
                    say.say(WHY[each.reason][0]) if each.reason in WHY and each.kind != "many" else "",
                )
                if part
            ),
        )
        for each in raised
    )


def uses(found: Usage, say: Words) -> tuple[Use, ...]:
    return tuple(
        Use(say.say(USED[name]), say.number(count) if count else say.say("used.never"), not count)
        for name, count in found.counts.items()
    )


async def unlock_now(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`POST /manage/unlock`: field `staff`; lets a colleague try a PIN again."""
    form = await _form(request, guest)
    house = desk.house
    await house.db.apply(
        acts.unlock, _bytes(form.get("staff")), doer=guest.who.doer, now_ms=house.time.now_ms()
    )
    return _back()


async def badge_now(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`POST /manage/badge`: field `staff`; the next card that is nobody's becomes this colleague's badge."""
    form = await _form(request, guest)
    house = desk.house
    house.counter.badges.ask(_bytes(form.get("staff")), doer=guest.who.doer, now_ms=house.time.now_ms())
    return _back()


async def no_badge_now(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`POST /manage/badge/remove`: field `staff`; their badge chooses nobody's tile any more."""
    form = await _form(request, guest)
    house = desk.house
    await house.counter.badges.remove(
        _bytes(form.get("staff")), doer=guest.who.doer, now_ms=house.time.now_ms()
    )
    return _back()


async def unpair_now(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`POST /manage/unpair`: field `tablet`; whoever is signed in on it is out at once."""
    form = await _form(request, guest)
    house, tablet = desk.house, _bytes(form.get("tablet"))
    ended = desk.sessions.on(tablet)
    await house.db.forget(acts.unpair, tablet, doer=guest.who.doer, now_ms=house.time.now_ms())
    for each in ended:
        desk.sessions.drop(each.token_hash)
    house.live.drop()
    return _back()


async def end_now(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`POST /manage/end`: field `tablet`; signs out whoever is signed in there."""
    form = await _form(request, guest)
    house, tablet = desk.house, _bytes(form.get("tablet"))
    for each in desk.sessions.on(tablet):
        now_ms = house.time.now_ms()
        await house.db.forget(acts.end_session, each.token_hash, doer=guest.who.doer, now_ms=now_ms)
        desk.sessions.drop(each.token_hash)
    house.live.drop()
    return _back()


async def _form(request: Ask, guest: Guest) -> dict[str, str]:
    form = await own_form(request, guest.tablet)
    managers_only(guest)
    return dict(form)


def _bytes(hexed: str | None) -> bytes:
    try:
        return bytes.fromhex(hexed or "")
    except ValueError:
        return b""


def _back() -> Response[str]:
    return Redirect("/manage", status_code=303, headers={"cache-control": "no-store"})
