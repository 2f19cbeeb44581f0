"""Google Smart Tap: records and bundles on published and made ones, the talk with a phone written apart from it."""

import os
import zlib
from contextlib import suppress
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from drivers.codecs.dialogue import Damaged, Forged, Heard, TooLarge
from drivers.codecs.p256 import compressed, private_key
from drivers.codecs.wallets import ose, smarttap, tlv
from drivers.codecs.wallets import smarttap_records as records
from drivers.codecs.wallets.smarttap import Collector, Fresh
from drivers.codecs.wallets.smarttap_bundle import MAX_INFLATED, MAX_PAYLOAD, open_bundle
from drivers.codecs.wallets.smarttap_records import PassObject, Session
from tests.drivers.pn532.google import GoogleWallet, Object
from tests.drivers.pn532.ndef import message
from tests.drivers.pn532.phone import Phone
from tests.drivers.talking import talk
from tests.drivers.vectors import one, vectors

KEY, OTHER = private_key(b"\x33" * 32), private_key(b"\x44" * 32)
SHOP = Collector(20180608, 1, KEY)
CARD = Object("ly", "0102030405060708", "2018")
MERCHANTS = {(20180608, 1): KEY.public_key()}
MADE = vectors("smart-tap", "Smart Tap phone generator")


def fresh() -> Fresh:
    return Fresh(os.urandom(8), os.urandom(32), private_key(os.urandom(32)))


def read(wallet: GoogleWallet, *collectors: Collector) -> tuple[Heard, Phone]:
    phone = Phone(wallet)
    found = talk(ose.find(), phone)
    assert found is not None
    assert found.maker == "google"
    return talk(smarttap.read(found.fci, collectors or [SHOP], fresh=fresh), phone), phone


def numbers(heard: Heard) -> list[str]:
    return [token.value for token in heard.tokens]


def opened(vector: dict[str, Any], **changed: bytes) -> tuple[PassObject, ...]:
    """The bundle of a vector, with something of it changed."""
    given = {
        "payload": bytes.fromhex(vector["reb_payload"]),
        "signed_data": bytes.fromhex(vector["expect"]["signed_data"]),
        "signature": bytes.fromhex(vector["signature"]),
        "device_public_key": records.answer(bytes.fromhex(vector["negotiate_response"]), b"nrs", b"dpk")[1],
    } | changed
    key = private_key(bytes.fromhex(vector["reader_ephemeral_private_key"]))
    payload = given.pop("payload")
    assert payload is not None
    return open_bundle(payload, ephemeral_key=key, **given)  # type: ignore[arg-type]


# Bytes on the air


@pytest.mark.parametrize("vector", MADE, ids=lambda vector: vector["name"])
def test_requests_and_bundles_are_the_made_ones_byte_for_byte(vector: dict[str, Any]) -> None:
    session = Session(bytes.fromhex(vector["session_id"]), 1)
    collector = Collector(
        vector["collector_id"],
        vector["key_version"],
        private_key(bytes.fromhex(vector["long_term_private_key"])),
    )
    own = Fresh(
        session.id,
        bytes.fromhex(vector["reader_nonce"]),
        private_key(bytes.fromhex(vector["reader_ephemeral_private_key"])),
    )
    ours = smarttap.handshake(
        collector, own, bytes.fromhex(vector["device_nonce"]), bytes.fromhex(vector["signature"])
    )
    assert ours.signed_data.hex() == vector["expect"]["signed_data"]
    assert ours.negotiate(session)[5:-1].hex() == vector["negotiate_request"]
    answered, _ = records.answer(bytes.fromhex(vector["negotiate_response"]), b"nrs", b"dpk")
    cld = collector.collector_id.to_bytes(4, "big")
    assert records.get_data(answered.next(), collector_id=cld).hex() == vector["getdata_request"]
    _, bundle = records.answer(bytes.fromhex(vector["getdata_response"]), b"srs", b"reb")
    assert bundle is not None
    assert bundle.hex() == vector["reb_payload"]
    assert [each.number for each in opened(vector)] == vector["expect"]["numbers"]


