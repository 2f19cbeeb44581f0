"""The retailer's papers say what the settings and tables say, in both languages and as both kinds of file."""

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from string import Formatter

import pytest

from drivers.settings import ReaderSettings
from edge.cli import main
from edge.config import Config, Hub, Presence, Server, Shop
from edge.consent.records import Party, data_of
from edge.consent.rules import PURPOSES, TRAITS
from edge.papers import council, labels
from edge.papers.installation import Installation
from edge.papers.maker import PAPERS, Made, make
from edge.papers.words import LANGUAGES, Language, Words
from sync.hub.config import Config as HubConfig
from sync.hub.config import Keys
from sync.hub.portal.parties import DATA
from tests.house.programs import configured
from tests.house.repo import ROOT
from tests.staff_ui.catalogues import FOLDER, extracted, read, shared
from tests.staff_ui.catalogues import PAPERS as CATALOGUES
from tests.staff_ui.test_words import DUTCH, ENGLISH, forms, key_of, visible

NONE = Path("nowhere")
PLAIN = Config(
    shop=Shop(name="Van Dam <Amersfoort>", recipient="van-dam"),
    presence=Presence(floor=NONE, calibration=NONE),
    readers=(ReaderSettings("counter-1", "serial"),),
)
ALONE = Installation(made_ms=1_795_340_460_000, version="0.2.0", shop=PLAIN)
HUB = HubConfig(
    state=NONE,
    keys=Keys(bytes(32), bytes(32)),
    parties={
        "van-dam": Party("van-dam", "Van Dam B.V.", address="Langestraat 1", email="privacy@van-dam.example"),
        "bergpas": Party("bergpas", "Bergpas B.V.", "partner"),
    },
)
EVERYTHING = replace(
    ALONE,
    hub=HUB,
    zones=3,
    shop=replace(
        PLAIN,
        shop=replace(PLAIN.shop, page="https://welkom.example"),
        hub=Hub(url="https://hub.example", device="d", lease_days=9),
        server=Server(host="0.0.0.0"),
        presence=replace(PLAIN.presence, finding=True, welcome=True),
    ),
)


def keys(language: str) -> dict[str, tuple[str, ...]]:
    return {key_of(message): forms(message) for message in read(language, CATALOGUES) if message.id}


def made(here: Installation, name: str, language: Language = "nl") -> Made:
    (found,) = make(here, language, only=name)
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_key_is_missing_stale_or_empty(language: str) -> None:
    found = keys(language)
    signs = {
        each for each in extracted(FOLDER) if each.startswith("sign.")
    }  # the sign says what the tablet says
    assert set(found) == extracted(CATALOGUES) - signs
    assert all(all(texts) for texts in found.values())
    tablet = {key_of(message): forms(message) for message in read(language, FOLDER) if message.id}
    assert {key: found[key] for key in shared()} == {key: tablet[key] for key in shared()}


def test_both_languages_fill_in_the_same_values() -> None:
    def values(texts: tuple[str, ...]) -> set[str]:
        return {name for text in texts for _, name, _, _ in Formatter().parse(text) if name}

    nl, en = keys("nl"), keys("en")
    assert {key: values(text) for key, text in nl.items()} == {key: values(text) for key, text in en.items()}


@pytest.mark.parametrize(("language", "foreign"), [("nl", ENGLISH), ("en", DUTCH - {"van"})])
def test_no_paper_mixes_languages_or_needs_anything_beside_it(language: Language, foreign: set[str]) -> None:
    for each in make(EVERYTHING, language):
        if each.name != "cannot":  # it names tests, and those are English
            page = re.sub(r"<style>.*?</style>", "", each.html, flags=re.DOTALL)
            page = re.sub(r"\w+: [a-z_]+(, [a-z_]+)*", "", page)  # the council's table: field, field
            assert {word.lower() for word in visible(page)} & foreign == set(), each.name
        assert "<script" not in each.html
        assert re.findall(r"(?:src|href)=|url\(|@import", each.html) == []
        assert "Van Dam &lt;Amersfoort&gt;" in each.html, each.name
        assert "Van Dam \\<Amersfoort\\>" in each.markdown, each.name


