"""`welkom decode`: the contract's worked answers, every code, and lines that nobody would write on purpose."""

import gzip
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.commands.decode import MAX_LINE, answers
from edge.decoding import PROTOCOLS, answer
from tests.drivers.ntag424 import Ntag424
from tests.drivers.vectors import DATA, nfc
from tests.patience import PATIENT_S

WELKOM = Path(sys.executable).parent / "welkom"
WORKED = [json.loads(line) for line in (DATA / "decode.jsonl").read_text(encoding="utf-8").splitlines()]
REQUESTS = {each["request"]["protocol"]: each["request"] for each in WORKED if each["answer"]["ok"]} | {
    "advert": {"id": 18, "protocol": "advert", "raw": "0201060303AAFE0D16AAFE30EEA9B76A71C5F89290"}
}
SUN = WORKED[4]["request"]
CODES = {"BAD_JSON", "BAD_FIELD", "UNKNOWN_PROTOCOL", "BAD_CRYPTOGRAM", "WRONG_KEY", "TOO_LARGE"}


def ask(request: object) -> dict[str, Any]:
    return answer(json.dumps(request))


def refused(request: object) -> str:
    found = ask(request)
    assert not found["ok"]
    assert found["hint"]
    return str(found["error"])


@pytest.mark.parametrize("worked", WORKED, ids=lambda worked: str(worked["request"]["id"]))
def test_every_worked_answer_of_the_contract_holds(worked: dict[str, Any]) -> None:
    assert worked["answer"].items() <= ask(worked["request"]).items()


def test_the_command_answers_each_line_as_it_comes_and_ends_well() -> None:
    with subprocess.Popen([WELKOM, "decode"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as program:
        assert program.stdin
        assert program.stdout
        for line, name in [
            (b"{", None),
            (json.dumps(SUN).encode(), 5),
            (b'{"id":"x"}', "x"),
            (b"\xff", None),
        ]:
            program.stdin.write(line + b"\n")
            program.stdin.flush()
            assert json.loads(program.stdout.readline())["id"] == name
        program.stdin.write(json.dumps(SUN).encode())  # the last line need not end
        program.stdin.close()
        assert json.loads(program.stdout.read())["ok"]
        assert program.wait(timeout=PATIENT_S) == 0


def test_requests_may_come_gzipped() -> None:
    lines = "".join(json.dumps(each["request"]) + "\n" for each in WORKED)
    done = subprocess.run(
        [WELKOM, "decode"], input=gzip.compress(lines.encode()), capture_output=True, check=True
    )
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == list(range(1, len(WORKED) + 1))


def test_a_gzip_file_that_is_cut_is_one_sentence() -> None:
    whole = gzip.compress(b'{"id": 1}\n' * 1000)
    done = subprocess.run([WELKOM, "decode"], input=whole[:-12], capture_output=True, check=False)
    assert done.returncode == 1
    assert done.stderr.count(b"\n") == 1
    assert b"[D01]" in done.stderr


@pytest.mark.parametrize(
    "line",
    [
        *("", "{", "[1]", "null", '"text"', '{"id": NaN}', '{"id": 1e999}', "[" * 100_000),
        *('{"id": 1} {"id": 2}', "\x00", '{"id": ' + "1" * 5000 + "}"),
    ],
    ids=lambda line: line[:12],
)
def test_what_is_no_json_object_is_said_so_and_has_no_id(line: str) -> None:
    assert {"id": None, "ok": False, "error": "BAD_JSON"}.items() <= answer(line).items()


@pytest.mark.parametrize("name", [1, -1.5, "", "é\ud800", None, True, [1, {"a": [None]}], {"b": 2}])
def test_any_id_is_given_back(name: object) -> None:
    (said,) = answers(io.BytesIO(json.dumps({**SUN, "id": name}).encode()))
    assert json.loads(said)["id"] == name


def test_a_protocol_is_known_or_said_to_be_unknown() -> None:
    assert refused({"id": 1}) == "UNKNOWN_PROTOCOL"
    assert refused({"id": 1, "protocol": ["sun"]}) == "UNKNOWN_PROTOCOL"
    assert refused({"id": 1, "protocol": "SUN"}) == "UNKNOWN_PROTOCOL"
    assert set(REQUESTS) == set(PROTOCOLS)


@pytest.mark.parametrize("protocol", list(PROTOCOLS))
def test_a_field_that_is_left_out_or_of_another_type_is_named(protocol: str) -> None:
    request = REQUESTS[protocol]
    for name in request.keys() - {"id", "protocol", "enc_file", "ctr_be"}:
        for wrong in ({}, {name: ["x"]}, {name: True}):
            broken = {key: value for key, value in request.items() if key != name} | wrong
            found = ask(broken)
            assert (found["ok"], found.get("error")) == (False, "BAD_FIELD"), (name, wrong)
            if name not in ("picc_enc", "uid"):
                assert name in found["hint"]


@pytest.mark.parametrize("protocol", list(PROTOCOLS))
def test_hex_in_either_case_is_the_same_and_is_answered_in_lower_case(protocol: str) -> None:
    request = REQUESTS[protocol]
    same = {"id", "protocol", "pass_type_id", "text", "mac_input"}
    loud, quiet = (
        {
            key: value if key in same or not isinstance(value, str) else change(value)
            for key, value in request.items()
        }
        for change in (str.upper, str.lower)
    )
    assert ask(loud) == ask(quiet)
    if protocol != "gs1":
        said = json.dumps(ask(loud) | {"message": "", "signed_at": "", "ok": True})
        assert said == said.lower()


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"meta_key": "00"}, "BAD_FIELD"),
        ({"file_key": "00" * 24}, "BAD_FIELD"),
        ({"sdmmac": "94EED9EE6533708"}, "BAD_FIELD"),
        ({"sdmmac": "94 EED9EE65337086"}, "BAD_FIELD"),
        ({"sdmmac": "94EED9EE653370"}, "BAD_FIELD"),
        ({"picc_enc": "zz" * 16}, "BAD_FIELD"),
        ({"picc_enc": "00" * 15}, "BAD_CRYPTOGRAM"),
        ({"picc_enc": "00" * 16}, "BAD_CRYPTOGRAM"),
        ({"meta_key": "11" * 16}, "BAD_CRYPTOGRAM"),
        ({"enc_file": "00" * 15}, "BAD_CRYPTOGRAM"),
        ({"mac_input": "x" * 5000}, "TOO_LARGE"),
        ({"mac_input": "\ud800"}, "BAD_FIELD"),
        ({"kdf_master": "11"}, "BAD_FIELD"),
        ({"picc_enc": "00" * 100_000}, "TOO_LARGE"),
    ],
)
def test_a_sun_request_that_cannot_be_computed_says_why(change: dict[str, Any], error: str) -> None:
    assert refused(SUN | change) == error


