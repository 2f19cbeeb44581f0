"""Every codec on examples and on any bytes at all: a value, or its own one error."""

import json
from collections.abc import Generator
from datetime import UTC, datetime, timedelta, timezone
from typing import get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from drivers.codecs.dialogue import Damaged
from drivers.codecs.gs1 import numbers
from drivers.codecs.printed import barcode, vtap
from drivers.codecs.printed.lines import MAX_FRAME, LineSplitter
from drivers.codecs.sightings import MAX_LINE, LineError, from_line, to_line
from drivers.codecs.tags import ndef, refusal, type2, type4
from drivers.reader import Evidence, How, Outcome, Sighting, Token, TokenKind
from tests.drivers.pn532 import Type2Card, Type4Card, message, smart_poster, text, uri

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]))


# Lines


@pytest.mark.parametrize(
    ("data", "frames"),
    [
        (b"one\rtwo\nthree\r\n\r\n", ["one", "two", "three"]),
        (b"\0A\0B\0\r", ["AB"]),
        ("café".encode() + b"\r" + "café".encode("latin-1") + b"\r", ["café", "café"]),
        (b"  \r\r\n", []),
        (b"]C1010950\x1d10AB\r", ["]C1010950\x1d10AB"]),
        (b"x" * MAX_FRAME + b"\r" + b"x" * (MAX_FRAME + 1) + b"y\rnext\r", ["x" * MAX_FRAME, None, "next"]),
    ],
)
def test_bytes_become_frames(data: bytes, frames: list[str | None]) -> None:
    assert LineSplitter().feed(data) == frames


def test_a_frame_without_its_prefix_or_suffix_is_unreadable() -> None:
    splitter = LineSplitter(prefix="<", suffix=">")
    assert splitter.feed(b"<card>\rcard>\r<card\r") == ["card", None, None]


def test_a_control_character_as_suffix_ends_the_frame() -> None:
    splitter = LineSplitter(prefix="\x02", suffix="\x03")
    assert splitter.feed(b"\x02one\x03\x02two\x03\r\ntwo\x03") == ["one", "two", None]


def test_a_gap_ends_a_frame_once() -> None:
    splitter = LineSplitter()
    assert splitter.feed(b"card") == []
    assert splitter.idle() == ["card"]
    assert splitter.idle() == []


@given(st.lists(st.binary(max_size=30)))
def test_how_the_bytes_arrive_makes_no_difference_to_the_frames(chunks: list[bytes]) -> None:
    pieces, whole = LineSplitter(), LineSplitter()
    arrived = [frame for chunk in chunks for frame in pieces.feed(chunk)] + pieces.idle()
    assert arrived == whole.feed(b"".join(chunks)) + whole.idle()
    assert all(frame is None or not set(frame) & set("\r\n\0") for frame in arrived)


# Barcodes


@pytest.mark.parametrize(
    ("scanned", "token"),
    [
        ("4006381333931", Token("gs1", "04006381333931", "weak")),
        ("]E04006381333931", Token("gs1", "04006381333931", "weak")),
        ("]E496385074", Token("gs1", "00000096385074", "weak")),
        ("96385074", Token("gs1", "00000096385074", "weak")),
        ("036000291452", Token("gs1", "00036000291452", "weak")),
        ("14006381333938", Token("gs1", "14006381333938", "weak")),
        ("]E3400638133393112", Token("gs1", "04006381333931", "weak")),
        ("]E02900000123452", Token("barcode", "2900000123452", "weak", {"symbology": "E"})),
        ("4006381333932", Token("barcode", "4006381333932", "weak")),
        ("]C0MEMBER-1", Token("barcode", "MEMBER-1", "weak", {"symbology": "C"})),
        ("]Q14006381333931", Token("qr", "4006381333931", "weak", {"symbology": "Q"})),
        ("0000000000000", Token("barcode", "0000000000000", "weak")),
        ("４００６３８１３３３９３１", Token("barcode", "４００６３８１３３３９３１", "weak")),
    ],
)
def test_a_scan_becomes_a_product_a_qr_code_or_a_plain_code(scanned: str, token: Token) -> None:
    assert barcode.decode(scanned) == token


