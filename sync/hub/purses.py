"""The balances that uploads move: read together, counted line by line, sealed and kept together.

An hour of a busy shop is hundreds of lines of a hundred customers. Asked one by one that is thousands of ways to the
database; asked together it is a handful.
"""

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import msgspec

from edge.kit.errors import Corrupt, Refused
from edge.kit.seal import key_place, trait_place, unseal
from edge.kit.sql import Connection
from edge.wallet.rules import Instrument, Why, add, balance_of, with_balance, with_counted
from sync import wire
from sync.hub import people, stays
from sync.hub.config import Keys
from sync.hub.stays import Forgotten
from sync.hub.tables import merges
from sync.hub.tables import people as customers
from sync.hub.tables import wallet as tables

_SPOILT: Final = object()  # of a balance that does not open


@dataclass(frozen=True, slots=True)
class NewLine:
    """A line of a shop's ledger on its way into the central one."""

    id: bytes
    instrument: Instrument
    delta: int
    why: Why


class Purses:
    """Open with the lines that are to come (`expect`), `move` each, `keep` in the end."""

    def __init__(
        self,
        conn: Connection,
        keys: Keys,
        *,
        shop_id: str,
        device_id: str,
        epoch: int,
        now_ms: int,
        forgotten: Forgotten,
    ) -> None:
        self._forgotten = forgotten
        self._conn = conn
        self._keys = keys
        self._shop_id = shop_id
        self._device_id = device_id
        self._epoch = epoch
        self._now_ms = now_ms
        self._asked: set[bytes] = set()  # customers whose state is known here
        self._there: set[bytes] = set()
        self._homes: dict[bytes, list[str]] = {}  # the shops each of these is of
        self._wrapped: dict[bytes, bytes] = {}
        self._held: dict[tuple[bytes, str], wire.Trait] = {}
        self._values: dict[tuple[bytes, str], Any] = {}
        self._changed: dict[tuple[bytes, str], None] = {}
        self._looked: set[bytes] = set()  # lines that were looked for in the ledger
        self._written: set[bytes] = set()  # and found there
        self._lines: dict[bytes, dict[str, Any]] = {}
        self._into: dict[bytes, bytes] = {}  # cards that became somebody's: whose
        self._kept: dict[bytes, None] = {}

    def of(self, *, shop_id: str, device_id: str, epoch: int, forgotten: Forgotten) -> Self:
        """The same balances, as another box moves them in the same transaction."""
        other = copy.copy(self)
        other._shop_id, other._device_id, other._epoch = shop_id, device_id, epoch
        other._forgotten = forgotten
        return other

    def expect(
        self, bodies: Sequence[wire.WalletMoved], *, there: Iterable[bytes], into: Mapping[bytes, bytes]
    ) -> None:
        """Read all that these lines will need; `there` are customers who exist, taken until COMMIT, and `into` whose
        the cards among them became."""
        about = {bytes.fromhex(body.customer_id) for body in bodies}
        self._into |= into
        self._know(about | set(into.values()), there=set(there))
        self._look({bytes.fromhex(body.line_id) for body in bodies})

    def again(self, customer_id: bytes) -> None:
        """This customer was changed by another fact: what is known of them here is old."""
        self._asked.discard(customer_id)
        self._homes.pop(customer_id, None)

    def _was_guest(self, customer_id: bytes, stay: str) -> bool:
        """Whether the hub let them into this shop itself, at a time of which it, or the box, may have forgotten."""
        since_ms = stays.began(self._keys, self._shop_id, customer_id, stay) if stay else None
        return since_ms is not None and self._forgotten.has(since_ms)

    def _read(self, about: set[bytes], *, there: set[bytes]) -> None:
        self._into |= merges.into(self._conn, about)
        self._know(about, there=there)

    def _know(self, about: set[bytes], *, there: set[bytes]) -> None:
        self._asked |= about
        self._there |= about & there
        for customer_id, its in tables.known(self._conn, about).items():
            self._homes[customer_id] = its.shops
            self._wrapped[customer_id] = its.wrapped
            self._held |= {(customer_id, trait.name): trait for trait in its.traits}

    def move(self, body: wire.WalletMoved, *, seq: int, at_ms: int) -> None:
        """Count a line that a shop wrote of somebody resident there. Raises Refused for what cannot be counted."""
        customer_id = self._known(bytes.fromhex(body.customer_id))
        if customer_id not in self._there:
            raise _refused("no such customer", code="UNKNOWN_CUSTOMER")
        here = self._shop_id in self._homes.get(customer_id, ())
        if not here and not self._was_guest(customer_id, body.stay):
            raise _refused("the customer is of another shop", code="NOT_RESIDENT")
        line = NewLine(bytes.fromhex(body.line_id), body.instrument, body.delta, body.why)
        if customer_id in self._into:
            self.count(self._into[customer_id], line, seq=seq, at_ms=at_ms)
        # Of a card that became somebody's this says only how far it was counted: the line is written already.
        self.count(customer_id, line, seq=seq, at_ms=at_ms)

    def count(self, customer_id: bytes, line: NewLine, *, seq: int, at_ms: int) -> None:
        """Count a line, once. Raises Refused (NO_INSTRUMENT, BAD_SEAL).

        One whose balance would go below zero is kept, because the customer has what was given: the balance stays at
        zero and the line says by how much it fell short.
        """
        which = (self._known(customer_id), line.instrument)
        value = self._value(which)
        if value is _SPOILT:
            raise _refused("the customer's balance does not open", code="BAD_SEAL")
        balance = balance_of(line.instrument, value)
        if which not in self._held or balance is None:
            raise _refused(f"the customer has no {line.instrument}", code="NO_INSTRUMENT")
        twice = line.id in self._lines or self._is_written(line.id)
        total = add(balance, 0 if twice else line.delta)
        moved = with_balance(line.instrument, value, total.balance)
        self._values[which] = with_counted(moved, self._device_id, (self._epoch, seq))
        self._changed[which] = None
        if not twice:
            row = {"device_id": self._device_id, "epoch": self._epoch, "seq": seq, "line_id": line.id}
            row |= {"customer_id": customer_id, "instrument": line.instrument, "delta": line.delta}
            self._lines[line.id] = row | {"short": total.short, "why": line.why, "at_ms": at_ms}

    def _known(self, customer_id: bytes) -> bytes:
        if customer_id not in self._asked:
            self._read({customer_id}, there=customers.hold(self._conn, [customer_id]))
        return customer_id

    def _is_written(self, line_id: bytes) -> bool:
        if line_id not in self._looked:
            self._look({line_id})
        return line_id in self._written

    def _look(self, line_ids: set[bytes]) -> None:
        self._looked |= line_ids
        self._written |= tables.written(self._conn, line_ids)

    def settle(self) -> None:
        """Keep what was counted so far, and know nothing any more: another act is about to change balances."""
        self.keep()
        for each in (self._asked, self._there, self._homes, self._wrapped, self._held, self._values):
            each.clear()
        self._changed.clear()
        self._lines.clear()
        self._into.clear()
        self._looked.clear()
        self._written.clear()

    def keep(self) -> list[bytes]:
        """Seal and store what was counted; whose balances moved, in the order in which they did."""
        sealed = []
        for customer_id, name in self._changed:
            which = (customer_id, name)
            (trait,) = people.seal_traits(
                self._key(customer_id),
                customer_id,
                traits={name: self._values[which]},
                ver=self._held[which].ver + 1,
                now_ms=self._now_ms,
            )
            sealed.append((customer_id, trait))
        tables.put_traits(self._conn, sealed)
        tables.add_all(self._conn, list(self._lines.values()))
        self._kept |= dict.fromkeys(customer_id for customer_id, _ in self._changed)
        return list(self._kept)

    def _value(self, which: tuple[bytes, str]) -> Any:
        """A balance in clear, None where there is none."""
        customer_id, name = which
        held = self._held.get(which)
        if held is not None and which not in self._values:
            place = trait_place(customer_id, name, held.ver)
            try:
                plain = unseal(self._key(customer_id), held.sealed, place)
                self._values[which] = msgspec.json.decode(plain)
            except Corrupt:
                self._values[which] = _SPOILT
        return self._values.get(which)

    def _key(self, customer_id: bytes) -> bytes:
        wrapped = self._wrapped.get(customer_id, b"")
        return unseal(self._keys.hub_kek, wrapped, key_place(customer_id))


def _refused(message: str, *, code: str) -> Refused:
    return Refused(message, code=code, hint="nothing was changed; look the customer up at the hub")
