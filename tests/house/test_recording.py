"""`welkom record` and `welkom replay`: a reader's day without anybody in it, and played again."""

import asyncio
import gzip
import json
import signal
import sys
from contextlib import aclosing
from pathlib import Path

import pytest

from drivers.pipe import PipeReader
from drivers.reader import Sighting
from edge.cli import main
from tests.patience import PATIENT_S

DAY = [
    (
        "tap",
        {"kind": "uid", "value": "04a1b2c3d4e5f6", "evidence": "weak", "about": {"technology": "Type 2"}},
    ),
    (
        "tap",
        {"kind": "sun", "value": "04a1b2c3d4e5f6", "evidence": "strong", "about": {"ctr": 941, "file": "ab"}},
    ),
    ("scan", {"kind": "barcode", "value": "LOYALTY-0001", "evidence": "weak", "about": {"symbology": "C"}}),
    ("scan", {"kind": "gs1", "value": "04006381333931", "evidence": "weak", "about": {"21": "SERIAL-7"}}),
    (
        "tap",
        {
            "kind": "vas",
            "value": "LOYALTY-0002",
            "evidence": "strong",
            "about": {"signed_at": 9, "pass_type_id": "p"},
        },
    ),
    ("tap", None),
    ("scan", {"kind": "barcode", "value": "LOYALTY-0001", "evidence": "weak", "about": {"symbology": "C"}}),
]


def write_day(path: Path) -> Path:
    lines = [
        {"reader": "counter-1", "at": f"2026-11-22T10:00:00.0{number}0Z", "how": how, "token": token}
        | ({} if token else {"outcome": "locked"})
        for number, (how, token) in enumerate(DAY)
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines).encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path


def written(out: Path) -> int:
    return len(out.read_bytes().splitlines())


async def through_a_pipe(socket: Path, out: Path, day: Path) -> list[Sighting]:
    """Record a day while an appliance listens; what it got by the time that all of it was written down."""
    got: list[Sighting] = []
    async with asyncio.timeout(PATIENT_S), aclosing(PipeReader("readers", socket).events()) as events:
        await anext(events)
        words = ["record", "replay", "--device", str(day), "--pipe", str(socket), "--out", str(out)]
        program = "import sys; from edge.cli import main; sys.exit(main(sys.argv[1:]))"
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, *words)
        async for event in events:
            if isinstance(event, Sighting):
                got.append(event)
            if got and written(out) == len(DAY):
                break
        process.send_signal(signal.SIGINT)
        assert await process.wait() == 0
    return got


def test_what_is_recorded_names_nobody_while_the_appliance_sees_everybody(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    day = tmp_path / "seen.jsonl"
    write_day(day)
    out = tmp_path / "day.jsonl"
    got = asyncio.run(through_a_pipe(tmp_path / "s", out, day))
    real = {token["value"] for _, token in DAY if token}
    assert got
    assert {each.token.value for each in got if each.token} <= real
    text = out.read_text()
    for personal in ("LOYALTY", "a1b2c3", "941", "SERIAL", "signed_at"):
        assert personal not in text
    kept = [json.loads(line)["token"] for line in text.splitlines()]
    assert [each and each["value"] for each in kept] == [
        "04000000000001",
        "04000000000001",
        "PLAYED-0002",
        "04006381333931",
        "PLAYED-0003",
        None,
        "PLAYED-0002",
    ]
    assert [each and each["about"] for each in kept][1:3] == [{"ctr": 1}, {"symbology": "C"}]
    assert out.stat().st_mode & 0o007 == 0
    assert main(["record", "replay", "--device", str(day), "--out", str(out)]) == 1
    assert "[X08]" in capsys.readouterr().err
    assert out.read_text() == text


def test_a_day_is_played_to_its_end_and_then_it_ends(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    day = write_day(tmp_path / "day.jsonl.gz")
    assert main(["replay", str(day), "--pace", "0", "--keep-at"]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(each["at"], each["token"] and each["token"]["kind"]) for each in told] == [
        (f"2026-11-22T10:00:00.0{number}0Z", token and token["kind"]) for number, (_, token) in enumerate(DAY)
    ]
    assert main(["replay", str(day), "--pace", "0"]) == 0
    assert "2026-11-22" not in capsys.readouterr().out
    (tmp_path / "none.jsonl").write_text("")
    assert main(["replay", str(tmp_path / "none.jsonl")]) == 0
    for name, content in (("bad.jsonl", "{}\n"), ("gone.jsonl", None)):
        if content:
            (tmp_path / name).write_text(content)
        assert main(["replay", str(tmp_path / name)]) == 1
        assert "[" in capsys.readouterr().err
    assert main(["replay", str(day), "--pace", "0", "--pipe", str(tmp_path / "nobody")]) == 1
    with pytest.raises(SystemExit, match="2"):
        main(["replay", str(day), "--pace", "-1"])
