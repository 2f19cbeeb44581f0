"""Finding a product by what somebody types: the beginnings and middles of words, in any order, with a slip or two.

A catalogue has many products and few words, so only words are searched: which ones a typed word can mean, then
which products have them all. At 100,000 products that is some ten milliseconds and some tens of megabytes.
"""

import re
from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from sqlite3 import Connection
from typing import Final

from edge.catalogue import tables
from edge.catalogue.rules import Product
from edge.kit.text import fold

FEWEST_LETTERS: Final = 2
SUBSTRING_LETTERS: Final = 3  # shorter ones stand in the middle of everything
MOST_WORDS: Final = 8  # typed; more are somebody's paste
MOST_LETTERS: Final = 40
# A typed word of so many letters may have a slip, two slips, or a slip within a compound.
ONE_SLIP_LETTERS: Final = 4
TWO_SLIPS_LETTERS: Final = 8
LONG_LETTERS: Final = 6
MOST_CANDIDATES: Final = 120  # words compared sign by sign; each costs some 50 microseconds
# Of many equally good hits the shortest titles are shown; looking for them further than this is not worth it.
MOST_SORTED: Final = 2_000
SPARE: Final = 1_000
LETTERS: Final = "abcdefghijklmnopqrstuvwxyz0123456789"
# How well a typed word is met, best first; a product is as good as its worst word.
EXACT, PREFIX, SUBSTRING, ONE_SLIP, TWO_SLIPS = range(5)
_WORD: Final = re.compile(r"[^\W_]+")


def words(text: str) -> list[str]:
    """The words of a text, folded: `Wandelschoen "Kaya" 42½` is wandelschoen, kaya, 42, 1, 2."""
    return _WORD.findall(fold(text)[:4_000])


