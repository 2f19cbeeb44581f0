"""Choice helpers: whatever tree is written, every way ends and says truly why; a wrong file names its line."""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import edge.demo
from edge.advice.limits import barred_words
from edge.advice.rules import Item
from edge.choice import rules
from edge.choice.checking import check
from edge.choice.folder import never, read_folder, read_helper
from edge.choice.reading import read
from edge.choice.rules import Asked, Ended, outcome, walk
from edge.choice.tree import MOST_QUESTIONS, TOP, Helper
from edge.demo.described import DESCRIBED
from edge.demo.goods import BY_CODE, goods
from edge.kit.errors import ConfigError

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


@settings(max_examples=40)
@given(trees(), st.data())
def test_every_way_ends_and_what_is_named_there_fits_is_there_and_says_truly_why(
    tree: Tree, data: st.DataObject
) -> None:
    helper = checked(spelt(tree))
    has = {each["item"]: set(each["has"]) for each in tree["wares"]}
    order = list(has)
    counts = data.draw(st.fixed_dictionaries({item: st.sampled_from((None, 0, 3)) for item in has}))
    gone = data.draw(st.sampled_from(order))
    held = shelf({item: count for item, count in counts.items() if item != gone})
    for way, end in list(ways_of(tree["questions"]))[:40]:
        answers = [answer["id"] for _, answer in way]
        before = MOST_QUESTIONS
        for so_far in range(len(answers)):
            asked = walk(helper, answers[:so_far])
            assert isinstance(asked, Asked)
            assert asked.number == so_far + 1 <= asked.of <= before
            before = asked.of
        ended = walk(helper, answers)
        assert isinstance(ended, Ended)
        assert ended.end.id == end
        must = {name for _, answer in way for name in answer["must"]}
        like = {name for _, answer in way for name in answer["like"]} - must
        there = [item for item in order if must <= has[item] and item in held and counts[item] != 0]
        best = sorted(there, key=lambda item: -len(like & has[item]))[:TOP]
        found = outcome(helper, ended, lambda items: held, words=barred_words())
        assert [each.item.item for each in found.picks] == best
        assert bool(found.nothing) == (not best)
        for pick in found.picks:
            said = [*pick.speaks_for, *pick.against]
            assert [each.text["nl"] for each in pick.speaks_for] == [
                f"has {name}" for name in dict.fromkeys(n for _, a in way for n in a["must"] + a["like"])
                if name in has[pick.item.item]
            ]  # fmt: skip
            assert len(said) == len(must | like)
            assert {each.answer.id for each in said} <= set(answers)


def test_the_demos_helpers_name_products_of_its_shelves_and_say_when_there_is_nothing() -> None:
    helpers = read_folder(DEMO)
    assert {each.name for each in helpers} == {"slaapzak", "wandelschoenen"}
    sold = {each.item: each for each in goods(seed=1)}
    for helper in helpers:
        kinds = {sold[ware.item].category for ware in helper.wares}
        assert kinds <= {BY_CODE[code].title for code in ("bag-sleep", "boot-low", "boot-high")}
        assert rules.longest(helper, helper.start) <= MOST_QUESTIONS
        assert any(each.nothing for each in helper.ends)
    bag = next(each for each in helpers if each.name == "slaapzak")
    cold = walk(bag, ["rug", "winter"])
    assert isinstance(cold, Ended)
    found = outcome(bag, cold, lambda items: {}, words=barred_words())
    assert (found.nothing, found.picks) == ("none", ())


# Property -> whether the text on the shelf says the same.
ON_THE_SHELF: Mapping[str, Callable[[str], bool]] = {
    "licht": lambda text: grams(text) <= 1000,
    "klein": lambda text: "klein in te pakken" in text,
    "tot-10": lambda text: comfort(text) <= 10,
    "luchtig": lambda text: "Zomerzak" in text or "luchtig" in text,
    "tot-2": lambda text: comfort(text) <= 2,
    "zacht": lambda text: "Driejaargetijdenzak" in text,
    "tot-min-5": lambda text: comfort(text) <= -5,
    "vochtvast": lambda text: "kunstvezel" in text,
    "dons": lambda text: "dons" in text,
    "mummie": lambda text: "mummiemodel" in text,
    "ruim": lambda text: "ruim model" in text,
    "vlak": lambda text: "Categorie A" in text,
    "heuvels": lambda text: "A/B" in text or "Categorie B." in text,
    "bergen": lambda text: "Categorie B" in text,
    "stevig": lambda text: "Stevige zool" in text,
    "waterdicht": lambda text: "met membraan" in text,
    "leer": lambda text: "Leer" in text,
    "makkelijk": lambda text: "Stof" in text,
}


