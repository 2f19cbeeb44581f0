"""Consent records at the centre: what each change writes down, and everything of one customer read together.

`of` answers "who has data of mine, for what, until when, and what do I get for it"; `edge.consent.receipts` makes a
receipt of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

from edge.consent.receipts import Issuer
from edge.consent.records import (
    DELIVERED_BY,
    MOST_TEXT,
    By,
    Event,
    EventState,
    How,
    Party,
    Record,
    Said,
    data_of,
    hash_of,
    named,
    record_id,
    with_ends,
)
from edge.kit.sql import Connection
from sync.hub.config import Config
from sync.hub.tables import people
from sync.hub.tables import records as tables
from sync.hub.tables.people import Consent
from sync.hub.tables.records import Happened, Notice

IMPORTED: Final = Said()


@dataclass(frozen=True, slots=True)
class Parties:
    """Who answers for what: parties by their id, and the one behind each shop."""

    by_id: Mapping[str, Party]
    of_shop: Mapping[str, str]
    names: Mapping[str, str]

    @classmethod
    def of(cls, config: Config) -> "Parties":
        return cls(config.parties, config.controllers, config.names)

    def party(self, id_: str) -> Party:
        """As configured; one that nobody wrote down has at least its name."""
        return self.by_id.get(id_) or Party(id_, name(id_, self.names))


def name(id_: str, names: Mapping[str, str]) -> str:
    """How people call a shop or recipient: as configured, else `van-dam` becomes Van Dam."""
    return names.get(id_) or " ".join(part[:1].upper() + part[1:] for part in id_.split("-") if part) or id_


def issuer(config: Config) -> Issuer:
    """Who gives this hub's receipts."""
    return Issuer(config.page or "urn:welkom", config.country)


def note(
    conn: Connection,
    now: Consent,
    *,
    before: Consent | None,
    said: Said,
    now_ms: int,
    state: EventState | None = None,
) -> None:
    """Write down what happened to a register that became `now`; agreements and the law need no record of a choice."""
    granted = now.state == "given"
    held = before is not None and before.state == "given"
    running = held and before is not None and (before.until_ms is None or before.until_ms > now_ms)
    event = Event(
        state or now.state,
        now.gen,
        now.from_ms if granted else now_ms,
        now.until_ms if granted else None,
        said.how,
        said.by,
        said.language,
        said.shop,
        _kept(conn, said, now_ms=now_ms),
        said.version,
        said.benefit,
    )
    if state is None:
        event = named(event, granted_before=running if granted else held)
    known = (
        [_event(before, IMPORTED)]
        if before is not None and held and before.gen < now.gen + (not granted)
        else []
    )
    tables.put(conn, now.customer_id, [_row(each, now) for each in (*known, event)])


def refused(
    conn: Connection, customer_id: bytes, *, purpose: str, recipient: str, said: Said, now_ms: int
) -> None:
    """Somebody was asked and did not say yes: there is no register, and they are not asked again for nothing."""
    digest = _kept(conn, said, now_ms=now_ms)
    row = Happened(
        purpose, recipient, 0, 0, "refused", now_ms, None, said.how, said.by, said.language, said.shop,
        digest or None, "",
    )  # fmt: skip
    tables.put(conn, customer_id, [row])


def of(conn: Connection, customer_id: bytes, parties: Parties, *, now_ms: int) -> tuple[Record, ...]:
    """Every record of a customer, also of what rests on the agreement or the law; empty for nobody."""
    registers = {(each.purpose, each.recipient): each for each in people.consents(conn, customer_id)}
    happened: dict[tuple[str, str], list[Happened]] = {place: [] for place in registers}
    for each in tables.of_customer(conn, customer_id):
        happened.setdefault((each.purpose, each.recipient), []).append(each)
    digests = {each.notice for its in happened.values() for each in its if each.notice}
    versions = tables.versions(conn, digests) if digests else {}
    home = _home(registers)
    return tuple(
        _record(
            conn,
            customer_id,
            place,
            its,
            held=registers.get(place),
            versions=versions,
            parties=parties,
            home=home,
            now_ms=now_ms,
        )
        for place, its in happened.items()
    )


def _record(
    conn: Connection,
    customer_id: bytes,
    place: tuple[str, str],
    its: Sequence[Happened],
    *,
    held: Consent | None,
    versions: Mapping[bytes, str],
    parties: Parties,
    home: str,
    now_ms: int,
) -> Record:
    purpose, recipient = place
    events = [_read(each, versions) for each in its]
    if held is not None and not any(each.gen == held.gen for each in events):
        events.append(_event(held, IMPORTED))
    shop = next((each.shop for each in reversed(events) if each.shop), "")
    partner = purpose == "partners" and recipient != (home or recipient)
    controller = parties.party((parties.of_shop.get(shop) or home) if partner else recipient)
    given_ms = [each.at_ms for each in events if each.state == "given"]
    kinds = DELIVERED_BY.get(purpose, ())
    delivered_ms = None
    if given_ms and kinds:
        delivered_ms = tables.first_told(conn, customer_id, kinds, since_ms=given_ms[-1])
    return Record(
        record_id=record_id(customer_id, purpose, recipient),
        principal=customer_id.hex(),
        purpose=purpose,
        basis=held.basis if held is not None else "consent",
        controller=controller,
        recipients=(parties.party(recipient),) if partner else (),
        data=data_of(purpose),
        events=with_ends(events, now_ms=now_ms),
        delivered_ms=delivered_ms,
    )


def _home(registers: Mapping[tuple[str, str], Consent]) -> str:
    """With whom the customer has their agreement: who answers for what goes to others."""
    by_weight = sorted(
        registers,
        key=lambda place: (place[0] == "partners", place[0] != "saving", place[0] != "recognition", place),
    )
    return next((recipient for purpose, recipient in by_weight if purpose != "partners"), "")


def _kept(conn: Connection, said: Said, *, now_ms: int) -> bytes:
    """The hash under which the text stands; empty where none was told."""
    text = said.text[:MOST_TEXT]
    if not text:
        return b""
    digest = hash_of(text)
    tables.put_notice(conn, Notice(digest, said.version, said.language, text, now_ms))
    return digest


def _event(held: Consent, said: Said) -> Event:
    """What a register tells of itself, where nothing else was written down."""
    return Event(held.state, held.gen, held.from_ms, held.until_ms, said.how, said.by)


def _row(event: Event, register: Consent) -> Happened:
    return Happened(
        register.purpose,
        register.recipient,
        event.gen,
        int(event.state in ("given", "renewed")),
        event.state,
        event.at_ms,
        event.until_ms,
        event.how,
        event.by,
        event.language,
        event.shop,
        event.notice or None,
        event.benefit,
    )


def _read(row: Happened, versions: Mapping[bytes, str]) -> Event:
    return Event(
        cast(EventState, row.state),
        row.gen,
        row.at_ms,
        row.until_ms,
        cast(How, row.how),
        cast(By, row.by_whom),
        row.language,
        row.shop_id,
        row.notice or b"",
        versions.get(row.notice or b"", ""),
        row.benefit,
    )
