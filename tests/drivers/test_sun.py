"""NTAG 424 DNA: every published vector, and cards of every make against the settings that fit them or do not."""

from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.codecs import aes
from drivers.codecs.ntag424 import kdf, lrp, sun
from drivers.codecs.ntag424.lrp import Lrp
from drivers.codecs.ntag424.sun import Picc, Sun, SunError
from drivers.codecs.ntag424.sun_url import Cards, Keys, read, template
from tests.drivers.lrp import Twin
from tests.drivers.ntag424 import Ntag424
from tests.drivers.vectors import hexed, nfc

META, FILE, UID = b"m" * 16, b"f" * 16, bytes.fromhex("04aabbccddeeff")
SECRET = b"MEMBER0000000042"


# Vectors


@pytest.mark.parametrize("vector", nfc("lrp-an12304"), ids=lambda vector: str(vector["name"]))
def test_every_lrp_vector_holds(vector: dict[str, Any]) -> None:
    key, expect = hexed(vector, "key"), vector["expect"]
    if "iv" in vector:
        found = Lrp(key, updated=vector["updated_key"]).eval(
            [int(nibble, 16) for nibble in vector["iv"]], final=bool(vector["final"])
        )
        assert found.hex() == expect["y"]
    elif "msg" in vector:
        assert Lrp(key).cmac(hexed(vector, "msg")).hex() == expect["mac"]
    elif "pt" in vector:
        padded, counter = hexed(vector, "pt") + aes.pad(b"", 16), hexed(vector, "ctr")
        assert Lrp(key).encrypt(padded, counter=counter).hex() == expect["ct"]
        assert Lrp(key).decrypt(bytes.fromhex(expect["ct"]), counter=counter) == padded
    else:
        texts, keys = lrp.plaintexts(key), lrp.updated_keys(key, 4)
        found = {"p0": texts[0], "p15": texts[15], "uk0": keys[0], "uk2": keys[2]}
        assert {name: value.hex() for name, value in found.items()} == expect