def test_records_name_every_purpose_field_and_time_limit_in_force() -> None:
    words = Words("nl", "Europe/Amsterdam")
    page, alone = made(EVERYTHING, "records").markdown, made(ALONE, "records").markdown
    for name in PURPOSES:
        assert f"| {labels.purpose(name, words)} |" in page
    for name in TRAITS:
        assert f"| {labels.field(name, words)} |" in page
    assert len(labels.kept(EVERYTHING)) > len(labels.kept(ALONE)) > 10
    for each in labels.kept(EVERYTHING):
        what, until = labels.row(each, words)
        assert f"| {what} | {words.say(labels.PLACES[each.where])} |" in page
        assert until in page
    assert "Langestraat 1" in page
    assert "| Van Dam B.V. | De winkelier | Langestraat 1 | privacy@van-dam.example |" in page
    assert "| van-dam | De winkelier | … | … |" in alone


@pytest.mark.parametrize(
    ("name", "there", "text"),
    [
        ("records", EVERYTHING, "hub.example"),
        ("records", EVERYTHING, "Bergpas B.V."),
        ("records", EVERYTHING, "9 dagen"),
        ("records", EVERYTHING, "wat er tussen tablet en toestel voor HTTPS zorgt"),
        ("records", EVERYTHING, "sleutelhangers, verzegeld"),
        ("dpia", EVERYTHING, "3 delen"),
        ("dpia", EVERYTHING, "https://welkom.example"),
        ("dpia", EVERYTHING, "iemand te vinden die hulp vroeg"),
        ("dpia", ALONE, "Deze winkel heeft geen hoofdkantoor"),
        ("dpia", EVERYTHING, "op de eigen pagina of bij een medewerker"),
        ("dpia", ALONE, "op de tablet, in de hand van de klant, en geldt"),
        ("dpia", EVERYTHING, "Bergpas B.V. mag gegevens van u krijgen"),
        ("records", EVERYTHING, "Bergpas B.V. mag gegevens van u krijgen"),
        ("records", EVERYTHING, "Waar u in de winkel bent"),
        ("records", ALONE, "kennen alleen een kenmerk"),
        ("council", EVERYTHING, "naar het hoofdkantoor"),
        ("sign", EVERYTHING, "welkom.example"),
        ("sign", ALONE, "luisteren hier niet naar"),
    ],
)
def test_what_a_setting_switches_on_is_said_and_not_without_it(
    name: str, there: Installation, text: str
) -> None:
    other = ALONE if there is EVERYTHING else EVERYTHING
    assert text in made(there, name).markdown
    assert text not in made(other, name).markdown
    if text.isascii():
        assert text in made(there, name).html


def test_every_field_of_a_purpose_in_use_has_its_row_and_of_no_other() -> None:
    for here in (ALONE, EVERYTHING):
        words = Words("nl", here.timezone)
        page = made(here, "records").markdown.partition("## Welke gegevens")[2].partition("\n## ")[0]
        assert "| Bonnen |" in page
        used = {field for purpose in here.purposes for field in data_of(purpose)}
        for name in DATA:
            assert (f"| {labels.field(name, words)} |" in page) == (name in used), name
    shown = set(EVERYTHING.purposes) - set(ALONE.purposes)
    assert shown == {"location", "finding", "partners"}


def test_a_hub_at_a_bare_address_is_no_recipient_by_name() -> None:
    shop = replace(PLAIN, hub=Hub(url="https://192.0.2.7:8444", device="d"))
    page = made(replace(ALONE, shop=shop), "records").markdown
    assert "192.0.2.7" not in page
    assert "| Hoofdkantoor (wallet van alle winkels) |" in page
    assert "de naam van wie het hoofdkantoor beheert" in page
    assert "de naam van wie" not in made(EVERYTHING, "records").markdown


def test_advice_is_described_as_it_is_with_a_yes_a_no_and_below_sixteen() -> None:
    page = made(ALONE, "dpia").markdown
    assert "hooguit drie suggesties" in page
    assert "nee zei of onder de 16 is, krijgt geen persoonlijk advies" in page


