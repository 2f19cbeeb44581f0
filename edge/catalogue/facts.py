"""What can happen to a product in a shop: somebody needs to know what nobody filled in."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProductGapMet:
    """A colleague looked a product up and found these fields of it empty: headquarters can fill them in."""

    item: str
    lacking: tuple[str, ...]
    at_ms: int
