"""Settings are typed, named by their path when they are wrong, and never show a secret."""

import tomllib
from contextlib import suppress
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edge import config
from edge.config import SECTIONS, Config, credentials_folder, load, parse, toml
from edge.keys import NAMES, Keys, read_keys, write_keys
from edge.kit.errors import ConfigError

BASE = Path("/etc/welkom")


def settings(table: dict[str, Any], **environment: str) -> Config:
    return parse(table, base=BASE, environment=environment, file="welkom.toml")


def refused(table: dict[str, Any], **environment: str) -> str:
    with pytest.raises(ConfigError) as caught:
        settings(table, **environment)
    assert caught.value.code == "C01"
    assert caught.value.hint
    return str(caught.value)


def test_an_empty_file_is_the_defaults() -> None:
    found = settings({})
    assert found.server == Config().server
    assert found.shop == Config().shop
    assert found.readers == ()


def test_the_example_says_every_setting_and_reads_back_as_the_defaults() -> None:
    table = tomllib.loads(config.example())
    assert settings(table) == settings({})
    for section, kind in get_type_hints(Config).items():
        if section in SECTIONS:
            assert set(table[section]) == {each.name for each in fields(kind)}


def test_every_setting_says_why_in_the_example() -> None:
    for line in config.example().splitlines():
        if " = " in line and not line.startswith("#"):
            assert len(line.split("  # ")[1].split()) >= 3, line


@pytest.mark.parametrize(
    ("table", "path"),
    [
        ({"shopp": {}}, "shopp"),
        ({"shop": {"colour": "red"}}, "shop.colour"),
        ({"server": {"port": "8443"}}, "server.port"),
        ({"server": {"port": True}}, "server.port"),
        ({"server": {"port": 84.43}}, "server.port"),
        ({"server": {"secure_cookies": "yes"}}, "server.secure_cookies"),
        ({"server": {"secure_cookies": 1}}, "server.secure_cookies"),
        ({"shop": {"name": 5}}, "shop.name"),
        ({"shop": {"language": "fr"}}, "shop.language"),
        ({"store": {"state": 7}}, "store.state"),
        ({"shop": "Van Dam"}, "shop"),
        ({"readers": {"name": "counter-1"}}, "readers"),
        ({"readers": [{"name": "a", "kind": "serial"}]}, "readers[0].device"),
        (
            {"readers": [{"name": "a", "kind": "sim"}, {"name": "b", "kind": "sim", "baud": 1}]},
            "readers[1].baud",
        ),
        ({"readers": [{"name": "a", "kind": "teapot"}]}, "readers[0].kind"),
        ({"readers": [{"name": "a", "kind": "sim"}, {"name": "a", "kind": "sim"}]}, "readers"),
        ({"visits": {"quiet_min": None}}, "visits.quiet_min"),
        ({"readers": ["counter-1"]}, "readers[0]"),
        ({"readers": [5]}, "readers[0]"),
    ],
)
def test_a_wrong_setting_is_named_by_file_and_path(table: dict[str, Any], path: str) -> None:
    assert f"welkom.toml: {path}" in refused(table)


@pytest.mark.parametrize("port", [-1, 65_536, 99_999_999])
def test_a_port_that_cannot_be_is_refused(port: int) -> None:
    assert "server.port" in refused({"server": {"port": port}})


@pytest.mark.parametrize("minutes", [0, -5])
def test_a_quiet_period_that_would_greet_at_every_tap_is_refused(minutes: int) -> None:
    assert "visits.quiet_min" in refused({"visits": {"quiet_min": minutes}})


@pytest.mark.parametrize(
    ("variable", "text", "section", "setting", "value"),
    [
        ("WELKOM_SERVER_PORT", "9000", "server", "port", 9000),
        ("WELKOM_SERVER_SECURE_COOKIES", "TRUE", "server", "secure_cookies", True),
        ("WELKOM_SERVER_SECURE_COOKIES", "false", "server", "secure_cookies", False),
        ("WELKOM_SHOP_NAME", "Van Dam, Assen", "shop", "name", "Van Dam, Assen"),
        ("WELKOM_SHOP_LANGUAGE", "en", "shop", "language", "en"),
        ("WELKOM_STORE_STATE", "/srv/welkom", "store", "state", Path("/srv/welkom")),
    ],
)
def test_the_environment_goes_before_the_file(
    variable: str, text: str, section: str, setting: str, value: object
) -> None:
    table = {"server": {"port": 1, "secure_cookies": True}, "shop": {"name": "In the file"}}
    assert getattr(getattr(settings(table, **{variable: text}), section), setting) == value


