"""The lines of `welkom presence`, as other programs rely on them."""

import gzip
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from drivers.codecs.radio.eid import eid
from tests.house.programs import welkom
from tests.house.repo import ROOT
from tests.patience import PATIENT_S
from tests.presence.flat import DATA, flat
from tests.presence.walks import answers, lines, stream

KEY = "00112233445566778899aabbccddeeff"


def said(fed: list[dict[str, Any] | str]) -> list[dict[str, Any]]:
    floor, rows = flat()
    return answers(stream(floor, rows), (each if isinstance(each, str) else json.dumps(each) for each in fed))


def reading(at_s: float, scanner: str = "g1", device: str = "d1", rssi: float = -54.0) -> dict[str, Any]:
    return {"at": at_s, "scanner": scanner, "device": device, "rssi": rssi}


def test_a_line_for_each_device_and_moment_is_written_when_a_later_moment_comes() -> None:
    floor, rows = flat()
    engine = stream(floor, rows)
    assert list(engine.take(json.dumps(reading(1.0)))) == []
    assert list(engine.take(json.dumps(reading(1.0, "g4", rssi=-50)))) == []
    assert list(engine.take(json.dumps(reading(1.0, device="d2")))) == []
    out = [json.loads(line) for line in engine.take(json.dumps(reading(1.5)))]
    places = [line for line in out if "event" not in line]
    assert [(line["at"], line["device"]) for line in places] == [(1.0, "d1"), (1.0, "d2")]
    assert set(places[0]) == {"at", "device", "zone", "confidence", "x", "y"}
    assert places[0]["zone"] == "living"
    assert 0 <= places[0]["confidence"] <= 1
    (event,) = [line for line in out if "event" in line]
    assert event == {"at": 1.0, "device": "d1", "event": "entered", "zone": "living", "visit": event["visit"]}
    assert [json.loads(line)["at"] for line in engine.end()] == [1.5]


def test_an_offline_scanner_is_masked_until_it_says_online_or_is_heard() -> None:
    floor, rows = flat()
    engine = stream(floor, rows)
    for line in (reading(1.0), {"at": 1.0, "scanner": "g1", "status": "offline"}):
        list(engine.take(json.dumps(line)))
    health = engine.tracker.health
    assert health.state("g1", 1.0) == "offline"
    list(engine.take(json.dumps({"at": 2.0, "scanner": "g1", "status": "online"})))
    assert health.state("g1", 2.0) == "hears"
    list(engine.take(json.dumps({"at": 3.0, "scanner": "g1", "status": "offline"})))
    list(engine.take(json.dumps(reading(4.0))))
    list(engine.end())
    assert health.state("g1", 4.0) == "hears"


def test_a_status_among_the_readings_of_one_moment_makes_no_second_line() -> None:
    floor, rows = flat()
    engine = stream(floor, rows)
    fed = [
        reading(1.0),
        {"at": 1.0, "scanner": "g1", "status": "offline"},
        reading(1.0, "g2"),
        reading(2.0, "g2"),
    ]
    assert [line["at"] for line in answers(engine, map(json.dumps, fed)) if "confidence" in line] == [
        1.0,
        2.0,
    ]
    assert engine.tracker.health.state("g1", 2.0) == "offline"


def test_an_advert_of_nobody_is_a_sighting_too_and_ends_what_offline_said() -> None:
    floor, rows = flat()
    engine = stream(floor, rows)
    engine._resolve = lambda said, at_s: None
    fed = [
        {"at": 1.0, "scanner": "g1", "status": "offline"},
        {"at": 1.0, "scanner": "g1", "raw": "020106", "rssi": -60},
        reading(2.0, "g2"),
    ]
    assert [line["at"] for line in answers(engine, map(json.dumps, fed)) if "confidence" in line] == [2.0]
    assert engine.tracker.health.state("g1", 2.0) == "hears"


