"""Products by their rules: check digits, prices in every spelling, rates, ages, and what an import would change."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.codecs.gs1 import numbers
from edge.catalogue.rules import (
    FRESH_MS,
    MOST_CENTS,
    STALE_MS,
    VAT_RATES,
    Product,
    Stock,
    age,
    cents,
    check_digit,
    difference,
    gtin14,
    in_store,
    item_id,
    missing,
    vat_rate,
)

DIGITS = st.text("0123456789", min_size=7, max_size=13)


@given(DIGITS)
def test_a_number_with_its_check_digit_is_a_gtin_and_with_another_it_is_none(digits: str) -> None:
    whole = digits + check_digit(digits)
    if len(whole) not in (8, 12, 13, 14) or not whole.strip("0"):
        assert gtin14(whole) is None
        return
    assert gtin14(whole) == whole.zfill(14)
    assert gtin14(digits + str((int(whole[-1]) + 1) % 10)) is None


@given(DIGITS.filter(lambda digits: len(digits) in (7, 11, 12, 13)))
def test_a_slip_of_one_digit_is_always_seen(digits: str) -> None:
    whole = digits + check_digit(digits)
    for at in range(len(whole)):
        other = whole[:at] + str((int(whole[at]) + 3) % 10) + whole[at + 1 :]
        assert gtin14(other) is None


@given(st.text("0123456789", min_size=6, max_size=15))
def test_the_catalogue_and_the_scanner_agree_on_what_a_gtin_is(text: str) -> None:
    assert gtin14(text) == numbers.gtin14(text)
    if (gtin := gtin14(text)) is not None:
        assert in_store(gtin) == numbers.in_store(gtin)


@given(st.integers(0, MOST_CENTS))
def test_an_amount_is_read_back_in_every_usual_spelling(amount: int) -> None:
    euros, rest = divmod(amount, 100)
    english, dutch = f"{euros:,}", f"{euros:,}".replace(",", ".")
    for text in (
        f"{euros},{rest:02}",
        f"{euros}.{rest:02}",
        f"€ {dutch},{rest:02}",
        f"{english}.{rest:02}",
        f" {euros}.{rest:02} EUR",
    ):
        assert cents(text) == amount, text
    if rest == 0:
        assert cents(f"{euros},-") == amount


@given(st.text(max_size=20))
def test_no_text_is_an_amount_below_nothing_or_above_the_cap(text: str) -> None:
    value = cents(text)
    assert value is None or 0 <= value <= MOST_CENTS


@pytest.mark.parametrize(
    "text", ["", "-5", "1.299", "1,299", "12,345", "1.2.3", "12,5,5", "€", "vijf", "1e3", "١٢"]
)
def test_what_is_no_amount_or_could_be_two_is_not_read(text: str) -> None:
    assert cents(text) is None


def test_a_rate_is_one_that_there_is_however_it_is_written() -> None:
    for text, rate in {"21": 21, "21%": 21, "21,00": 21, "0.21": 21, "9 %": 9, "0,09": 9, "0": 0}.items():
        assert vat_rate(text) == rate, text
    for text in ("20", "19", "6", "-21", "hoog", "", "0.2", "210"):
        assert vat_rate(text) is None, text
    assert VAT_RATES == (0, 9, 21)


@given(st.text(max_size=80))
def test_an_item_number_fits_in_an_address(text: str) -> None:
    item = item_id(text)
    assert item is None or (
        0 < len(item) <= 64 and not set(item) & set(" /?#%\\\n") and item not in (".", "..")
    )


@given(st.integers(0, 10**13), st.integers(0, 10**10))
def test_a_count_only_grows_older(as_of_ms: int, since_ms: int) -> None:
    ages = ["fresh", "old", "stale"]
    held = Stock("A", 3, as_of_ms)
    now, later = age(held, now_ms=as_of_ms + since_ms), age(held, now_ms=as_of_ms + since_ms + 1)
    assert ages.index(now) <= ages.index(later)
    assert age(held, now_ms=as_of_ms + FRESH_MS) == "old"
    assert age(held, now_ms=as_of_ms + STALE_MS) == "stale"


def test_what_nobody_filled_in_is_named() -> None:
    assert missing(Product("A", "Jas", 1)) == (
        "description",
        "sizes",
        "care",
        "origin",
        "sustainability",
        "place",
    )
    assert missing(Product("A", "Jas", 1, care="wassen", sizes=("M",))) == (
        "description",
        "origin",
        "sustainability",
        "place",
    )


CATALOGUES = st.dictionaries(st.sampled_from("ABCDEFG"), st.integers(0, 3))


@given(CATALOGUES, CATALOGUES)
def test_a_difference_applied_makes_the_new_catalogue_of_the_old(
    held: dict[str, int], given_: dict[str, int]
) -> None:
    found = difference(held, given_, whole=True)
    made = {item: value for item, value in held.items() if item not in found.gone}
    made |= {item: given_[item] for item in (*found.new, *found.changed)}
    assert made == given_
    assert found.same == len(given_) - len(found.new) - len(found.changed)
    assert difference(given_, given_, whole=True) == difference(given_, given_, whole=False)
    assert difference(held, given_, whole=False).gone == ()
    assert not set(difference(held, given_, whole=True, kept=held).gone)
