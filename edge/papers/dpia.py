"""A data protection impact assessment as far as a program can write it (GDPR article 35(7), WP 248 rev.01)."""

from typing import Final

from edge.consent.rules import OF_MINORS, PURPOSES
from edge.papers import labels, records
from edge.papers.blocks import Ask, Block, Grid, Heading, Paper, Text, grid, points
from edge.papers.installation import Installation
from edge.papers.measures import measures
from edge.papers.words import Words, key

# Purpose -> why it takes these data, and why less would not do.
NEEDED: Final[dict[str, tuple[str, str]]] = {
    "saving": (key("need.saving"), key("less.saving")),
    "receipts": (key("need.receipts"), key("less.receipts")),
    "recognition": (key("need.recognition"), key("less.recognition")),
    "location": (key("need.location"), key("less.location")),
    "finding": (key("need.finding"), key("less.finding")),
    "profiling": (key("need.profiling"), key("less.profiling")),
    "partners": (key("need.partners"), key("less.partners")),
    "contact": (key("need.contact"), key("less.contact")),
}
# What could go wrong for people, and what the program does against it.
RISKS: Final = (
    (key("risk.strangers"), key("against.strangers")),
    (key("risk.pressed"), key("against.pressed")),
    (key("risk.snooping"), key("against.snooping")),
    (key("risk.stolen"), key("against.stolen")),
    (key("risk.inferred"), key("against.inferred")),
    (key("risk.late"), key("against.late")),
    (key("risk.children"), key("against.children")),
    (key("risk.price"), key("against.price")),
    (key("risk.staff"), key("against.staff")),
    (key("risk.stays"), key("against.stays")),
    (key("risk.card"), key("against.card")),
)


def dpia(here: Installation, words: Words) -> Paper:
    say = words.say
    blocks: list[Block] = [
        Text(say("dpia.why")),
        Heading(say("dpia.what")),
        Text(say("dpia.goes", shop=here.name)),
        points(_steps(here, words)),
        *_readers(here, words),
        Heading(say("records.purposes")),
        records.purposes(here, words),
        Ask(say("dpia.scale")),
        Ask(say("dpia.interest")),
        Heading(say("dpia.needed")),
        _needed(here, words),
        Heading(say("dpia.rights")),
        points(_rights(here, words)),
        Heading(say("dpia.risks")),
        Text(say("dpia.weigh")),
        risks(here, words),
        Ask(say("dpia.more_risks")),
        Heading(say("dpia.measures")),
        points(measures(here, words)),
        Heading(say("dpia.asked")),
        Ask(say("dpia.officer")),
        Ask(say("dpia.people")),
        Heading(say("dpia.end")),
        Ask(say("dpia.remains")),
        Ask(say("dpia.signed")),
        Ask(say("dpia.again")),
    ]
    return Paper("dpia", say("dpia.title"), say("dpia.lead"), tuple(blocks), say("records.foot"))


def _steps(here: Installation, words: Words) -> list[str]:
    say = words.say
    found = [say("step.read")] if here.reads else []
    found += [say("step.hear")] if here.hears else []
    if here.zones > 1:
        found.append(say("step.zones", zones=here.zones))
    if here.shop is not None and here.shop.presence.finding:
        found.append(say("step.finding"))
    found += [say("step.card"), say("step.advice"), say("step.join")]
    found.append(say("step.hub") if here.with_hub else say("step.alone"))
    return found


def _readers(here: Installation, words: Words) -> list[Block]:
    rows = labels.readers(here, words)
    if not rows:
        return []
    return [grid(words.says("head.reader", "head.reads"), rows)]


def _needed(here: Installation, words: Words) -> Grid:
    return grid(
        words.says("head.purpose", "head.needed", "head.less"),
        (
            (labels.purpose(name, words), words.say(why), words.say(less))
            for name, (why, less) in NEEDED.items()
            if name in here.purposes
        ),
    )


def _rights(here: Installation, words: Words) -> list[str]:
    say = words.say
    free = [labels.purpose(each, words) for each in PURPOSES if each in OF_MINORS]
    found = [
        say("right.told"),
        say("right.page", page=here.own_page) if here.own_page else say("right.tablet"),
        say("right.stop") if here.own_page else say("right.stop.tablet"),
        say("right.correct"),
        say("right.erase"),
        say("right.object"),
        say("right.young", purposes=", ".join(free)),
    ]
    if here.shop is not None and here.with_hub:
        found.append(say("right.late", days=here.shop.hub.lease_days))
    return found


def risks(here: Installation, words: Words) -> Grid:
    """Each risk with what is done against it; how large it is before and after is the retailer's to weigh."""
    head = words.says("head.risk", "head.against", "head.chance", "head.rest")
    return grid(head, ((words.say(risk), words.say(against), "", "") for risk, against in RISKS))
