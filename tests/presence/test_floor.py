"""The floor file and the calibration: what is wrong is said with its place, and what is not is taken."""

import gzip
import tomllib
from pathlib import Path

import pytest

from edge.kit.errors import ConfigError
from edge.presence.files import opened
from edge.presence.fingerprints import read_fingerprints
from edge.presence.floor import Floor, parse_floor
from tests.presence.flat import flat

TWO = '[[zones]]\nid = "a"\nnext_to = ["b"]\n[[zones]]\nid = "b"\n[[scanners]]\nid = "g1"\nzone = "a"\n'


def floor(text: str) -> Floor:
    return parse_floor(tomllib.loads(text), file="floor.toml")


def test_the_measured_floor_is_read_whole() -> None:
    found, rows = flat()
    assert [zone.id for zone in found.zones] == ["bedroom", "hall", "corridor", "bath", "living", "annex"]
    assert found.entrances == ("hall",)
    assert [scanner.id for scanner in found.scanners] == [f"g{n}" for n in range(1, 7)]
    assert found.scanners[0].xyz == (5.48, 2.41, 2.08)
    assert len(rows) == 4104
    assert rows[0].zone == "living"
    assert rows[0].xy == (4.22, 3.64)


def test_a_way_into_a_zone_is_a_way_back() -> None:
    assert [zone.next_to for zone in floor(TWO).zones] == [frozenset({"b"}), frozenset({"a"})]


def test_a_floor_without_an_entrance_is_entered_anywhere() -> None:
    assert floor(TWO).entrances == ("a", "b")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", "zones"),
        (TWO.replace('id = "b"', 'id = "a"'), "zones"),
        (TWO.replace('["b"]', '["c"]'), "zones[0].next_to"),
        (TWO.replace('["b"]', '["a"]'), "zones[0].next_to"),
        (TWO.replace('["b"]', '"b"'), "zones[0].next_to"),
        (TWO.replace('id = "b"', "id = 3"), "zones[1].id"),
        (TWO.replace('id = "b"', 'id = "b"\nentrance = "yes"'), "zones[1].entrance"),
        (TWO.replace('zone = "a"', 'zone = "z"'), "scanners[0].zone"),
        (TWO + "x = 1.0\n", "scanners[0]"),
        (TWO + "x = nan\ny = 1.0\n", "scanners[0]"),
        (TWO.split("[[scanners]]")[0], "scanners"),
        ("zones = 3", "zones"),
        (TWO + '[[beacons]]\nname = "x"\n', "beacons[0].id"),
    ],
)
def test_what_is_wrong_with_a_floor_is_said_with_its_place(text: str, place: str) -> None:
    with pytest.raises(ConfigError) as error:
        floor(text)
    assert str(error.value).startswith(f"floor.toml: {place} ")
    assert error.value.code == "P11"


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        '{"at": 1, "zone": "z", "rssi": {}}',
        '{"at": 1, "rssi": {"g1": -50}}',
        '{"at": 1, "zone": "a", "rssi": {"g1": null}}',
        '{"at": 1, "zone": "a", "rssi": {"g1": NaN}}',
        '{"at": 1, "zone": "a", "rssi": {"g1": -127}}',
        '{"at": "x", "zone": "a", "rssi": {"g1": -50}}',
        '{"at": 1%s, "zone": "a", "rssi": {"g1": -50}}' % ("0" * 400),
        '{"at": 1, "zone": "a", "x": 1, "rssi": {"g1": -50}}',
    ],
)
def test_a_wrong_fingerprint_is_named_by_its_line(line: str) -> None:
    good = '{"at": 1, "zone": "a", "rssi": {"g1": -50}}'
    with pytest.raises(ConfigError, match=r"^c: line 3 ") as error:
        read_fingerprints([good, "", line], floor(TWO), file="c")
    assert error.value.code == "P12"


def test_a_packed_file_that_is_damaged_in_the_middle_is_one_sentence(tmp_path: Path) -> None:
    packed = gzip.compress(b"".join(b'{"at": %d}\n' % number for number in range(5_000)))
    start = len(packed) // 2
    for value in range(256):  # some become another text, some none, some a stream that cannot be
        path = tmp_path / "c.jsonl.gz"
        path.write_bytes(packed[:start] + bytes([value] * 8) + packed[start + 8 :])
        with pytest.raises(ConfigError, match="cannot be read"), opened(path, code="P12") as found:
            list(found)
