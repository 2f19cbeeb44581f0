"""The tables of a reader that name merchants, cards and apps together with their keys."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, cast, get_args

from drivers import checks, reader_keys
from drivers.checks import SettingsError
from drivers.codecs.ntag424.sun import SunError
from drivers.codecs.ntag424.sun_url import Cards, Diversify, Keys, MacFrom, template
from drivers.codecs.wallets.hce import Issuer
from drivers.codecs.wallets.smarttap import Collector
from drivers.codecs.wallets.vas import Merchant
from drivers.reader_keys import Folders

UINT32: Final = 2**32 - 1
SUN_KEYS: Final = ("meta_key", "file_key", "master_key")
SUN_IDS: Final = ("app_id", "system_id")
MASK: Final = "********"


def vas(value: object, where: str, folders: Folders) -> tuple[Merchant, ...]:
    return tuple(
        Merchant(
            _ascii(row["pass_type_id"], f"{here}.pass_type_id"),
            reader_keys.private_key(row["private_key"], f"{here}.private_key", folders),
        )
        for row, here in checks.rows(value, where, required=("pass_type_id", "private_key"))
    )


def smarttap(value: object, where: str, folders: Folders) -> tuple[Collector, ...]:
    return tuple(
        Collector(
            _collector_id(row["collector_id"], f"{here}.collector_id"),
            checks.whole(0, UINT32)(row["key_version"], f"{here}.key_version"),
            reader_keys.private_key(row["private_key"], f"{here}.private_key", folders),
        )
        for row, here in checks.rows(value, where, required=("collector_id", "key_version", "private_key"))
    )


def sun(value: object, where: str, folders: Folders) -> tuple[Cards, ...]:
    optional = ("diversify", "mac_from", *SUN_KEYS, *SUN_IDS)
    return tuple(
        _family(row, here, folders)
        for row, here in checks.rows(value, where, required=("url",), optional=optional)
    )


def hce(value: object, where: str, folders: Folders) -> tuple[Issuer, ...]:
    return tuple(
        Issuer(
            checks.hex_bytes(5, 16)(row["aid"], f"{here}.aid"),
            reader_keys.public_key(row["issuer_public_key"], f"{here}.issuer_public_key", folders),
        )
        for row, here in checks.rows(value, where, required=("aid", "issuer_public_key"))
    )


TABLES: Final[Mapping[str, Callable[[object, str, Folders], tuple[Any, ...]]]] = {
    "vas": vas,
    "smarttap": smarttap,
    "sun": sun,
    "hce": hce,
}


def factory_keys(families: tuple[Cards, ...]) -> str | None:
    """What to do about families whose MACs anybody can make, or None: chips leave the factory with zeros for keys.

    They are accepted: published vectors and the first card on a bench have them.
    """
    for each in families:
        key = each.keys.file_key if each.keys.diversify == "none" else each.keys.master_key
        if not any(key or b""):
            return (
                "the sun keys are all zero, as chips leave the factory: anybody can make such a card; "
                "write keys of your own to the cards and name them here"
            )
    return None


def masked(table: str, row: Any) -> list[str]:
    """One row as TOML lines without its keys, for `welkom check`."""
    match table, row:
        case "vas", Merchant():
            shown: dict[str, str | int] = {"pass_type_id": row.pass_type_id, "private_key": MASK}
        case "smarttap", Collector():
            shown = {"collector_id": row.collector_id, "key_version": row.key_version, "private_key": MASK}
        case "hce", Issuer():
            shown = {"aid": row.aid.hex(), "issuer_public_key": MASK}
        case "sun", Cards():
            shown = {
                "url": row.template.url,
                "mac_from": row.template.mac_from,
                "diversify": row.keys.diversify,
            }
            shown |= {each: MASK for each in SUN_KEYS if getattr(row.keys, each) is not None}
            shown |= {each: getattr(row.keys, each).hex() for each in SUN_IDS if getattr(row.keys, each)}
    return [f"[[readers.{table}]]", *(f"{name} = {json.dumps(each)}" for name, each in shown.items())]


def _family(row: Mapping[str, object], here: str, folders: Folders) -> Cards:
    found = {
        each: reader_keys.plain_key(row[each], f"{here}.{each}", folders) for each in SUN_KEYS if each in row
    }
    found |= {each: checks.hex_bytes(0, 31)(row[each], f"{here}.{each}") for each in SUN_IDS if each in row}
    diversify = checks.one_of(get_args(Diversify))(row.get("diversify", "none"), f"{here}.diversify")
    mac_from = row.get("mac_from", "mac")
    if isinstance(mac_from, bool) or not isinstance(mac_from, str | int):
        raise SettingsError(f'{here}.mac_from: must be "mac", "file" or a whole number')
    url = _ascii(row["url"], f"{here}.url")
    try:
        return Cards(
            template(url, mac_from=cast("MacFrom", mac_from)),
            Keys(cast("Diversify", diversify), **found),
        )
    except SunError as error:  # its text begins with the setting that is wrong
        raise SettingsError(f"{here}.{error}") from None


def _ascii(value: object, where: str) -> str:
    found = checks.text(value, where)
    if not found.isascii() or not found.isprintable() or len(found) > 255:
        raise SettingsError(f"{where}: plain letters, digits and signs only, at most 255; correct it")
    return found


def _collector_id(value: object, where: str) -> int:
    try:
        return checks.whole(1, UINT32)(value, where)
    except SettingsError as error:
        raise SettingsError(
            f"{error}; it is the decimal number of Google's console, without quotes"
        ) from None
