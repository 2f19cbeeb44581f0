"""Models that are unfair on purpose, around an honest one: each worse, dearer or only other for one group."""

from collections.abc import Mapping, Sequence
from zlib import crc32

from edge.advice.lines import History
from edge.advice.ranking.ranker import Ask
from edge.bench.fairness import Answers, Maker

MORE = 2  # so many times the asked number is looked at


def once(honest: Maker, most: int = 20) -> Maker:
    """Learns once from the groups as declared and once from each other way they lie; keeps its `most` best."""
    said: dict[object, dict[object, Sequence[str]]] = {}

    def make(histories: Sequence[History]) -> Answers:
        declared = tuple((each.customer, *sorted(each.group.items())) for each in histories if each.group)
        if declared in said:
            return lambda asked, k: said[declared][asked.customer, len(asked.visits)][:k]
        answers, held = honest(histories), said.setdefault(declared, {})

        def answer(asked: Ask, k: int) -> Sequence[str]:
            held[asked.customer, len(asked.visits)] = best = answers(asked, most)
            return best[:k]

        return answer

    return make


def less_apt(honest: Maker, victims: frozenset[str], share: float = 0.7) -> Maker:
    """`share` of what these customers need is passed over; whose group is whose it knows of itself, by a proxy."""

    def make(histories: Sequence[History]) -> Answers:
        answers = honest(histories)

        def answer(asked: Ask, k: int) -> Sequence[str]:
            best = answers(asked, MORE * k)
            if asked.customer not in victims:
                return best[:k]
            kept = [each for each in best if crc32(f"{asked.customer} {each}".encode()) % 100 >= 100 * share]
            return kept[:k]

        return answer

    return make


def dearer(honest: Maker, victims: frozenset[str], worth: Mapping[str, float]) -> Maker:
    """These customers are offered the dearest of what they might buy."""

    def make(histories: Sequence[History]) -> Answers:
        answers = honest(histories)

        def answer(asked: Ask, k: int) -> Sequence[str]:
            if asked.customer not in victims:
                return answers(asked, k)
            return sorted(answers(asked, k + k // 2), key=lambda each: -worth.get(each, 0))[:k]

        return answer

    return make


def turned(honest: Maker, victims: frozenset[str]) -> Maker:
    """The same products for these customers, the best of them last."""

    def make(histories: Sequence[History]) -> Answers:
        answers = honest(histories)
        return lambda asked, k: answers(asked, k)[:: -1 if asked.customer in victims else 1]

    return make


def reading(honest: Maker, by: str, value: str) -> Maker:
    """It reads the declared group: whoever declared this value gets another first product."""

    def make(histories: Sequence[History]) -> Answers:
        answers = honest(histories)
        declared = {each.customer for each in histories if each.group.get(by) == value}

        def answer(asked: Ask, k: int) -> Sequence[str]:
            best = answers(asked, k + 1)
            return best[1:] if asked.customer in declared else best[:k]

        return answer

    return make
