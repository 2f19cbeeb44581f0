"""A pass for Apple Wallet: one file, signed with the retailer's certificate. Pure but for the signature's own time.

A `.pkpass` is a ZIP of pass.json, pictures, words, `manifest.json` (the SHA-1 of each file; it is the signature under
it that protects) and `signature`, a detached PKCS#7 over the manifest (Apple, Wallet Passes: "Building a Pass").
Nothing in it is about anybody, no name and no balance: so nothing grows old, and no update service is needed.
"""

import io
import zipfile
from collections.abc import Mapping
from hashlib import sha1
from typing import Any, Final

import msgspec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7Options, PKCS7SignatureBuilder

from sync.hub.passes import drawing
from sync.hub.passes.settings import Apple, Settings

MEDIA_TYPE: Final = "application/vnd.apple.pkpass"
# Name of a picture -> its side in points; each is there for screens of one, two and three pixels a point.
PICTURES: Final = {"icon": 29, "logo": 50}
# Files inside a ZIP have a date; ours is always the same, as the same pass is the same file.
_DATE: Final = (2026, 1, 1, 0, 0, 0)
# Key of our words -> key in pass.strings.
STRINGS: Final = ("pass.card", "pass.hold", "pass.back", "pass.back.text", "pass.lost", "pass.lost.text")


def pkpass(
    house: Settings, apple: Apple, *, value: str, serial: str, words: Mapping[str, Mapping[str, str]]
) -> bytes:
    """The file of one pass; `words` are its strings by language, `value` is what its bar code says."""
    files = {"pass.json": msgspec.json.encode(_pass(house, apple, value=value, serial=serial))}
    ground = drawing.colour(house.colour)
    for name, side in PICTURES.items():
        for times in (1, 2, 3):
            suffix = f"@{times}x" if times > 1 else ""
            picture = drawing.lighthouse(side * times, ground if name == "icon" else None)
            files[f"{name}{suffix}.png"] = picture
    for language, said in words.items():
        files[f"{language}.lproj/pass.strings"] = _strings(said)
    manifest = msgspec.json.encode({name: sha1(body).hexdigest() for name, body in files.items()})
    files |= {"manifest.json": manifest, "signature": signed(apple, manifest)}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        for name, body in files.items():
            target.writestr(zipfile.ZipInfo(name, _DATE), body)
    return packed.getvalue()


def signed(apple: Apple, manifest: bytes) -> bytes:
    """A detached PKCS#7 signature in DER, with our certificate, Apple's intermediate and the time of signing."""
    options = (PKCS7Options.DetachedSignature, PKCS7Options.Binary, PKCS7Options.NoCapabilities)
    builder = PKCS7SignatureBuilder().set_data(manifest).add_signer(apple.certificate, apple.key, SHA256())
    return builder.add_certificate(apple.wwdr).sign(
        Encoding.DER, options
    )  # in this order: a signer drops others


def _pass(house: Settings, apple: Apple, *, value: str, serial: str) -> dict[str, Any]:
    printed = {"format": "PKBarcodeFormatQR", "message": value, "messageEncoding": "iso-8859-1"}
    made: dict[str, Any] = {
        "formatVersion": 1,
        "passTypeIdentifier": apple.pass_type_id,
        "serialNumber": serial,
        "teamIdentifier": apple.team_id,
        "organizationName": house.name,
        "description": house.name,
        "logoText": house.name,
        "backgroundColor": f"rgb{drawing.colour(house.colour)}",
        "foregroundColor": "rgb(255, 255, 255)",
        "labelColor": "rgb(255, 255, 255)",
        "sharingProhibited": True,
        "barcodes": [printed],
        "barcode": printed,  # phones before iOS 9
        "storeCard": {
            "primaryFields": [{"key": "card", "label": "", "value": "pass.card"}],
            "secondaryFields": [{"key": "hold", "label": "", "value": "pass.hold"}],
            "backFields": [
                {"key": "back", "label": "pass.back", "value": "pass.back.text"},
                {"key": "lost", "label": "pass.lost", "value": "pass.lost.text"},
            ],
        },
    }
    if apple.nfc_public_key:
        made["nfc"] = {"message": value, "encryptionPublicKey": apple.nfc_public_key}
        if apple.nfc_unlock:
            made["nfc"]["requiresAuthentication"] = True
    return made


def _strings(said: Mapping[str, str]) -> bytes:
    """A strings file: `"key" = "value";` a line."""
    lines = (f'"{key}" = "{_escaped(said[key])}";\n' for key in STRINGS)
    return "".join(lines).encode()


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
