"""What may be called popular."""

from edge.advice.model import Model
from edge.advice.ranking.numbering import Visit, numbered
from edge.advice.rules import DAY_MS, Basket, popular_here
from edge.advice.tally import Asked, Tally

PRODUCTS = 180


def test_in_a_small_shop_only_the_first_fifth_is_popular_though_everything_is_bought_by_many() -> None:
    model = Model()
    known: dict[str, list[Visit]] = {}
    for who in range(PRODUCTS + 20):
        # Product n is bought by all but the first n customers, so each has a rank of its own, and at least 20 buyers.
        items = tuple(f"p{each}" for each in range(min(who + 1, PRODUCTS)))
        model.put(who.to_bytes(16), (Basket(DAY_MS, items),), until_ms=1 << 60)
        known[f"c{who}"] = [Visit(1, "s1", items)]
    for counts in (model, Asked(Tally(numbered(known.items())), None, (), ())):
        said = [each for each in range(PRODUCTS) if popular_here(f"p{each}", counts, None)]
        assert said == list(range(PRODUCTS // 5))