def grams(text: str) -> int:
    return int(re.findall(r"(\d+) gram", text)[0])


def comfort(text: str) -> int:
    return int(re.findall(r"Comfort (-?\d+) gra", text)[0])


def test_what_the_demos_helpers_say_of_a_product_its_shelf_says_too() -> None:
    for helper in read_folder(DEMO):
        for ware in helper.wares:
            for name in {each.id for each in helper.properties} & set(ON_THE_SHELF):
                said = ON_THE_SHELF[name](DESCRIBED[ware.item])
                assert said == (name in ware.has), (ware.item, name)
            assert ("hoog" in ware.has) == ware.item.startswith("boot-high")
            assert ("laag" in ware.has) == ware.item.startswith("boot-low")


# A word above the products -> the property that each of them then has to have. Who writes an end adds theirs.
CLAIMED = {
    "openritsen": "luchtig",
    "licht": "licht",
    "dons": "dons",
    "kunstvezel": "vochtvast",
    "koude nachten": "tot-2",
    "waterdicht": "waterdicht",
    "leer": "leer",
}


def ends_of(helper: Helper, *answers: str) -> Iterator[Ended]:
    """Where each way leads to that names products."""
    at = walk(helper, answers)
    if isinstance(at, Asked):
        for each in at.question.answers:
            yield from ends_of(helper, *answers, each.id)
    elif at is not None and not at.end.nothing:
        yield at


def test_what_stands_above_the_demos_products_is_true_of_each_that_may_stand_there() -> None:
    seen = 0
    for helper in read_folder(DEMO):
        for ended in ends_of(helper):
            said = f"{ended.end.title['nl']} {ended.end.why['nl']}".lower()
            claimed = {has for word, has in CLAIMED.items() if re.search(rf"\b{word}e?\b", said)}
            # Sold out makes way for the next, so any that fits may stand there.
            for ware in rules.fitting(helper, ended.given):
                seen += 1
                assert claimed <= ware.has, (ended.end.id, ware.item, rules.address_of(ended.given))
    assert seen > 100


def test_what_is_sold_out_or_barred_is_not_named_and_the_reason_is_said() -> None:
    helper = read_helper(DEMO / "slaapzak.toml")
    ended = walk(helper, ["rug", "vorst", "nat", "recht"])
    assert isinstance(ended, Ended)
    fit = [ware.item for ware in rules.fitting(helper, ended.given)]

    def nothing(held: dict[str, Item]) -> str:
        return outcome(helper, ended, lambda items: held, words=barred_words()).nothing

    assert fit == ["bag-sleep-005", "bag-sleep-012"]
    assert nothing({}) == "gone"
    assert nothing(shelf(dict.fromkeys(fit, 0))) == "sold_out"
    assert nothing({item: Item(item, item, "wijn", False, False, 3) for item in fit}) == "barred"
    assert nothing({item: Item(item, item, "tenten", False, True, 3) for item in fit}) == "barred"
    assert nothing(shelf({fit[1]: None})) == ""


def test_answers_that_are_no_way_through_lead_nowhere() -> None:
    helper = read_helper(DEMO / "slaapzak.toml")
    for answers in (
        ["te-voet"],
        ["rug", "rug"],
        ["rug", "winter", "nat"],
        [""],
        ["rug", "zomer", "recht", ""],
    ):
        assert walk(helper, answers) is None
        assert rules.stand(helper, ".".join(answers) or "no-answer") == (walk(helper, ()), True)
    assert rules.stand(helper, "rug.zomer") == (walk(helper, ["rug", "zomer"]), False)
    assert rules.stand(helper, "") == (walk(helper, ()), False)
    assert rules.answers_of("rug.zomer") == ("rug", "zomer")
    assert rules.answers_of("") == ()