@pytest.mark.parametrize(
    "vector",
    [each for each in nfc("lrp-an12304") if "msg" in each or "pt" in each],
    ids=lambda vector: str(vector["name"]),
)
def test_the_cards_own_lrp_holds_the_same_vectors(vector: dict[str, Any]) -> None:
    twin, expect = Twin(hexed(vector, "key")), vector["expect"]
    if "msg" in vector:
        assert twin.mac(hexed(vector, "msg")).hex() == expect["mac"]
    else:
        padded = hexed(vector, "pt") + b"\x80" + bytes(15)
        assert twin.encrypt(padded[: len(padded) // 16 * 16], hexed(vector, "ctr")).hex() == expect["ct"]


def test_no_card_of_the_tests_is_made_with_what_reads_it() -> None:
    for maker in ("ntag424.py", "lrp.py"):
        assert "import drivers" not in (text := (Path(__file__).parent / maker).read_text())
        assert "from drivers" not in text


@pytest.mark.parametrize("vector", nfc("kdf"), ids=lambda vector: str(vector["name"]))
def test_every_vector_of_key_derivation_holds(vector: dict[str, Any]) -> None:
    master, expect = hexed(vector, "master"), vector["expect"]
    if "m" in vector:
        assert kdf.an10922(master, hexed(vector, "m")).hex() == expect["key"]
    else:
        assert kdf.sdm_shared(master).hex() == expect["undiv1"]
        tags = [kdf.sdm_card(master, bytes.fromhex(uid), number).hex() for uid, number in vector["tags"]]
        assert tags == expect["tag"]


@pytest.mark.parametrize(
    "vector",
    [each for each in nfc("ntag424-sun", "ntag424-sun-lrp") if "mac_prefix" not in each],
    ids=lambda vector: str(vector["name"]),
)
def test_every_sun_vector_holds(vector: dict[str, Any]) -> None:
    expect = vector["expect"]
    mac = bytes.fromhex(vector.get("sdmmac") or expect["mac"])
    if "uid" in vector:
        found = sun.verify_plain(
            hexed(vector, "uid"),
            int(vector["ctr_be"], 16),
            hexed(vector, "file_key"),
            mac=mac,
            mac_input=hexed(vector, "mac_input_hex"),
        )
        assert found == Sun(hexed(vector, "uid"), int(vector["ctr_be"], 16), True, None, "aes")
        return
    master = hexed(vector, "kdf_master") if "kdf_master" in vector else None
    picc = sun.open_picc(
        kdf.sdm_shared(master) if master else hexed(vector, "meta_key"), hexed(vector, "picc_enc")
    )
    found = sun.verify(
        picc,
        kdf.sdm_card(master, picc.uid or b"", 2) if master else hexed(vector, "file_key"),
        mac=mac,
        mac_input=vector["mac_input"].encode(),
        file=hexed(vector, "enc_file") if "enc_file" in vector else None,
    )
    assert found.mac_ok
    if "uid" in expect:
        assert (found.uid, found.ctr) == (bytes.fromhex(expect["uid"]), expect["ctr"])
    else:
        plain = bytes.fromhex(expect["plain"])
        assert (found.uid, found.ctr) == (plain[1:8], int.from_bytes(plain[8:11], "little"))
    assert (found.file or b"").hex() == expect.get("file", "")
    assert found.mode == ("lrp" if len(vector["picc_enc"]) == 48 else "aes")


@pytest.mark.parametrize("vector", [each for each in nfc("ntag424-sun") if "mac_prefix" in each])
def test_what_the_card_generator_wrote_is_read(vector: dict[str, Any]) -> None:
    expect = {name: bytes.fromhex(value) for name, value in vector["expect"].items()}
    uid, plain = hexed(vector, "uid"), vector["file_plain"]
    picc = sun.open_picc(hexed(vector, "meta_key"), expect["picc_enc"])
    assert picc == Picc(uid, vector["ctr"], "aes")
    found = sun.verify(
        picc,
        hexed(vector, "file_key"),
        mac=expect["sdmmac"],
        mac_input=vector["mac_prefix"].encode(),
        file=expect["enc_file"] or None,
    )
    assert found == Sun(uid, vector["ctr"], True, bytes.fromhex(plain) if plain else None, "aes")


# Any card


def cards_of(url: str, mac_from: str | int, keys: Keys | None = None) -> Cards:
    return Cards(template(url, mac_from=mac_from), keys or Keys(meta_key=META, file_key=FILE))  # type: ignore[arg-type]


SHAPES: list[tuple[str, str | int]] = [
    ("https://shop.example/t?p={picc}&c={mac}", "mac"),
    ("https://shop.example/t?p={picc}&c={mac}", 0),
    ("https://shop.example/t?p={picc}&c={mac}", 17),
    ("https://shop.example/t?p={picc}&e={file}&cmac={mac}", "file"),
    ("https://shop.example/t?p={picc}&e={file}&cmac={mac}", "mac"),
    ("https://www.shop.example/t/{picc}x{file}x{mac}/thanks#a", 5),
    ("https://shop.example/{picc}{file}{mac}", "file"),
    ("https://shop.example/t?u={uid}&n={ctr}&c={mac}", "mac"),
    ("https://shop.example/t?u={uid}&n={ctr}&c={mac}", 0),
    ("https://shop.example/t?{uid}x{ctr}x{file}x{mac}", "file"),
]


@pytest.mark.parametrize(("shape", "mode"), list(product(SHAPES, ["aes", "lrp"])))
def test_a_card_of_any_make_is_read_and_a_changed_url_is_not(shape: tuple[str, str | int], mode: Any) -> None:
    url, mac_from = shape
    card = Ntag424(UID, url, FILE, meta_key=META, mac_from=mac_from, mode=mode)
    file = SECRET * 2 if "{file}" in url else None
    families = [cards_of("https://other.example/{picc}{mac}", "mac"), cards_of(url, mac_from)]
    for ctr in (0, 1, 0x010203, 0xFFFFFF):
        written = card.url(ctr, file=file or b"")
        assert read(written, families) == Sun(UID, ctr, True, file, mode)
        assert read(written.replace(written[-16:], written[-16:].lower()), families) is not None
        flipped = f"{int(written[-1], 16) ^ 1:X}" if url.endswith("{mac}") else "b"
        forged = read(written[:-1] + flipped, families)
        assert forged is None or not forged.mac_ok


@pytest.mark.parametrize(("mirrors", "mode"), list(product(["uid", "ctr"], ["aes", "lrp"])))
def test_a_card_may_leave_out_its_counter_and_is_nobody_without_its_uid(mirrors: Any, mode: Any) -> None:
    card = Ntag424(UID, SHAPES[0][0], FILE, meta_key=META, mode=mode, mirrors=mirrors)
    found = read(card.url(9), [cards_of(*SHAPES[0])])
    assert found == (
        Sun(UID, None, True, None, mode) if mirrors == "uid" else Sun(None, 9, False, None, mode)
    )


def test_a_number_in_mac_from_counts_from_nought_and_from_one() -> None:
    url = SHAPES[0][0]
    written = Ntag424(UID, url, FILE, meta_key=META, mac_from=17).url(3)
    ok = {
        n: (read(written, [cards_of(url, n)]) or Sun(None, None, False, None, "aes")).mac_ok
        for n in (16, 17, 18, 19)
    }
    assert ok == {16: False, 17: True, 18: True, 19: False}


@pytest.mark.parametrize("diversify", ["an10922", "sdm"])
def test_each_card_has_its_own_key_and_another_cards_key_is_wrong(diversify: Any) -> None:
    master = bytes(range(16))
    keys = Keys(diversify, meta_key=META, master_key=master, app_id=b"\x30\x42\xf5", system_id=b"shop")
    meta = META if diversify == "an10922" else kdf.sdm_shared(master)
    own = {
        uid: kdf.an10922(master, uid + b"\x30\x42\xf5shop")
        if diversify == "an10922"
        else kdf.sdm_card(master, uid, 2)
        for uid in (UID, bytes(7))
    }
    family = [cards_of(SHAPES[0][0], "mac", keys)]
    found = read(Ntag424(UID, SHAPES[0][0], own[UID], meta_key=meta).url(5), family)
    assert found == Sun(UID, 5, True, None, "aes")
    stolen = read(Ntag424(UID, SHAPES[0][0], own[bytes(7)], meta_key=meta).url(5), family)
    assert stolen is not None
    assert not stolen.mac_ok


def test_old_and_new_keys_of_one_template_stand_beside_each_other() -> None:
    old, new = Keys(meta_key=b"o" * 16, file_key=b"o" * 16), Keys(meta_key=META, file_key=FILE)
    families = [cards_of(*SHAPES[0], old), cards_of(*SHAPES[0], new)]
    assert read(Ntag424(UID, SHAPES[0][0], FILE, meta_key=META).url(5), families) == Sun(
        UID, 5, True, None, "aes"
    )
    strange = read(Ntag424(UID, SHAPES[0][0], FILE, meta_key=b"x" * 16).url(5), families)
    assert strange is not None
    assert not strange.mac_ok


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example/t?p=&c=",
        "http://shop.example/t?p={}&c={}",
        "https://shop.example/t?p={}&c={}&x=1",
        "x" * 5000,
    ],
)
def test_a_url_of_another_form_is_none_of_ours(url: str) -> None:
    assert read(url.replace("{}", "0" * 32, 1).replace("{}", "0" * 16), [cards_of(*SHAPES[0])]) is None


