"""Other people's files: both generations of Shopify, any CSV with a mapping, JSON lines; and files made to hurt."""

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.catalogue.importers import FORMATS, BadFile, counts, guess
from edge.catalogue.importers.draft import FIELDS, Read
from edge.catalogue.importers.lines import Mapping_, read_mapping
from edge.catalogue.importers.shopify import plain
from edge.catalogue.rules import Product, Stock

DATA = Path(__file__).parent / "data"
PLAIN = Mapping_()
NOW_MS = 1_795_340_460_000
SHOES = {
    "KAYA-42": ("08712345678906", ("42", "Bruin"), ("KAYA-43",)),
    "KAYA-43": ("08712345678913", ("43", "Bruin"), ("KAYA-42",)),
}


def csv(text: str, mapping: Mapping_ = PLAIN) -> Read:
    return FORMATS["csv"](text.encode(), mapping)


def whys(read: Read) -> list[tuple[int, str]]:
    return [(each.line, each.why) for each in read.refusals]


@pytest.mark.parametrize("file", ["shopify_new.csv", "shopify_old.csv"])
def test_both_generations_of_shopify_make_the_same_products_of_the_same_variants(file: str) -> None:
    body = (DATA / file).read_bytes()
    assert guess(body) == "shopify"
    read = FORMATS["shopify"](body, PLAIN)
    assert read.refusals == ()
    found = {each.item: each for each in read.products}
    assert list(found) == ["KAYA-42", "KAYA-43", "007"]
    for item, (gtin, sizes, others) in SHOES.items():
        shoe = found[item]
        assert (shoe.gtin, shoe.sizes, shoe.alternatives) == (gtin, sizes, others)
        assert (shoe.title, shoe.brand, shoe.category) == ("Wandelschoen Kaya", "Noordpad", "Schoenen")
        assert (shoe.price_cents, shoe.vat) == (12995, None)
        assert shoe.description == "Stevig, & waterdicht. Van nubuck."
    bottle = found["007"]
    assert (bottle.price_cents, bottle.vat, bottle.sizes) == (1250, 0, ())
    assert bottle.category == "Bottles"


def test_metafields_of_shopify_say_care_and_origin_and_drafts_are_left_out() -> None:
    read = FORMATS["shopify"]((DATA / "shopify_new.csv").read_bytes(), PLAIN)
    assert {(each.care, each.origin) for each in read.products[:2]} == {("Impregneren", "Portugal")}
    assert read.left_out == 2


def test_a_variant_that_cannot_be_used_is_refused_with_its_own_line() -> None:
    body = (DATA / "shopify_new.csv").read_bytes().replace(b"8712345678913", b"8712345678912")
    read = FORMATS["shopify"](body.replace(b"12.5,", b"twaalf,"), PLAIN)
    assert whys(read) == [(3, "gtin"), (5, "price")]
    assert [each.item for each in read.refusals] == ["KAYA-43", "007"]


def test_a_mapping_reads_the_file_of_any_system() -> None:
    mapping = read_mapping(
        """
        delimiter = ";"
        encoding = "cp1252"
        [columns]
        item = "Artikelnr"
        title = "Omschrijving"
        price = "Prijs incl."
        gtin = "EAN"
        vat = "BTW"
        sizes = "Maten"
        durable = "Duurzaam"
        """,
        fields=FIELDS,
    )
    text = "\r\n".join(
        [
            "Artikelnr;EAN;Omschrijving;Prijs incl.;BTW;Maten;Duurzaam;Rest",
            '10 A/7;87123456 78906;"Regenjas ""Één""";€ 1.299,95;21%;S|M;ja;x',
        ]
    )
    read = FORMATS["csv"](text.encode("cp1252"), mapping)
    assert read.refusals == ()
    assert read.products == (
        Product(
            "10-A-7", 'Regenjas "Één"', 129995, gtin="08712345678906", vat=21, sizes=("S", "M"), durable=True
        ),
    )


def test_every_reason_to_refuse_a_line_is_said_with_its_number() -> None:
    lines = [
        "item,title,price,gtin,vat,language,colour",
        "A1,Jas,12.95,8712345678906,21,nl,#aabbcc",
        "A2,Jas,12.95,8712345678907,21,nl,",
        "A3,Jas,veel,,21,nl,",
        "A4,Jas,12.95,,20,nl,",
        "A5,Jacket,12.95,,21,en,",
        "A6,,12.95,,21,nl,",
        "A1,Jas,12.95,,21,nl,",
        "A7,Jas,12.95,8712345678906,21,nl,",
        "A8,CrÃ¨me jas,12.95,,21,nl,",
        "ö?,Jas,12.95,,21,nl,rood",
        ",Jas,,,21,nl,",
    ]
    read = csv("\n".join(lines))
    assert [each.item for each in read.products] == ["A1"]
    assert whys(read) == [
        (3, "gtin"),
        (4, "price"),
        (5, "vat"),
        (6, "language"),
        (7, "title"),
        (8, "twice"),
        (9, "twice"),
        (10, "text"),
        (11, "item"),
        (11, "colour"),
        (12, "item"),
        (12, "price"),
    ]


def test_lines_are_counted_as_an_editor_counts_them() -> None:
    read = csv('item,title,price,description\r\n\r\nA,Jas,1,"twee\r\nregels"\r\nB,,1,\r\n')
    assert whys(read) == [(5, "title")]


