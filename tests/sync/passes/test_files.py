"""What a wallet is given: a signed file and a signed link, whole, about nobody, and with no more than the right."""

import json
import shutil
import struct
import subprocess
import zipfile
import zlib
from base64 import urlsafe_b64decode
from hashlib import sha1
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from edge.kit.errors import ConfigError
from sync.hub.passes import apple, drawing, google
from sync.hub.passes.settings import CERTIFICATE, KEY, WWDR, Settings, settings
from sync.hub.passes.words import LANGUAGES, on_pass, speaking
from tests.sync.passes.rights import APPLE, GOOGLE, credentials, nfc_key, rights, root, rsa_key, secret

VALUE, SERIAL = "WPABCDEFGHIJKLMNOP", "07" * 16


def unpacked(house: Settings) -> dict[str, bytes]:
    assert house.apple is not None
    file = apple.pkpass(house, house.apple, value=VALUE, serial=SERIAL, words=on_pass(speaking()))
    with zipfile.ZipFile(BytesIO(file)) as held:
        assert held.testzip() is None
        return {name: held.read(name) for name in held.namelist()}


def verified(files: dict[str, bytes], folder: Path) -> bool:
    """Whether OpenSSL finds the signature to be of the manifest, up to the test's own root."""
    for name, body in (("m", files["manifest.json"]), ("s", files["signature"]), ("root", root())):
        (folder / name).write_bytes(body)
    at = {each: str(folder / each) for each in ("m", "s", "root")}
    found = shutil.which("openssl")
    assert found
    words = ["smime", "-verify", "-binary", "-inform", "DER", "-in", at["s"], "-content", at["m"]]
    words += ["-CAfile", at["root"], "-purpose", "any"]
    return subprocess.run([found, *words], capture_output=True, check=False).returncode == 0


def test_the_signature_of_a_pass_verifies_and_every_file_is_in_the_manifest(tmp_path: Path) -> None:
    files = unpacked(rights())
    assert verified(files, tmp_path)
    hashes = json.loads(files["manifest.json"])
    assert hashes == {
        name: sha1(body).hexdigest()
        for name, body in files.items()
        if name not in ("manifest.json", "signature")
    }
    assert not verified(files | {"manifest.json": files["manifest.json"].replace(b"0", b"1")}, tmp_path)


def test_a_pass_has_its_bar_code_its_pictures_and_four_languages_and_is_about_nobody() -> None:
    files = unpacked(rights())
    made = json.loads(files["pass.json"])
    assert made["barcodes"][0]["message"] == made["barcode"]["message"] == VALUE
    assert made["serialNumber"] == SERIAL
    assert {"icon.png", "icon@2x.png", "icon@3x.png", "logo.png"} <= set(files)
    for language in LANGUAGES:
        said = files[f"{language}.lproj/pass.strings"].decode()
        assert set(apple.STRINGS) == {line.split('"')[1] for line in said.splitlines()}
    assert files["nl.lproj/pass.strings"] != files["de.lproj/pass.strings"]
    fields = made["storeCard"]
    assert {each["value"] for each in fields["primaryFields"] + fields["backFields"]} <= set(apple.STRINGS)


def test_nfc_fields_are_there_only_with_the_right() -> None:
    assert "nfc" not in json.loads(unpacked(rights())["pass.json"])
    made = json.loads(unpacked(rights(nfc=True))["pass.json"])
    assert made["nfc"] == {
        "message": VALUE,
        "encryptionPublicKey": nfc_key(),
        "requiresAuthentication": True,
    }
    plain, right = claims(rights()), claims(rights(nfc=True))
    assert "smartTapRedemptionValue" not in json.dumps(plain)
    assert "enableSmartTap" not in json.dumps(plain)
    assert right["payload"]["loyaltyObjects"][0]["smartTapRedemptionValue"] == VALUE
    assert right["payload"]["loyaltyClasses"][0]["redemptionIssuers"] == [GOOGLE["issuer_id"]]


def claims(house: Settings) -> dict[str, Any]:
    """What a link to Google Wallet says, after its signature was verified."""
    assert house.google is not None
    link = google.link(house, house.google, value=VALUE, serial=SERIAL, now_ms=1_800_000_000_000)
    assert link.startswith(google.SAVE)
    assert len(link) <= google.MOST_LETTERS
    head, body, signature = link.removeprefix(google.SAVE).split(".")
    public = rsa_key().public_key()
    public.verify(part(signature), f"{head}.{body}".encode(), PKCS1v15(), SHA256())
    with pytest.raises(InvalidSignature):
        public.verify(part(signature), f"{head}.{body[:-1]}".encode(), PKCS1v15(), SHA256())
    assert json.loads(part(head)) == {"alg": "RS256", "typ": "JWT"}
    said: dict[str, Any] = json.loads(part(body))
    return said


def part(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_a_link_to_google_is_what_google_asks_for() -> None:
    said = claims(rights())
    assert (said["iss"], said["aud"], said["typ"]) == ("passes@shop.example", "google", "savetowallet")
    (card,), (loyalty,) = said["payload"]["loyaltyObjects"], said["payload"]["loyaltyClasses"]
    assert card["barcode"] == {"type": "QR_CODE", "value": VALUE}
    assert card["classId"] == loyalty["id"]
    assert card["id"].startswith(f"{GOOGLE['issuer_id']}.")


def test_a_picture_is_a_png_with_our_mark_in_it() -> None:
    body = drawing.lighthouse(29, drawing.colour("#14323c"))
    assert struct.unpack(">II", body[16:24]) == (29, 29)
    rows = zlib.decompress(body[body.index(b"IDAT") + 4 : -16])
    assert len(rows) == 29 * (1 + 29 * 4)
    pixels = {rows[1 + at * 4 : 5 + at * 4] for at in range(29)} | {
        rows[14 * 117 + 1 + at * 4 : 14 * 117 + 5 + at * 4] for at in range(29)
    }
    assert bytes((0x14, 0x32, 0x3C, 255)) in pixels
    assert bytes((255, 255, 255, 255)) in pixels


OTHER: tuple[dict[str, Any], ...] = (
    {"name": "x" * 41},
    {"colour": "red"},
    {"wallets": {}},
    {"apple": 1},
    {"apple": {"team_id": "A"}},
)
WRONG_RIGHTS: tuple[dict[str, Any], ...] = (
    {"apple": APPLE | {"pass_type_id": "pass.example.other"}},
    {"apple": APPLE | {"nfc_public_key": "AAAA"}},
    {"apple": APPLE | {"barcode": False}},
    {"google": GOOGLE | {"issuer_id": "mine"}},
    {"google": GOOGLE | {"logo": "http://shop.example/logo.png"}},
)


@pytest.mark.parametrize("table", [*OTHER, *WRONG_RIGHTS])
def test_what_is_wrong_in_the_settings_is_said_by_its_name(table: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"^passes\."):
        settings(table, secret(credentials()))


def test_a_secret_that_lacks_or_does_not_fit_is_named_and_never_shown() -> None:
    held = credentials()
    for name, content in ((CERTIFICATE, b"-"), (WWDR, held[CERTIFICATE]), (KEY, b"secret"), (KEY, None)):
        spoilt = {
            each: body for each, body in (held | {name: content or b""}).items() if content or each != name
        }
        with pytest.raises(ConfigError, match=name) as error:
            settings({"apple": APPLE}, secret(spoilt))
        assert "secret\n" not in str(error.value)
