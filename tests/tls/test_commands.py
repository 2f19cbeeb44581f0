"""`welkom tablet`, `doctor`, `check` and `init` about HTTPS and tablets, each in a process of its own."""

import re
import tomllib
from contextlib import closing
from pathlib import Path

import pytest

from edge.commands.tablet import blocks
from edge.config import load
from edge.files import prepare
from edge.keys import read_keys
from edge.kit.sqlite import open_reader, open_writer
from edge.staff import acts
from edge.staff.rules import PAIRING_MS
from edge.tls.certificates import fingerprint_of
from edge.tls.own import open_own, read_authority
from edge.tls.places import host_of
from tests.house.programs import configured, welkom
from tests.staff_ui.opened import MovedClock

# A number that this machine cannot have, on a private network; it does not have to listen there.
LAN = '[shop]\nid = "assen"\n[server]\ntls = "own"\nhost = "192.168.77.5"\n'


def test_pair_prints_both_codes_the_addresses_and_the_fingerprint(tmp_path: Path) -> None:
    config = configured(tmp_path, LAN)
    ran = welkom("tablet", "pair", "balie", "--config", str(config))
    assert (ran.status, "Traceback" in ran.err) == (0, False)
    (address,) = re.findall(r"^https://welkom-assen\.local:8443/pair/\S+$", ran.out, re.MULTILINE)
    assert blocks(address) in ran.out
    assert blocks("http://192.168.77.5:8080/") in ran.out
    # A tablet that cannot look up names goes by number, with the same code.
    assert f"https://192.168.77.5:8443/pair/{address.rsplit('/', 1)[1]}" in ran.out
    fingerprint = fingerprint_of(read_authority(tmp_path / "state" / "tls"))
    assert f"{fingerprint[:47]}\n{fingerprint[48:]}\n" in ran.out
    assert "within 15 minutes" in ran.out
    assert PAIRING_MS == 15 * 60_000
    with closing(open_reader(tmp_path / "state" / "journal.db")) as conn:
        assert conn.execute("SELECT name FROM pairing").fetchall() == [("balie",)]


def test_pair_of_a_box_that_only_itself_reaches_says_so_first_and_prints_no_codes(tmp_path: Path) -> None:
    ran = welkom("tablet", "pair", "--config", str(configured(tmp_path)), "--name", "balie")
    assert ran.status == 0
    assert re.search(r"^http://127\.0\.0\.1:8443/pair/\S+$", ran.out, re.MULTILINE)
    assert ran.out.startswith("Only this machine")
    assert '[server]\nhost = "0.0.0.0"\n' in ran.out
    assert "█" not in ran.out
    assert not (tmp_path / "state" / "tls").exists()


def test_a_dry_run_of_pair_makes_nothing(tmp_path: Path) -> None:
    ran = welkom("tablet", "pair", "balie", "--config", str(configured(tmp_path, LAN)), "--dry-run")
    said = "A code for balie would be made. Nothing was changed: this was a dry run.\n"
    assert (ran.status, ran.out) == (0, said)
    assert not (tmp_path / "state").exists()


def test_tablets_are_listed_and_removed_by_name(tmp_path: Path) -> None:
    config = str(configured(tmp_path))
    assert "No tablet is paired" in welkom("tablet", "list", "--config", config).out
    for dry in ((), ("--dry-run",)):
        gone = welkom("tablet", "remove", "balie", "--config", config, *dry)
        assert (gone.status, "[C10]" in gone.err) == (78, True)
    with closing(open_writer(tmp_path / "state" / "journal.db")) as conn:
        acts.pair(conn, acts.pair_code(conn, "balie", now_ms=1), now_ms=1)
        conn.commit()
    words = ("tablet", "remove", "balie", "--config", config)
    said = "balie would be no tablet any more (1 removed). Nothing was changed: this was a dry run.\n"
    assert welkom(*words, "--dry-run").out == said
    assert welkom(*words).out.startswith("balie is no tablet any more (1 removed).")


def test_init_proposes_https_and_check_shows_the_settings(tmp_path: Path) -> None:
    words = ("init", "--config", str(tmp_path / "welkom.toml"), "--shop", "assen", "--hub", "")
    assert welkom(*words).status == 0
    server = tomllib.loads(welkom("check", "--config", str(tmp_path / "welkom.toml")).out)["server"]
    assert (server["tls"], server["secure_cookies"], server["mdns"]) == ("own", True, True)
    off = tomllib.loads(welkom(*words, "--tls", "off", "--dry-run").out)["server"]
    assert (off["tls"], off["secure_cookies"]) == ("off", False)


def finding(out: str, part: str) -> str:
    (line,) = re.findall(rf"^(?:well|ILL ) +{part} +.*$", out, re.MULTILINE)
    return str(line)


@pytest.mark.parametrize(
    ("text", "ill", "said"),
    [
        ("", False, "off"),
        ('[server]\nhost = "192.168.77.5"\n', True, 'set server.tls = "own"'),
        ('[server]\ntls = "own"\n', False, "will be made"),
    ],
)
def test_doctor_says_how_https_is(tmp_path: Path, text: str, ill: bool, said: str) -> None:
    line = finding(welkom("doctor", "--config", str(configured(tmp_path, text))).out, "https")
    assert line.startswith("ILL") is ill
    assert said in line


def test_doctor_says_names_and_dates_and_how_tablets_trust_it(tmp_path: Path) -> None:
    config = configured(tmp_path, '[server]\ntls = "own"\nport = 0\nenrol_port = 0\n')
    prepare(tmp_path / "state", log=lambda event, **fields: None)
    now_ms = MovedClock().wall_ms()
    keys, host = read_keys(tmp_path / "credentials"), host_of(load(config))
    own = open_own(tmp_path / "state" / "tls", host=host, shop="x", kek=keys.kek, now_ms=now_ms)
    own.renew(["192.168.1.5"], now_ms=now_ms)
    line = finding(welkom("doctor", "--config", str(config)).out, "https")
    assert line.startswith("well")
    assert "welkom-demo.local, 192.168.1.5, until 20" in line
    assert own.fingerprint in line


def test_doctor_says_that_the_name_cannot_be_said(tmp_path: Path) -> None:
    config = configured(tmp_path, '[server]\nhost = "203.0.113.9"\ntls = "own"\n')
    line = finding(welkom("doctor", "--config", str(config)).out, "name")
    assert line.startswith("ILL")
    assert "tablets come by number" in line
    config = configured(tmp_path, '[server]\nhost = "203.0.113.9"\nmdns = false\n')
    assert finding(welkom("doctor", "--config", str(config)).out, "name").startswith("well")