def test_json_lines_take_cents_or_a_price_and_lists() -> None:
    lines = [
        {"item": "A", "title": "Jas", "price_cents": 1295, "sizes": ["S", "M"], "vat": 21, "durable": True},
        {"item": "B", "title": "Jas", "price": 12.95, "alternatives": ["A"]},
        {"item": "C", "title": "Jas", "price_cents": 12.5},
        {"item": "D", "title": "Jas", "price_cents": 1, "prize": 1},
        [1],
    ]
    text = "\n".join([*map(json.dumps, lines), "{", '{"item":' * 5000])
    assert guess(text.encode()) == "jsonl"
    read = FORMATS["jsonl"](text.encode(), PLAIN)
    assert [(each.item, each.price_cents) for each in read.products] == [("A", 1295), ("B", 1295)]
    assert (read.products[0].sizes, read.products[0].durable) == (("S", "M"), True)
    assert whys(read) == [(3, "price"), (4, "line"), (5, "line"), (6, "line"), (7, "line")]


HEAD = b"item,title,price\n"
HOSTILE = {
    "utf-16": ("Jas".encode("utf-16"), 1),
    "latin-1": (HEAD + b"A,Jas,1\nB,Cr\xe8me,2\n", 3),
    "a NUL": (HEAD + b"A,Jas,1\nB,J\0s,2\n", 3),
    "a cell of 10 MB": (HEAD + b'A,"' + b"x" * 10_000_000 + b'",1\n', 2),
    "a quote that is not closed": (HEAD + b'A,Jas,1\nB,"Jas,2\nC,Jas,3\n', 3),
    "a quote in the middle": (HEAD + b'A,"Jas" 2,1\n', 2),
    "too many cells": (HEAD + b"A,Jas,1,2,3\n", 2),
    "nothing": (b"", 0),
    "only a mark of UTF-8": (b"\xef\xbb\xbf", 0),
    "only headers": (HEAD, 0),
    "other headers": (b"naam,prijs\nJas,1\n", 1),
    "a header twice": (b"item,title,title,price\nA,B,C,1\n", 1),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_made_to_hurt_is_refused_with_a_sentence_and_its_line(name: str) -> None:
    body, line = HOSTILE[name]
    with pytest.raises(BadFile) as refused:
        FORMATS["csv"](body, PLAIN)
    assert refused.value.line == line
    assert len(str(refused.value)) < 200


def test_a_mark_of_utf_8_and_line_ends_of_windows_and_old_macs_are_taken() -> None:
    for end in ("\r\n", "\n", "\r"):
        body = b"\xef\xbb\xbf" + f"item,title,price{end}A,Crème,1{end}B,Jas,2{end}".encode()
        assert [each.title for each in FORMATS["csv"](body, PLAIN).products] == ["Crème", "Jas"]


@settings(max_examples=200)
@given(st.binary(max_size=300), st.sampled_from(sorted(FORMATS)))
def test_no_bytes_at_all_do_more_than_be_refused(body: bytes, kind: str) -> None:
    for each in (
        body,
        HEAD + body,
        b"Title,URL handle,Option1 value,Price\n" + body,
        b'{"item":"A"}\n' + body,
    ):
        with suppress(BadFile):
            guess(each)
        try:
            read = FORMATS[kind](each, PLAIN)
        except BadFile:
            continue
        assert all(refusal.line > 0 for refusal in read.refusals)


@given(st.text(max_size=200))
def test_a_description_keeps_no_tag(text: str) -> None:
    assert "<script" not in plain(f"<p>{text}<script>alert(1)</script>")
    assert plain("<b>een</b>twee<script>x</script>") == "een twee"


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "[columns]\nnaam = 'X'",
        "columns = 3",
        "delimeter = ';'",
        "encoding = 'ebcdic'",
        "delimiter = ';;'",
    ],
)
def test_a_mapping_that_says_something_else_is_refused(text: str) -> None:
    with pytest.raises(BadFile):
        read_mapping(text, fields=FIELDS)


def test_a_mapping_of_a_column_that_is_not_there_is_refused() -> None:
    mapping = Mapping_(columns={"item": "Nr", "title": "Naam", "price": "Prijs", "care": "Wassen"})
    with pytest.raises(BadFile, match="wassen"):
        csv("Nr,Naam,Prijs\n1,Jas,2\n", mapping)
    with pytest.raises(BadFile, match="price"):
        csv("Nr,Naam,Prijs\n1,Jas,2\n", Mapping_(columns={"item": "Nr", "title": "Naam"}))


def test_counts_are_read_by_item_or_bar_code_and_wrong_ones_are_refused() -> None:
    items = {"A": "A", "B": "B", "08712345678906": "A"}
    text = "\n".join(
        [
            "item,gtin,count,as_of",
            ",8712345678906,6,2026-11-22T08:10:00+01:00",
            "B,,3,",
            "B,,4,",
            "C,,1,",
            "A,,-1,",
            "A,,1,gisteren",
            "A,,1,2030-01-01T00:00:00Z",
            ",8712345678907,1,",
        ]
    )
    counted = counts.read(text.encode(), PLAIN, items=items, now_ms=NOW_MS)
    assert counted.stocks == (Stock("A", 6, 1_795_331_400_000), Stock("B", 3, NOW_MS))
    assert [(each.line, each.why) for each in counted.refusals] == [
        (4, "twice"),
        (5, "item"),
        (6, "count"),
        (7, "time"),
        (8, "time"),
        (9, "gtin"),
    ]
    lines = b'{"item": "A", "count": 2}\n{"gtin": "8712345678906"}\n{}\nx\n'
    counted = counts.read(lines, PLAIN, items=items, now_ms=NOW_MS)
    assert counted.stocks == (Stock("A", 2, NOW_MS),)
    assert [(each.line, each.why) for each in counted.refusals] == [
        (2, "count"),
        (3, "gtin"),
        (3, "count"),
        (4, "line"),
    ]
