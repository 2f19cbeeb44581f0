"""What a card earned in a shop that could not ask, while it was nobody's here either.

Where no shop has a line, or the hub was put back, whoever got the card elsewhere is heard of later than what they
earned with it. Such a letter stays as the shop sealed it for as long as shops keep what was acknowledged, is judged
once more each hour, and is blanked then: who the card is of, if it is anybody's, cannot be told from it without the
hub's keys.
"""

from collections.abc import Collection, Sequence
from typing import Final

import msgspec

from edge.kit.errors import Corrupt
from edge.kit.seal import derive, guest_place, unseal
from edge.kit.sql import Connection
from sync import reports
from sync.hub.config import Keys
from sync.hub.devices import shop_key_of
from sync.hub.tables import devices, events
from sync.hub.tables import people as residents
from sync.hub.tables.events import Unknown

KEEP_MS: Final = 35 * 86_400_000  # as `stays.WINDOW_MS`: a backup that is older is not put back without loss
SLICE: Final = 500


def opened(shop_key: bytes, shop_id: str, card: str) -> bytes:
    """The inner hash of a card that a shop sealed (hex). Raises Corrupt."""
    return unseal(derive(shop_key, "key-transport"), bytes.fromhex(card), guest_place(shop_id))


def known_by_now(conn: Connection, keys: Keys, letters: Sequence[Unknown]) -> list[Unknown]:
    """Those of these letters whose card is somebody's by now."""
    held = [residents.credential(conn, hash_) for hash_ in _cards(conn, keys, letters)]
    return [
        letter
        for letter, card in zip(letters, held, strict=True)
        if card is not None and card.state == "active"
    ]


def forget(conn: Connection, keys: Keys, hashes: Collection[bytes]) -> None:
    """Blank what these cards earned while they were nobody's: whose they are is forgotten."""
    after = events.FIRST
    while hashes and (letters := events.nobodys(conn, after=after, most=SLICE)):
        cards = zip(letters, _cards(conn, keys, letters), strict=True)
        events.blank(conn, [letter for letter, hash_ in cards if hash_ in hashes])
        after = letters[-1].place


def _cards(conn: Connection, keys: Keys, letters: Sequence[Unknown]) -> list[bytes]:
    """The inner hash that each letter speaks of; empty where it does not open any more."""
    shops: dict[str, tuple[str, bytes]] = {}
    found: list[bytes] = []
    for letter in letters:
        if letter.device_id not in shops:
            device = devices.device(conn, letter.device_id)
            shops[letter.device_id] = (
                (device.shop_id, shop_key_of(conn, keys, device.shop_id)) if device else ("", b"")
            )
        shop_id, shop_key = shops[letter.device_id]
        try:
            body = msgspec.json.decode(letter.body, type=reports.GuestSaved)
            found.append(opened(shop_key, shop_id, body.card) if shop_key else b"")
        except (Corrupt, msgspec.MsgspecError):
            found.append(b"")
    return found
