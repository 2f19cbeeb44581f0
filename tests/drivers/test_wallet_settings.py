"""The tables that name merchants, cards and apps: keys from everywhere they may stand, and never shown again."""

import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from drivers.codecs.p256 import compressed, private_key
from drivers.settings import ReaderSettings, SettingsError, parse_reader
from drivers.wallet_settings import MASK, TABLES, masked
from tests.drivers.vectors import one
from tests.drivers.wallets import SMARTTAP, SUN, VAS, settings

KEY = private_key(b"\x11" * 32)
PEM = Encoding.PEM, PrivateFormat.PKCS8
POINT = compressed(KEY).hex()


def pem(key: object = KEY, *, locked: KeySerializationEncryption = NoEncryption()) -> str:  # noqa: B008
    return key.private_bytes(*PEM, locked).decode()  # type: ignore[attr-defined, no-any-return]


def public_pem(key: object = KEY) -> str:
    found = key.public_key()  # type: ignore[attr-defined]
    return found.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()  # type: ignore[no-any-return]


def parse(base: Path = Path(), *, credentials: Path | None = None, **tables: object) -> ReaderSettings:
    table = {"kind": "nfc", **tables}
    return parse_reader(table, where="readers[0]", base=base, credentials=credentials)


def vas_key(written: str, base: Path = Path(), **options: object) -> bytes:
    """The key that a table's text comes to, as its point."""
    found = parse(base, vas=[{**VAS, "private_key": written}], **options)  # type: ignore[arg-type]
    return compressed(found.vas[0].private_key)


def test_a_key_may_be_written_in_place_in_a_file_or_among_the_credentials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (tmp_path / "vas.pem").write_text(pem())
    (tmp_path / "vas.hex").write_text("11" * 32 + "\n")
    (secrets / "vas").write_text(pem())
    for written in (pem(), "11" * 32, "file:vas.pem", "file:vas.hex", f"file:{tmp_path / 'vas.pem'}"):
        assert vas_key(written, tmp_path) == compressed(KEY)
    assert vas_key("credential:vas", credentials=secrets) == compressed(KEY)
    monkeypatch.setitem(os.environ, "CREDENTIALS_DIRECTORY", str(secrets))
    assert vas_key("credential:vas") == compressed(KEY)


def test_googles_published_sample_key_is_taken() -> None:
    vector = one("smart-tap", "Google sample-app long-term key")
    found = parse(smarttap=[{**SMARTTAP, "private_key": vector["pem"]}]).smarttap[0]
    assert compressed(found.private_key) == compressed(private_key(bytes.fromhex(vector["expect"]["d"])))


def test_an_issuers_key_is_pem_or_a_point() -> None:
    uncompressed = KEY.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint).hex()
    for written in (public_pem(), POINT, uncompressed):
        found = parse(hce=[{"aid": "F0524543414C4C01", "issuer_public_key": written}]).hce[0]
        assert compressed(found.public_key) == compressed(KEY)
        assert found.aid == bytes.fromhex("f0524543414c4c01")


def test_every_table_of_the_contract_is_taken_over() -> None:
    found = settings("/dev/ttyACM0")
    assert [each.pass_type_id for each in found.vas] == ["pass.example.shop"]
    assert [(each.collector_id, each.key_version) for each in found.smarttap] == [(20180608, 1)]
    assert [each.template.mac_from for each in found.sun] == ["mac"]
    assert [len(each.aid) for each in found.hce] == [8]
    numbered = parse(sun=[{**SUN, "mac_from": 20}]).sun[0]
    assert numbered.template.mac_from == 20
    families = [{"url": SUN["url"], "diversify": "sdm", "master_key": "00" * 16}, SUN]
    assert len(parse(sun=families).sun) == 2


OTHER_CURVE = pem(ec.generate_private_key(ec.SECP384R1()))
OTHER_KIND = pem(ed25519.Ed25519PrivateKey.generate())
LOCKED = pem(locked=BestAvailableEncryption(b"secret"))


