"""A file of readers (`watch --settings`, `doctor --readers`): taken as it is meant, or refused with its place."""

from pathlib import Path

import pytest

from drivers.settings import KEYS, parse_reader
from edge.commands import doctor
from edge.commands.watch import choose
from edge.kit.errors import ConfigError
from edge.machine import examine
from tests.house.programs import configured, welkom
from tests.house.test_machine import Box

UNUSABLE = {
    "a misspelt table": ('[[reader]]\nkind = "sim"\n', "C05"),
    "one table": ('[readers]\nkind = "sim"\n', "C01"),
    "a text": ('readers = "x"\n', "C01"),
    "a number": ("readers = 5\n", "C01"),
    "a list of texts": ('readers = ["sim"]\n', "C01"),
    "nothing": ("", "C05"),
}
WRONG_TABLES = {
    "a kind that is a list": '[[readers]]\nkind = ["nfc"]\n',
    "a kind that is none": '[[readers]]\nkind = "toaster"\n',
    "no kind": '[[readers]]\nname = "a"\n',
    "a device that is a number": '[[readers]]\nkind = "nfc"\ndevice = 5\n',
}


def written(folder: Path, text: str) -> Path:
    path = folder / "readers.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(("text", "code"), UNUSABLE.values(), ids=UNUSABLE)
def test_a_file_without_a_usable_table_is_refused_and_no_default_runs_in_its_place(
    tmp_path: Path, text: str, code: str
) -> None:
    for ask in (lambda file: choose("sim", None, file, None), doctor.others):
        with pytest.raises(ConfigError) as caught:
            ask(written(tmp_path, text))
        assert (caught.value.code, "readers.toml" in str(caught.value)) == (code, True)


@pytest.mark.parametrize("text", WRONG_TABLES.values(), ids=WRONG_TABLES)
def test_a_wrong_table_is_refused_by_its_place(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match=r"readers\[0\]") as caught:
        doctor.others(written(tmp_path, text))
    assert caught.value.code == "C01"


def test_a_file_of_another_kind_alone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="of that kind or name"):
        choose("sim", None, written(tmp_path, '[[readers]]\nname = "a"\nkind = "nfc"\n'), None)


def test_watch_and_doctor_end_with_78_and_a_sentence(tmp_path: Path) -> None:
    file = written(tmp_path, "readers = 5\n")
    watch = welkom("watch", "sim", "--settings", str(file))
    examined = welkom("doctor", "--config", str(configured(tmp_path)), "--readers", str(file))
    for ran in (watch, examined):
        assert (ran.status, "[C01]" in ran.err, "Traceback" in ran.err) == (78, True, False), ran


@pytest.mark.parametrize("kind", [kind for kind, (needs, _) in KEYS.items() if "device" not in needs])
def test_a_reader_without_a_device_is_looked_for_by_the_doctor_where_it_would_be_opened(
    tmp_path: Path, kind: str
) -> None:
    (other,) = doctor.others(written(tmp_path, f'[[readers]]\nname = "a"\nkind = "{kind}"\n'))
    more = {"file": "day.jsonl"} if kind == "replay" else {}
    assert other.device == parse_reader({"kind": kind, **more}, where="readers[0]", base=tmp_path).device


def test_the_doctor_sees_who_holds_a_reader_of_a_file_that_names_no_device(tmp_path: Path) -> None:
    box = Box(tmp_path)
    box.usb("1-2", "072f:2200", "ACR122U", interface="0b")
    box.library("libusb-1.0.so.0")
    box.runs("pcscd", holding="/dev/bus/usb/001/007")
    box.file("proc/modules", "pn533_usb 20480 0 - Live 0x0\n")
    others = doctor.others(written(tmp_path, '[[readers]]\nname = "counter-1"\nkind = "nfc"\n'))
    ill = {each.part for each in examine(box.machine, others) if each.state != "well"}
    assert len(ill) >= 2, ill