@pytest.mark.parametrize(
    ("url", "mac_from", "says"),
    [
        ("https://shop.example/{picc}", "mac", "url: needs"),
        ("https://shop.example/{uid}{mac}", "mac", "url: needs"),
        ("https://shop.example/{picc}{ctr}{mac}", "mac", "url: {picc} already"),
        ("https://shop.example/{picc}{mac}{mac}", "mac", "url: a place holder stands there twice"),
        ("https://shop.example/{pick}{mac}", "mac", "url: {pick}"),
        ("https://shop.example/{picc}{mac}{file}", "file", "mac_from"),
        ("https://shop.example/{picc}{mac}", -1, "mac_from"),
        ("https://shop.example/{picc}{mac}", "picc", "mac_from"),
    ],
)
def test_a_template_that_cannot_work_is_refused_with_the_setting_it_is_in(
    url: str, mac_from: Any, says: str
) -> None:
    with pytest.raises(SunError, match=f"^{says}"):
        template(url, mac_from=mac_from)


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        (Keys(file_key=FILE), "meta_key"),
        (Keys(meta_key=META, file_key=b"short"), "file_key"),
        (Keys("an10922", meta_key=META), "master_key"),
        (Keys("an10922", meta_key=META, master_key=META, app_id=b"a" * 20, system_id=b"b" * 5), "system_id"),
        (Keys("sdm"), "master_key"),
        (Keys("md5"), "diversify"),  # type: ignore[arg-type]
    ],
)
def test_keys_that_are_missing_or_too_short_are_refused_by_name(keys: Keys, says: str) -> None:
    with pytest.raises(SunError, match=f"^{says}"):
        cards_of(*SHAPES[0], keys)


# Bad input


@pytest.mark.parametrize("tag", [0x00, 0x07, 0x80, 0x84, 0xC0, 0xC6, 0xD7, 0xE7, 0xCF, 0x4A])
def test_picc_data_with_any_other_tag_is_refused(tag: int) -> None:
    with pytest.raises(SunError, match="no PICC data"):
        sun.open_picc(META, aes.encrypt_cbc(META, bytes([tag]) + bytes(15)))


@pytest.mark.parametrize(("tag", "uid", "ctr"), [(0xC7, 7, 3), (0x87, 7, 0), (0x40, 0, 3), (0x47, 0, 3)])
def test_the_tag_of_picc_data_says_what_is_in_it(tag: int, uid: int, ctr: int) -> None:
    plain = bytes([tag]) + UID[:uid] + b"\x01\x00\x00"[:ctr]
    found = sun.open_picc(META, aes.encrypt_cbc(META, plain.ljust(16, b"\xff")))
    assert found == Picc(UID if uid else None, 1 if ctr else None, "aes")


@given(
    st.binary(max_size=40), st.binary(max_size=20), st.binary(max_size=60), st.none() | st.binary(max_size=40)
)
def test_any_bytes_are_a_message_or_sun_s_own_error(
    data: bytes, mac: bytes, text: bytes, file: bytes | None
) -> None:
    try:
        picc = sun.open_picc(META, data)
    except SunError:
        picc = Picc(UID, 1, "aes")
    try:
        assert not sun.verify(picc, FILE, mac=mac, mac_input=text, file=file).mac_ok
    except SunError:
        return


@given(
    st.text(max_size=60)
    | st.from_regex(r"https://shop\.example/t\?p=[0-9A-F]{32}&c=[0-9A-F]{16}", fullmatch=True)
)
def test_any_url_at_all_is_none_or_not_proved(url: str) -> None:
    found = read(url, [cards_of(*SHAPES[0])])
    assert found is None or not found.mac_ok
