"""The hub's pages keep the house's look: the tablet's values, no raw ones elsewhere, nothing inline."""

import re
from pathlib import Path

import staff_ui
from sync.hub.passes.answers import FOLDER as PASSES
from sync.hub.portal.sheets import FOLDER

TABLET = Path(staff_ui.__file__).parent / "static" / "tokens.css"
PASS = (PASSES / "static" / "pass.css").read_text(encoding="utf-8")
CSS = (FOLDER / "static" / "portal.css").read_text(encoding="utf-8")


def sets(text: str) -> list[dict[str, str]]:
    """Tokens of every block, by name."""
    blocks = re.findall(r"{([^{}]*)}", re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL))
    found = [dict(re.findall(r"(--[\w-]+):\s*([^;]+);", body)) for body in blocks]
    return [each for each in found if each]


def test_the_values_are_those_of_the_tablet() -> None:
    tablet_light, tablet_dark = sets(TABLET.read_text(encoding="utf-8"))[:2]
    found = [
        (ours, theirs)
        for css in (CSS, PASS)
        for ours, theirs in zip(sets(css), (tablet_light, tablet_dark), strict=True)
    ]
    for ours, theirs in found:
        common = {name: value for name, value in ours.items() if not name.startswith("--own-")}
        assert common
        assert common == {name: theirs.get(name) for name in common}


def test_raw_values_stand_only_in_the_tokens_and_every_token_is_used() -> None:
    light, _ = sets(CSS)
    rest = CSS.split("* { box-sizing", 1)[1]
    assert not re.search(r"#[0-9a-f]{3,8}\b|rgb\(|hsl\(", rest)
    assert not re.findall(r"font-size:\s*[\d.]+(?:px|r?em)", rest)
    unused = {name for name in light if f"var({name})" not in rest}
    assert unused == set()
    on_pass = PASS.split("* { box-sizing", 1)[1]
    assert {name for name in sets(PASS)[0] if f"var({name})" not in on_pass} == set()


def test_no_page_has_inline_style_or_script_or_an_address_elsewhere() -> None:
    for file in (FOLDER / "templates").glob("*.html"):
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"\sstyle=|<style|\son\w+=|javascript:|https?://", text), file.name
        assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text)), file.name


def test_every_class_that_a_template_uses_is_styled() -> None:
    for file in (FOLDER / "templates").glob("*.html"):
        text = re.sub(r"{%.*?%}|{{.*?}}", " ", file.read_text(encoding="utf-8"))
        names = {name for value in re.findall(r'class="([^"]*)"', text) for name in value.split()}
        missing = {name for name in names if f".{name}" not in CSS} - {"phone", "near"}
        assert missing == set(), file.name
