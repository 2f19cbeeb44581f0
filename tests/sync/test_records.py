"""Every change of a consent leaves its record, and a receipt of it says what the two standards ask."""

import copy
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from msgspec import Raw
from msgspec.json import decode, encode

from edge.consent import receipts
from edge.consent.records import Party, Record, Said, hash_of
from edge.consent.rules import Register
from edge.kit.errors import Refused
from sync import reports, wire
from sync.hub import consents, records
from sync.hub.consents import NewConsent
from sync.hub.people import NewCustomer
from sync.hub.records import Parties
from tests.sync.centre import ANNA, BRAM, HERE, Centre, customer, open_centre
from tests.sync.dpv import wrong

pytestmark = pytest.mark.anyio
DAY_MS = 86_400_000
CHAIN = Party("chain", "Keten B.V.", "chain", "Kade 1, Utrecht", "Privacy", "privacy@keten.example")
PARTIES = Parties(
    {
        HERE: Party(HERE, "Van Dam B.V.", "franchise", "Langestraat 1, Amersfoort", "Balie"),
        "chain": CHAIN,
        "sokkenfabriek": Party("sokkenfabriek", "De Sokkenfabriek", "partner", "Hof 2, Ede", "Post"),
    },
    {"s1": HERE},
    {},
)
RECORDS = "dpv:hasRecordOfActivity"
# A path into a receipt -> the field that is lacking without it.
MISSING: dict[tuple[str | int, ...], str] = {
    ("dct:conformsTo",): "schema_version",
    (RECORDS, 0, "dpv:hasNotice", 0, "dct:language"): "language",
    (RECORDS, 0, "dpv:hasProcess", "dpv:hasLegalBasis"): "lawful_basis",
    (RECORDS, 0, "dpv:hasProcess", "dpv:hasRecipient"): "recipient_third_parties",
    (RECORDS, 0, "dpv:hasProcess", "dpv:hasStorageCondition"): "retention_period",
    (RECORDS, 0, "dpv:hasProcess", "dpv:hasDataController", "dpv:hasAddress"): "party_address",
    (RECORDS, 0, "dpv:hasProcess", "dpv:hasPersonalData"): "pii_type",
    (RECORDS, 0, "dpv:hasConsentStatus", 0, "dpv:isIndicatedAtTime"): "event_time",
    (RECORDS, 0, "dpv:hasConsentStatus", 0, "@type"): "event_state",
    (RECORDS, 0, "dpv:hasConsentControl"): "withdrawal_method",
}
READ = "U herkennen in de winkel\nAls u uw kaart laat lezen, ziet de winkel uw naam.\n1 jaar"
TOLD = Said("portal", "nl", READ, "0.2.0", "Vandaag: een paar sokken cadeau.")


@pytest.fixture
async def centre(tmp_path: Path) -> AsyncGenerator[Centre, None]:
    async with open_centre(tmp_path) as found:
        await found.hub.add_customers(["s1"], [customer()])
        yield found


async def of(centre: Centre, customer_id: bytes = ANNA, *, now_ms: int | None = None) -> dict[str, Record]:
    now_ms = centre.hub.now_ms() if now_ms is None else now_ms
    found = await centre.hub.db.read(records.of, customer_id, PARTIES, now_ms=now_ms)
    return {
        each.purpose if not each.recipients else f"partners/{each.recipients[0].id}": each for each in found
    }


def states(record: Record) -> list[str]:
    return [each.state for each in record.events]


async def test_give_refuse_withdraw_expire_and_renew_each_leave_an_event(centre: Centre) -> None:
    hub, now_ms = centre.hub, centre.hub.now_ms()
    what: dict[str, Any] = {"purpose": "contact", "recipient": HERE, "said": TOLD}
    await hub.change(consents.withdraw, ANNA, **what, now_ms=now_ms)
    assert states((await of(centre))["contact"]) == ["refused"]
    base = Register(1, "withdrawn")
    await hub.change(consents.grant, ANNA, **what, base=base, now_ms=now_ms, until_ms=now_ms + 10 * DAY_MS)
    base = Register(2, "given")
    moved = await hub.change(
        consents.grant, ANNA, **what, base=base, now_ms=now_ms + DAY_MS, until_ms=now_ms + 20 * DAY_MS
    )
    assert moved
    there = (await of(centre, now_ms=now_ms + 30 * DAY_MS))["contact"]
    assert states(there) == ["refused", "given", "renewed", "expired"]
    assert not there.holds
    assert there.now.at_ms == now_ms + 20 * DAY_MS
    await hub.change(consents.withdraw, ANNA, **what, now_ms=now_ms + 2 * DAY_MS)
    there = (await of(centre, now_ms=now_ms + 30 * DAY_MS))["contact"]
    assert states(there) == ["refused", "given", "renewed", "withdrawn"]


