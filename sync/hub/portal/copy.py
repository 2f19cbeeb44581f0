"""What a customer takes along: everything the hub holds of them, in one signed file."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec

from edge.consent.receipts import receipt as receipt_of
from edge.consent.rules import TRAITS
from edge.kit.clock import rfc3339
from sync import bundle
from sync.hub import records
from sync.hub.portal.mine import Mine, plain
from sync.hub.signer import signer

if TYPE_CHECKING:
    from sync.hub.app import Hub

# What a fact of a shop tells its customer; ids of visits, lines and staff are nobody's data but ours.
TOLD: Final = (
    "role",
    "purpose",
    "reason",
    "instrument",
    "delta",
    "why",
    "how",
    "item",
    "state",
    "gen",
    "recipient",
)


def content(hub: "Hub", mine: Mine, addresses: Mapping[str, str], *, now_ms: int) -> dict[str, Any]:
    """The content of the file; times are RFC 3339 in UTC."""
    held = mine.records
    return {
        "schema": bundle.SCHEMA,
        "made": rfc3339(now_ms),
        "issuer": hub.config.page or "urn:welkom",
        "customer": mine.customer_id.hex(),
        "traits": {
            name: {
                "value": whole(plain(value)),
                "as_of": rfc3339(mine.traits.as_of_ms[name]),
                "purpose": TRAITS[name].purpose if name in TRAITS else "",
            }
            for name, value in mine.traits.values.items()
        },
        "ledger": [
            {
                "instrument": each.instrument,
                "delta": each.delta,
                "why": each.why,
                "at": rfc3339(each.at_ms),
                "shop": each.shop_id,
            }
            for each in mine.moved
        ],
        "cards": [
            {
                "kind": each.kind,
                "state": each.state,
                "since": rfc3339(each.bound_ms) if each.bound_ms else None,
            }
            for each in mine.cards
        ],
        "addresses": dict(addresses),
        "shops": list(mine.shops),
        "consents": [
            {
                "purpose": each.purpose,
                "recipient": each.recipient,
                "basis": each.basis,
                "state": each.state,
                "generation": each.gen,
                "from": rfc3339(each.from_ms),
                "until": None if each.until_ms is None else rfc3339(each.until_ms),
            }
            for each in mine.held
        ],
        # The same in the words of ISO/IEC TS 27560 and the Data Privacy Vocabulary.
        "receipt": receipt_of(held, records.issuer(hub.config), receipt_id=receipt_id(mine), now_ms=now_ms)
        if held
        else None,
        "history": [
            {"at": rfc3339(each.at_ms), "kind": each.kind, "shop": each.shop_id, "about": _told(each.body)}
            for each in mine.told
        ],
        "elsewhere": [
            {
                "at": rfc3339(each.at_ms),
                "channel": each.channel,
                "kind": each.kind,
                "shop": each.shop_id,
                "about": whole(each.about),
            }
            for each in mine.happened
        ],
    }


def file(hub: "Hub", said: Mapping[str, Any]) -> bytes:
    """The signed file."""
    return bundle.signed(hub.signer.key, said)


def keys(hub: "Hub") -> list[str]:
    """Every key that a file of this hub may be signed with, the newest first: a copy stays good when keys change."""
    numbers = range(hub.config.signing, 0, -1)
    return [signer(hub.keys.hub_kek, number=each).keys[0] for each in numbers]


def receipt_id(mine: Mine) -> str:
    """A receipt is of a customer: the id of their first record stands for it."""
    return mine.records[0].record_id


def whole(value: Any) -> Any:
    """A value as canonical JSON can say it: a fraction, should anybody have imported one, becomes text."""
    match value:
        case Mapping():
            return {str(name): whole(each) for name, each in value.items() if str(name).isascii()}
        case list() | tuple():
            return [whole(each) for each in value]
        case float():
            return str(value)
        case _:
            return value


def _told(body: bytes) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(body)
    except msgspec.MsgspecError:
        return {}
    return {name: whole(found[name]) for name in TOLD if isinstance(found, dict) and name in found}