def test_a_late_line_of_another_device_still_has_its_answer_and_time_never_runs_back_for_one() -> None:
    out = said([reading(1.0), reading(2.0), reading(1.5, device="d2")])
    assert sorted((line["at"], line["device"]) for line in out if "confidence" in line) == [
        (1.0, "d1"),
        (1.5, "d2"),
        (2.0, "d1"),
    ]
    floor, rows = flat()
    engine = stream(floor, rows)
    for at_s in (1.0, 2.0, 3.0):
        list(engine.take(json.dumps(reading(at_s))))
    with pytest.raises(ValueError, match="oldest first"):
        list(engine.take(json.dumps(reading(2.5))))


@pytest.mark.parametrize("first", [True, False])
def test_a_line_of_next_year_is_left_out_and_makes_nobody_late_and_sends_nobody_home(first: bool) -> None:
    floor, rows = flat()
    refused: list[tuple[int, str]] = []
    walk = [json.dumps(reading(1000.0 + n / 2, f"g{1 + n // 2 % 2}", f"d{n % 3}")) for n in range(60)]
    wrong = json.dumps(reading(3.2e7, "g5", "d1"))
    place = 0 if first else 30
    good = answers(stream(floor, rows), walk)
    engine = stream(floor, rows)
    engine._refuse = lambda number, error: refused.append((number, str(error)))
    out = [
        json.loads(each)
        for number, line in enumerate([*walk[:place], wrong, *walk[place:]], 1)
        for each in engine.take(line, number)
    ]
    assert out + [json.loads(each) for each in engine.end()] == good
    assert refused == [(place + 1, "at: hours ahead of every line around it")]


def test_a_scanner_whose_clock_is_wrong_is_left_out_line_by_line() -> None:
    right = [reading(1000.0 + n, "g1") for n in range(20)]
    mixed = [each for n, line in enumerate(right) for each in (line, reading(9e8 + n, "g2", "d2"))]
    last = len(said(mixed)) - len(said(right))
    assert last <= 2  # what stands at the very end nobody contradicts: a place and an arrival at the most


def test_after_a_night_without_lines_the_day_goes_on() -> None:
    for scanners in (("g1", "g4"), ("g1", "g1")):
        night = [
            reading(at_s + n / 2, scanner)
            for at_s in (0.0, 50_000.0, 100_000.0)
            for n in range(10)
            for scanner in scanners
        ]
        out = said(night)
        assert len([line for line in out if "confidence" in line]) == 30
        assert [line["event"] for line in out if "event" in line][-2:] == ["left", "entered"]


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("", "line"),
        ("nonsense", "line"),
        ("[1]", "line"),
        ('{"at": "x", "scanner": "g1", "device": "d", "rssi": -50}', "at"),
        ('{"at": 1%s, "scanner": "g1", "device": "d", "rssi": -50}' % ("0" * 400), "at"),
        ('{"at": true, "scanner": "g1", "device": "d", "rssi": -50}', "at"),
        ('{"at": 1e18, "scanner": "g1", "device": "d", "rssi": -50}', "at"),
        ('{"at": NaN, "scanner": "g1", "device": "d", "rssi": -50}', "at"),
        ('{"at": 1, "device": "d", "rssi": -50}', "scanner"),
        ('{"at": 1, "scanner": "g1", "rssi": -50}', "device"),
        ('{"at": 1, "scanner": "g1", "device": "", "rssi": -50}', "device"),
        ('{"at": 1, "scanner": "g1", "device": "d"}', "rssi"),
        ('{"at": 1, "scanner": "g1", "device": "d", "rssi": -127}', "rssi"),
        ('{"at": 1, "scanner": "g1", "device": "d", "rssi": "loud"}', "rssi"),
        ('{"at": 1, "scanner": "g1", "status": "broken"}', "status"),
        ('{"at": 1, "scanner": "g1", "raw": "0201", "rssi": -50}', "raw"),
        ("[" * 20_000, "line"),
    ],
)
def test_a_bad_line_names_its_field_and_the_next_one_goes_on(line: str, names: str) -> None:
    floor, rows = flat()
    engine = stream(floor, rows)
    with pytest.raises(ValueError, match=f"^{names}: "):
        list(engine.take(line))
    list(engine.take(json.dumps(reading(1.0))))
    assert len(list(engine.end())) >= 1


