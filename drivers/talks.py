"""The decision tree of one tap: which talk comes first on a card, and what its end makes of it.

No reader is known here: a driver brings the APDUs to the card, by `converse` or a channel of its own.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec

from drivers import uids
from drivers.codecs.dialogue import Apdus, Damaged, Heard
from drivers.codecs.ntag424 import sun_url
from drivers.codecs.ntag424.sun import Sun
from drivers.codecs.p256 import CURVE
from drivers.codecs.tags import ndef, refusal, type4
from drivers.codecs.tags.atr import Card
from drivers.codecs.wallets import hce, ose, smarttap, vas
from drivers.reader import Outcome, Token
from drivers.settings import ReaderSettings

TALK_S: Final = 3.0  # one whole talk with a card: a card may ask for more time for ever
# The phone's owner can do something about these while the phone stays: it is asked again.
PASSING: Final[tuple[Outcome, ...]] = ("locked", "choose_pass")


class CardLost(Exception):
    """The card left, or what it said makes no sense: begin again from the field, never in the middle."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a card came to: tokens, or an outcome in their place, or nothing that means anything to us.

    `deselect` is false where closing the talk would make the phone stop offering its pass.
    """

    tokens: tuple[Token, ...] = ()
    outcome: Outcome | None = None
    deselect: bool = True

    @property
    def is_passing(self) -> bool:
        """Whether asking the same phone again may bring more."""
        return self.outcome in PASSING

    def __bool__(self) -> bool:
        return bool(self.tokens or self.outcome)


NOTHING: Final = Seen()
UNREADABLE: Final = Seen(outcome="unreadable")
REFUSED: Final = Seen(outcome="refused")


def of_card(
    card: Card,
    settings: ReaderSettings,
    *,
    uid: bytes,
    talk: Callable[[], Seen],
    memory: Callable[[], bytes | None],
) -> Seen:
    """What one card comes to, and its UID where nothing better is there; raises what the two callables raise.

    `talk` brings `iso_dep` to the card, `memory` reads a Type 2 Tag. A MIFARE Classic 4K gives no UID: the
    OV-chipkaart is one, and what it holds cannot be asked without keys. `uid` is empty where the card has none.
    """
    seen = NOTHING
    if card == "other":
        return NOTHING
    if card == "iso-dep":
        seen = talk()
    elif card == "type-2" and settings.ndef:
        try:
            message = memory()
        except Damaged:
            return UNREADABLE
        seen = of_message(message, settings, is_chip=False) if message else NOTHING
    if seen or not settings.uid or card == "classic-4k":
        return seen
    token = uids.token(uid, iso_dep=card == "iso-dep")
    return seen if token is None else Seen((token,), deselect=seen.deselect)


def iso_dep(settings: ReaderSettings) -> Apdus[Seen]:
    """A card or phone that speaks ISO 7816-4. Wallets come first: phones answer payment applications too.

    Once its application is known, a refused card is asked for nothing more. What has a wallet is a phone, and never
    refused; a reader that is set up for no wallet and no app goes on to its tag.
    """
    try:
        wallet = yield from ose.find()
        seen = yield from _phone(wallet, settings)
        if seen:
            return seen
        if wallet is None and (yield from refusal.check()):
            return REFUSED
        if not settings.ndef and not settings.sun:
            return NOTHING
        message = yield from type4.read()
        return NOTHING if message is None else of_message(message, settings, is_chip=True)
    except Damaged:
        return UNREADABLE


def of_message(message: bytes, settings: ReaderSettings, *, is_chip: bool) -> Seen:
    """An NDEF message: a SUN proof where a chip can have made it (`is_chip`), else what a rule finds."""
    try:
        if is_chip and settings.sun:
            for record in ndef.records(message):
                proof = sun_url.read(record.text, settings.sun) if record.kind == "uri" else None
                if proof is not None:
                    return _of_proof(proof)
        token = ndef.find(message, settings.ndef)
    except Damaged:
        return UNREADABLE
    return NOTHING if token is None else Seen((token,))


def _phone(wallet: ose.Wallet | None, settings: ReaderSettings) -> Apdus[Seen]:
    """Its wallet, and the shop's own app where the wallet has nothing for us."""
    seen = NOTHING
    if wallet is not None and wallet.maker == "apple" and settings.vas:
        heard = yield from vas.read(wallet.fci, settings.vas, nonce=secrets.token_bytes(vas.NONCE))
        # Asked for several passes, a phone that was deselected without one stops until it is unlocked anew.
        seen = _of(heard, deselect=bool(heard.tokens) or vas.mode(settings.vas) == vas.VAS_ONLY)
    elif wallet is not None and wallet.maker == "google" and settings.smarttap:
        seen = _of((yield from smarttap.read(wallet.fci, settings.smarttap, fresh=_fresh)))
    elif wallet is not None and (settings.vas or settings.smarttap or settings.hce):
        seen = Seen(outcome="no_pass")
    if seen.tokens or seen.outcome == "forged" or not settings.hce:
        return seen
    app = yield from hce.read(settings.hce, nonce=secrets.token_bytes(hce.NONCE))
    return seen if app is None else _of(app)


def _of(heard: Heard, *, deselect: bool = True) -> Seen:
    return Seen(heard.tokens, heard.outcome, deselect)


def _of_proof(proof: Sun) -> Seen:
    if not proof.mac_ok or proof.uid is None:
        return Seen(outcome="forged")
    about: dict[str, int | str] = {} if proof.ctr is None else {"ctr": proof.ctr}
    if proof.file is not None:
        about |= {"file": proof.file.hex()}
    # Without its counter the same address can be shown again for ever.
    return Seen((Token("sun", proof.uid.hex(), "weak" if proof.ctr is None else "strong", about),))


def _fresh() -> smarttap.Fresh:
    return smarttap.Fresh(secrets.token_bytes(8), secrets.token_bytes(32), ec.generate_private_key(CURVE))
