"""The file of a choice helper: a wrong one names its line and what to do, and lets no other down."""

import tomllib
from pathlib import Path

import pytest

from edge.choice.folder import never, read_folder
from edge.kit.errors import ConfigError
from tests.rules.choice_trees import DEMO, checked, spelt, text

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
