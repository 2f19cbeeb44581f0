"""Finding a product: nothing asked, found, scanned, scanned and unknown, nothing found, no catalogue yet."""

from dataclasses import replace
from typing import Any, Final

from staff_ui.pages.products import MOST_HITS, Products, Scan
from staff_ui.pages.shelf import Line
from staff_ui.sheets import Frame
from staff_ui.words import Words

TEMPLATE: Final = "products.html"
AT: Final = "9:10"
# Title, brand and size and place, cents, drawing, colour.
WARES: Final = (
    ("Wandelschoenen Kaya, halfhoog", "Noordpad · 42 · Wand 3", 12995, "schoen", "#8a5a3c"),
    ("Regenjas Fjord", "Noordpad · M · Rek 7", 14995, "jas", "#2f6f8f"),
    ("Koepeltent Bosrand, 3 personen", "Luwte · Podium", 32900, "tent", "#d9a441"),
    ("Slaapzak Uil, tot 2 graden", "Luwte · Wand 9", 11900, "slaapzak", "#4a7c59"),
    ("Rugzak Heide, 28 liter", "Bergop · Wand 5", 8995, "rugzak", "#7a4b7f"),
    ("Kookstel Vonk", "Vonk · Schap 2", 5495, "kookstel", "#5b5f66"),
    ("Hoofdlamp Glim 400", "Glim · Balie", 3495, "hoofdlamp", "#d9a441"),
    ("Wandelstokken Eik, twee", "Bergop · Wand 6", 6995, "stokken", "#c2452d"),
    ("Fietstas Polder, 2 x 20 liter", "Polder · Wand 8", 9995, "fietstas", "#2f6f8f"),
    ("Kompas Noord", "Noordpad · Balie", 2495, "kompas", "#c2452d"),
    ("Drinkfles Bron, 1 liter", "Bron · Schap 1", 1995, "fles", "#4a7c59"),
    ("Merinosokken Hei", "Hei · 39-42 · Rek 2", 1695, "sok", "#5b5f66"),
)


def lines(words: Words) -> tuple[Line, ...]:
    """A shelf with every age that a count can have."""
    say = words.say
    today, before = say("time.at", clock=AT), say("time.on_day", day=20, month=say("month.11"))
    stocks = (
        ("fresh", words.count("stock.brief.fresh", 6, when=today)),
        ("out", say("stock.brief.out", when=today)),
        ("old", say("stock.brief.old", count="2", when=before)),
        ("stale", say("stock.brief.stale", when=say("time.on_day", day=2, month=say("month.9")))),
        ("none", say("stock.brief.none")),
    )
    return tuple(
        Line(
            item=f"A{number}",
            title=title,
            about=about,
            price=say("price", euros=words.number(cents // 100), cents=f"{cents % 100:02}"),
            stock=stocks[number % len(stocks)][1],
            age=stocks[number % len(stocks)][0],
            picture=picture,
            colour=colour,
        )
        for number, (title, about, cents, picture, colour) in enumerate(WARES)
    )


def samples(frame: Frame, words: Words) -> dict[str, Any]:
    say = words.say
    plain = Products(
        frame=replace(frame, here="products"), asked="", scan=None, hits=(), sentence=say("products.ask")
    )
    shelf = lines(words)
    note = say("products.scan_note", when=say("time.at", clock="10:41"), reader="balie")
    known = Scan(title=say("products.scanned", title=shelf[0].title), note=note, line=shelf[0])
    unknown = Scan(title=say("products.scan_unknown", code="08712345678913"), note=note, line=None)
    return {
        "ask": plain,
        "some": replace(plain, asked="wandl", hits=shelf[:2], sentence=words.count("products.found", 2)),
        "many": replace(plain, asked="noord", hits=shelf, sentence=say("products.most", most=MOST_HITS)),
        "scanned": replace(plain, scan=known),
        "scanned_unknown": replace(plain, scan=unknown),
        "nothing": replace(plain, asked="zzz", sentence=say("products.none")),
        "empty": replace(plain, sentence=say("products.empty")),
    }