@pytest.mark.parametrize("prefix", ["02", "04", *(str(n) for n in range(20, 30)), "98", "99"])
def test_numbers_a_shop_gives_out_itself_are_no_products(prefix: str) -> None:
    digits = prefix + "0000012345"
    assert barcode.decode(digits + numbers.check_digit(digits)).kind == "barcode"


@given(st.from_regex(r"[0-9]{7}|[0-9]{11,13}", fullmatch=True))
def test_one_wrong_digit_is_never_a_product(digits: str) -> None:
    right = digits + numbers.check_digit(digits)
    assert numbers.gtin14(right) == (right.zfill(14) if right.strip("0") else None)
    wrong = right[:-1] + str((int(right[-1]) + 1) % 10)
    assert numbers.gtin14(wrong) is None


@given(ANY_TEXT, st.booleans())
@example("]", True)
@example("]E3", False)
def test_any_scan_is_a_token_or_lacks_its_aim_prefix(scanned: str, aim_required: bool) -> None:
    try:
        token = barcode.decode(scanned, aim_required=aim_required)
    except barcode.NotAim:
        assert aim_required
    else:
        assert token.kind in ("gs1", "qr", "barcode")
        assert token.evidence == "weak"


# VTAP


@pytest.mark.parametrize(
    ("line", "evidence", "token"),
    [
        ("A|LOYALTY-1", "weak", Token("vendor", "LOYALTY-1", "weak", {"source": "vtap", "type": "A"})),
        ("G|LOYALTY-1", "strong", Token("vendor", "LOYALTY-1", "strong", {"source": "vtap", "type": "G"})),
        (
            "2|04a1b2c3d4e580",
            "strong",
            Token("vendor", "04a1b2c3d4e580", "weak", {"source": "vtap", "type": "2"}),
        ),
        ("LOYALTY|1", "strong", Token("vendor", "LOYALTY|1", "weak", {"source": "vtap"})),
        ("A|a|b", "weak", Token("vendor", "a|b", "weak", {"source": "vtap", "type": "A"})),
        ("Q|4006381333931", "strong", Token("gs1", "04006381333931", "weak")),
    ],
)
def test_a_vtap_line_becomes_a_token(line: str, evidence: Evidence, token: Token) -> None:
    assert vtap.decode(line, evidence=evidence) == token


@given(ANY_TEXT)
@example("A|")
@example("A| ")
def test_any_vtap_line_is_a_token_or_its_own_error(line: str) -> None:
    try:
        token = vtap.decode(line, evidence="strong")
    except vtap.VtapError:
        return
    assert token.evidence == "weak" or token.about["type"] in "AG"


# NDEF


@given(st.binary(max_size=300))
def test_any_bytes_are_records_or_an_ndef_error(data: bytes) -> None:
    try:
        found = ndef.records(data)
    except ndef.NdefError:
        return
    assert len(found) <= ndef.MAX_RECORDS


@given(st.integers(0, 60), st.binary(max_size=3))
def test_a_damaged_message_is_records_or_an_ndef_error(at: int, noise: bytes) -> None:
    whole = smart_poster(message((1, b"U", b"\x04shop.example/c/A"), (1, b"T", b"\x02nlhello")))
    try:
        ndef.records(whole[:at] + noise + whole[at + len(noise) :])
    except ndef.NdefError:
        return


@pytest.mark.parametrize(
    "damaged",
    [
        uri("https://shop.example/")[:-1],
        message(*[(1, b"T", b"\x02nlx")] * 17),
        smart_poster(smart_poster(smart_poster(uri("tel:1")))),
        text("x" * 4200),
        b"\xb1\x01\x01Tx",
        b"\xd6\x00\x01x",
        b"\x11\x01\x02T\x00x",
        message((1, b"U", b"\x00\xff")),
        message((1, b"T", b"\x3f")),
    ],
)
def test_what_is_damaged_or_over_the_caps_is_an_ndef_error(damaged: bytes) -> None:
    with pytest.raises(ndef.NdefError):
        ndef.records(damaged)