@pytest.mark.parametrize("text", ["", "often", "84 43", "--5", "²", "1e3", "0x10"])
def test_a_wrong_word_in_the_environment_is_named_by_its_variable(text: str) -> None:
    assert "WELKOM_SERVER_PORT" in refused({}, WELKOM_SERVER_PORT=text)


@given(st.text())
def test_no_text_in_the_environment_can_do_more_than_be_refused(text: str) -> None:
    with suppress(ConfigError):
        found = settings({}, WELKOM_SERVER_PORT=text, WELKOM_SERVER_SECURE_COOKIES=text)
        assert isinstance(found.server.port, int)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from([*SECTIONS, "readers", "other"])
INNER = st.sampled_from(["id", "port", "state", "name", "kind", "language", "device", "quiet_min"])


@example({"readers": ["counter-1"]})
@given(st.dictionaries(KEYS, st.dictionaries(INNER, JSON, max_size=3) | JSON, max_size=3))
def test_no_table_can_do_more_than_be_refused(table: dict[str, Any]) -> None:
    with suppress(ConfigError):
        assert isinstance(settings(table), Config)


def test_paths_count_from_the_file_and_absolute_ones_stay(tmp_path: Path) -> None:
    file = tmp_path / "welkom.toml"
    file.write_text('[store]\nstate = "data/here"\ncredentials = "/run/secrets"\n')
    found = load(file, environment={})
    assert found.store.state == tmp_path / "data/here"
    assert found.store.credentials == Path("/run/secrets")


def test_systemds_folder_of_secrets_goes_before_the_configured_one() -> None:
    given_ = {"CREDENTIALS_DIRECTORY": "/run/credentials/welkom.service"}
    assert credentials_folder(settings({}), environment=given_) == Path("/run/credentials/welkom.service")
    assert credentials_folder(settings({}), environment={}) == BASE / "credentials"


@pytest.mark.parametrize("content", [b"[shop\n", b"\xff\xfe", b"a = \n", b"[shop]\nid = 'a'\nid = 'b'\n"])
def test_a_file_that_is_no_toml_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "welkom.toml").write_bytes(content)
    with pytest.raises(ConfigError, match=r"welkom\.toml: not TOML") as caught:
        load(tmp_path / "welkom.toml", environment={})
    assert caught.value.code == "C01"


@pytest.mark.parametrize("name", ["missing.toml", "."])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path / name, environment={})


@given(st.text(st.characters(exclude_categories=["Cs"])) | st.integers(-(2**60), 2**60) | st.booleans())
def test_a_value_written_as_toml_reads_back(value: object) -> None:
    assert tomllib.loads(f"value = {toml(value)}")["value"] == value


def test_secrets_are_made_once_readable_by_their_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "credentials"
    write_keys(folder, {"chain_key": bytes(range(32))})
    first = read_keys(folder)
    write_keys(folder)
    assert read_keys(folder) == first
    assert first.chain_key == bytes(range(32))
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700
    assert len({getattr(first, name) for name in NAMES}) == len(NAMES)


def test_a_secret_is_32_bytes_or_64_hex_digits(tmp_path: Path) -> None:
    write_keys(tmp_path)
    key = bytes(range(200, 232))
    for content in (key, key.hex().encode(), key.hex().upper().encode() + b"\n"):
        (tmp_path / "kek").write_bytes(content)
        assert read_keys(tmp_path).kek == key


@pytest.mark.parametrize("content", [b"", b"short", b"zz" * 32, bytes(33), b"ab" * 31, "é".encode() * 32])
def test_a_secret_of_another_length_is_refused_by_name_without_its_content(
    tmp_path: Path, content: bytes
) -> None:
    write_keys(tmp_path)
    (tmp_path / "kek").write_bytes(content)
    with pytest.raises(ConfigError, match="kek") as caught:
        read_keys(tmp_path)
    assert caught.value.code == "C03"
    assert not content or content.decode("latin-1") not in str(caught.value)


def test_a_missing_secret_is_named(tmp_path: Path) -> None:
    write_keys(tmp_path)
    (tmp_path / "pin_pepper").unlink()
    with pytest.raises(ConfigError, match="pin_pepper") as caught:
        read_keys(tmp_path)
    assert caught.value.code == "C02"


def test_secrets_are_in_no_repr() -> None:
    key = b"a secret of thirty-two bytes...."
    keys = Keys(**dict.fromkeys(NAMES, key))
    assert repr(keys) == "Keys()"
    assert "secret" not in repr(replace(keys, kek=bytes(32)))
