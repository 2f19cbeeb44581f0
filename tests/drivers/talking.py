"""Short words for the tests: bring a talk to an emulated card without a reader in between."""

from typing import TypeVar

from drivers.codecs.dialogue import Apdus, Reply, converse
from tests.drivers.pn532.cards import IsoDepCard

T = TypeVar("T")


def talk(dialogue: Apdus[T], card: IsoDepCard) -> T:
    """What the dialogue learns from this card; every APDU is kept in `card.apdus`."""

    def send(apdu: bytes) -> Reply:
        card.apdus.append(apdu)
        answer = card.apdu(apdu)
        return answer[:-2], int.from_bytes(answer[-2:], "big")

    return converse(dialogue, send)
