"""Choice helpers drawn by chance, for tests: right trees, every way through them, and their files."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

import edge.demo
from edge.advice.rules import Item
from edge.choice.checking import check
from edge.choice.folder import never
from edge.choice.reading import read
from edge.choice.tree import Helper

DEMO = Path(edge.demo.__file__).parent / "choices"
Tree = dict[str, Any]


def text(word: str) -> dict[str, str]:
    return {"nl": word, "en": f"{word} in English"}


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    """A tree that is right: questions lead on to later ones, each to the next; one ware has every property."""
    count, names = draw(st.integers(1, 5)), [f"p{at}" for at in range(draw(st.integers(1, 4)))]
    some = st.lists(st.sampled_from(names), max_size=2, unique=True)
    questions: list[dict[str, Any]] = []
    for at in range(count):
        later = [*(f"q{each}" for each in range(at + 1, count)), "e0", "e1"]
        first = f"q{at + 1}" if at + 1 < count else "e0"
        to = [first, *draw(st.lists(st.sampled_from(later), min_size=1, max_size=3))]
        answers = [
            {"id": f"a{no}", "say": text(f"answer {no}"), "to": each, "must": draw(some), "like": draw(some)}
            for no, each in enumerate(to)
        ]
        questions.append({"id": f"q{at}", "ask": text(f"question {at}"), "answer": answers})
    reached = {answer["to"] for each in questions for answer in each["answer"]}
    asked = {
        name for each in questions for answer in each["answer"] for name in answer["must"] + answer["like"]
    }
    wares: list[dict[str, Any]] = [{"item": "all", "has": sorted(asked)}]
    wares += [{"item": f"w{at}", "has": has} for at, has in enumerate(draw(st.lists(some, max_size=4)))]
    musts = [{name for _, answer in way for name in answer["must"]} for way, _ in ways_of(questions)]
    return {
        "questions": questions,
        "ends": [{"id": id_, "title": text(id_), "why": text("why")} for id_ in ("e0", "e1") if id_ in reached],
        "properties": [{"id": id_, "yes": text(f"has {id_}"), "no": text(f"lacks {id_}")} for id_ in sorted(asked)],
        "wares": [
            each | {"has": sorted(asked & set(each["has"]))}
            for each in wares
            if any(must <= set(each["has"]) for must in musts)
        ],
    }  # fmt: skip


def ways_of(questions: list[Any], at: str = "q0") -> Iterator[tuple[list[tuple[Any, Any]], str]]:
    """Every way through, read off the tree itself."""
    here = next((each for each in questions if each["id"] == at), None)
    if here is None:
        yield [], at
        return
    for answer in here["answer"]:
        for way, end in ways_of(questions, answer["to"]):
            yield [(here, answer), *way], end


def spelt(tree: Tree) -> str:
    """The tree as its file."""

    def said(value: object) -> str:
        if isinstance(value, dict):
            return "{ " + ", ".join(f"{name} = {said(each)}" for name, each in value.items()) + " }"
        return "[" + ", ".join(map(said, value)) + "]" if isinstance(value, list) else f'"{value}"'

    lines = ["format = 1", 'name = "tree"', f"title = {said(text('Tree'))}", f"intro = {said(text('Hi'))}"]
    lines += ['start = "q0"']
    for question in tree["questions"]:
        lines += ["[[question]]", *(f"{name} = {said(question[name])}" for name in ("id", "ask"))]
        for answer in question["answer"]:
            lines += ["[[question.answer]]", *(f"{name} = {said(each)}" for name, each in answer.items())]
    for kind, its in (("property", "properties"), ("ware", "wares"), ("end", "ends")):
        for each in tree[its]:
            lines += [f"[[{kind}]]", *(f"{name} = {said(value)}" for name, value in each.items())]
    return "\n".join(lines) + "\n"


def checked(content: str) -> Helper:
    helper, source = read(content, file="tree.toml")
    check(helper, source, never=never())
    return helper


def shelf(stock: Mapping[str, int | None]) -> dict[str, Item]:
    return {item: Item(item, item, "tenten", False, False, count) for item, count in stock.items()}