def test_texts_in_both_encodings_and_chunked_records_are_read() -> None:
    wide = message((1, b"T", b"\x82nl" + "kaart é".encode("utf-16-be")))
    marked = message((1, b"T", b"\x82nl" + "kaart é".encode("utf-16")))
    chunked = b"\xb1\x01\x04T\x02nlk" + b"\x36\x00\x02aa" + b"\x56\x00\x02rt"
    assert [record.text for record in ndef.records(wide) + ndef.records(marked)] == ["kaart é"] * 2
    assert [record.text for record in ndef.records(chunked)] == ["kaart"]
    assert ndef.records(b"\xd0\x00\x00") == ndef.records(b"") == ()


# Talks with cards


def talk(dialogue: Generator[bytes, object, object], replies: list[object], *, most: int) -> object:
    """Run a dialogue on these replies, the last one for ever; fails when it never ends."""
    try:
        next(dialogue)
        for at in range(most):
            dialogue.send(replies[min(at, len(replies) - 1)])
    except StopIteration as end:
        return end.value
    except Damaged:
        return None
    raise AssertionError("it never ends")


@given(st.lists(st.one_of(st.binary(max_size=20), st.binary(min_size=16, max_size=16)), min_size=1))
def test_a_type_2_tag_may_answer_anything(blocks: list[object]) -> None:
    talk(type2.read(), blocks, most=80)


@given(st.binary(min_size=1, max_size=120))
def test_a_type_2_tag_may_hold_anything(area: bytes) -> None:
    card = Type2Card(ndef=b"", pages={4: area})
    card.sense()
    dialogue, answer = type2.read(), None
    try:
        frame = next(dialogue)
        while True:
            answer = card.answer(frame)
            assert answer is not None
            frame = dialogue.send(answer)
    except (StopIteration, Damaged):
        pass


REPLIES = st.tuples(
    st.one_of(st.binary(max_size=20), st.binary(min_size=15, max_size=15)),
    st.one_of(st.just(0x9000), st.sampled_from([0x6A82, 0x9100, 0x6982]), st.integers(0, 0xFFFF)),
)


@given(st.lists(REPLIES, min_size=1))
def test_a_type_4_card_may_answer_anything(replies: list[object]) -> None:
    talk(type4.read(), replies, most=type4.MAX_MESSAGE + 10)


@given(st.lists(REPLIES, min_size=1))
def test_any_answers_leave_a_card_refused_or_not(replies: list[object]) -> None:
    assert talk(refusal.check(), replies, most=10) in (True, False)


def test_a_type_4_card_of_mapping_version_1_is_read() -> None:
    class Old(Type4Card):
        def apdu(self, command: bytes) -> bytes:
            if command[:4] == bytes.fromhex("00a40000"):
                return super().apdu(bytes.fromhex("00a4000c") + command[4:])
            return super().apdu(command)

    card = Old(ndef=uri("tel:1"))
    card.applications = (bytes.fromhex("d2760000850100"),)
    dialogue, found = type4.read(), None
    try:
        command = next(dialogue)
        while True:
            reply = card.apdu(command)
            command = dialogue.send((reply[:-2], int.from_bytes(reply[-2:], "big")))
    except StopIteration as end:
        found = end.value
    assert found == uri("tel:1")


# Sighting lines

ABOUT = st.dictionaries(
    ANY_TEXT,
    st.recursive(st.none() | st.booleans() | st.integers() | ANY_TEXT, st.lists, max_leaves=5),
    max_size=4,
)
TOKENS = st.builds(
    Token,
    kind=st.sampled_from(get_args(TokenKind)),
    value=ANY_TEXT.filter(bool),
    evidence=st.sampled_from(get_args(Evidence)),
    about=ABOUT,
)
TIMES = st.datetimes(
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=1))]), min_value=datetime(1900, 1, 1)
).map(lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000))


@given(
    ANY_TEXT.filter(bool), TIMES, st.sampled_from(get_args(How)), TOKENS | st.sampled_from(get_args(Outcome))
)
def test_a_sighting_comes_back_from_its_line_as_it_was(
    reader: str, at: datetime, how: How, what: Token | Outcome
) -> None:
    token, outcome = (what, None) if isinstance(what, Token) else (None, what)
    sighting = Sighting(reader, at, how, token, outcome)
    line = to_line(sighting)
    assert "\n" not in line
    if len(line) <= MAX_LINE:
        assert from_line(line) in (sighting, Sighting(reader, at, how, None, "unreadable"))


