"""The letter to the works council: what is logged of staff, read off the tables and facts themselves."""

import sqlite3
from contextlib import closing
from dataclasses import fields
from importlib.resources import files
from typing import Final, get_args

from edge.consent.retention import KEPT, Kept
from edge.facts import Fact
from edge.kit.migrate import load, migrate
from edge.outbox import wire_name
from edge.papers import labels
from edge.papers.blocks import Ask, Block, Grid, Heading, Paper, Text, grid, points
from edge.papers.installation import Installation
from edge.papers.words import Words, key
from edge.shop.usage import LEAST_COLLEAGUES

# By these names a column or a field says which colleague.
OF_STAFF: Final = frozenset({"staff", "staff_id", "helper"})
# Tables that are about colleagues and nobody else.
_OURS: Final = ("staff",)
# What a line of `deed` says was done. A test reads them off the code.
DEEDS: Final[dict[str, str]] = {
    "unlock": key("deed.unlock"),
    "unpair": key("deed.unpair"),
    "end_session": key("deed.end_session"),
    "remove_badge": key("deed.remove_badge"),
    "bind_badge": key("deed.bind_badge"),
    "help": key("deed.help"),
    "help_done": key("deed.help_done"),
    "leave_alone": key("deed.leave_alone"),
    "not_alone": key("deed.not_alone"),
    "open_found": key("deed.open_found"),
    "own_page": key("deed.own_page"),
    "own_correct": key("deed.own_correct"),
    "own_forget": key("deed.own_forget"),
    "stop": key("deed.stop"),
    "bind_card": key("deed.bind_card"),
    "replace_card": key("deed.replace_card"),
    "block_card": key("deed.block_card"),
    "looked_along": key("deed.looked_along"),
    "fob_given": key("deed.fob_given"),
    "fob_taken_back": key("deed.fob_taken_back"),
    "tag_put_up": key("deed.tag_put_up"),
    "tag_taken_down": key("deed.tag_taken_down"),
    "busy_on": key("deed.busy_on"),
    "busy_off": key("deed.busy_off"),
}
# Facts that name a colleague, as the hub is told of them.
FACTS: Final[dict[str, str]] = {
    "card_shown": key("fact.card_shown"),
    "help_claimed": key("fact.help_claimed"),
    "help_released": key("fact.help_released"),
    "wallet_moved": key("fact.wallet_moved"),
    "consent_given": key("fact.consent_given"),
    "customer_joined": key("fact.customer_joined"),
    "credential_bound": key("fact.credential_bound"),
    "credential_blocked": key("fact.credential_blocked"),
    "guest_saved": key("fact.guest_saved"),
}
# Tables whose row of `KEPT` tells of customers: what stands there of a colleague, and for how long.
OF_COLLEAGUES: Final[dict[str, tuple[str, str]]] = {
    "ledger": (key("colleague.ledger"), key("colleague.ledger.until")),
    "staff_badge": (key("colleague.badge"), key("until.works_here")),
}
ALARMS: Final = {"many": key("alarm.many"), "guarded": key("alarm.guarded"), "alone": key("alarm.alone")}


def council(here: Installation, words: Words) -> Paper:
    say = words.say
    blocks: list[Block] = [
        Ask(say("council.to")),
        Text(say("council.dear")),
        Text(say("council.why", shop=here.name)),
        Heading(say("council.logged")),
        Text(say("council.read_off")),
        logged(words),
        Text(say("council.log")),
        Heading(say("council.deeds")),
        points(sorted(say(each) for each in DEEDS.values())),
    ]
    blocks += [
        Heading(say("council.facts")),
        Text(say("council.facts.hub") if here.with_hub else say("council.facts.alone")),
        points(say(FACTS[name]) for name in facts()),
        Heading(say("council.not")),
        points(
            (
                say("council.no_figure"),
                say("council.use", least=LEAST_COLLEAGUES),
                say("council.no_rank"),
                say("council.no_eyes"),
            )
        ),
        Heading(say("council.alarms")),
        Text(say("council.alarms.why")),
        points(say(each) for each in ALARMS.values()),
        Heading(say("council.agreed")),
        Text(say("council.limits")),
        Ask(say("council.who")),
        Ask(say("council.until")),
        Ask(say("council.signed")),
    ]
    return Paper("council", say("council.title"), say("council.lead"), tuple(blocks), say("records.foot"))


def columns() -> dict[str, tuple[str, ...]]:
    """Table of the journal -> its columns that say which colleague; of a table about colleagues all of them."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as conn:
        migrate(conn, load(files("edge") / "schema/journal"), file="journal")
        named = "SELECT name FROM sqlite_master WHERE type='table' ORDER BY name"
        found = {}
        for (table,) in conn.execute(named).fetchall():
            its = tuple(row[1] for row in conn.execute(f"PRAGMA table_info({table})"))
            ours = its if table in _OURS else tuple(each for each in its if each in OF_STAFF)
            if ours:
                found[table] = ours
    return found


def facts() -> tuple[str, ...]:
    """Facts that name a colleague, by their wire names."""
    return tuple(
        wire_name(kind) for kind in get_args(Fact) if OF_STAFF & {each.name for each in fields(kind)}
    )


def row_of(table: str) -> Kept:
    """The row of `KEPT` that says how long a table of the shop is kept; raises KeyError."""
    for each in KEPT:
        if each.where == "shop" and table in each.tables:
            return each
    raise KeyError(table)


def logged(words: Words) -> Grid:
    head = words.says("head.what", "head.table", "head.until")
    rows = []
    for table, its in columns().items():
        ours = OF_COLLEAGUES.get(table)
        what, until = map(words.say, ours) if ours else labels.row(row_of(table), words)
        rows.append((what, f"{table}: {', '.join(its)}", until))
    return grid(head, rows)