async def test_the_text_that_was_read_is_kept_once_under_its_hash(centre: Centre) -> None:
    hub = centre.hub
    for purpose in ("contact", "location"):
        await hub.change(
            consents.grant, ANNA, purpose=purpose, recipient=HERE, base=None, now_ms=hub.now_ms(), said=TOLD
        )
    found = await of(centre)
    asked = found["contact"].asked
    assert (asked.notice, asked.language, asked.version, asked.how) == (
        hash_of(READ),
        "nl",
        "0.2.0",
        "portal",
    )
    rows = hub.db.reader.execute("SELECT sha256, text FROM notice").fetchall()
    assert rows == [(hash_of(READ), READ)]
    assert found["contact"].benefit == TOLD.benefit


async def test_what_headquarters_brought_in_says_so_and_keeps_saying_so(centre: Centre) -> None:
    hub = centre.hub
    assert [(each.state, each.how) for each in (await of(centre))["recognition"].events] == [
        ("given", "import")
    ]
    await hub.change(
        consents.withdraw, ANNA, purpose="recognition", recipient=HERE, now_ms=hub.now_ms(), said=TOLD
    )
    events = (await of(centre))["recognition"].events
    assert [(each.state, each.how) for each in events] == [("given", "import"), ("withdrawn", "portal")]


async def test_a_partner_that_is_added_later_has_nothing_until_it_is_named_and_agreed_to(
    centre: Centre,
) -> None:
    hub = centre.hub
    assert all(not each.recipients for each in (await of(centre)).values())
    await hub.change(
        consents.grant, ANNA, purpose="partners", recipient="sokkenfabriek", base=None, now_ms=hub.now_ms()
    )
    shared = (await of(centre))["partners/sokkenfabriek"]
    assert (shared.controller.id, [each.name for each in shared.recipients]) == (HERE, ["De Sokkenfabriek"])
    # The yes was to one of them: another one has no register, so no basis anywhere.
    assert hub.db.reader.execute(
        "SELECT count(*) FROM consent WHERE purpose='partners' AND recipient<>'sokkenfabriek'"
    ).fetchone() == (0,)


async def test_the_chain_and_the_holder_of_the_shop_answer_each_for_their_own(centre: Centre) -> None:
    yes = [NewConsent("saving", HERE), NewConsent("recognition", HERE), NewConsent("profiling", "chain")]
    await centre.hub.add_customers(["s1"], [NewCustomer(BRAM, {}, [], yes)])
    found = await of(centre, BRAM)
    assert {purpose: each.controller.kind for purpose, each in found.items()} == {
        "saving": "franchise",
        "recognition": "franchise",
        "profiling": "chain",
    }


async def test_what_a_shop_says_of_a_yes_and_of_a_no_stands_in_the_record(centre: Centre) -> None:
    told = wire.Said(how="tablet", language="nl", text=READ, version="0.2.0", benefit="Sokken", by="parent")
    hub = centre.hub
    body = reports.ConsentGiven(
        customer_id=ANNA.hex(), purpose="contact", recipient=HERE, gen=1, base="", said=told
    )
    no = wire.ConsentWithdrawn(
        customer_id=ANNA.hex(), purpose="profiling", recipient=HERE, gen=1, said=wire.Said(how="desk")
    )
    await _sent(centre, [("consent_given", body), ("consent_withdrawn", no)])
    found = await of(centre)
    event = found["contact"].now
    assert (event.state, event.how, event.by, event.shop) == ("given", "tablet", "parent", "s1")
    assert (event.notice, event.benefit) == (hash_of(READ), "Sokken")
    assert [(each.state, each.how) for each in found["profiling"].events][-1] == ("withdrawn", "desk")
    assert hub.db.reader.execute("SELECT count(*) FROM event WHERE code IS NOT NULL").fetchone() == (0,)


async def test_a_box_of_an_earlier_version_says_less_and_is_understood(centre: Centre) -> None:
    body = {"customer_id": ANNA.hex(), "purpose": "contact", "recipient": HERE, "gen": 1}
    await _sent(centre, [("consent_given", body)])
    event = (await of(centre))["contact"].now
    assert (event.state, event.how, event.notice, event.shop) == ("given", "tablet", b"", "s1")


async def test_a_benefit_counts_as_given_once_a_shop_gave_it(centre: Centre) -> None:
    assert (await of(centre))["profiling"].delivered_ms is None
    at_ms = centre.hub.now_ms() + 5
    said = {"visit_id": "07" * 16, "customer_id": ANNA.hex(), "item": "x", "reason": "often"}
    await _sent(centre, [("suggestion_said", said)], at_ms=at_ms)
    assert (await of(centre))["profiling"].delivered_ms == at_ms
    assert (await of(centre))[
        "contact" if "contact" in await of(centre) else "recognition"
    ].delivered_ms is None


