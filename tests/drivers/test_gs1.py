"""GS1: numbers of the till, element strings, Digital Links, and the identifiers in them."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from drivers.codecs import gs1
from drivers.codecs.gs1 import Gs1Error, numbers
from drivers.codecs.gs1.identifiers import IDENTIFIERS, WITHOUT_SEPARATOR, at_start, fits
from drivers.codecs.printed import barcode
from drivers.reader import Token

GTIN = "04006381333931"
GS = "\x1d"


def gln(text: str) -> str:
    return text + numbers.check_digit(text)


GSRN = gln("40063810000000001")


@pytest.mark.parametrize(
    ("text", "gtin"),
    [
        ("4006381333931", GTIN),
        ("04006381333931", GTIN),
        ("]E04006381333931", GTIN),
        ("]E3400638133393112", GTIN),
        ("]E3400638133393112345", GTIN),
        ("]E496385074", "00000096385074"),
        ("96385074", "00000096385074"),
        ("036000291452", "00036000291452"),
        ("]E00036000291452", "00036000291452"),
        ("]I114006381333938", "14006381333938"),
        ("01234565", "00012345000065"),
        ("]E001234565", "00012345000065"),
        ("]E401234565", "00000001234565"),
    ],
)
def test_a_number_of_the_till_is_a_gtin(text: str, gtin: str) -> None:
    found = gs1.read(text)
    assert (found.gtin, found.ai) == (gtin, {"01": gtin})


@pytest.mark.parametrize("system", ["0", "1"])
@pytest.mark.parametrize(
    ("six", "ten"),
    [
        ("123450", "1200000345"),
        ("123451", "1210000345"),
        ("123452", "1220000345"),
        ("123453", "1230000045"),
        ("123454", "1234000005"),
        ("123455", "1234500005"),
        ("123459", "1234500009"),
    ],
)
def test_a_upc_e_is_the_upc_a_whose_zeros_it_leaves_out(system: str, six: str, ten: str) -> None:
    whole = gln(system + ten)
    assert numbers.upc_e(system + six + whole[-1]) == whole.zfill(14)
    assert numbers.upc_e(system + six + str((int(whole[-1]) + 1) % 10)) is None


@pytest.mark.parametrize(
    ("text", "ai"),
    [
        (f"]C101{GTIN}10LOT7{GS}17271231", {"01": GTIN, "10": "LOT7", "17": "271231"}),
        (f"]d201{GTIN}1727123110LOT7", {"01": GTIN, "17": "271231", "10": "LOT7"}),
        (f"]Q301{GTIN}{GS}21A-1/b_2{GS}", {"01": GTIN, "21": "A-1/b_2"}),
        (f" ]C101{GTIN}10A \r\n", {"01": GTIN, "10": "A"}),
        (f"]e001{GTIN}3103000195", {"01": GTIN, "3103": "000195"}),
        (f"]C101{GTIN}392215{GS}393297812345", {"01": GTIN, "3922": "15", "3932": "97812345"}),
        (f"{GS}01{GTIN}10A", {"01": GTIN, "10": "A"}),
        (f"01{GTIN}11000000"[:-6] + "270200", {"01": GTIN, "11": "270200"}),
        (f"(01){GTIN}(10)LOT7 (17)271231", {"01": GTIN, "10": "LOT7", "17": "271231"}),
        ("]C100" + gln("34012345000000001"), {"00": gln("34012345000000001")}),
        (f"]C102{GTIN}3712", {"02": GTIN, "37": "12"}),
        (f"]C1414{gln('400638100000')}254EXT", {"414": gln("400638100000"), "254": "EXT"}),
        (f"]C1253{gln('400638100000')}DOC-1", {"253": f"{gln('400638100000')}DOC-1"}),
        (f"]C1255{gln('400638100000')}", {"255": gln("400638100000")}),
        (f"]C1255{gln('400638100000')}000123{GS}394050", None),
        (
            f"]C1255{gln('400638100000')}000123{GS}39400050",
            {"255": f"{gln('400638100000')}000123", "3940": "0050"},
        ),
        (f"]C180030{gln('400638100000')}SER-9", {"8003": f"0{gln('400638100000')}SER-9"}),
        (f"]C1800827123114{GS}10X", {"8008": "27123114", "10": "X"}),
        ("]C18008271231143059", {"8008": "271231143059"}),
        ("]C1700327123109301", None),
        ("]C170032712310930", {"7003": "2712310930"}),
        (f"]C18018{GSRN}", {"8018": GSRN}),
        (f"]C1402{gln('4006381000000000')}", {"402": gln("4006381000000000")}),
        ("]C1423056528", {"423": "056528"}),
        ("]C14230565", None),
        ("]C1391097812", {"3910": "97812"}),
        ("]C199anything+goes%here", {"99": "anything+goes%here"}),
        # wrong on purpose
        (f"]C101{GTIN[:-1]}2", None),
        (f"]C101{GTIN}17271331", None),
        (f"]C101{GTIN}17270230", None),
        (f"]C101{GTIN}10", None),
        (f"]C101{GTIN}10{'x' * 21}", None),
        (f"]C101{GTIN}10a b", None),
        (f"]C101{GTIN}0510", None),
        (f"]C101{GTIN}10A{GS}10B", None),
        (f"]C101{GTIN}10A{GS}10A", {"01": GTIN, "10": "A"}),
        (f"]C101{GTIN[:10]}", None),
        (f"]C001{GTIN}10A", None),
        ("]C1", None),
        ("", None),
        ("4006381333932", None),
        ("]E00000000000000", None),
        (f"x(01){GTIN}", None),
    ],
)
def test_an_element_string_is_taken_apart_or_refused(text: str, ai: dict[str, str] | None) -> None:
    if ai is None:
        with pytest.raises(Gs1Error):
            gs1.read(text)
    else:
        found = gs1.read(text)
        assert (found.ai, list(found.ai)) == (ai, list(ai))
        assert found.gtin == ai.get("01")


@pytest.mark.parametrize(
    ("uri", "ai"),
    [
        (f"https://id.gs1.org/01/{GTIN}/10/LOT7?17=271231", {"01": GTIN, "10": "LOT7", "17": "271231"}),
        (f"HTTPS://EXAMPLE.NL/01/{GTIN}", {"01": GTIN}),
        ("http://shop.example:8080/nl/p/01/4006381333931/", {"01": GTIN}),
        ("https://shop.example/01/96385074/21/a%2Fb%25", {"01": "00000096385074", "21": "a/b%"}),
        ("https://shop.example/01/036000291452/22/2A/10/ABC/21/12?linkType=gs1:pip&3103=000195&x=1#top",
         {"01": "00036000291452", "22": "2A", "10": "ABC", "21": "12", "3103": "000195"}),
        (f"https://shop.example/01/{GTIN}?17=271231;10=A+B%2B", {"01": GTIN, "17": "271231", "10": "A+B+"}),
        (f"https://shop.example/gtin/{GTIN}/lot/L1/ser/S1", {"01": GTIN, "10": "L1", "21": "S1"}),
        (f"https://shop.example/414/{gln('400638100000')}/254/EXT", {"414": gln("400638100000"), "254": "EXT"}),
        ("https://shop.example/00/" + gln("34012345000000001"), {"00": gln("34012345000000001")}),
        (f"https://shop.example/8003/0{gln('400638100000')}SER", {"8003": f"0{gln('400638100000')}SER"}),
        (f"https://shop.example/253/{gln('400638100000')}DOC", {"253": f"{gln('400638100000')}DOC"}),
        ("https://shop.example/8018/" + GSRN + "/8019/7", {"8018": GSRN, "8019": "7"}),
        ("https://shop.example/8004/40063811A", {"8004": "40063811A"}),
        (f"https://shop.example/01/00/01/{GTIN}", {"01": GTIN}),
        # wrong on purpose
        (f"https://shop.example/01/{GTIN[:-1]}2", None),
        (f"https://shop.example/01/{GTIN}/17/271231", None),
        (f"https://shop.example/01/{GTIN}/10", None),
        (f"https://shop.example/01/{GTIN}?17=271331", None),
        (f"https://shop.example/01/{GTIN}/10/%GG", None),
        (f"https://shop.example/01/{GTIN}/10/%E2%82%AC", None),
        (f"https://shop.example/01/{GTIN}/10/A?10=B", None),
        ("https://shop.example/c/123", None),
        (f"https://shop.example?01={GTIN}", None),
        (f"ftp://shop.example/01/{GTIN}", None),
        (f"https:///01/{GTIN}", None),
        ("https://shop.example/01/", None),
    ],
)  # fmt: skip
def test_a_digital_link_is_taken_apart_or_refused(uri: str, ai: dict[str, str] | None) -> None:
    if ai is None:
        with pytest.raises(Gs1Error):
            gs1.read(uri)
        assert barcode.decode(f"]Q1{uri}") == Token("qr", uri, "weak", {"symbology": "Q"})
    else:
        assert gs1.read(uri).ai == ai
        assert gs1.read(f"]Q1{uri}") == gs1.read(uri)


@pytest.mark.parametrize(
    ("scanned", "token"),
    [
        (f"]C101{GTIN}10LOT7{GS}17271231", Token("gs1", GTIN, "weak", {"10": "LOT7", "17": "271231"})),
        (f"]Q1https://shop.example/01/{GTIN}/10/LOT7", Token("gs1", GTIN, "weak", {"10": "LOT7"})),
        (f"https://shop.example/01/{GTIN}", Token("gs1", GTIN, "weak")),
        (f"01{GTIN}{GS}10A", Token("gs1", GTIN, "weak", {"10": "A"})),
        (f"01{GTIN}10A", Token("barcode", f"01{GTIN}10A", "weak")),
        ("]C10102900000123452", Token("barcode", "0102900000123452", "weak", {"symbology": "C"})),
        (
            "https://shop.example/01/2900000123452",
            Token("barcode", "https://shop.example/01/2900000123452", "weak"),
        ),
        (
            f"]C18018{GSRN}",
            Token("barcode", f"8018{GSRN}", "weak", {"symbology": "C"}),
        ),
        (f"]C101{GTIN}17271331", Token("barcode", f"01{GTIN}17271331", "weak", {"symbology": "C"})),
        ("]E001234565", Token("gs1", "00012345000065", "weak")),
        ("01234565", Token("gs1", "00012345000065", "weak")),
        ("01234531", Token("barcode", "01234531", "weak")),
        ("]E001234531", Token("gs1", "00012300000451", "weak")),
        ("12345670", Token("gs1", "00000012345670", "weak")),
        (f"]Q3{GS}", Token("qr", GS, "weak", {"symbology": "Q"})),
    ],
)
def test_a_scan_is_a_product_with_what_else_it_says_or_a_plain_code(scanned: str, token: Token) -> None:
    assert barcode.decode(scanned) == token


def test_no_identifier_is_the_beginning_of_another_and_each_is_found_again() -> None:
    for identifier in IDENTIFIERS:
        assert at_start(identifier + "0000000") == identifier
    assert len(IDENTIFIERS) > 450
    fixed = {name for name in IDENTIFIERS if name[:2] in WITHOUT_SEPARATOR}
    assert all(not IDENTIFIERS[name].pattern.pattern.count("1,") for name in fixed)


VALUES = {
    "01": GTIN,
    "17": "271231",
    "3103": "000195",
    "10": "LOT7",
    "21": "x/y",
    "37": "5",
    "8008": "2712311430",
    "422": "528",
}


@given(st.permutations(list(VALUES)), st.booleans())
def test_elements_in_any_order_come_back_as_they_were_put_in(order: list[str], always: bool) -> None:
    text = "]C1"
    for name in order:
        text += name + VALUES[name] + (GS if always or name[:2] not in WITHOUT_SEPARATOR else "")
    assert gs1.read(text).ai == VALUES


@given(st.text("0123456789", min_size=0, max_size=30))
@example("000000")
def test_a_date_that_no_calendar_has_is_no_date(text: str) -> None:
    if fits("17", text):
        assert len(text) == 6
        assert 1 <= int(text[2:4]) <= 12
        assert int(text[4:]) <= 31


@given(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=60),
    st.sampled_from(["", "]C1", "]Q1https://a/01/", "(01)", "]E0"]),
)
def test_any_text_is_gs1_data_or_its_own_error(text: str, start: str) -> None:
    try:
        found = gs1.read(start + text)
    except Gs1Error:
        return
    assert found.gtin is None or numbers.gtin14(found.gtin) == found.gtin
    assert all(fits(name, value) for name, value in found.ai.items())
