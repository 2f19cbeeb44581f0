"""Scanners and VTAP: bytes become frames, frames become tokens, whatever they are."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from drivers.codecs.gs1 import numbers
from drivers.codecs.printed import barcode, vtap
from drivers.codecs.printed.lines import MAX_FRAME, LineSplitter
from drivers.reader import Evidence, Token

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]))


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