@pytest.mark.parametrize(
    ("tables", "place"),
    [
        ({"vas": {}}, "vas"),
        ({"vas": ["x"]}, "vas[0]"),
        ({"vas": [VAS] * 17}, "vas"),
        ({"vas": [{"pass_type_id": "pass.x"}]}, "vas[0].private_key"),
        ({"vas": [{**VAS, "key": "x"}]}, "vas[0].key"),
        ({"vas": [VAS, {**VAS, "pass_type_id": "pass.é"}]}, "vas[1].pass_type_id"),
        ({"vas": [{**VAS, "private_key": 3}]}, "vas[0].private_key"),
        ({"vas": [{**VAS, "private_key": "11" * 31}]}, "vas[0].private_key"),
        ({"vas": [{**VAS, "private_key": "00" * 32}]}, "vas[0].private_key"),
        ({"vas": [{**VAS, "private_key": "zz" * 32}]}, "vas[0].private_key"),
        ({"vas": [{**VAS, "private_key": "file:"}]}, "vas[0].private_key"),
        ({"vas": [{**VAS, "private_key": "file:nobody.pem"}]}, "vas[0].private_key"),
        ({"vas": [{**VAS, "private_key": "credential:vas"}]}, "vas[0].private_key"),
        ({"vas": [{**VAS, "private_key": "credential:../vas"}]}, "vas[0].private_key"),
        ({"vas": [{**VAS, "private_key": OTHER_CURVE}]}, "vas[0].private_key"),
        ({"vas": [{**VAS, "private_key": OTHER_KIND}]}, "vas[0].private_key"),
        ({"vas": [{**VAS, "private_key": LOCKED}]}, "vas[0].private_key"),
        ({"vas": [{**VAS, "private_key": public_pem()}]}, "vas[0].private_key"),
        ({"smarttap": [{**SMARTTAP, "collector_id": "20180608"}]}, "smarttap[0].collector_id"),
        ({"smarttap": [{**SMARTTAP, "collector_id": 2**32}]}, "smarttap[0].collector_id"),
        ({"smarttap": [{**SMARTTAP, "key_version": -1}]}, "smarttap[0].key_version"),
        ({"sun": [{**SUN, "url": "https://shop.example/"}]}, "sun[0].url"),
        ({"sun": [{**SUN, "mac_from": True}]}, "sun[0].mac_from"),
        ({"sun": [{**SUN, "mac_from": "end"}]}, "sun[0].mac_from"),
        ({"sun": [{**SUN, "diversify": "all"}]}, "sun[0].diversify"),
        ({"sun": [{**SUN, "diversify": "an10922"}]}, "sun[0].master_key"),
        ({"sun": [{**SUN, "meta_key": "00"}]}, "sun[0].meta_key"),
        ({"sun": [{**SUN, "app_id": "xyz"}]}, "sun[0].app_id"),
        ({"hce": [{"aid": "F0", "issuer_public_key": POINT}]}, "hce[0].aid"),
        ({"hce": [{"aid": "F052454341", "issuer_public_key": "02" + "ff" * 32}]}, "hce[0].issuer_public_key"),
        ({"hce": [{"aid": "F052454341", "issuer_public_key": pem()}]}, "hce[0].issuer_public_key"),
    ],
)
def test_a_wrong_table_is_refused_by_the_path_of_its_mistake_without_its_key(
    tables: dict[str, object], place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    with pytest.raises(SettingsError) as caught:
        parse(**tables)
    assert str(caught.value).startswith(f"readers[0].{place}: ")
    assert "11" * 16 not in str(caught.value)


def test_a_file_that_is_no_key_is_refused(tmp_path: Path) -> None:
    for name, content in (("big", b"1" * 20_000), ("binary", b"\xff\x00" * 8), ("empty", b"")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(SettingsError, match="private_key: "):
            vas_key(f"file:{name}", tmp_path)


def test_no_key_stands_in_a_repr_or_among_the_masked_lines() -> None:
    whole = settings("usb")
    lines = "\n".join(
        line for table in TABLES for row in getattr(whole, table) for line in masked(table, row)
    )
    keys = (
        "11" * 32,
        "33" * 32,
        "EllipticCurve",
        str(SUN["meta_key"]),
        repr(bytes.fromhex(str(SUN["file_key"]))),
    )
    for secret in keys:
        assert secret not in repr(whole)
        assert secret not in lines
    assert lines.count(MASK) == 5
    for told in ("pass.example.shop", "20180608", "{picc}", "f0524543414c4c01"):
        assert told in lines
