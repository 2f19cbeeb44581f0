"""One decoding request into one answer: what `welkom decode` says, line by line. Pure; the codecs do the work.

A request that cannot be computed is `Cannot` with one of the contract's codes; its hint names a field, never a value.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, Never

from drivers.codecs import gs1
from drivers.codecs.dialogue import Damaged, Forged, TooLarge, WrongKey
from drivers.codecs.ntag424 import kdf, sun
from drivers.codecs.p256 import PrivateKey, private_key, public_key
from drivers.codecs.radio import advert, eid
from drivers.codecs.wallets.smarttap_bundle import MAX_PAYLOAD, open_bundle
from drivers.codecs.wallets.vas_cryptogram import LONGEST, decrypt

Code = Literal["BAD_JSON", "BAD_FIELD", "UNKNOWN_PROTOCOL", "BAD_CRYPTOGRAM", "WRONG_KEY", "TOO_LARGE"]
Request = Mapping[str, Any]

HEX: Final = re.compile("(?:[0-9A-Fa-f]{2})*", re.ASCII)
MAX_SMALL: Final = 512  # bytes of a key, a signature, a MAC or signed data
MASTER: Final = (16, 64)  # bytes of a master key, least and most


class Cannot(Exception):
    """This request has no answer: a code of the contract, and what to do about it."""

    def __init__(self, code: Code, hint: str) -> None:
        super().__init__(hint)
        self.code = code
        self.hint = hint


def answer(line: str) -> dict[str, Any]:
    """The answer to one line, `id` echoed; null where none could be read."""
    name: object = None
    try:
        request = parsed(line)
        name = request.get("id")
        return {"id": name, "ok": True, **_decoded(request)}
    except Cannot as why:
        return refusal(name, why)


def refusal(name: object, why: Cannot) -> dict[str, Any]:
    """The answer to a request that cannot be computed."""
    return {"id": name, "ok": False, "error": why.code, "hint": why.hint}


def parsed(line: str) -> Request:
    """The object of a line."""
    try:
        found = json.loads(line, parse_constant=_no_constant, parse_float=_finite)
    except (ValueError, RecursionError):
        raise Cannot("BAD_JSON", "write one JSON object a line, in UTF-8") from None
    if not isinstance(found, dict):
        raise Cannot("BAD_JSON", "write an object with id and protocol")
    return found


def id_in(start: str) -> object:
    """The id among the first fields of a line that is too long to be read whole; None where it is not there."""
    decoder = json.JSONDecoder(parse_constant=_no_constant, parse_float=_finite)
    at = _after_space(start, 0)
    try:
        while start[at] in "{,":
            name, at = decoder.raw_decode(start, _after_space(start, at + 1))
            at = _after_space(start, at)
            if start[at] != ":":
                return None
            value, at = decoder.raw_decode(start, _after_space(start, at + 1))
            at = _after_space(start, at)
            if name == "id" and start[at] in ",}":  # else a number may have been cut
                return value
    except (ValueError, IndexError, RecursionError):
        pass
    return None


def _after_space(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at


def _decoded(request: Request) -> dict[str, Any]:
    protocol = request.get("protocol")
    decode = PROTOCOLS.get(protocol) if isinstance(protocol, str) else None
    if decode is None:
        raise Cannot("UNKNOWN_PROTOCOL", f"protocol: one of {', '.join(PROTOCOLS)}")
    try:
        return decode(request)
    except WrongKey as error:
        raise Cannot("WRONG_KEY", f"{error}; give the key whose id the cryptogram begins with") from None
    except TooLarge as error:
        raise Cannot("TOO_LARGE", str(error)) from None
    except (Damaged, Forged, sun.SunError) as error:
        raise Cannot("BAD_CRYPTOGRAM", str(error)) from None
    except (eid.EidError, gs1.Gs1Error, advert.AdvertError, kdf.KdfError) as error:
        raise Cannot("BAD_FIELD", str(error)) from None


def _vas(request: Request) -> dict[str, Any]:
    key = _private_key(request, "reader_private_key")
    found = decrypt(
        _bytes(request, "cryptogram", most=LONGEST), _text(request, "pass_type_id", most=MAX_SMALL), key
    )
    return {"message": found.text, "signed_at": found.signed, "variant": found.variant}


def _smarttap(request: Request) -> dict[str, Any]:
    key, point = _private_key(request, "reader_ephemeral_private_key"), _bytes(request, "device_public_key")
    try:
        public_key(point)
    except Damaged:
        raise Cannot("BAD_FIELD", "device_public_key: not a point on P-256, compressed or whole") from None
    found = open_bundle(
        _bytes(request, "reb_payload", most=MAX_PAYLOAD),
        ephemeral_key=key,
        device_public_key=point,
        signed_data=_bytes(request, "signed_data"),
        signature=_bytes(request, "signature"),
    )
    return {"objects": [{"kind": each.kind, "oid": each.oid, "number": each.number} for each in found]}


def _sun(request: Request) -> dict[str, Any]:
    master = _bytes(request, "kdf_master", length=MASTER) if _given(request, "kdf_master") else None
    mac, mac_input, file = _bytes(request, "sdmmac", length=sun.MAC), _mac_input(request), None
    if _given(request, "enc_file"):
        file = _bytes(request, "enc_file", most=sun.MAX_FILE)
    if _given(request, "picc_enc"):
        meta = kdf.sdm_shared(master) if master else _bytes(request, "meta_key", length=sun.KEY)
        own = None if master else _bytes(request, "file_key", length=sun.KEY)
        picc = sun.open_picc(meta, _bytes(request, "picc_enc"))
        key = own or _derived(master or b"", picc.uid)
        found = sun.verify(picc, key, mac=mac, mac_input=mac_input, file=file)
    else:
        uid = _bytes(request, "uid", length=sun.UID)
        ctr = None
        if _given(request, "ctr_be"):
            ctr = int.from_bytes(_bytes(request, "ctr_be", length=sun.COUNTER), "big")
        key = _derived(master, uid) if master else _bytes(request, "file_key", length=sun.KEY)
        found = sun.verify_plain(uid, ctr, key, mac=mac, mac_input=mac_input, file=file)
    return {
        "uid": found.uid and found.uid.hex(),
        "ctr": found.ctr,
        "mac_ok": found.mac_ok,
        "file": found.file and found.file.hex(),
        "mode": found.mode,
    }


def _derived(master: bytes, uid: bytes | None) -> bytes:
    if uid is None:
        raise Cannot("BAD_CRYPTOGRAM", "picc_enc: without a UID in it no key of a card can be derived")
    return kdf.sdm_file(master, uid)


def _mac_input(request: Request) -> bytes:
    """The bytes that the MAC covers: as text, or as hex where they are not text."""
    if isinstance(request.get("mac_input_hex"), str):
        return _bytes(request, "mac_input_hex", most=sun.MAX_MAC_INPUT)
    return _text(request, "mac_input", most=sun.MAX_MAC_INPUT).encode()


def _eid(request: Request) -> dict[str, Any]:
    said = eid.eid(
        _bytes(request, "identity_key", length=eid.KEY),
        exponent=_whole(request, "exponent"),
        time_s=_whole(request, "time_s"),
    )
    return {"eid": said.hex()}


def _gs1(request: Request) -> dict[str, Any]:
    found = gs1.read(_text(request, "text", most=gs1.MAX_TEXT))
    return {"gtin": found.gtin, "ai": found.ai}


def _advert(request: Request) -> dict[str, Any]:
    found = advert.frames(_bytes(request, "raw", most=advert.MAX_ADVERT))
    return {"frames": [{"kind": frame.kind, **frame.about} for frame in found]}


PROTOCOLS: Final[Mapping[str, Callable[[Request], dict[str, Any]]]] = {
    "vas": _vas,
    "smarttap": _smarttap,
    "sun": _sun,
    "eid": _eid,
    "gs1": _gs1,
    "advert": _advert,
}


def _given(request: Request, name: str) -> bool:
    """Whether an optional field is there and holds something."""
    return request.get(name) not in (None, "")


def _bytes(
    request: Request, name: str, *, length: int | tuple[int, int] | None = None, most: int = MAX_SMALL
) -> bytes:
    """The bytes of a field of hex digits in either case; `length` is exact, or from and to."""
    text = request.get(name)
    if not isinstance(text, str):
        raise Cannot("BAD_FIELD", f"{name}: needed, as hex digits")
    if len(text) > 2 * most:
        raise Cannot("TOO_LARGE", f"{name}: at most {most} bytes")
    if not HEX.fullmatch(text):
        raise Cannot("BAD_FIELD", f"{name}: hex digits only, two a byte")
    found = bytes.fromhex(text)
    if length is not None:
        least, longest = (length, length) if isinstance(length, int) else length
        if not least <= len(found) <= longest:
            said = str(least) if least == longest else f"{least} to {longest}"
            raise Cannot("BAD_FIELD", f"{name}: has {said} bytes")
    return found


def _text(request: Request, name: str, *, most: int) -> str:
    text = request.get(name)
    if not isinstance(text, str):
        raise Cannot("BAD_FIELD", f"{name}: needed, as text")
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise Cannot("BAD_FIELD", f"{name}: holds half a character") from None
    if size > most:
        raise Cannot("TOO_LARGE", f"{name}: at most {most} bytes")
    return text


def _whole(request: Request, name: str) -> int:
    number = request.get(name)
    if isinstance(number, bool) or not isinstance(number, int | float) or number != int(number):
        raise Cannot("BAD_FIELD", f"{name}: needed, as a whole number")
    return int(number)


def _private_key(request: Request, name: str) -> PrivateKey:
    try:
        return private_key(_bytes(request, name))
    except Damaged:
        raise Cannot("BAD_FIELD", f"{name}: a P-256 scalar of 32 bytes, as hex") from None


def _no_constant(_: str) -> Never:
    raise ValueError("NaN and Infinity are not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError("a number that no float holds cannot be echoed")
    return number