def test_the_sign_has_a_code_to_scan_where_there_is_a_page_to_go_to() -> None:
    assert 'class="qr"' in made(EVERYTHING, "sign").html
    assert "<svg" not in made(ALONE, "sign").html
    assert [each.name for each in make(replace(ALONE, shop=None, hub=HUB), "nl")] == [
        name for name in PAPERS if name != "sign"
    ]


def test_the_council_reads_of_every_table_and_fact_that_names_a_colleague() -> None:
    page = made(EVERYTHING, "council").markdown
    found = council.columns()
    assert {"deed", "look", "view_log", "ledger", "visit", "staff", "staff_session", "pin_try"} <= set(found)
    for table in found:
        assert f"{table.replace('_', chr(92) + '_')}: " in page
        assert council.row_of(table)
    assert set(council.facts()) == set(council.FACTS)
    assert page.count("wie zich mag aanmelden") == 1
    assert "een regel van het saldo wordt niet gewist of veranderd" in page
    assert set(council.OF_COLLEAGUES) <= set(found)


def test_every_act_that_leaves_a_line_is_named_to_the_council() -> None:
    assert set(_deeds()) == set(council.DEEDS)
    alarms = (ROOT / "edge/looks/alarms.py").read_text(encoding="utf-8")
    assert set(re.findall(r"^\* `(\w+)`:", alarms, re.MULTILINE)) == set(council.ALARMS)


def _deeds() -> Iterator[str]:
    """What `note(…, what=…)` is given anywhere in the program."""
    for package in ("edge", "staff_ui"):
        for path in (ROOT / package).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            if "what=" in text and "note" in text:
                for node in ast.walk(ast.parse(text)):
                    yield from _said(node)


def _said(node: ast.AST) -> Iterator[str]:
    if not isinstance(node, ast.Call) or not any(each.arg == "what" for each in node.keywords):
        return
    called = ast.unparse(node.func)
    if called.endswith("note") or (node.args and ast.unparse(node.args[0]) == "note"):
        (given,) = [each.value for each in node.keywords if each.arg == "what"]
        for part in ast.walk(given):
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                yield part.value


def test_what_the_retailer_owes_is_marked_and_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = configured(tmp_path, '[shop]\nname = "De Zon"\nrecipient = "zon"\n')
    assert main(["papers", "records", "--config", str(config), "--language", "nl", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["name"], said["language"]) == ("records", "nl")
    # Two questions, and the row of who is responsible, which only a hub's file can fill.
    assert (
        said["open"] == said["markdown"].count("In te vullen:") + 1 == said["html"].count('class="ask"') + 1
    )
    assert "De Zon" in said["html"]


def test_papers_are_written_into_a_folder_or_it_is_said_why_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, out = configured(tmp_path), tmp_path / "out"
    assert main(["papers", "--config", str(config), "--out", str(out)]) == 0
    assert len(list(out.iterdir())) == len(PAPERS) * len(LANGUAGES) * 2
    assert "2 to answer" not in capsys.readouterr().out
    assert main(["papers", "--config", str(config), "--out", str(config)]) == 78
    assert "[C01]" in capsys.readouterr().err
    assert main(["papers", "--config", str(tmp_path / "none.toml")]) == 78
    hub = tmp_path / "hub"
    assert main(["init", "--hub-here", "--config", str(hub / "hub.toml")]) == 0
    capsys.readouterr()
    assert main(["papers", "--config", str(hub / "hub.toml"), "--hub", str(config)]) == 78
    assert "not a shop's file with a hub's [C01]" in capsys.readouterr().err
    assert main(["papers", "sign", "--config", str(hub / "hub.toml")]) == 2
    assert "a hub has no door [W04]" in capsys.readouterr().err
    assert main(["papers", "cannot", "--config", str(hub / "hub.toml"), "--language", "en", "--html"]) == 0
    assert "What Welkom cannot do" in capsys.readouterr().out
