"""The door sign as a paper: the sentences of the tablet's page `/sign`, worked out from the settings alone."""

from edge.papers.blocks import Block, Heading, Paper, Text, points
from edge.papers.installation import Installation
from edge.papers.words import Words
from staff_ui.pages.sign import Facts, Sign, facts, told
from staff_ui.sheets import Frame


def sheet(here: Installation, words: Words) -> Sign:
    """The sign of a shop; of a hub alone there is no door, and so none (raises ValueError)."""
    if here.shop is None:
        raise ValueError("a hub has no door")
    found: Facts = facts(here.shop, hears=here.hears, zones=here.zones)
    around = Frame(language=words.language, shop=here.name, theme="light", hand="right", own="")
    return told(found, around, words.tablet)


def paper(sign: Sign, words: Words) -> Paper:
    """The same as blocks, for Markdown."""
    say = words.tablet.say
    blocks: list[Block] = [points(sign.welcome)] if sign.welcome else []
    for heading, lines in (
        ("sign.sensed", sign.sensed),
        ("sign.not", sign.never),
        ("sign.how_no", sign.stop),
    ):
        blocks += [Heading(say(heading)), points(lines)]
    if sign.page:
        blocks.append(Text(sign.page))
    title = say("sign.join") if sign.join else say("sign.title")
    return Paper("sign", title, sign.shop, tuple(blocks), words.say("sign.foot"))
