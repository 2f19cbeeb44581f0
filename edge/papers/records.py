"""Records of processing activities (GDPR article 30(1)), from the tables that the program itself goes by."""

from collections.abc import Iterator

from edge.consent.records import OTHER_DATA, data_of
from edge.consent.rules import PURPOSES, TRAITS
from edge.papers import labels
from edge.papers.blocks import Ask, Block, Grid, Heading, Paper, Text, grid, points
from edge.papers.installation import Installation
from edge.papers.measures import measures
from edge.papers.words import Words
from staff_ui.pages.join import CHOICES


def records(here: Installation, words: Words) -> Paper:
    say = words.say
    blocks: list[Block] = [
        Heading(say("records.who")),
        controllers(here, words),
        *([] if here.known else [Ask(say("records.controller"))]),
        Ask(say("records.officer")),
    ]
    if here.with_hub:
        blocks.append(Ask(say("records.between")))
    blocks += [
        Heading(say("records.purposes")),
        purposes(here, words),
        Text(say("records.consent")),
        Heading(say("records.people")),
        points(words.says("people.customers", "people.young", "people.staff", "people.strangers")),
        Heading(say("records.data")),
        fields(here, words),
        Text(say("records.special")),
        Heading(say("records.recipients")),
        grid(words.says("head.who", "head.gets", "head.why"), recipients(here, words)),
        *([Ask(say("records.hub"))] if here.with_hub and not here.hub_host else []),
        Text(say("records.no_more")),
        Heading(say("records.abroad")),
        *_abroad(here, words),
        Heading(say("records.ends")),
        ends(here, words),
        Text(say("records.erasure")),
        Heading(say("records.security")),
        points(measures(here, words)),
    ]
    if here.plain_http:
        blocks.append(Ask(say("records.https")))
    blocks += [Ask(say("records.box")), Heading(say("records.asked")), asked(words)]
    return Paper("records", say("records.title"), say("records.lead"), tuple(blocks), say("records.foot"))


def controllers(here: Installation, words: Words) -> Grid:
    return grid(
        words.says("head.who", "head.kind", "head.address", "head.contact"),
        (
            (
                each.name,
                labels.party(each.kind, words),
                each.address,
                ", ".join(part for part in (each.contact, each.email, each.phone) if part),
            )
            for each in here.parties
        ),
    )


def purposes(here: Installation, words: Words) -> Grid:
    """Every purpose in use here, in the sentence that customers read of it, with its basis and its fields."""
    return grid(
        words.says("head.purpose", "head.what", "head.basis", "head.data"),
        (
            (
                labels.purpose(name, words),
                labels.may(name, here, words),
                labels.basis(PURPOSES[name], words),
                ", ".join(labels.field(each, words) for each in data_of(name)) or words.say("data.none"),
            )
            for name in here.purposes
        ),
    )


def fields(here: Installation, words: Words) -> Grid:
    """Every field that the purposes in use name: the declared traits, and what is no value of somebody."""
    head = words.says("head.field", "head.purpose", "head.source", "head.seen", "head.until")
    traits = (
        (
            labels.field(name, words),
            labels.purpose(trait.purpose, words),
            labels.source(name, words),
            labels.roles(name, words),
            labels.trait_end(name, PURPOSES[trait.purpose], words),
        )
        for name, trait in TRAITS.items()
    )
    return grid(head, (*traits, *_others(here, words)))


def _others(here: Installation, words: Words) -> Iterator[tuple[str, ...]]:
    for name, (source, seen, until) in labels.OTHER_FIELDS.items():
        used = [each for each in here.purposes if name in OTHER_DATA.get(each, ())]
        if used:
            yield (
                labels.field(name, words),
                ", ".join(labels.purpose(each, words) for each in used),
                words.say(source),
                ", ".join(words.say(each) for each in seen),
                words.say(until),
            )


def recipients(here: Installation, words: Words) -> Iterator[tuple[str, str, str]]:
    """Everybody outside who gets anything, by the settings."""
    say = words.say
    if here.with_hub:
        yield here.hub_host or say("gets.hub.name"), say("gets.hub"), say("gets.hub.why")
    for each in here.partners:
        yield each.name, say("gets.partner"), say("gets.partner.why")
    if here.hub is None:
        return
    if here.hub.post.url and not here.hub.post.url.startswith("file:"):
        yield say("gets.mail.name"), say("gets.mail"), say("gets.mail.why")
    if here.hub.passes.apple is not None:
        yield "Apple", say("gets.apple"), say("gets.wallet.why")
    if here.hub.passes.google is not None:
        yield "Google", say("gets.google"), say("gets.wallet.why")
    for hook in here.hub.hooks:
        yield hook, say("gets.hook"), say("gets.hook.why")


def _abroad(here: Installation, words: Words) -> list[Block]:
    blocks: list[Block] = [Text(words.say("abroad.none"))]
    if here.with_hub:
        blocks.append(Ask(words.say("abroad.hub")))
    if here.hub is not None and (here.hub.passes.google or here.hub.passes.apple):
        blocks.append(Ask(words.say("abroad.wallet")))
    return blocks


def ends(here: Installation, words: Words) -> Grid:
    """Time limits: every row of `KEPT` that can be filled here, and the function that deletes."""
    return grid(
        words.says("head.what", "head.where", "head.basis", "head.until"),
        (
            (what, words.say(labels.PLACES[each.where]), labels.basis(each.basis, words), until)
            for each in labels.kept(here)
            for what, until in (labels.row(each, words),)
        ),
    )


def asked(words: Words) -> Grid:
    """What people read before they say yes, word for word."""
    return grid(
        words.says("head.question", "head.with"),
        ((words.tablet.say(label), words.tablet.say(why)) for label, why in CHOICES.values()),
    )
