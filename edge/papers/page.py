"""A paper as one HTML page that needs nothing beside it: styles inside, no script, no address that is fetched."""

from functools import cache
from pathlib import Path
from typing import Final

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from edge.papers.blocks import Ask, Grid, Heading, Paper, Points, Text
from edge.papers.installation import Installation, made_of
from edge.papers.words import Words
from staff_ui.pages.sign import Sign
from staff_ui.sheets import TEMPLATES
from staff_ui.words import Words as Tablet

_OWN: Final = Path(__file__).parent / "templates"
_STYLES: Final = Path(__file__).parents[2] / "staff_ui/static"
_KINDS: Final = {Heading: "heading", Text: "text", Points: "points", Grid: "grid", Ask: "ask"}


def html(paper: Paper, words: Words, here: Installation) -> str:
    """The page of a paper, for A4."""
    blocks = [(_KINDS[type(each)], each) for each in paper.blocks]
    template = _environment().get_template("paper.html")
    made = made_of(here, words)
    return template.render(
        paper=paper, blocks=blocks, made=made, say=words.say, language=words.language, style=_style()
    )


def sign_html(sign: Sign, tablet: Tablet) -> str:
    """The door sign, for A5; the words and the sheet are those of the tablet's own page `/sign`."""
    template = _environment().get_template("sign.html")
    return template.render(it=sign, say=tablet.say, language=tablet.language, style=_style("sign.css"))


@cache
def _environment() -> Environment:
    return Environment(
        loader=ChoiceLoader([FileSystemLoader(_OWN), FileSystemLoader(TEMPLATES)]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _style(*names: str) -> Markup:
    """Our own files, so nothing of a setting is in it."""
    texts = [(_STYLES / each).read_text(encoding="utf-8") for each in ("tokens.css", *names)]
    return Markup("\n".join([*texts, *([] if names else [(_OWN / "paper.css").read_text(encoding="utf-8")])]))
