"""What happens to a consent at the centre: withdrawing is unconditional, granting is compare-and-set."""

import re
from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from edge.consent.records import EventState, Said
from edge.consent.rules import PURPOSES, Register, may_ask, merge
from edge.kit.clock import LATEST_MS
from edge.kit.errors import Refused
from edge.kit.sql import Connection
from sync.hub import feed, records
from sync.hub.hq import news
from sync.hub.tables import feed as partitions
from sync.hub.tables import people as tables
from sync.hub.tables.feed import Line, Moved
from sync.hub.tables.people import Consent
from sync.rows import MOST

_RECIPIENT: Final = re.compile(r"[A-Za-z0-9._:-]{1,64}")
# How far a shop's word may be ahead of ours: a hub that was put back from a backup missed some, nobody's missed more.
AHEAD: Final = 1_000


@dataclass(frozen=True, slots=True)
class NewConsent:
    """A yes that came with a new customer."""

    purpose: str
    recipient: str
    until_ms: int | None = None
    said: Said = records.IMPORTED


def first(customer_id: bytes, new: NewConsent, *, now_ms: int) -> Consent:
    """The first register of a purpose and recipient; raises Refused for an undeclared purpose."""
    declared(new.purpose, new.recipient)
    return Consent(
        customer_id=customer_id,
        purpose=new.purpose,
        recipient=new.recipient,
        basis=PURPOSES[new.purpose],
        gen=1,
        state="given",
        from_ms=now_ms,
        until_ms=None if new.until_ms is None else min(new.until_ms, LATEST_MS),
        ver=1,
    )


def grant(
    conn: Connection,
    customer_id: bytes,
    *,
    purpose: str,
    recipient: str,
    base: Register | None,
    now_ms: int,
    until_ms: int | None = None,
    said: Said = records.IMPORTED,
) -> list[Moved] | None:
    """Give or renew a consent, if `base` is still the register the customer saw; None: it is not, ask them again."""
    declared(purpose, recipient)
    of_age(purpose, minor=tables.is_minor(conn, customer_id))
    held = _held(conn, customer_id, purpose=purpose, recipient=recipient)
    if (held.register if held else None) != base:
        return None
    if held and held.gen >= MOST:
        raise _refused("this choice cannot be changed any more", code="BAD_BODY")
    new = first(customer_id, NewConsent(purpose, recipient, until_ms), now_ms=now_ms)
    if held:
        new = replace(new, gen=held.gen + 1, ver=held.ver + 1)
    tables.put_consents(conn, [new])
    records.note(conn, new, before=held, said=said, now_ms=now_ms)
    news.tell(conn, [news.News("consent.given", now_ms, customer_id)])
    return partitions.publish(conn, _to_shops(conn, new))


def given(
    conn: Connection, customer_id: bytes, yes: NewConsent, *, gen: int, base: str | None, at_ms: int
) -> tuple[list[Line], str | None]:
    """Merge a yes that was said in a shop; the lines to send on, and ASK_AGAIN where it was said to something else.

    Whoever said yes to a register that was stopped elsewhere meanwhile did not take that stop back: the "no" holds in
    the generation of the yes, in every shop, until they are asked again. A generation that nobody can have counted to
    is refused: no stop of ours could be said after it.
    """
    new = first(customer_id, yes, now_ms=at_ms)
    if new.basis != "consent":
        raise _refused(f"{yes.purpose} rests on {new.basis}, not on a consent", code="NO_CONSENT")
    of_age(yes.purpose, minor=tables.is_minor(conn, customer_id))
    held = _held(conn, customer_id, purpose=yes.purpose, recipient=yes.recipient)
    if held is not None and gen <= held.gen:
        return [], None
    if gen > _furthest(held):
        raise _refused("no choice was changed that often", code="BAD_BODY")
    stopped = held is not None and held.gen == gen - 1 and base == "given" and held.state == "withdrawn"
    new = replace(new, gen=gen, ver=held.ver + 1 if held else 1, state="withdrawn" if stopped else "given")
    tables.put_consents(conn, [new])
    asked: EventState | None = "requested" if stopped else None
    records.note(conn, new, before=held, said=yes.said, now_ms=at_ms, state=asked)
    code = "ASK_AGAIN" if stopped else None
    return _to_shops(conn, new), code


def withdraw(
    conn: Connection,
    customer_id: bytes,
    *,
    purpose: str,
    recipient: str,
    now_ms: int,
    said: Said = records.IMPORTED,
) -> list[Moved]:
    """Withdraw a consent; its generation stays. Raises Refused for an unknown customer or purpose."""
    held = _held(conn, customer_id, purpose=purpose, recipient=recipient)
    register = Register(held.gen if held else 1, "withdrawn")
    lines = withdrawn(
        conn, customer_id, purpose=purpose, recipient=recipient, register=register, now_ms=now_ms, said=said
    )
    if lines is None:
        return []
    news.tell(conn, [news.News("consent.withdrawn", now_ms, customer_id)])
    return partitions.publish(conn, lines)


def withdrawn(
    conn: Connection,
    customer_id: bytes,
    *,
    purpose: str,
    recipient: str,
    register: Register,
    now_ms: int,
    said: Said = records.IMPORTED,
) -> list[Line] | None:
    """Merge a withdrawal made anywhere; the lines to send on, None when it changes nothing.

    It holds whatever generation it says; one that nobody can have counted to is brought back to what can still be
    followed by a yes.
    """
    declared(purpose, recipient)
    if PURPOSES[purpose] != "consent":
        raise _refused(f"{purpose} rests on {PURPOSES[purpose]}, not on a consent", code="NO_CONSENT")
    held = _held(conn, customer_id, purpose=purpose, recipient=recipient)
    register = Register(min(register.gen, _furthest(held)), register.state)
    holds = merge(held.register if held else None, register)
    if holds is None or (held and holds == held.register):
        return None
    before = held or first(customer_id, NewConsent(purpose, recipient), now_ms=now_ms)
    new = replace(before, gen=holds.gen, state=holds.state, ver=held.ver + 1 if held else 1)
    tables.put_consents(conn, [new])
    records.note(conn, new, before=held, said=said, now_ms=now_ms)
    return _to_shops(conn, new)


def declared(purpose: str, recipient: str) -> None:
    """Raise Refused unless the purpose is declared and the recipient is a name."""
    if purpose not in PURPOSES or not _RECIPIENT.fullmatch(recipient):
        raise _refused("no purpose is declared by this name, or the recipient is no name", code="UNDECLARED")


def of_age(purpose: str, *, minor: bool) -> None:
    """Raise Refused where nobody, parent or not, says yes to this for somebody under sixteen."""
    if not may_ask(purpose, minor=minor):
        raise _refused(f"{purpose} is for nobody under sixteen", code="MINOR")


def _held(conn: Connection, customer_id: bytes, *, purpose: str, recipient: str) -> Consent | None:
    if not tables.hold(conn, [customer_id]):
        raise _refused("no such customer", code="UNKNOWN_CUSTOMER")
    return tables.consent(conn, customer_id, purpose=purpose, recipient=recipient)


def _furthest(held: Consent | None) -> int:
    return (held.gen if held else 0) + AHEAD


def _to_shops(conn: Connection, given: Consent) -> list[Line]:
    shop_ids = tables.shops_of(conn, given.customer_id)
    return [line for shop_id in shop_ids for line in feed.consent(shop_id, given)]


def _refused(message: str, *, code: str) -> Refused:
    return Refused(message, code=code, hint="nothing was changed; check what was given")