def test_a_scanner_of_no_map_says_nothing_of_where_and_stops_nothing() -> None:
    walk = list(lines(flat()[1][:200]))
    strange = [json.dumps(reading(json.loads(walk[0])["at"], "new", "tag", -30)), *walk]
    zones = {line["zone"] for line in said(strange) if "confidence" in line}
    assert zones == {"living"}


def run(*words: str, fed: bytes) -> tuple[list[dict[str, Any]], list[str]]:
    done = subprocess.run(
        [str(ROOT / ".venv/bin/welkom"), "presence", *words], input=fed, capture_output=True, check=True
    )
    return [json.loads(line) for line in done.stdout.splitlines()], done.stderr.decode().splitlines()


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, ...]:
    (tmp_path / "none.jsonl").write_text("")
    (tmp_path / "keys.jsonl").write_text(
        json.dumps({"device": "fob", "identity_key": KEY, "exponent": 4, "epoch_s": 500}) + "\n"
    )
    floor, keys, none = (
        str(path) for path in (DATA / "floor.toml", tmp_path / "keys.jsonl", tmp_path / "none.jsonl")
    )
    return ("--floor", floor, "--calibration", none, "--keys", keys)


def advert(at_s: float, *, epoch_s: int = 500) -> str:
    said = eid(bytes.fromhex(KEY), exponent=4, time_s=int(at_s) - epoch_s)
    return "0201060303aafe0d16aafe30ee" + said.hex()


def test_the_command_resolves_adverts_over_rotations_and_says_nothing_of_anybody_else(
    files: tuple[str, ...],
) -> None:
    fed = [
        {"at": at_s, "scanner": "g2", "raw": raw, "rssi": -60}
        for at_s in range(1000, 1060)
        for raw in (advert(at_s), advert(at_s, epoch_s=0), "02010611ff4c00")
    ]
    body = "".join(json.dumps(each) + "\n" for each in fed).encode()
    out, err = run(*files, fed=gzip.compress(b"not a line\n" + body))
    assert err == ["welkom: input line 1: line: not JSON; write one object a line [P13] it was left out"]
    assert {line["device"] for line in out} == {"fob"}
    assert len([line for line in out if "confidence" in line]) == 60
    assert [line["event"] for line in out if "event" in line] == ["entered"]


def test_a_packed_input_that_is_cut_is_one_sentence_after_what_could_be_answered(
    files: tuple[str, ...],
) -> None:
    body = "".join(json.dumps(reading(float(n), rssi=-40 - n % 7)) + "\n" for n in range(3000)).encode()
    done = subprocess.run(
        [str(ROOT / ".venv/bin/welkom"), "presence", *files],
        input=gzip.compress(body)[:-400],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith(b"welkom: the packed input is damaged or cut [P13] ")
    assert done.stdout.count(b"confidence") > 1000


def test_the_command_answers_before_its_input_ends(files: tuple[str, ...]) -> None:
    process = subprocess.Popen(
        [str(ROOT / ".venv/bin/welkom"), "presence", *files], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin
    assert process.stdout
    for at_s in (1.0, 2.0):
        process.stdin.write(json.dumps(reading(at_s)).encode() + b"\n")
        process.stdin.flush()
    assert json.loads(process.stdout.readline())["at"] == 1.0
    process.stdin.close()
    assert json.loads(process.stdout.readline())["at"] == 2.0
    process.stdout.close()
    assert process.wait(timeout=PATIENT_S) == 0


@pytest.mark.parametrize(
    ("file", "text", "code"),
    [
        ("floor", "[[zones]]", "P11"),
        ("floor", "zones = [", "P11"),
        ("calibration", "{", "P12"),
        ("keys", "{}", "P01"),
    ],
)
def test_a_wrong_file_is_one_sentence_and_status_78(
    files: tuple[str, ...], tmp_path: Path, file: str, text: str, code: str
) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text(text)
    ran = welkom("presence", *files, f"--{file}", str(wrong))
    assert (ran.status, ran.out) == (78, "")
    assert ran.err.startswith(f"welkom: {wrong}: ")
    assert f"[{code}]" in ran.err
    assert ran.err.count("\n") == 1
    missing = welkom("presence", *files, f"--{file}", str(tmp_path / "missing"))
    assert (missing.status, f"[{code}]" in missing.err) == (78, True)