def test_recorded_requests_are_made_again_byte_for_byte() -> None:
    negotiate = one("smart-tap", "NEGOTIATE request")
    data, expect = bytes.fromhex(negotiate["data"]), negotiate["expect"]
    outer = records.named(data, b"ngr")
    assert outer is not None
    cpr = records.named(outer.payload[2:], b"cpr")
    assert cpr is not None
    inner = {each: records.named(cpr.payload[70:], each) for each in (b"sig", b"cld")}
    assert inner[b"sig"] is not None
    assert inner[b"cld"] is not None
    made = records.negotiate(
        Session(bytes.fromhex(expect["session_id"]), expect["seq"], expect["status"]),
        handshake=cpr.payload[:70],
        collector_id=inner[b"cld"].payload[1:],
        signature=inner[b"sig"].payload[1:],
    )
    assert made == data
    assert len(inner[b"sig"].payload[1:]) == expect["sig_len"]
    get_data = one("smart-tap", "GET DATA request")
    session = Session(bytes.fromhex(expect["session_id"]), get_data["expect"]["seq"])
    collector_id = get_data["expect"]["collector_id"].to_bytes(4, "big")
    ours = records.get_data(session, collector_id=collector_id)
    assert ours == bytes.fromhex(get_data["data"]).replace(
        bytes.fromhex("4100000004"), records.PASSES_ONLY_ZLIB
    )


def test_recorded_answers_are_read() -> None:
    vector = one("smart-tap", "NEGOTIATE response")
    session, key = records.answer(bytes.fromhex(vector["data"]), b"nrs", b"dpk")
    assert (session.sequence, session.status) == (vector["expect"]["seq"], vector["expect"]["status"])
    assert key == bytes.fromhex(vector["expect"]["dpk"])
    vector = one("smart-tap", "GET DATA response")
    session, bundle = records.answer(bytes.fromhex(vector["data"]), b"srs", b"reb")
    assert bundle is not None
    assert (session.sequence, bundle[0], bundle[1:13].hex()) == (2, 3, vector["expect"]["iv"])
    vector = one("smart-tap", "SELECT SMART TAP 2")
    assert records.nonce_of_selection(bytes.fromhex(vector["data"])) == bytes.fromhex(
        vector["expect"]["nonce"]
    )


def test_the_recorded_selection_is_google_wallets_and_has_its_objects_where_they_belong() -> None:
    vector = one("smart-tap", "OSE response")
    fci = tlv.value(bytes.fromhex(vector["data"]), 0x6F)
    assert fci is not None
    for path, tag in (((0x50,), "50"), ((0xC2,), "c2"), ((0xA5, 0xBF0C, 0x61, 0x73, 0xDF62), "df62")):
        assert tlv.value(fci, *path) == bytes.fromhex(vector["expect"][tag])


def test_the_published_bundle_of_googles_demo_pass_unpacks_to_its_objects() -> None:
    vector = one("smart-tap", "real compressed bundle")
    (loyalty,) = open_bundle(
        b"\x02" + bytes.fromhex(vector["data"]),
        ephemeral_key=KEY,
        device_public_key=b"",
        signed_data=b"",
        signature=b"",
    )
    assert (loyalty.kind, loyalty.oid) == ("ly", vector["expect"]["oid"][2:])
    assert loyalty.number is not None
    assert len(loyalty.number) > 1000


@pytest.mark.parametrize(
    ("record", "number"),
    [
        ((1, b"T", b"\x00abc"), "abc"),
        ((1, b"T", b"\x02enabc"), "abc"),
        ((1, b"T", b"\x82en\x00a\x00b"), "ab"),
        ((4, b"n", b"\x01abc"), "abc"),
        ((4, b"n", b"\x02\xc3\xbc"), "ü"),
        ((4, b"n", b"\x03\x00a\x00b"), "ab"),
        ((4, b"n", b"\x04\xde\xad"), "dead"),
        ((4, b"n", b"\x05\x12\x34\x5f"), "12345"),
        ((4, b"n", b"\x02"), None),
        ((4, b"n", b"\x02" + b"9" * 3000), None),
    ],
)
def test_a_number_is_read_in_each_of_its_formats(
    record: tuple[int, bytes, bytes], number: str | None
) -> None:
    if record[0] == 1:  # a well-known record carries its name in its id
        _, kind, payload = record
        inner = bytes([0xD9, 1, len(payload), 1]) + kind + b"n" + payload
    else:
        inner = message(record)
    bundle = message((4, b"asv", message((4, b"i", b"\x04\x01\0\0\0\1"), (4, b"gp", inner))))
    assert records.objects(bundle) == (PassObject("gp", "", number),)


# Bundles that are not what they should be


