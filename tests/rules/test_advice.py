"""Advice is true: every number is counted again by naive code that shares nothing with the model."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from statistics import median
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from edge.advice.limits import barred_words, limits, price_law, spelt
from edge.advice.model import Model
from edge.advice.reasons import PopularHere, Suggestion, code_of, reason_of
from edge.advice.rules import DAY_MS, Ask, Basket, Item, barred, baskets_of
from edge.advice.suggesting import suggest
from tests.kit.clocks import START_MS
from tests.rules.advice_shop import catalogue, histories

Lines = Mapping[bytes, tuple[Basket, ...]]
FOREVER = 2**62
ITEMS = catalogue()
SHOP = histories(150, ITEMS)
NONE: frozenset[str] = frozenset()


def look_in(items: Mapping[str, Item]) -> Any:
    return lambda names: {name: items[name] for name in names if name in items}


def model_of(lines: Lines) -> Model:
    model = Model()
    for customer, own in lines.items():
        model.put(customer, own, until_ms=FOREVER)
    return model


def counted(
    code: str, item: str, evidence: Mapping[str, Any], who: bytes | None, lines: Lines, usable: set[str]
) -> Any:
    """The evidence of a suggestion, counted from the lines by the words of the contract."""
    own = lines.get(who, ()) if who else ()
    every = [(customer, basket) for customer, baskets in lines.items() for basket in baskets]
    at = [number for number, basket in enumerate(own) if item in basket.items]
    if code == "due_again":
        days = [(own[number].at_ms or 0) // DAY_MS for number in at]
        gaps = [days[n + 1] - days[n] for n in range(len(days) - 1)]
        return {
            "every_days": round(median(gaps)),
            "last_days_ago": START_MS // DAY_MS - days[-1],
            "times": len(at),
        }
    if code == "due_again_visits":
        gaps = [at[n + 1] - at[n] for n in range(len(at) - 1)]
        return {"every_visits": round(median(gaps)), "last_visits_ago": len(own) - at[-1], "times": len(at)}
    if code == "often":
        return {"bought": len(at), "of": len(own)}
    if code == "goes_with":
        other = evidence["item"]
        both = [customer for customer, basket in every if other in basket.items and item in basket.items]
        assert len(set(both) - {who}) >= 10
        return {
            "item": other,
            "together": len(both),
            "baskets": sum(other in basket.items for _, basket in every),
            "customers": len(set(both)),
        }
    bought = {
        customer: {name for basket in baskets for name in basket.items} for customer, baskets in lines.items()
    }
    if code == "others_like_you":
        mine = {name for basket in own for name in basket.items} & usable
        near = [other for other, theirs in bought.items() if other != who and len(theirs & mine) >= 3]
        return {"customers": sum(item in bought[other] for other in near)}
    assert code == "popular_here"
    return {"store": "all", "baskets": len(every), "bought": sum(item in basket.items for _, basket in every)}


def asked(who: bytes | None, lines: Lines, **more: Any) -> Ask:
    return Ask(who, lines.get(who, ()) if who else (), now_ms=START_MS, **more)


def found_for(ask: Ask, model: Model, items: Mapping[str, Item] = ITEMS, *, top: int = 3) -> list[Suggestion]:
    return suggest(ask, model, look_in(items), words=barred_words(), top=top)


@given(st.integers(0, 10_000))
@hypothesis_settings(max_examples=25)
def test_every_number_of_every_reason_is_found_again_in_the_baskets(seed: int) -> None:
    items = catalogue(40, seed=seed)
    lines = dict(histories(60, items, seed=seed))
    if seed % 3 == 0:  # only the order is known
        lines = {who: tuple(replace(basket, at_ms=None) for basket in own) for who, own in lines.items()}
    model, usable = (
        model_of(lines),
        {name for name, item in items.items() if not barred(item, barred_words())},
    )
    for who in (*list(lines)[:12], None):
        own = lines.get(who, ()) if who else ()
        hand = tuple(sorted(items))[seed % 40 : seed % 40 + seed % 3]
        ask = asked(who, lines, in_hand=hand)
        for each in found_for(ask, model, items, top=8):
            for reason in (each.reason, *each.also):
                said = asdict(reason)
                assert said == counted(code_of(reason), each.item, said, who, lines, usable)
            assert reason_of(each.code, each.evidence) == each.reason
            item = items[each.item]
            assert each.item in usable
            assert item.stock != 0
            assert each.item not in hand
            assert not (item.durable and any(each.item in basket.items for basket in own))
            if (other := each.evidence.get("item")) is not None:
                assert other in usable


def test_all_reasons_come_up_in_an_ordinary_shop() -> None:
    model, codes = model_of(SHOP), Counter[str]()
    for who in SHOP:
        codes.update(each.code for each in found_for(asked(who, SHOP), model))
    assert set(codes) == {"due_again", "often", "goes_with", "others_like_you", "popular_here"}
    undated = {who: tuple(replace(basket, at_ms=None) for basket in own) for who, own in SHOP.items()}
    model = model_of(undated)
    codes = Counter(each.code for who in undated for each in found_for(asked(who, undated), model))
    assert codes["due_again_visits"]
    assert not codes["due_again"]


@given(st.lists(st.integers(0, 149), max_size=40, unique=True))
@hypothesis_settings(max_examples=20)
def test_a_model_that_forgot_is_the_model_made_without_them(gone: list[int]) -> None:
    people = list(SHOP)
    left = {who: SHOP[who] for number, who in enumerate(people) if number not in gone}
    forgetful, fresh = model_of(SHOP), model_of(left)
    for number in gone:
        forgetful.forget(people[number])
    for late in (False, True):
        if late:  # everybody came back so often that all numbers are given out anew
            for who, own in left.items():
                forgetful.put(who, own[1:], until_ms=FOREVER)
                forgetful.put(who, own, until_ms=FOREVER)
            forgetful.keep_only(left)
        assert (forgetful.baskets, forgetful.customers) == (fresh.baskets, fresh.customers)
        assert forgetful.popular(500) == fresh.popular(500)
        assert all(forgetful.beside(item) == fresh.beside(item) for item in ITEMS)
        assert all(forgetful.buyers(item) == fresh.buyers(item) for item in ITEMS)
        assert {who: own() for who, own in forgetful.known()} == left
    who = next(iter(left), None)
    assert found_for(asked(who, left), forgetful) == found_for(asked(who, left), fresh)


def test_a_consent_that_ends_takes_the_history_out_of_the_model_by_itself() -> None:
    model = Model()
    for number, (who, own) in enumerate(SHOP.items()):
        model.put(who, own, until_ms=START_MS + number)
    model.expire(START_MS + 99)
    assert model.customers == 50
    model.keep_only(list(SHOP)[140:])
    assert model.people() == list(SHOP)[140:]


def test_a_newcomer_and_who_may_not_be_profiled_get_what_is_popular_and_nothing_personal() -> None:
    model = model_of(SHOP)
    for ask in (asked(None, SHOP), Ask(b"new" * 5 + b"x", (), now_ms=START_MS)):
        assert {each.code for each in found_for(ask, model)} == {"popular_here"}
    assert found_for(asked(None, SHOP), Model()) == []
    assert found_for(asked(next(iter(SHOP)), SHOP), model, {}) == []


def test_fewer_than_ten_people_are_never_behind_a_statement_about_others() -> None:
    lines = dict(list(SHOP.items())[:9])
    model = model_of(lines)
    for who in (*lines, None):
        codes = {each.code for each in found_for(asked(who, lines), model, top=50)}
        assert codes <= {"due_again", "often"}


def rhythm(*days_ago: int, item: str = "gas") -> tuple[Basket, ...]:
    return tuple(Basket(START_MS - days * DAY_MS, (item,)) for days in sorted(days_ago, reverse=True))


GAS = {"gas": Item("gas", "Gasblik", "kamperen", durable=False, sensitive=False, stock=4)}


@pytest.mark.parametrize(
    ("days_ago", "codes"),
    [
        ((30, 60, 90, 120), ["due_again"]),
        ((30, 60, 90), ["often"]),  # three purchases are no rhythm yet
        ((10, 40, 70, 100), ["often"]),  # not due yet
        ((70, 100, 130, 160), ["often"]),  # long past due: they buy it elsewhere, or no more
        ((3, 33, 63, 93), []),  # bought this week
        ((20, 21, 22, 200, 203), ["often"]),  # no steady gap
        ((30, 60), []),
    ],
)
def test_a_rhythm_is_claimed_only_when_it_is_one_and_due(days_ago: tuple[int, ...], codes: list[str]) -> None:
    own = rhythm(*days_ago)
    assert [each.code for each in found_for(Ask(b"a" * 16, own, now_ms=START_MS), Model(), GAS)] == codes


@pytest.mark.parametrize(
    "changed",
    [
        {"stock": 0},
        {"durable": True},
        {"sensitive": True},
        {"category": "Dranken / Bier & wijn"},
        {"category": "Tabak"},
        {"category": "Baby > Zuigelingenvoeding"},
    ],
)
def test_what_may_not_be_suggested_never_is(changed: dict[str, Any]) -> None:
    own = rhythm(30, 60, 90, 120)
    items = {"gas": replace(GAS["gas"], **changed)}
    assert found_for(Ask(b"a" * 16, own, now_ms=START_MS), Model(), items) == []


@dataclass(frozen=True)
class Order:
    """A learnt order in which only what is named in `moved` (own, alike, beside) moved anything."""

    names: tuple[str, ...]
    moved: frozenset[str] = frozenset({"own", "alike", "beside"})
    bought: frozenset[str] = frozenset(ITEMS)

    def by_own(self, name: str) -> tuple[float, bool]:
        return 1.0, "own" in self.moved and name in self.bought

    def by_alike(self, name: str) -> tuple[float, bool]:
        return 1.0, "alike" in self.moved

    def by_company(self, name: str, others: Sequence[str]) -> dict[str, float]:
        return dict.fromkeys(others, 1.0) if "beside" in self.moved else {}

    def falls_without(self, name: str, other: str) -> bool:
        return "beside" in self.moved


def test_a_ranking_orders_what_has_a_reason_and_names_nothing_without_one() -> None:
    who = max(SHOP, key=lambda each: len(SHOP[each]))
    ask, model = Ask(who, SHOP[who], START_MS), model_of(SHOP)
    look, words = look_in(ITEMS), barred_words()
    plain = [each.item for each in suggest(ask, model, look, words=words, top=6)]
    ranked = suggest(
        ask, model, look, words=words, top=6, ranked=Order(("nobody sells it", *reversed(plain[:4])))
    )
    assert [each.item for each in ranked] == [*reversed(plain[:4]), *plain[4:]]


def test_a_reason_is_the_true_one_that_moved_the_product_and_the_next_stands_beside_it() -> None:
    model, look, words = model_of(SHOP), look_in(ITEMS), barred_words()
    codes: dict[str, Counter[str]] = {}
    for moved in ("own", "beside", "alike", ""):
        codes[moved] = Counter()
        for who in list(SHOP)[:40]:
            bought = frozenset(item for basket in SHOP[who] for item in basket.items)
            order = Order(tuple(ITEMS), frozenset({moved}), bought)
            found = suggest(Ask(who, SHOP[who], START_MS), model, look, words=words, top=20, ranked=order)
            from_order = [each for each in found if not each.also]
            codes[moved].update(each.code for each in from_order[:3])
    assert codes["beside"]["goes_with"]
    assert codes["alike"]["others_like_you"]
    assert not codes["own"]["goes_with"] + codes["own"]["others_like_you"]
    assert codes[""].keys() <= {"popular_here", "due_again"}
    every = Order(tuple(ITEMS))
    both = [
        each
        for who in list(SHOP)[:40]
        for each in suggest(Ask(who, SHOP[who], START_MS), model, look, words=words, ranked=every)
        if each.also
    ]
    assert both
    assert not any(isinstance(reason, PopularHere) for each in both for reason in each.also)


def test_what_was_refused_or_is_in_hand_is_left_alone() -> None:
    own = rhythm(30, 60, 90, 120)
    for more in ({"refused": frozenset({"gas"})}, {"in_hand": ("gas",)}):
        assert found_for(Ask(b"a" * 16, own, now_ms=START_MS, **more), Model(), GAS) == []  # type: ignore[arg-type]


def test_lines_of_a_wrong_clock_too_old_or_broken_are_left_out() -> None:
    now_ms, day = START_MS, DAY_MS
    lines = [
        {"at_ms": now_ms - 10 * day, "items": ["b", "b", "c"]},
        {"at_ms": now_ms - 20 * day, "items": ["a"]},
        {"at_ms": now_ms + 3 * day, "items": ["tomorrow"]},
        {"at_ms": now_ms - 396 * day, "items": ["old"]},
        {"at_ms": True, "items": ["no time"]},
        {"at_ms": now_ms, "items": [4, None, ""]},
        "nonsense",
    ]
    assert baskets_of({"baskets": lines}, now_ms=now_ms) == (
        Basket(now_ms - 20 * day, ("a",)),
        Basket(now_ms - 10 * day, ("b", "c")),
    )
    for nothing in (None, [], {}, {"baskets": 4}):
        assert baskets_of(nothing, now_ms=now_ms) == ()


def test_every_limit_names_its_law_and_its_words_are_in_lower_case() -> None:
    for limit in limits():
        assert limit.kind in ("law", "shield", "price")
        assert limit.law
        assert limit.since
        assert limit.countries
        its = limit.wording
        assert all(word == word.casefold() and word in spelt(word) for word in its.words)
        assert all(part.isalpha() and part == part.casefold() for part in (*its.stems, *its.ends, *its.but))


def test_each_country_has_its_own_limits_and_one_without_has_all_of_them() -> None:
    assert {limit.law.split(",")[0] for limit in limits("NL") if limit.kind == "law"} >= {
        "Tabaks- en rookwarenwet", "Alcoholwet", "Geneesmiddelenwet", "Verordening (EU) 2016/127"
    }  # fmt: skip
    assert not any("Alcoholwet" in limit.law for limit in limits("BE"))
    assert limits("XX") == limits()
    assert {*limits()} == {*limits("NL"), *limits("BE")}
    for country in ("NL", "BE", "XX"):
        assert {"tabak", "zuigelingenvoeding", "geneesmiddelen", "wijn"} <= barred_words(country).words
        assert price_law("Lezen / Boeken", country)
        assert not price_law("Boekenkasten", country)


# As ordinary Dutch shops call their shelves.
BARRED = """
    Sigaret, Tabakswaren, Rookwaren, Cigarette, E-liquid, E-sigaretten, Rode wijnen, Biologische bieren, Speciaalbier,
    Witbier, Eten/Bier, Alcoholische dranken, Alcoholvrije bieren, Likeuren, Whisky, Gedistilleerd, Liquors,
    Zelfzorggeneesmiddelen, Zwangerschapstesten, Medische hulpmiddelen, Gezondheidsproducten, Incontinentiemateriaal,
    Condoom, Condom, Flesvoedingen, Opvolgmelk, Krasloten, Halalvlees, Kerkboeken en bijbels, Pijnstillers
