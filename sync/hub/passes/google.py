"""A link that puts a pass into Google Wallet: a token that the retailer's service account signs. Pure.

A JWT (RFC 7519, RS256) of the type `savetowallet` brings a loyalty class and object with it (Google Wallet API,
"Issue passes with JWT"); no call to Google is made. Nothing in it is about anybody. Without the right to Smart Tap
no field of it is there; the bar code always is.
"""

from typing import Any, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from edge.kit.base64url import encode
from sync.hub.passes.settings import Google, Settings

SAVE: Final = "https://pay.google.com/gp/v/save/"
MOST_LETTERS: Final = 1_800  # of a link that browsers take whole, as Google advises


def link(house: Settings, google: Google, *, value: str, serial: str, now_ms: int) -> str:
    """The address behind "add to Google Wallet"; `serial` names the object, `value` is in its bar code."""
    class_id = f"{google.issuer_id}.welkom"
    loyalty: dict[str, Any] = {
        "id": class_id,
        "issuerName": house.name,
        "programName": house.name,
        "programLogo": {"sourceUri": {"uri": google.logo}},
        "hexBackgroundColor": house.colour,
        "reviewStatus": "UNDER_REVIEW",
        "multipleDevicesAndHoldersAllowedStatus": "ONE_USER_ALL_DEVICES",
    }
    card: dict[str, Any] = {
        "id": f"{google.issuer_id}.{serial}",
        "classId": class_id,
        "state": "ACTIVE",
        "barcode": {"type": "QR_CODE", "value": value},
    }
    if google.smarttap:
        loyalty |= {"enableSmartTap": True, "redemptionIssuers": [google.issuer_id]}
        card["smartTapRedemptionValue"] = value
    claims = {
        "iss": google.email,
        "aud": "google",
        "typ": "savetowallet",
        "iat": now_ms // 1000,
        "payload": {"loyaltyClasses": [loyalty], "loyaltyObjects": [card]},
    }
    return SAVE + signed(google, claims)


def signed(google: Google, claims: dict[str, Any]) -> str:
    """A JWT of these claims (RFC 7515 section 3.1, RFC 7518 section 3.3)."""
    said = ".".join(encode(msgspec.json.encode(each)) for each in ({"alg": "RS256", "typ": "JWT"}, claims))
    return f"{said}.{encode(google.key.sign(said.encode(), PKCS1v15(), SHA256()))}"