RIGHT = (DEMO / "slaapzak.toml").read_text(encoding="utf-8")
# What is written in place of what -> a piece of the line that is to be named, and of the sentence.
WRONG = {
    "no TOML": ('id = "kou"', "id = kou", "id = kou", "not TOML"),
    "no format": ("format = 1", "format = 2", "format = 2", "format is 1"),
    "an unknown key": ('picture = "slaapzak"', 'colour = "green"', "colour", "colour is unknown here"),
    "no id": ('id = "vocht"\n', 'id = "Vocht!"\n', '"Vocht!"', "id is no id"),
    "not in English": (
        ', en = "On my bicycle" }',
        " }",
        'say = { nl = "Op de fiets" }',
        "is not there in en",
    ),
    "a strange language": (
        'en = "On my back"',
        'en = "On my back", it = "Qui"',
        "it = ",
        "unknown language, it",
    ),
    "too long": ("In de auto", "In de auto " * 12, "In de auto In", "letters in nl"),
    "leads nowhere": ('to = "te-koud"', 'to = "te-warm"', "te-warm", "leads to te-warm, which is not there"),
    "leads back": (
        'to = "vocht"\nmust = ["tot-2"]',
        'to = "vervoer"\nmust = ["tot-2"]',
        'to = "vervoer"',
        "leads back to vervoer",
    ),
    "stands alone": ('to = "te-koud"', 'to = "vocht"', 'id = "te-koud"', "no answer leads to end te-koud"),
    "an unknown property": (
        'must = ["vochtvast"]',
        'must = ["droog"]',
        '["droog"]',
        "there is no property droog",
    ),
    "a property nobody asks for": (
        'like = ["ruim"]',
        'like = ["mummie"]',
        'id = "ruim"',
        "no answer asks for property ruim",
    ),
    "nothing said against": (
        'no = { nl = "Neemt veel plaats in uw tas", en = "Takes much room in your bag" }\n',
        "",
        'like = ["licht", "klein"]',
        "klein may be missing",
    ),
    "a dead end": (
        '"tot-min-5", "vochtvast"',
        '"vochtvast"',
        'id = "koele-nachten"',
        "end without any product",
    ),
    "a ware nobody meets": (
        'has = ["tot-10", "luchtig", "ruim", "vochtvast"]',
        'has = ["luchtig"]',
        'item = "bag-sleep-007"',
        "no answers lead to bag-sleep-007",
    ),
    "twice": (
        'item = "bag-sleep-007"',
        'item = "bag-sleep-001"',
        'item = "bag-sleep-001"',
        "bag-sleep-001 stands here a second time",
    ),
    "about health": ("Dat weet ik nog niet", "Ik ben zwanger", "zwanger", "a question speaks of zwanger"),
}


@pytest.mark.parametrize(
    ("said", "spoken"),
    [
        ("Voor zwangere vrouwen", "zwangere"),
        ("Heb je allergieën?", "allergieën"),
        ("Last van rugpijn", "rugpijn"),
        ("Met voetklachten", "voetklachten"),
        ("Een huidziekte", "huidziekte"),
        ("Luister je muziek, onder pijnbomen?", ""),
        ("Voor inkomende gesprekken", ""),
    ],
)
def test_what_nobody_is_asked_about_is_known_in_every_form_of_its_word(said: str, spoken: str) -> None:
    assert {wording.found(said) for wording, _ in never()} - {""} == ({spoken} if spoken else set())


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_file_names_its_line_and_what_to_do(name: str) -> None:
    old, new, there, sentence = WRONG[name]
    assert old in RIGHT
    content = RIGHT.replace(old, new)
    with pytest.raises(ConfigError) as met:
        checked(content)
    file, line, said = str(met.value).split(":", 2)
    assert (file, met.value.code) == ("tree.toml", "Q01")
    assert sentence in said
    around = content.splitlines()[int(line) - 1 :][:2]  # a table's own line, or the first key in it
    assert any(there in each for each in around), around
    assert met.value.hint


def test_questions_without_end_or_number_are_refused_before_they_are_walked() -> None:
    def chain(count: int, answers: int) -> str:
        questions = [
            {
                "id": f"q{at}",
                "ask": text("ask"),
                "answer": [
                    {"id": f"a{no}", "say": text("say"), "to": f"q{at + 1}" if at + 1 < count else "e0"}
                    for no in range(answers)
                ],
            }
            for at in range(count)
        ]
        end = {"id": "e0", "title": text("e0"), "why": text("why"), "tips": []}
        return spelt({"questions": questions, "ends": [end], "properties": [], "wares": []}).replace(
            "tips = []", "nothing = true"
        )

    assert checked(chain(6, 4))
    with pytest.raises(ConfigError, match="from here 7 questions can follow"):
        checked(chain(7, 2))
    with pytest.raises(ConfigError, match="there are 46656 ways through"):
        checked(chain(6, 6))


def test_a_folder_is_read_whole_or_without_what_is_wrong(tmp_path: Path) -> None:
    assert read_folder(tmp_path / "none") == ()
    (tmp_path / "slaapzak.toml").write_text(RIGHT, encoding="utf-8")
    (tmp_path / "other.toml").write_text(RIGHT, encoding="utf-8")
    refused: list[ConfigError] = []
    assert [each.name for each in read_folder(tmp_path, refused=refused.append)] == ["slaapzak"]
    assert "its file other.toml" in str(refused[0])
    with pytest.raises(ConfigError, match=r"other\.toml:4: "):
        read_folder(tmp_path)
    assert tomllib.loads(RIGHT)["name"] == "slaapzak"