async def test_who_is_forgotten_leaves_no_record(centre: Centre) -> None:
    hub = centre.hub
    await hub.change(consents.withdraw, ANNA, purpose="recognition", recipient=HERE, now_ms=1, said=TOLD)
    await hub.erase(ANNA)
    assert hub.db.reader.execute("SELECT count(*) FROM consent_event").fetchone() == (0,)
    assert await of(centre) == {}


@pytest.fixture
async def receipt(centre: Centre) -> dict[str, Any]:
    hub, now_ms = centre.hub, centre.hub.now_ms()
    await hub.change(
        consents.grant,
        ANNA,
        purpose="partners",
        recipient="sokkenfabriek",
        base=None,
        now_ms=now_ms,
        said=TOLD,
    )
    await hub.change(consents.withdraw, ANNA, purpose="recognition", recipient=HERE, now_ms=now_ms, said=TOLD)
    await hub.change(
        consents.grant,
        ANNA,
        purpose="contact",
        recipient=HERE,
        base=None,
        now_ms=now_ms,
        until_ms=now_ms + 1,
        said=TOLD,
    )
    found = await hub.db.read(records.of, ANNA, PARTIES, now_ms=now_ms + DAY_MS)
    made = receipts.receipt(
        found, receipts.Issuer("https://wallet.example"), receipt_id="r-1", now_ms=now_ms + DAY_MS
    )
    return dict(decode(encode(made)))  # as it goes over the wire


async def test_a_receipt_says_all_that_dpv_and_27560_ask_and_the_check_sees_what_is_missing(
    receipt: dict[str, Any],
) -> None:
    assert wrong(receipt) == []
    assert len(receipt[RECORDS]) == 5
    for path, said in MISSING.items():
        damaged = copy.deepcopy(receipt)
        node: Any = damaged
        for each in path[:-1]:
            node = node[each]
        del node[path[-1]]
        assert any(said in each for each in wrong(damaged)), (said, wrong(damaged))
    damaged = copy.deepcopy(receipt)
    damaged[RECORDS][0]["dpv:hasProcess"]["dpv:hasPurpose"]["@type"] = "dpv:MakingMoney"
    assert any("MakingMoney" in each for each in wrong(damaged))
    assert any("hasWhatever" in each for each in wrong({**receipt, "dpv:hasWhatever": 1}))


async def test_the_older_form_has_what_kantara_asks(centre: Centre) -> None:
    record = (await of(centre))["recognition"]
    made = receipts.kantara(record, receipts.Issuer("https://wallet.example"))
    assert made["version"] == "KI-CR-v1.1.0"
    assert set(made) == {
        "version", "jurisdiction", "consentTimestamp", "collectionMethod", "consentReceiptID", "language",
        "piiPrincipalId", "piiControllers", "policyUrl", "services", "sensitive", "spiCat",
    }  # fmt: skip
    assert made["consentTimestamp"] == record.events[0].at_ms // 1000
    (purpose,) = made["services"][0]["purposes"]
    assert (purpose["consentType"], purpose["thirdPartyDisclosure"]) == ("EXPLICIT", False)


async def _sent(centre: Centre, facts: list[tuple[str, Any]], *, at_ms: int | None = None) -> None:
    """The shop's box reports these facts, from its first on."""
    at_ms = centre.hub.now_ms() if at_ms is None else at_ms
    events = [
        wire.Event(number, at_ms, kind, Raw(encode(body))) for number, (kind, body) in enumerate(facts, 1)
    ]
    await centre.hub.take(wire.Envelope("box-1", 1, 1, wire.SCHEMA, bytes(32).hex()), events)


async def test_nobody_says_yes_to_a_profile_of_a_child_and_a_parent_to_being_recognised(
    centre: Centre,
) -> None:
    hub, now_ms = centre.hub, centre.hub.now_ms()
    yes = [NewConsent("saving", HERE), NewConsent("recognition", HERE)]
    await hub.add_customers(["s1"], [NewCustomer(BRAM, {"age_band": "under16"}, [], yes)])
    for purpose in ("profiling", "location", "finding", "partners"):
        with pytest.raises(Refused) as refused:
            await hub.change(
                consents.grant, BRAM, purpose=purpose, recipient=HERE, base=None, now_ms=now_ms, said=TOLD
            )
        assert refused.value.code == "MINOR"
    body = {"customer_id": BRAM.hex(), "purpose": "profiling", "recipient": HERE, "gen": 1}
    await _sent(centre, [("consent_given", body)])
    assert hub.db.reader.execute("SELECT code FROM event").fetchone() == ("MINOR",)
    assert await hub.change(
        consents.grant,
        BRAM,
        purpose="contact",
        recipient=HERE,
        base=None,
        now_ms=now_ms,
        said=replace(TOLD, by="parent"),
    )
    assert (await of(centre, BRAM))["contact"].now.by == "parent"
    child = NewCustomer(b"\xc4" * 16, {"age_band": "under16"}, [], [NewConsent("profiling", HERE)])
    with pytest.raises(Refused):
        await hub.add_customers(["s1"], [child])