@pytest.mark.parametrize("mode", ["aes", "lrp"])
def test_a_sun_request_holds_for_any_card(mode: Any) -> None:
    meta, file_key, uid, file = b"m" * 16, b"f" * 16, bytes.fromhex("04aabbccddeeff"), b"s" * 48
    keys = {"protocol": "sun", "meta_key": meta.hex(), "file_key": file_key.hex()}
    card = Ntag424(
        uid, "https://a/?{picc}x{file}&c={mac}", file_key, meta_key=meta, mac_from="file", mode=mode
    )
    url = card.url(0xABCDEF, file=file)
    start, end = url.index("?") + 1, url.index("x")
    request = {**keys, "picc_enc": url[start:end], "sdmmac": url[-16:], "mac_input": url[end + 1 : -16]}
    found = ask(request | {"enc_file": url[end + 1 :].split("&")[0]})
    assert found == {
        "id": None, "ok": True, "uid": uid.hex(), "ctr": 0xABCDEF, "mac_ok": True, "file": file.hex(), "mode": mode
    }  # fmt: skip
    # A card may leave out UID or counter, and may mirror both as plain text.
    for mirrors, answered in (("uid", (uid.hex(), None)), ("ctr", (None, 7))):
        url = Ntag424(
            uid, "https://a/?{picc}&c={mac}", file_key, meta_key=meta, mode=mode, mirrors=mirrors
        ).url(7)  # type: ignore[arg-type]
        found = ask({**keys, "picc_enc": url[start : url.index("&")], "sdmmac": url[-16:], "mac_input": ""})
        assert (found["uid"], found["ctr"], found["mac_ok"]) == (*answered, True)
    url = Ntag424(uid, "https://a/?{uid}x{ctr}x{mac}", file_key, mac_from=0, mode=mode).url(7)
    text = url[len("https://") : -16]
    plain = {**keys, "uid": uid.hex(), "ctr_be": "000007", "sdmmac": url[-16:]}
    for covered in ({"mac_input": text}, {"mac_input_hex": text.encode().hex()}):
        assert ask(plain | covered) == {
            "id": None, "ok": True, "uid": uid.hex(), "ctr": 7, "mac_ok": True, "file": None, "mode": mode
        }  # fmt: skip


