"""Whether a helper can be played: every way ends, none is too long, nothing stands beside the ways. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import product

from edge.advice.limits import Wording
from edge.choice.lines import Place
from edge.choice.reading import Source
from edge.choice.rules import Given, fitting
from edge.choice.tree import MOST_QUESTIONS, MOST_WAYS, Answer, Helper, Text
from edge.kit.errors import ConfigError

Way = tuple[Given, ...]
Never = tuple[Wording, str]  # and the law behind it


def check(helper: Helper, source: Source, *, never: Sequence[Never]) -> None:
    """Raise ConfigError for the first thing wrong; `never`: what nobody is asked about, and why."""
    for rule in (_ids, _targets, _loops, _reached, _asked, lambda h, s: _private(h, s, never), _ends):
        rule(helper, source)


def ways(helper: Helper) -> Iterator[tuple[Way, str]]:
    """Every way through a helper without loops: the answers, and the end they lead to."""

    def on(here: str, given: Way) -> Iterator[tuple[Way, str]]:
        question = helper.question(here)
        if question is None:
            yield given, here
            return
        for answer in question.answers:
            yield from on(answer.to, (*given, Given(question, answer)))

    return on(helper.start, ())


def _ids(helper: Helper, source: Source) -> None:
    """One id is one thing; questions and ends share their ids, since answers lead to both."""
    places: list[tuple[str, Place]] = [
        (each.id, ("question", at)) for at, each in enumerate(helper.questions)
    ]
    places += [(each.id, ("end", at)) for at, each in enumerate(helper.ends)]
    _once(places, source, "id")
    _once(((each.id, ("property", at)) for at, each in enumerate(helper.properties)), source, "id")
    _once(((each.item, ("ware", at)) for at, each in enumerate(helper.wares)), source, "item")
    for at, question in enumerate(helper.questions):
        ids = ((each.id, ("question", at, "answer", no)) for no, each in enumerate(question.answers))
        _once(ids, source, "id")


def _once(ids: Iterable[tuple[str, Place]], source: Source, name: str) -> None:
    seen: set[str] = set()
    for id_, place in ids:
        if id_ in seen:
            raise source.wrong(
                (*place, name), f"{id_} stands here a second time", "call one of them otherwise"
            )
        seen.add(id_)


def _answers(helper: Helper) -> Iterator[tuple[Place, Answer]]:
    for at, question in enumerate(helper.questions):
        for no, answer in enumerate(question.answers):
            yield ("question", at, "answer", no), answer


def _targets(helper: Helper, source: Source) -> None:
    """What is named is there."""
    if helper.question(helper.start) is None:
        raise source.wrong(("start",), f"start is {helper.start}, which is no question", "name the first one")
    properties = {each.id: each for each in helper.properties}
    for place, answer in _answers(helper):
        if helper.question(answer.to) is None and helper.end(answer.to) is None:
            hint = "name a question or an end of this file"
            raise source.wrong((*place, "to"), f"this answer leads to {answer.to}, which is not there", hint)
        for name in ("must", "like"):
            for each in getattr(answer, name):
                if each not in properties:
                    hint = f'add a [[property]] with id = "{each}", or mend the word'
                    raise source.wrong((*place, name), f"there is no property {each}", hint)
        for each in answer.like:
            if properties[each].no is None:
                hint = f"say at property {each} what it is not to have it: no = {{ nl, en }}"
                raise source.wrong((*place, "like"), f"{each} may be missing, and nobody says so", hint)
    for at, ware in enumerate(helper.wares):
        if unknown := sorted(ware.has - set(properties)):
            hint = f'add a [[property]] with id = "{unknown[0]}", or mend the word'
            raise source.wrong(("ware", at, "has"), f"there is no property {unknown[0]}", hint)


def _loops(helper: Helper, source: Source) -> None:
    """No answer leads back, and no way asks more than MOST_QUESTIONS; ways are counted before they are walked."""
    length: dict[str, int] = {each.id: 0 for each in helper.ends}
    count: dict[str, int] = {each.id: 1 for each in helper.ends}
    left = {each.id: (at, each) for at, each in enumerate(helper.questions)}
    while left:
        ready = [id_ for id_, (_, each) in left.items() if all(a.to in length for a in each.answers)]
        if not ready:
            raise _led_back(helper, source, set(left))
        for id_ in ready:
            at, question = left.pop(id_)
            length[id_] = 1 + max(length[each.to] for each in question.answers)
            count[id_] = sum(count[each.to] for each in question.answers)
            if length[id_] > MOST_QUESTIONS:
                hint = f"ask {MOST_QUESTIONS} at most: nobody answers more of them standing"
                raise source.wrong(("question", at), f"from here {length[id_]} questions can follow", hint)
    if count[helper.start] > MOST_WAYS:
        hint = f"leave answers out: {MOST_WAYS} ways at most"
        raise source.wrong(("start",), f"there are {count[helper.start]} ways through", hint)


def _led_back(helper: Helper, source: Source, left: set[str]) -> ConfigError:
    """A question of a loop: from any that is left, going on among those that are left comes back to one."""
    here, seen = helper.start if helper.start in left else min(left), []
    while here not in seen:
        seen.append(here)
        question = helper.question(here)
        assert question is not None
        here = next(each.to for each in question.answers if each.to in left)
    for place, answer in _answers(helper):
        if answer.to == here and helper.questions[int(place[1])].id == seen[-1]:
            hint = "lead it on to another question, or to an end"
            return source.wrong((*place, "to"), f"this answer leads back to {here}", hint)
    raise AssertionError("a loop has an answer that closes it")


def _reached(helper: Helper, source: Source) -> None:
    reached, wave = {helper.start}, {helper.start}
    while wave:
        found = (helper.question(id_) for id_ in wave)
        wave = {each.to for question in found if question for each in question.answers} - reached
        reached |= wave
    its = [("question", at, each.id) for at, each in enumerate(helper.questions)]
    its += [("end", at, each.id) for at, each in enumerate(helper.ends)]
    for kind, at, id_ in its:
        if id_ not in reached:
            raise source.wrong(
                (kind, at), f"no answer leads to {kind} {id_}", "lead one to it, or take it out"
            )


def _asked(helper: Helper, source: Source) -> None:
    asked = {name for _, answer in _answers(helper) for name in (*answer.must, *answer.like)}
    for at, each in enumerate(helper.properties):
        if each.id not in asked:
            hint = "let an answer ask for it (must or like), or take it out"
            raise source.wrong(("property", at), f"no answer asks for property {each.id}", hint)


def _private(helper: Helper, source: Source, never: Sequence[Never]) -> None:
    """Nobody is asked about health, belief and the like, not even in passing."""
    for at, question in enumerate(helper.questions):
        said: list[tuple[Place, Text | None]] = [
            (("question", at, "ask"), question.ask),
            (("question", at, "help"), question.help),
        ]
        said += [
            (("question", at, "answer", no, "say"), each.say) for no, each in enumerate(question.answers)
        ]
        for place, text in said:
            for words, (wording, law) in product((text or {}).values(), never):
                if word := wording.found(words):
                    hint = f"ask about the product or its use; {law}"
                    raise source.wrong(place, f"a question speaks of {word}", hint)


def _ends(helper: Helper, source: Source) -> None:
    """Each way that does not say so itself ends with a product, and each product is where some way ends."""
    named: Counter[str] = Counter()
    tried: dict[frozenset[str], list[str]] = {}
    for way, end in ways(helper):
        found = helper.end(end)
        if found is not None and found.nothing:
            continue
        must = frozenset(name for each in way for name in each.answer.must)
        if must not in tried:
            tried[must] = [ware.item for ware in fitting(helper, way)]
            named.update(tried[must])
        if not tried[must]:
            at = next(no for no, each in enumerate(helper.ends) if each.id == end)
            said = " / ".join(each.answer.id for each in way)
            hint = (
                f"add a [[ware]] with all of {', '.join(sorted(must))}, or lead to an end with nothing = true"
            )
            raise source.wrong(("end", at), f"the answers {said} end without any product", hint)
    for at, ware in enumerate(helper.wares):
        if not named[ware.item]:
            hint = "give it the properties that answers ask for, or take it out"
            raise source.wrong(("ware", at), f"no answers lead to {ware.item}", hint)