def test_a_changed_bundle_key_or_signature_is_forged() -> None:
    vector = MADE[0]
    payload = bytes.fromhex(vector["reb_payload"])
    for at in (1, 13, len(payload) - 1):
        with pytest.raises(Forged):
            opened(vector, payload=payload[:at] + bytes([payload[at] ^ 1]) + payload[at + 1 :])
    with pytest.raises(Forged):
        opened(vector, signature=b"\0" * 70)
    with pytest.raises(Forged):
        opened(vector, device_public_key=compressed(OTHER))


def test_a_bundle_that_unpacks_without_end_is_too_large_and_a_cut_one_is_damage() -> None:
    bomb = zlib.compress(bytes(64 * 1024 * 1024))
    assert len(bomb) < MAX_PAYLOAD * 2
    with pytest.raises(TooLarge):
        opened(MADE[0], payload=b"\x02" + bomb[: MAX_PAYLOAD - 1])
    with pytest.raises(TooLarge):
        opened(MADE[0], payload=b"\x02" + zlib.compress(bytes(MAX_INFLATED + 1)))
    with pytest.raises(TooLarge):
        opened(MADE[0], payload=b"\x00" + bytes(MAX_PAYLOAD))
    with pytest.raises(Damaged):
        opened(MADE[0], payload=b"\x02" + zlib.compress(b"hello, hello")[:-5])


@given(st.binary(max_size=120))
def test_any_bytes_are_a_bundle_or_damage(payload: bytes) -> None:
    with suppress(Damaged):
        opened(MADE[0], payload=payload)


# The talk


def test_a_pass_gives_its_number_with_collector_kind_and_object() -> None:
    heard, phone = read(GoogleWallet(CARD, merchants=MERCHANTS))
    (token,) = heard.tokens
    assert (token.kind, token.value, token.evidence) == ("smarttap", "2018", "strong")
    assert token.about == {"collector_id": 20180608, "kind": "ly", "oid": "0102030405060708"}
    assert len(phone.apdus) == 3  # OSE, NEGOTIATE, GET DATA


def test_an_older_phone_gets_its_second_select() -> None:
    heard, phone = read(GoogleWallet(CARD, merchants=MERCHANTS, skips=False))
    assert numbers(heard) == ["2018"]
    assert len(phone.apdus) == 4


def test_eight_objects_come_over_get_more_data() -> None:
    held = [Object("ly" if n % 2 else "gc", f"{n:016x}", f"N-{n}-" + "x" * 200) for n in range(8)]
    wallet = GoogleWallet(*held, merchants=MERCHANTS, compressed=False, piece=200)
    heard, phone = read(wallet)
    assert [(token.value, token.about["oid"], token.about["kind"]) for token in heard.tokens] == [
        (each.number, each.oid, each.kind) for each in held
    ]
    assert sum(apdu == bytes.fromhex("90c0000000") for apdu in phone.apdus) > 8


def test_answers_in_61xx_pieces_are_put_together() -> None:
    phone = Phone(GoogleWallet(CARD, merchants=MERCHANTS), pieces=50)
    found = talk(ose.find(), phone)
    assert found is not None
    assert numbers(talk(smarttap.read(found.fci, [SHOP], fresh=fresh), phone)) == ["2018"]


def test_a_value_of_more_than_a_thousand_characters_is_read_whole() -> None:
    heard, _ = read(GoogleWallet(Object("gr", "00" * 8, "{" + "j" * 1180 + "}"), merchants=MERCHANTS))
    assert [len(number) for number in numbers(heard)] == [1182]


@pytest.mark.parametrize(
    ("trouble", "outcome"),
    [
        ("9001", "no_pass"),
        ("9102", "no_pass"),
        ("9300", "locked"),
        ("9377", "locked"),
        ("9302", "choose_pass"),
        ("9407", "unknown_merchant"),
        ("9500", "unknown_merchant"),
        ("9502", "unknown_merchant"),
        ("9402", "unreadable"),
        ("9406", "unreadable"),
        ("6d00", "unreadable"),
        ("0000", "unreadable"),
    ],
)
def test_every_status_word_has_its_outcome(trouble: str, outcome: str) -> None:
    wallet = GoogleWallet(CARD, merchants=MERCHANTS, trouble=(bytes.fromhex(trouble),))
    assert read(wallet)[0] == Heard(outcome=outcome)  # type: ignore[arg-type]


def test_a_phone_with_the_customer_record_only_has_no_pass() -> None:
    assert read(GoogleWallet(merchants=MERCHANTS))[0] == Heard(outcome="no_pass")