@pytest.mark.parametrize("vector", [each for each in nfc("ntag424-sun") if "kdf_master" in each])
def test_one_master_key_stands_for_both_keys(vector: dict[str, Any]) -> None:
    names = ("kdf_master", "picc_enc", "sdmmac", "enc_file", "mac_input")
    found = ask({"protocol": "sun", **{name: vector[name] for name in names}})
    assert found["mac_ok"]
    assert {name: found[name] for name in ("uid", "ctr", "file")} == {
        name: vector["expect"][name] for name in ("uid", "ctr", "file")
    }


@pytest.mark.parametrize(
    ("protocol", "change", "error"),
    [
        ("vas", {"reader_private_key": "00" * 32}, "BAD_FIELD"),
        ("vas", {"reader_private_key": "11" * 31}, "BAD_FIELD"),
        ("vas", {"reader_private_key": "11" * 32}, "WRONG_KEY"),
        ("vas", {"pass_type_id": "pass.example.other"}, "BAD_CRYPTOGRAM"),
        ("vas", {"cryptogram": ""}, "BAD_CRYPTOGRAM"),
        ("vas", {"cryptogram": "00" * 2000}, "TOO_LARGE"),
        ("smarttap", {"device_public_key": "02" + "ff" * 32}, "BAD_FIELD"),
        ("smarttap", {"signature": "00"}, "BAD_CRYPTOGRAM"),
        ("smarttap", {"reb_payload": ""}, "BAD_CRYPTOGRAM"),
        ("smarttap", {"reb_payload": "01" + "00" * 66_000}, "TOO_LARGE"),
        ("eid", {"exponent": 16}, "BAD_FIELD"),
        ("eid", {"exponent": -1}, "BAD_FIELD"),
        ("eid", {"exponent": 1.5}, "BAD_FIELD"),
        ("eid", {"time_s": 2**32}, "BAD_FIELD"),
        ("eid", {"identity_key": "00" * 15}, "BAD_FIELD"),
        ("gs1", {"text": ""}, "BAD_FIELD"),
        ("gs1", {"text": "1" * 10_000}, "TOO_LARGE"),
        ("advert", {"raw": "0316"}, "BAD_FIELD"),
        ("advert", {"raw": "00" * 10_000}, "TOO_LARGE"),
    ],
)
def test_what_cannot_be_computed_has_its_code(protocol: str, change: dict[str, Any], error: str) -> None:
    assert refused(REQUESTS[protocol] | change) == error


def test_frames_of_an_advertisement_stand_in_the_answer() -> None:
    frame = {"kind": "eddystone-eid", "tx0": -18, "eid": "a9b76a71c5f89290"}
    assert ask(REQUESTS["advert"])["frames"] == [frame]


class Endless(io.RawIOBase):
    """A line of 64 MiB that is never whole in memory, and a good one after it."""

    def __init__(self, start: bytes) -> None:
        self.left, self.start, self.asked = 64 << 20, start, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self.asked = max(self.asked, len(buffer))
        if self.start:
            piece, self.start = self.start[: len(buffer)], b""
        elif self.left > 0:
            piece = b"a" * min(len(buffer), self.left)
            self.left -= len(piece)
        else:
            piece, self.start = b"\n" + json.dumps(SUN).encode() if self.left == 0 else b"", b""
            self.left = -1
        buffer[: len(piece)] = piece
        return len(piece)


@pytest.mark.parametrize(
    ("start", "name"),
    [
        (b'{"id": 7, "protocol": "gs1", "text": "', 7),
        (b'{"protocol": "gs1", "id" : {"a": "b"} , "text": "', {"a": "b"}),
        (b'{"text": "', None),
        (b"", None),
        (b'{"id": "', None),
    ],
)
def test_a_line_too_long_to_read_is_answered_and_so_is_the_next(start: bytes, name: object) -> None:
    raw = Endless(start)
    first, second = (json.loads(said) for said in answers(io.BufferedReader(raw)))
    assert (first["id"], first["error"]) == (name, "TOO_LARGE")
    assert second["uid"] == "04de5f1eacc040"
    assert raw.asked <= 2 * MAX_LINE


@given(st.sampled_from(list(REQUESTS.values())), st.data())
def test_a_request_with_anything_in_a_field_is_answered(request: dict[str, Any], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(request)))
    odd = (
        st.none() | st.integers() | st.floats() | st.text(max_size=40) | st.binary(max_size=80).map(bytes.hex)
    )
    line = json.dumps(request | {name: data.draw(odd)}).encode()
    (said,) = answers(io.BytesIO(line))
    found = json.loads(said)
    assert found["ok"] or found["error"] in CODES
