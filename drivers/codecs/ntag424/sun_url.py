"""A URL read from a card, taken apart by a reader's settings and checked: the one call a driver makes for SUN.

    cards = Cards(template("https://shop.example/t?p={picc}&c={mac}", mac_from="mac"),
                  Keys("none", meta_key=…, file_key=…))
    found = read(url_text, (cards, …))   # None: no template fits, it is another kind of URL

`found.mac_ok` false is a forgery (or another merchant's key); else it is genuine, and the counter rule of `sun` is
the caller's. The URL is the text of the URI record as the card sent it, scheme included: the MAC's input is a piece
of these very bytes, so nothing may have decoded or encoded them. Cost: one regular expression a template, one or two
key derivations, 30 µs in AES mode and 2 ms in LRP mode, however many cards there are.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

from drivers.codecs.ntag424 import kdf
from drivers.codecs.ntag424.sun import KEY, UID, Picc, Sun, SunError, open_picc, verify, verify_plain

Diversify = Literal["none", "an10922", "sdm"]
MacFrom = Literal["mac", "file"] | int

MAX_URL: Final = 1024  # characters; the chip's file has 256 bytes
HEX: Final = "[0-9A-Fa-f]"
# What a place holder stands for. PICC data has 16 bytes in AES mode, 24 in LRP mode.
PLACES: Final = {
    "picc": f"(?P<picc>{HEX}{{32}}(?:{HEX}{{16}})?)",
    "file": f"(?P<file>(?:{HEX}{{32}})+)",
    "mac": f"(?P<mac>{HEX}{{16}})",
    "uid": f"(?P<uid>{HEX}{{14}})",
    "ctr": f"(?P<ctr>{HEX}{{6}})",
}
PLACE: Final = re.compile(r"\{([^{}]*)\}")
SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
NOBODY: Final = Picc(None, None, "aes")


@dataclass(frozen=True, slots=True)
class Template:
    """How a family of cards writes its URL; made by `template`."""

    pattern: re.Pattern[str]
    mac_from: MacFrom
    url: str


@dataclass(frozen=True, slots=True)
class Keys:
    """A family's keys, 16 bytes each (a master of sdm may be longer); which ones `diversify` needs: see `check`.

    none: meta_key and file_key. an10922: meta_key, and the file key from master_key over UID ‖ app_id ‖ system_id.
    sdm: both from master_key. Cards with plain mirrors have no meta key.
    """

    diversify: Diversify = "none"
    meta_key: bytes | None = field(default=None, repr=False)
    file_key: bytes | None = field(default=None, repr=False)
    master_key: bytes | None = field(default=None, repr=False)
    app_id: bytes = b""
    system_id: bytes = b""


@dataclass(frozen=True, slots=True)
class Cards:
    """One family: its URL and its keys. SunError, naming the setting, where they do not belong together."""

    template: Template
    keys: Keys

    def __post_init__(self) -> None:
        check(self.keys, plain="uid" in self.template.pattern.groupindex)


def template(url: str, *, mac_from: MacFrom) -> Template:
    """Compile a URL with place holders; SunError names what is wrong in it.

    `mac_from`: "mac" (the MAC's input is empty), "file" (from the encrypted file data), or a number of bytes after
    the scheme. What follows runs up to the MAC.
    """
    parts = PLACE.split(url)
    names = parts[1::2]
    if unknown := set(names) - set(PLACES):
        raise SunError(f"url: {{{sorted(unknown)[0]}}} is no place holder; there are {', '.join(PLACES)}")
    if len(set(names)) != len(names):
        raise SunError("url: a place holder stands there twice")
    if "mac" not in names or not ({"picc"} <= set(names) or {"uid", "ctr"} <= set(names)):
        raise SunError("url: needs {mac}, and either {picc} or both {uid} and {ctr}")
    if "picc" in names and {"uid", "ctr"} & set(names):
        raise SunError("url: {picc} already holds the UID and the counter; leave {uid} and {ctr} out")
    if mac_from == "file" and "file" not in names[: names.index("mac")]:
        raise SunError('mac_from: "file" needs {file} before {mac} in url')
    if isinstance(mac_from, int) and not 0 <= mac_from <= MAX_URL:
        raise SunError(f"mac_from: a number of bytes from 0 to {MAX_URL}")
    if isinstance(mac_from, str) and mac_from not in ("mac", "file"):
        raise SunError('mac_from: "mac", "file" or a number of bytes after the scheme')
    pattern = "".join(PLACES[part] if at % 2 else re.escape(part) for at, part in enumerate(parts))
    if not SCHEME.match(url):
        pattern = f"(?:{SCHEME.pattern})?{pattern}"
    return Template(re.compile(pattern, re.ASCII), mac_from, url)


def check(keys: Keys, *, plain: bool) -> None:
    """Whether the keys that `diversify` needs are there and fit; SunError names the setting that is wrong."""
    if keys.diversify not in get_args(Diversify):
        raise SunError(f"diversify: one of {', '.join(get_args(Diversify))}")
    if not plain and keys.diversify != "sdm":
        _need(keys.meta_key, "meta_key")
    match keys.diversify:
        case "none":
            _need(keys.file_key, "file_key")
        case "an10922":
            _need(keys.master_key, "master_key")
            if UID + len(keys.app_id) + len(keys.system_id) > kdf.MAX_INPUT:
                raise SunError(f"system_id: with app_id at most {kdf.MAX_INPUT - UID} bytes")
        case "sdm":
            if not keys.master_key or len(keys.master_key) < KEY:
                raise SunError(f"master_key: diversify sdm needs {KEY} bytes or more")


def _need(key: bytes | None, setting: str) -> None:
    if key is None or len(key) != KEY:
        raise SunError(f"{setting}: needs {KEY} bytes, as {2 * KEY} hex digits")


def read(url: str, families: Sequence[Cards]) -> Sun | None:
    """The message in a URL under the first family that proves it; else one with `mac_ok` false; else None."""
    found = None
    for cards in families:
        seen = read_one(url, cards)
        if seen is not None and seen.mac_ok:
            return seen
        found = found or seen
    return found


def read_one(url: str, cards: Cards) -> Sun | None:
    """The message in a URL of this family, or None where its template does not fit the whole URL."""
    match = None if len(url) > MAX_URL else cards.template.pattern.fullmatch(url)
    if match is None:
        return None
    places = match.groupdict()
    mac = bytes.fromhex(places["mac"])
    file = bytes.fromhex(places["file"]) if places.get("file") else None
    if places.get("uid"):
        uid, ctr = bytes.fromhex(places["uid"]), int(places["ctr"], 16)
        file_key = file_key_of(cards.keys, uid)
        tries = [
            verify_plain(uid, ctr, file_key, mac=mac, mac_input=each, file=file)
            for each in _mac_inputs(match, cards.template.mac_from)
        ]
    else:
        picc = _open(cards.keys, bytes.fromhex(places["picc"]))
        # What does not open, and what has no UID to derive a key from, costs the same work and is never right.
        file_key = file_key_of(cards.keys, picc.uid or bytes(UID))
        tries = [
            verify(picc, file_key, mac=mac, mac_input=each, file=file if picc.ctr is not None else None)
            for each in _mac_inputs(match, cards.template.mac_from)
        ]
    proved = [each for each in tries if each.mac_ok and each.uid is not None]
    return proved[0] if proved else Sun(tries[0].uid, tries[0].ctr, False, None, tries[0].mode)


def _open(keys: Keys, data: bytes) -> Picc:
    try:
        return open_picc(meta_key_of(keys), data)
    except SunError:
        return NOBODY


def meta_key_of(keys: Keys) -> bytes:
    """The key of the PICC data: the same for every card of a family."""
    return kdf.sdm_shared(keys.master_key or b"") if keys.diversify == "sdm" else keys.meta_key or b""


def file_key_of(keys: Keys, uid: bytes) -> bytes:
    """The key of the MAC and the file data of the card with this UID."""
    match keys.diversify:
        case "none":
            return keys.file_key or b""
        case "an10922":
            return kdf.an10922(keys.master_key or b"", uid + keys.app_id + keys.system_id)
        case "sdm":
            return kdf.sdm_file(keys.master_key or b"", uid)


def _mac_inputs(match: re.Match[str], mac_from: MacFrom) -> tuple[bytes, ...]:
    """The bytes up to the MAC from where the family's MAC begins.

    A number is an offset as in the chip's SDMMACInputOffset. People also count the first byte as 1, so that is
    tried too: a card that is refused for a setting off by one looks like a forgery to everybody.
    """
    url, end = match.string, match.start("mac")
    if mac_from == "mac":
        return (b"",)
    if mac_from == "file":
        return (url[match.start("file") : end].encode(),)
    scheme = SCHEME.match(url)
    text = url[scheme.end() if scheme else 0 : end].encode()
    return (text[mac_from:], text[mac_from - 1 :]) if mac_from else (text,)
