"""A choice helper out of its file's text: every value of the right shape, or the line that is wrong. Pure.

What the values mean together (loops, dead ends, what nobody reaches) is `checking.py`.
"""

import re
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from edge.catalogue.rules import item_id
from edge.choice.lines import Place, line_of, places
from edge.choice.tree import ANSWERS, FORMAT, Answer, End, Helper, Property, Question, Text, Ware
from edge.kit.errors import ConfigError

LANGUAGES: Final = ("nl", "en", "de", "fr")
ALWAYS: Final = ("nl", "en")
_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,19}")
# Letters a text may have: what fits on its button, or is read standing.
SHORT, LINE, LONG = 70, 110, 260
_TOP: Final = (
    "format", "name", "title", "intro", "start", "picture", "question", "property", "ware", "end",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Source:
    """A file by its name, with the line of everything in it."""

    file: str
    lines: Mapping[Place, int]

    def wrong(self, place: Place, what: str, hint: str) -> ConfigError:
        return ConfigError(f"{self.file}:{line_of(self.lines, place)}: {what}", code="Q01", hint=hint)


def read(text: str, *, file: str) -> tuple[Helper, Source]:
    """The helper that `text` spells, unchecked; raises ConfigError naming file, line and what to do."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        named = re.search(r"line (\d+)", str(error))
        line = named[1] if named else len(text.splitlines()) or 1
        raise ConfigError(
            f"{file}:{line}: not TOML: {error}", code="Q01", hint="mend that line, or the one before it"
        ) from None
    source = Source(file, places(text))
    at = _Table(table, (), source)
    at.known(_TOP)
    if table.get("format") != FORMAT:
        raise source.wrong(("format",), f"format is {FORMAT}", f"write format = {FORMAT} at the top")
    helper = Helper(
        name=at.id("name"),
        title=at.text("title", most=SHORT),
        intro=at.text("intro", most=LONG),
        start=at.id("start"),
        picture=at.word("picture"),
        questions=tuple(_question(each) for each in at.tables("question", fewest=1)),
        properties=tuple(_property(each) for each in at.tables("property")),
        wares=tuple(_ware(each) for each in at.tables("ware")),
        ends=tuple(_end(each) for each in at.tables("end", fewest=1)),
        file=file,
    )
    return helper, source


@dataclass(frozen=True, slots=True)
class _Table:
    """One table of the file, asked for its values by name."""

    values: Mapping[str, Any]
    place: Place
    source: Source

    def known(self, names: Collection[str]) -> None:
        for name in self.values:
            if name not in names:
                raise self.wrong(name, f"{name} is unknown here", f"known are {', '.join(names)}")

    def wrong(self, name: str, what: str, hint: str) -> ConfigError:
        return self.source.wrong((*self.place, name), what, hint)

    def id(self, name: str) -> str:
        value = self.values.get(name)
        if not isinstance(value, str) or not _ID.fullmatch(value):
            hint = f'write {name} = "…": up to 20 small letters, digits and dashes; it stands in addresses'
            raise self.wrong(name, f"{name} is no id", hint)
        return value

    def ids(self, name: str) -> tuple[str, ...]:
        value = self.values.get(name, [])
        if not isinstance(value, list) or not all(isinstance(v, str) and _ID.fullmatch(v) for v in value):
            raise self.wrong(name, f"{name} is no list of ids", f'write {name} = ["one", "other"]')
        return tuple(dict.fromkeys(value))

    def word(self, name: str) -> str:
        value = self.values.get(name, "")
        if not isinstance(value, str):
            raise self.wrong(name, f"{name} is no text", f'write {name} = "…"')
        return value

    def yes(self, name: str) -> bool:
        value = self.values.get(name, False)
        if not isinstance(value, bool):
            raise self.wrong(
                name, f"{name} is neither true nor false", f"write {name} = true, or leave it out"
            )
        return value

    def text(self, name: str, *, most: int) -> Text:
        found = self.maybe(name, most=most)
        if found is None:
            raise self.wrong(name, f"{name} is missing", f'write {name} = {{ nl = "…", en = "…" }}')
        return found

    def maybe(self, name: str, *, most: int) -> Text | None:
        if (value := self.values.get(name)) is None:
            return None
        return self._text(name, value, most=most)

    def texts(self, name: str, *, most: int) -> tuple[Text, ...]:
        value = self.values.get(name, [])
        if not isinstance(value, list):
            raise self.wrong(name, f"{name} is no list", f'write {name} = [{{ nl = "…", en = "…" }}]')
        return tuple(self._text(name, each, most=most) for each in value)

    def _text(self, name: str, value: object, *, most: int) -> Text:
        if not isinstance(value, dict):
            raise self.wrong(
                name, f"{name} is not in two languages", f'write {name} = {{ nl = "…", en = "…" }}'
            )
        for language, words in value.items():
            if language not in LANGUAGES:
                known = ", ".join(LANGUAGES)
                raise self.wrong(name, f"{name} is in an unknown language, {language}", f"known are {known}")
            if not isinstance(words, str) or not words.strip():
                raise self.wrong(name, f"{name} says nothing in {language}", "write it, or leave it out")
            if len(words) > most:
                hint = f"say it in {most} letters: it is read on a phone, standing"
                raise self.wrong(name, f"{name} has {len(words)} letters in {language}", hint)
        for language in ALWAYS:
            if language not in value:
                raise self.wrong(name, f"{name} is not there in {language}", f'add {language} = "…" to it')
        return dict(value)

    def tables(self, name: str, *, fewest: int = 0) -> "Sequence[_Table]":
        value = self.values.get(name, [])
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            head = ".".join(each for each in (*self.place, name) if isinstance(each, str))
            raise self.wrong(name, f"{name} is no list of tables", f"write [[{head}]] above each of them")
        if len(value) < fewest:
            raise self.wrong(name, f"there is no {name}", f"add a [[{name}]]")
        return [_Table(each, (*self.place, name, at), self.source) for at, each in enumerate(value)]


def _question(at: _Table) -> Question:
    at.known(("id", "ask", "help", "answer"))
    answers = tuple(_answer(each) for each in at.tables("answer"))
    fewest, most = ANSWERS
    if not fewest <= len(answers) <= most:
        hint = f"give it {fewest} to {most}: a [[question.answer]] for each"
        raise at.source.wrong(at.place, f"this question has {len(answers)} answers", hint)
    return Question(at.id("id"), at.text("ask", most=SHORT), answers, at.maybe("help", most=LONG))


def _answer(at: _Table) -> Answer:
    at.known(("id", "say", "to", "must", "like"))
    return Answer(at.id("id"), at.text("say", most=SHORT), at.id("to"), at.ids("must"), at.ids("like"))


def _property(at: _Table) -> Property:
    at.known(("id", "yes", "no"))
    return Property(at.id("id"), at.text("yes", most=LINE), at.maybe("no", most=LINE))


def _ware(at: _Table) -> Ware:
    at.known(("item", "has", "but"))
    item = at.word("item")
    if not item or item_id(item) != item:
        raise at.wrong("item", "item is no item number", "write it as the catalogue has it")
    return Ware(item, frozenset(at.ids("has")), at.maybe("but", most=LINE))


def _end(at: _Table) -> End:
    at.known(("id", "title", "why", "tips", "nothing"))
    return End(
        at.id("id"),
        at.text("title", most=SHORT),
        at.text("why", most=LONG),
        at.texts("tips", most=LONG),
        at.yes("nothing"),
    )
