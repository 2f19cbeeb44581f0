"""The hub's own file: what it must say, and what is refused by its path."""

import os
from pathlib import Path

import pytest

from edge.cli import main
from edge.hub_file import HubFile, is_hub, load_hub
from edge.hub_health import effective
from edge.kit.errors import ConfigError
from sync.hub.questions import Measure
from sync.hub.wishes import A_DAY

KEY = "ab" * 32
SHOP = f'[[shops]]\nid = "assen"\ndevice = "assen-1"\npublic_key = "{KEY}"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "credentials").mkdir()
    for name in ("hub_kek", "chain_key", "shop_key.assen"):
        (tmp_path / "credentials" / name).write_text(os.urandom(32).hex())
    return tmp_path


def hub_of(folder: Path, text: str, **environment: str) -> HubFile:
    (folder / "hub.toml").write_text(text, encoding="utf-8")
    return load_hub(folder / "hub.toml", environment=environment)


def test_a_hub_with_one_shop(folder: Path) -> None:
    found = hub_of(folder, SHOP + "epoch = 3\n")
    (shop,) = found.shops
    assert (shop.id, shop.device, shop.epoch, shop.public_key) == ("assen", "assen-1", 3, bytes.fromhex(KEY))
    assert (found.hub.host, found.hub.port, found.hub.state) == ("127.0.0.1", 8444, folder / "hub")


def test_an_empty_file_is_a_hub_without_shops(folder: Path) -> None:
    assert hub_of(folder, "").shops == ()


def test_how_often_a_shop_may_ask_whose_card_it_was_handed_is_a_setting(folder: Path) -> None:
    assert hub_of(folder, "").hub.guests == Measure()
    found = hub_of(folder, "[hub]\nguests_at_once = 50\nguests_a_minute = 5\n")
    assert found.hub.guests == Measure(at_once=50, a_minute=5)
    assert "guests_at_once = 50\nguests_a_minute = 5\n" in effective(found)


def test_how_many_customers_a_shop_may_have_forgotten_in_a_day_is_a_setting(folder: Path) -> None:
    assert hub_of(folder, "").hub.forgets_a_day == A_DAY
    found = hub_of(folder, "[hub]\nforgets_a_day = 3\n")
    assert (found.hub.forgets_a_day, "forgets_a_day = 3\n" in effective(found)) == (3, True)


def test_names_say_how_people_call_a_shop(folder: Path) -> None:
    assert hub_of(folder, SHOP).hub.names == {}
    found = hub_of(folder, '[names]\nassen = "Van Dam, Assen"\n' + SHOP)
    assert found.hub.names == {"assen": "Van Dam, Assen"}


def test_a_database_is_named_without_its_password_which_is_a_secret(folder: Path) -> None:
    url = "postgresql://welkom@db.example:5433/wallet?sslmode=verify-full"
    found = hub_of(folder, f'[hub]\ndatabase = "{url}"\n')
    assert (found.hub.database, found.hub.database_password) == (url, None)
    (folder / "credentials/database_password").write_text("open sesame\n")
    found = hub_of(folder, f'[hub]\ndatabase = "{url}"\n')
    assert found.hub.database_password == "open sesame"
    assert "sesame" not in repr(found)
    with pytest.raises(ConfigError) as caught:
        hub_of(folder, '[hub]\ndatabase = "postgresql://welkom:sesame@db.example/wallet"\n')
    assert "hub.database" in str(caught.value)
    assert "sesame" not in caught.value.sentence()


def test_what_the_retailer_may_put_into_a_phone_is_read_and_what_lacks_is_named(folder: Path) -> None:
    found = hub_of(folder, '[passes]\nname = "Van Dam"\n' + SHOP).hub.passes
    assert (found.name, found.apple, found.google) == ("Van Dam", None, None)
    with pytest.raises(ConfigError, match=r"hub\.toml: secret apple_pass_certificate"):
        hub_of(folder, '[passes.apple]\npass_type_id = "pass.example.shop"\nteam_id = "A1"\n')


def test_no_secret_is_in_a_repr(folder: Path) -> None:
    found = hub_of(folder, SHOP)
    secrets = [path.read_text() for path in (folder / "credentials").iterdir()]
    assert not [
        secret for secret in secrets if secret in repr(found) or repr(bytes.fromhex(secret)) in repr(found)
    ]


def test_secrets_come_from_systemds_folder_when_it_gives_one(folder: Path) -> None:
    (folder / "credentials").rename(folder / "given")
    assert hub_of(folder, SHOP, CREDENTIALS_DIRECTORY=str(folder / "given")).shops


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("[hubb]\n", "hubb"),
        ("[hub]\nprot = 1\n", "hub.prot"),
        ('[hub]\nport = "1"\n', "hub.port"),
        ("[hub]\nport = true\n", "hub.port"),
        ("[hub]\nport = 65536\n", "hub.port"),
        ("[hub]\nport = -1\n", "hub.port"),
        ("[hub]\nhost = 1\n", "hub.host"),
        ("[hub]\nforgets_a_day = 0\n", "hub.forgets_a_day"),
        ("[hub]\nguests_a_minute = 0\n", "hub.guests_a_minute"),
        ("[hub]\nguests_at_once = true\n", "hub.guests_at_once"),
        ("[shops]\nid = 'a'\n", "shops"),
        ("shops = 5\n", "shops"),
        ("names = 5\n", "names"),
        ("[names]\nassen = 5\n", "names"),
        ('[[shops]]\nid = "assen"\n', "shops[0]"),
        (SHOP.replace(KEY, "zz" * 32), "shops[0]"),
        (SHOP.replace(KEY, "ab" * 31), "shops[0]"),
        (SHOP + 'epoch = "one"\n', "shops[0]"),
        (SHOP + "epoch = 0\n", "shops[0]"),
        (SHOP + "colour = 1\n", "shops[0].colour"),
        (SHOP + SHOP.replace(KEY, "zz"), "shops[1]"),
    ],
)
def test_what_is_wrong_is_named_by_its_path(folder: Path, text: str, path: str) -> None:
    with pytest.raises(ConfigError) as caught:
        hub_of(folder, text)
    assert caught.value.code == "C01"
    assert path in str(caught.value)


def test_a_shop_without_its_secret_is_named(folder: Path) -> None:
    (folder / "credentials" / "shop_key.assen").unlink()
    with pytest.raises(ConfigError, match=r"shop_key\.assen") as caught:
        hub_of(folder, SHOP)
    assert caught.value.code == "C02"


@pytest.mark.parametrize(
    "text",
    [
        '[hub]\ndatabase = "postgresql://welkom-hub@db.example/welkom?sslmode=verify-full"\n',
        "[hub]\n",
        '[hub]\npage = "https://wallet.example.nl"\n[names]\nassen = "Assen"\n',
    ],
)
def test_a_file_that_says_nothing_of_a_shop_is_checked_as_a_hubs(
    folder: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "hub.toml").write_text(text, encoding="utf-8")
    assert main(["check", "--config", str(folder / "hub.toml")]) == 0
    assert "# hub_kek = ********" in capsys.readouterr().out


@pytest.mark.parametrize(
    "text", ['[hub]\nurl = "https://hub.example"\n', '[shop]\nid = "s1"\n[hub]\nprot = 1\n', ""]
)
def test_what_names_a_shop_is_no_hubs(folder: Path, text: str) -> None:
    (folder / "welkom.toml").write_text(text, encoding="utf-8")
    assert not is_hub(folder / "welkom.toml")
