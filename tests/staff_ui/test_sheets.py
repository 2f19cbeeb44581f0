"""What templates do on their own: escape, and say what they always say when they are compiled."""

import pytest
from jinja2 import UndefinedError
from markupsafe import Markup, escape

from staff_ui.assets import read_assets
from staff_ui.compiling import escaped
from staff_ui.pages.balie import Balie
from staff_ui.sheets import TEMPLATES, Sheets

LETTERS = [chr(number) for number in range(0x3000) if not 0xD800 <= number < 0xE000]


@pytest.fixture(scope="module")
def sheets() -> Sheets:
    return Sheets(read_assets(), timezone="Europe/Amsterdam")


def test_every_letter_is_escaped_as_the_library_of_templates_does() -> None:
    assert [each for each in LETTERS if escaped(each) != str(escape(each))] == []
    mixed = "".join(LETTERS)
    assert escaped(mixed) == str(escape(mixed))


@pytest.mark.parametrize("value", [7, None, Markup("<b>kept</b>"), "", "<script>", ["<"]])
def test_what_is_no_text_is_escaped_as_the_library_does_too(value: object) -> None:
    assert escaped(value) == escape(value)


def test_a_value_in_a_template_is_escaped(sheets: Sheets) -> None:
    it = Balie("nl", '<Van Dam> & "Zoon\'s"', "calm", "<b>", "", 0)
    page = sheets.render("balie.html", it, "nl")
    assert "&lt;Van Dam&gt; &amp; &#34;Zoon&#39;s&#34;" in page
    assert "<b>" not in page


def test_what_has_nothing_to_escape_stays_the_text_it_is(sheets: Sheets) -> None:
    template = sheets._environments["nl"].from_string("{{ it.language }}")
    (said,) = template.root_render_func(template.new_context({"it": Balie("nl", "", "", "", "", 0)}))
    assert (said, type(said)) == ("nl", str)  # no Markup was made of it


@pytest.mark.parametrize("language", ["nl", "en"])
def test_a_word_without_a_value_stands_in_the_compiled_template(sheets: Sheets, language: str) -> None:
    environment = sheets._environments[language]  # type: ignore[index]
    compiled = environment.compile((TEMPLATES / "visits.html").read_text(encoding="utf-8"), raw=True)
    assert sheets.words[language].say("list.title") in compiled  # type: ignore[index]
    assert "list.title" not in compiled
    assert "card.helper" in compiled  # that has a name in it


def test_a_slip_in_a_template_fails_at_once(sheets: Sheets) -> None:
    environment = sheets._environments["nl"]
    with pytest.raises((AttributeError, UndefinedError)):
        environment.from_string("{{ it.shpo }}").render(it=Balie("nl", "", "", "", "", 0))
