"""`welkom watch nfc` as a process of its own: a card that was used up is told so, in this run and in the next."""

import contextlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from drivers.wallet_settings import MASK
from tests.drivers.pn532 import Card, Pn532
from tests.drivers.wallets import FILE_KEY, META_KEY, URL, iphone, sun_card
from tests.house.programs import configured, welkom
from tests.house.repo import ROOT
from tests.patience import PATIENT_S

SETTINGS = f"""
[[readers]]
name = "counter-1"
kind = "nfc"
[[readers.sun]]
url = "{URL}"
meta_key = "file:meta.hex"
file_key = "file:file.hex"
[[readers.vas]]
pass_type_id = "pass.example.shop"
private_key = "{"11" * 32}"
"""


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    (tmp_path / "meta.hex").write_text(META_KEY.hex())
    (tmp_path / "file.hex").write_text(FILE_KEY.hex())
    path = tmp_path / "readers.toml"
    path.write_text(SETTINGS)
    return path


@contextlib.contextmanager
def watching(chip: Pn532, settings: Path, state: Path) -> Iterator[subprocess.Popen[str]]:
    words = ["watch", "nfc", "--device", chip.path, "--settings", str(settings), "--state", str(state)]
    with subprocess.Popen(
        [sys.executable, "-m", "edge.cli", *words], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENT_S) == 0


def tap(chip: Pn532, card: Card, process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    chip.present(card)
    line: dict[str, Any] = json.loads(process.stdout.readline())
    chip.remove()
    time.sleep(1.2)
    return line


def test_a_copied_address_is_replayed_in_this_run_and_in_the_next(settings: Path) -> None:
    state = settings.parent / "state"
    with Pn532() as chip:
        with watching(chip, settings, state) as process:
            card = sun_card()
            seen = [tap(chip, card, process), tap(chip, card, process)]
            assert [line["token"]["about"] for line in seen] == [{"ctr": 1}, {"ctr": 2}]
            copy = sun_card(copied=card.shown)
            assert tap(chip, copy, process)["outcome"] == "replayed"
            assert tap(chip, iphone(), process)["token"]["value"] == "LOYALTY-0001"
        with watching(chip, settings, state) as process:
            assert tap(chip, copy, process)["outcome"] == "replayed"
            assert tap(chip, card, process)["token"]["about"] == {"ctr": 3}


def test_keys_as_chips_leave_the_factory_prove_as_ever_and_are_logged_once(tmp_path: Path) -> None:
    zeros = {"meta_key": bytes(16), "file_key": bytes(16)}
    rows = "".join(f'{name} = "{key.hex()}"\n' for name, key in zeros.items())
    path = tmp_path / "readers.toml"
    path.write_text(f'[[readers]]\nname = "counter-1"\nkind = "nfc"\n[[readers.sun]]\nurl = "{URL}"\n{rows}')
    with Pn532() as chip:
        words = ["watch", "nfc", "--device", chip.path, "--settings", str(path)]
        with subprocess.Popen(
            [sys.executable, "-m", "edge.cli", *words],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        ) as process:  # fmt: skip
            seen = tap(chip, sun_card(**zeros), process)
            process.send_signal(signal.SIGTERM)
            _, logged = process.communicate(timeout=PATIENT_S)
    assert (seen["token"]["kind"], seen["token"]["evidence"]) == ("sun", "strong")
    assert logged.count('"test_keys"') == 1


def test_a_damaged_state_is_an_error_of_one_sentence(settings: Path) -> None:
    state = settings.parent / "state"
    state.write_text("counters: none")
    ran = welkom("watch", "nfc", "--settings", str(settings), "--state", str(state))
    assert ran.status == 1
    assert "Traceback" not in ran.err
    assert "[S02]" in ran.err


def test_a_key_that_is_not_there_is_a_wrong_configuration_with_its_path(settings: Path) -> None:
    (settings.parent / "meta.hex").unlink()
    ran = welkom("watch", "nfc", "--settings", str(settings))
    assert (ran.status, "readers[0].sun[0].meta_key" in ran.err) == (78, True)


def test_check_reads_every_key_and_shows_none(settings: Path) -> None:
    config = configured(settings.parent, SETTINGS)
    ran = welkom("check", "--config", str(config))
    assert ran.status == 0, ran.err
    assert f'pass_type_id = "pass.example.shop"\nprivate_key = "{MASK}"' in ran.out
    for secret in ("11" * 32, META_KEY.hex(), FILE_KEY.hex()):
        assert secret not in ran.out
    (settings.parent / "credentials" / "meta").write_text(META_KEY.hex())
    config.write_text(SETTINGS.replace("file:meta.hex", "credential:meta"))
    assert welkom("check", "--config", str(config)).status == 0


@pytest.mark.parametrize(
    ("unlocking", "strange"),
    [
        ("pass.example.shop", None),
        ("pass.exmaple.shop", "pass.exmaple.shop"),
        ("pass.example.shop 20180608", "20180608"),
        ("00000002", "00000002"),
    ],
)
def test_check_says_which_pass_asks_for_an_unlock_and_is_nobodys(
    settings: Path, unlocking: str, strange: str | None
) -> None:
    config = configured(settings.parent, f'[wallet]\nunlocking = "{unlocking}"\n{SETTINGS}')
    ran = welkom("check", "--config", str(config))
    assert ran.status == (78 if strange else 0), ran.err
    assert not strange or f"wallet.unlocking: no reader here reads '{strange}'" in ran.err


def test_a_pass_that_comes_over_a_pipe_is_not_for_this_file_to_know(tmp_path: Path) -> None:
    reader = '[[readers]]\nname = "a"\nkind = "pipe"\ndevice = "a.sock"\n'
    config = configured(tmp_path, f'[wallet]\nunlocking = "pass.of.another.unit"\n{reader}')
    assert welkom("check", "--config", str(config)).status == 0
