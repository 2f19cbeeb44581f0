"""What an import would do, counted line by line, and how that is said before and after it is done."""

from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from typing import Final

from edge.wallet.rules import INSTRUMENTS
from sync.hub.hq.rows import Customer

MOST_SHOWN: Final = 20


@dataclass(slots=True)
class Judged:
    """What an import would do."""

    counts: Counter[str] = field(default_factory=Counter)
    shown: list[str] = field(default_factory=list)
    refused: set[int] = field(default_factory=set)
    recipients: Counter[str] = field(default_factory=Counter)  # how many consents each is given
    unread: bool = False  # a line does not even say whose it is
    bare: int = 0  # new customers with a card who did not agree to save
    empty: int = 0  # new customers who agreed to save, and have nothing to save on

    def customer(self, row: Customer, *, new: bool) -> None:
        """Count a line of somebody, and what they could not do."""
        self.recipients.update(each.recipient for each in row.consents)
        agreed = any(each.purpose == "saving" for each in row.consents)
        self.bare += new and bool(row.cards) and not agreed
        self.empty += new and agreed and not any(each in row.traits for each in INSTRUMENTS)

    def say(self, gone: Sequence[str], *, count: int, stays: bool) -> None:
        """What the file is for the hub, in numbers: `count` go, the first of `gone` are named.

        `stays`: it is refused, and the hub stays as it is.
        """
        for id_ in gone[:MOST_SHOWN]:
            print(f"gone     {id_}")
        counts = self.counts
        print(
            f"{'Nothing is written. Without the refused lines: ' if stays else ''}"
            f"{counts['new']} new, {counts['changed']} changed, {count} gone, {counts['same']} the same, "
            f"{len(self.refused)} refused."
        )

    def say_people(self, *, named: Set[str]) -> None:
        """What customers could not do, and to whom the consents are given; `named` are those of hub.toml.

        One typing error there, and a shop recognises nobody.
        """
        if self.bare:
            (usual, _), *_ = self.recipients.most_common(1) or [(next(iter(sorted(named)), "RECIPIENT"), 0)]
            print(
                f"{_new(self.bare)} a card but may not save points: add `saving:{usual}` to their `consents` if they "
                "agreed."
            )
        if self.empty:
            print(
                f"{_new(self.empty)} an agreement to save, but neither points nor a stamp card: no shop can add to "
                "those. Give them `points`, 0 will do, or `stamps_of`."
            )
        if not self.recipients:
            return
        told = ", ".join(f"{name} {count}" for name, count in self.recipients.most_common(MOST_SHOWN))
        print(f"Consents by recipient, as `shop.recipient` of the shops has to say it: {told}.")
        if named and (strange := sorted(self.recipients.keys() - named)):
            print(
                f"Neither [parties] nor [controllers] of hub.toml names {', '.join(strange[:MOST_SHOWN])}: mend "
                "the file if it is a typing error, for a shop recognises by its own recipient alone."
            )


def _new(count: int) -> str:
    return "1 new customer has" if count == 1 else f"{count} new customers have"