@pytest.mark.parametrize("value", ["x" * 8000, "é" * 2048, "\x1d" * 2048])
def test_a_token_that_no_line_holds_is_unreadable_where_it_is_written_and_not_refused_where_it_is_read(
    value: str,
) -> None:
    at = datetime(2026, 11, 22, tzinfo=UTC)
    line = to_line(Sighting("counter-1", at, "tap", Token("smarttap", value, "strong", {"oid": "00" * 80})))
    assert from_line(line) == Sighting("counter-1", at, "tap", None, "unreadable")


def test_a_token_of_2048_plain_characters_has_its_line() -> None:
    sighting = Sighting(
        "counter-1", datetime(2026, 11, 22, tzinfo=UTC), "tap", Token("smarttap", "7" * 2048, "strong")
    )
    assert from_line(to_line(sighting)) == sighting


@pytest.mark.parametrize(
    "line",
    [
        '{"reader": "counter-1", "at": "2026-11-22T10:00:00.123Z", "how": "tap", "token": {"kind": "vas", '
        '"value": "LOYALTY-0001", "evidence": "strong", "about": {"pass_type_id": "pass.example.shop"}}}',
        '{"reader": "counter-1", "at": "2026-11-22T10:00:09.001Z", "how": "tap", "token": null, "outcome": "locked"}',
    ],
)
def test_the_lines_of_the_contract_are_written_exactly_so(line: str) -> None:
    assert to_line(from_line(line)) == line


GOOD = {
    "reader": "counter-1",
    "at": "2026-11-22T10:00:00.123Z",
    "how": "tap",
    "token": {"kind": "barcode", "value": "SECRET-1", "evidence": "weak", "about": {}},
}


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"reader": ""}, "reader"),
        ({"reader": None}, "reader"),
        ({"at": "2026-11-22T10:00:00.123"}, "at"),
        ({"at": "2026-11-22T10:00:00+01:00"}, "at"),
        ({"at": "2026-13-22T10:00:00Z"}, "at"),
        ({"at": 5}, "at"),
        ({"how": "wave"}, "how"),
        ({"token": None}, "outcome"),
        ({"token": "SECRET-1"}, "token"),
        ({"outcome": "locked"}, "outcome"),
        ({"token": None, "outcome": "vanished"}, "outcome"),
        ({"bogus": 1}, "line"),
        ({"token": {"kind": "barcode", "value": "", "evidence": "weak"}}, "token.value"),
        ({"token": {"kind": "pigeon", "value": "SECRET-1", "evidence": "weak"}}, "token.kind"),
        ({"token": {"kind": "barcode", "value": "SECRET-1", "evidence": "certain"}}, "token.evidence"),
        ({"token": {"kind": "barcode", "value": "SECRET-1", "evidence": "weak", "about": []}}, "token.about"),
        ({"token": {"kind": "barcode", "value": "SECRET-1"}}, "token"),
    ],
)
def test_a_line_that_is_no_sighting_is_refused_by_the_place_of_its_mistake(
    change: dict[str, object], place: str
) -> None:
    with pytest.raises(LineError, match=rf"^{place}: ") as caught:
        from_line(json.dumps({**GOOD, **change}))
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "[]",
        "null",
        "{" * 3000,
        "[" * 8000,
        json.dumps(GOOD) + " " * MAX_LINE,
        json.dumps(GOOD).replace("SECRET-1", "\\ud800"),
        json.dumps(GOOD).replace('"SECRET-1"', "NaN"),
        json.dumps(GOOD).replace('"how"', '"how": "scan", "how"'),
        json.dumps(GOOD).replace("{}", '{"n": ' + "9" * 5000 + "}"),
    ],
)
def test_what_json_allows_or_forbids_is_one_error(line: str) -> None:
    with pytest.raises(LineError):
        from_line(line)


@given(st.text())
def test_any_text_is_a_sighting_or_a_line_error(line: str) -> None:
    with pytest.raises(LineError):
        from_line(line)


def test_a_sighting_without_a_time_zone_is_not_written() -> None:
    with pytest.raises(LineError):
        to_line(Sighting("counter-1", datetime(2026, 11, 22), "tap", None, "locked"))