class ProductIndex:
    """Products by words. Filled in slices while the house already works; used from its event loop."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.ready = False
        self._words: list[str] = []  # by number, as they came
        self._number: dict[str, int] = {}
        self._held: list[array[int]] = []  # by word: which products have it
        self._grams: dict[str, array[int]] = {}  # by three letters: which words have them
        self._order: list[str] = []  # the words in alphabetical order, and behind one another as one text
        self._text = ""
        self._starts: array[int] = array("L")
        self._items: list[str | None] = []  # by product; None: gone or indexed anew
        self._lengths = array("H")
        self._texts = array("q")  # hash of what was indexed, so that another price costs nothing
        self._place: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._place)

    def put(self, product: Product) -> None:
        """Add a product, or index it anew."""
        text = f"{product.title} {product.brand} {product.category} {' '.join(product.sizes)}"
        before = self._place.get(product.item)
        if before is not None and self._texts[before] == hash(text):
            return
        self.remove(product.item)
        place = len(self._items)
        self._texts.append(hash(text))
        self._items.append(product.item)
        self._place[product.item] = place
        found = words(text)
        self._lengths.append(min(65_535, len(product.title)))
        for word in dict.fromkeys(found):
            self._held[self._number_of(word)].append(place)

    def remove(self, item: str) -> None:
        """What was indexed of this product is found no more."""
        place = self._place.pop(item, None)
        if place is not None:
            self._items[place] = None

    @property
    def worn(self) -> bool:
        """Whether most of what is kept is of products that went or changed: time to fill anew."""
        return len(self._items) > 2 * len(self._place) + SPARE

    def find(self, text: str, *, most: int) -> list[str]:
        """Items of products that have every word of `text`, the best met first."""
        asked = [word[:MOST_LETTERS] for word in words(text)][:MOST_WORDS]
        if not asked or sum(map(len, asked)) < FEWEST_LETTERS:
            return []
        self._settle()
        found: dict[int, None] = {}
        met = [_Met(self, word) for word in asked]
        for level in (EXACT, PREFIX, SUBSTRING, ONE_SLIP, TWO_SLIPS):
            places = sorted((each.places(level) for each in met), key=len)
            both = set(places[0]).intersection(*places[1:])
            both.difference_update(found)
            for place in self._shortest(both):
                found[place] = None
            if len(found) >= most:
                break
        return [item for place in islice(found, most) if (item := self._items[place]) is not None]

    def _shortest(self, places: set[int]) -> list[int]:
        alive = (place for place in places if self._items[place] is not None)
        return sorted(islice(alive, MOST_SORTED), key=lambda place: (self._lengths[place], place))

    def _number_of(self, word: str) -> int:
        number = self._number.get(word)
        if number is None:
            number = self._number[word] = len(self._words)
            self._words.append(word)
            self._held.append(array("L"))
            for gram in grams(word):
                self._grams.setdefault(gram, array("L")).append(number)
        return number

    def _settle(self) -> None:
        """Words that came since the last search take their places."""
        if len(self._order) == len(self._words):
            return
        self._order += self._words[len(self._order) :]
        self._order.sort()  # two runs, of which one is sorted: cheap however many words there are
        self._text = "\n".join(["", *self._order, ""])
        self._starts = array("L")
        at = 1
        for word in self._order:
            self._starts.append(at)
            at += len(word) + 1

    def held(self, word: str) -> "array[int]":
        return self._held[self._number[word]] if word in self._number else array("L")

    def beginning(self, start: str) -> list[str]:
        return self._order[bisect_left(self._order, start) : bisect_left(self._order, start + "\U0010ffff")]

    def containing(self, part: str) -> Iterator[str]:
        at = self._text.find(part)
        while at >= 0:
            number = bisect_right(self._starts, at) - 1
            yield self._order[number]
            at = self._text.find(part, self._starts[number] + len(self._order[number]))

    def close_to(self, word: str, slips: int, tried: dict[str, int]) -> Iterator[str]:
        """Words with a stretch that is `word` but for so many slips (a sign too many, too few, other or swapped).

        `tried` remembers distances between two calls for the same word.
        """
        if len(word) < LONG_LETTERS:  # so short that every slip can simply be tried
            yield from (each for each in sorted(set(one_slip(word))) if each in self._number)
            return
        shared: Counter[int] = Counter()
        asked = grams(word)
        for gram in asked:
            shared.update(self._grams.get(gram, ()))
        fewest = max(1, len(asked) - 4 * slips)  # a slip breaks up at most four stretches of three letters
        for number, count in shared.most_common(MOST_CANDIDATES):
            if count < fewest:
                return
            other = self._words[number]
            if other not in tried:
                tried[other] = distance(word, other, most=2 if len(word) >= TWO_SLIPS_LETTERS else 1)
            if tried[other] <= slips:
                yield other


class _Met:
    """Which products one typed word can mean, level by level, each looked up when it is first asked for."""

    def __init__(self, index: ProductIndex, word: str) -> None:
        self._index = index
        self._word = word
        self._places: list[set[int]] = []
        self._tried: dict[str, int] = {}

    def places(self, level: int) -> set[int]:
        while len(self._places) <= level:
            before = self._places[-1] if self._places else set()
            more = [self._index.held(each) for each in self._at(len(self._places))]
            self._places.append(before.union(*more) if more else before)
        return self._places[level]

    def _at(self, level: int) -> Iterable[str]:
        word, index = self._word, self._index
        if level == EXACT:
            return [word]
        if level == PREFIX:
            return index.beginning(word)
        if level == SUBSTRING:
            return index.containing(word) if len(word) >= SUBSTRING_LETTERS else ()
        if word.isdigit():
            return ()  # 42 is no slip of 43
        if level == ONE_SLIP:
            return index.close_to(word, 1, self._tried) if len(word) >= ONE_SLIP_LETTERS else ()
        return index.close_to(word, 2, self._tried) if len(word) >= TWO_SLIPS_LETTERS else ()


def find(conn: Connection, index: ProductIndex, text: str, *, most: int) -> list[str]:
    """Items for what was typed or scanned: a GTIN or item number first, then by words."""
    exact = tables.exact(conn, text)
    return list(dict.fromkeys([*exact, *index.find(text, most=most)]))[:most]


def grams(word: str) -> set[str]:
    return {word[at : at + 3] for at in range(len(word) - 2)}


def one_slip(word: str) -> Iterator[str]:
    """Everything that is one slip away from `word`."""
    for at in range(len(word) + 1):
        start, end = word[:at], word[at:]
        if end:
            yield start + end[1:]
            yield from (start + letter + end[1:] for letter in LETTERS)
        if len(end) > 1:
            yield start + end[1] + end[0] + end[2:]
        yield from (start + letter + end for letter in LETTERS)


def distance(asked: str, word: str, *, most: int) -> int:
    """Fewest slips that make `asked` a stretch of `word`: insert, leave out, replace, swap neighbours.

    Sellers' variant of the optimal string alignment distance: where in `word` it begins and ends costs nothing.
    """
    before: list[int] = []
    last = [0] * (len(word) + 1)
    for row, letter in enumerate(asked, 1):
        left = row
        current = [row]
        for column, other in enumerate(word, 1):
            cost = last[column - 1] + (letter != other)
            if last[column] < cost:
                cost = last[column] + 1
            if left < cost:
                cost = left + 1
            if row > 1 and column > 1 and letter == word[column - 2] and asked[row - 2] == other:
                cost = min(cost, before[column - 2] + 1)
            current.append(cost)
            left = cost
        if min(current) > most:
            return most + 1
        before, last = last, current
    return min(last)