"""
OPEN = """
    Papier, Azijn, Wijnazijn, Wijnglazen, Bierglazen, Wijnrekken, Barbiersartikelen, Wildzwijn, Winegums,
    Teddybeer, Apothekerskasten, Rookworst, Muziek, Medicinebal, Whisks, Casinobrood, Boekenkasten, Broeken, Kerst,
    Knuffelberen, Wandelschoenen, Zuivel, Babykleding, Sport en vrije tijd, Kinderboeken, Frisdranken
"""


@pytest.mark.parametrize("country", ["NL", "BE", "XX"])
def test_what_law_or_shield_means_is_barred_however_a_shelf_spells_it_and_its_neighbours_are_not(
    country: str,
) -> None:
    def its(categories: str) -> list[str]:
        items = (replace(GAS["gas"], category=each.strip()) for each in categories.split(","))
        return [each.category for each in items if barred(each, barred_words(country))]

    assert its(BARRED) == [each.strip() for each in BARRED.split(",")]
    assert its(OPEN) == []


def test_the_price_of_every_kind_of_book_is_fixed_and_that_of_what_is_written_in_is_not() -> None:
    for each in ("Boeken", "Kinderboeken", "Stripboeken", "Kookboek"):
        assert price_law(each), each
    for each in ("Notitieboeken", "Fotoboek", "Boekweit", "Broeken", "Chromebooks"):
        assert not price_law(each), each