def test_a_wrong_key_version_or_collector_is_an_unknown_merchant() -> None:
    for collector in (Collector(20180608, 1, OTHER), Collector(20180608, 2, KEY), Collector(7, 1, KEY)):
        heard, _ = read(GoogleWallet(CARD, merchants=MERCHANTS), collector)
        assert heard == Heard(outcome="unknown_merchant")


def test_a_phone_that_is_busy_is_asked_again_with_a_higher_sequence() -> None:
    busy = bytes.fromhex("9203")
    wallet = GoogleWallet(CARD, merchants=MERCHANTS, trouble=(busy, busy))
    assert numbers(read(wallet)[0]) == ["2018"]
    assert wallet.sequences == [1, 3, 5, 7]


@pytest.mark.parametrize("says", [4, 8])
def test_a_phone_that_wants_it_again_inside_its_answer_gets_it_again(says: int) -> None:
    wallet = GoogleWallet(CARD, merchants=MERCHANTS, says=(says,))
    assert numbers(read(wallet)[0]) == ["2018"]


def test_a_merchant_that_is_unknown_inside_the_answer_is_unknown() -> None:
    heard, _ = read(GoogleWallet(CARD, merchants=MERCHANTS, says=(5,)))
    assert heard == Heard(outcome="unknown_merchant")


def test_a_phones_key_may_be_written_in_65_bytes() -> None:
    wallet = GoogleWallet(CARD, merchants=MERCHANTS, point=PublicFormat.UncompressedPoint)
    assert numbers(read(wallet)[0]) == ["2018"]


def test_a_phone_that_stays_busy_is_let_go_after_three_times() -> None:
    wallet = GoogleWallet(CARD, merchants=MERCHANTS, trouble=(bytes.fromhex("9200"),) * 9)
    assert read(wallet)[0] == Heard(outcome="unreadable")
    assert len(wallet.sequences) == 4


def test_several_collectors_and_key_versions_are_tried_in_order_each_with_a_nonce_of_its_own() -> None:
    wallet = GoogleWallet(CARD, merchants=MERCHANTS)
    heard, _ = read(wallet, Collector(7, 1, OTHER), Collector(20180608, 9, OTHER), SHOP)
    assert numbers(heard) == ["2018"]
    assert wallet.sessions == 3


def test_without_a_pass_another_version_of_the_key_is_not_tried_and_no_pass_is_told() -> None:
    wallet = GoogleWallet(merchants=MERCHANTS)
    heard, _ = read(wallet, SHOP, Collector(20180608, 2, OTHER), Collector(7, 1, OTHER))
    assert heard == Heard(outcome="no_pass")
    assert wallet.sessions == 2


def test_a_wrong_mac_is_forged() -> None:
    assert read(GoogleWallet(CARD, merchants=MERCHANTS, tampered=True))[0] == Heard(outcome="forged")


def test_a_bundle_that_anybody_could_have_heard_is_weak_evidence() -> None:
    heard, _ = read(GoogleWallet(CARD, merchants=MERCHANTS, encrypted=False, compressed=False))
    assert [(token.value, token.evidence) for token in heard.tokens] == [("2018", "weak")]


@pytest.mark.parametrize("skips", [True, False])
def test_a_phone_that_speaks_another_version_is_damage(skips: bool) -> None:
    with pytest.raises(Damaged):
        read(GoogleWallet(CARD, merchants=MERCHANTS, versions="00020003", skips=skips))


@pytest.mark.parametrize(
    ("status", "outcome"), [("6a82", "no_pass"), ("9300", "locked"), ("6985", "unreadable")]
)
def test_a_wallet_that_does_not_open_its_application_has_its_outcome(status: str, outcome: str) -> None:
    class Bare(GoogleWallet):
        def select(self, name: bytes) -> bytes:
            return bytes.fromhex(status) if len(name) == 9 else super().select(name)

    heard, _ = read(Bare(CARD, merchants=MERCHANTS, skips=False))
    assert heard == Heard(outcome=outcome)  # type: ignore[arg-type]


def test_a_phone_that_never_comes_to_an_end_is_too_large() -> None:
    class Endless(GoogleWallet):
        def command(self, head: bytes, data: bytes) -> bytes:
            return b"x" * 250 + b"\x91\x00" if head[1] in (0x50, 0xC0) else super().command(head, data)

    with pytest.raises(TooLarge):
        read(Endless(CARD, merchants=MERCHANTS))
