"""That no vector is left aside, and the few that belong to no talk: checksums of frames."""

from pathlib import Path
from typing import Any, Final

import pytest

from drivers import reader_keys
from drivers.codecs.printed import vivotech
from drivers.codecs.printed.vivotech import VivotechError
from drivers.codecs.wallets import tlv
from drivers.codecs.wallets.ecp import crc_a
from tests.drivers.vectors import NFC, hexed, nfc, one

# Where each group is held to.
HELD: Final = {
    "apple-vas": "test_vas",
    "smart-tap": "test_smarttap",
    "ntag424-sun": "test_sun",
    "ntag424-sun-lrp": "test_sun",
    "lrp-an12304": "test_sun",
    "kdf": "test_sun",
    "ntag424-ev2": "test_ev2",
    "ecp": "test_vectors",
    "vendor": "test_vectors",
}


def test_every_group_of_vectors_has_its_tests_and_none_is_lost() -> None:
    assert {each["group"] for each in NFC} == set(HELD)
    assert len(NFC) == 149


@pytest.mark.parametrize("vector", nfc("ecp"), ids=lambda vector: str(vector["name"]))
def test_the_frames_that_wake_a_phone_have_their_checksum(vector: dict[str, Any]) -> None:
    assert crc_a(hexed(vector, "data")).hex() == vector["expect"]["crc"]


@pytest.mark.parametrize("vector", nfc("vendor"), ids=lambda vector: str(vector["name"]))
def test_the_frames_of_id_tech_have_their_checksum(vector: dict[str, Any]) -> None:
    data, crc = hexed(vector, "data"), bytes.fromhex(vector["expect"]["crc"])
    assert vivotech.crc(data).to_bytes(2, "big") == crc
    if "response" in vector["name"]:
        found = vivotech.answer(data + crc)
        assert (found.command, found.status, found.data) == (data[10], data[11], data[14:])
        with pytest.raises(VivotechError, match="CRC"):
            vivotech.answer(data + crc[::-1])
    else:
        assert vivotech.frame(data[10], data[11], data[14:]) == data + crc[::-1]


def test_the_answer_of_a_real_iphone_is_taken_apart() -> None:
    vector = one("apple-vas", "GET DATA response TLV")
    cryptogram, expect = tlv.value(hexed(vector, "data"), 0x70, 0x9F27) or b"", vector["expect"]
    assert len(tlv.value(hexed(vector, "data"), 0x70, 0x9F2A) or b"") == expect["9f2a_len"]
    assert cryptogram[:4].hex() == expect["key_id"]
    assert cryptogram[4:36].hex() == expect["device_x"]
    assert len(cryptogram[36:]) == expect["cipher_len"]


def test_the_long_term_key_of_google_s_sample_is_read_from_its_pem(tmp_path: Path) -> None:
    vector = one("smart-tap", "Google sample-app long-term key")
    (tmp_path / "key.pem").write_text(vector["pem"])
    found = reader_keys.private_key("file:key.pem", "readers[0]", reader_keys.Folders(tmp_path, None))
    assert f"{found.private_numbers().private_value:064x}" == vector["expect"]["d"]
