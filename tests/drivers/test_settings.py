"""A reader's table: what it may say, and how it is told what is wrong."""

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.catalogue import KINDS, build
from drivers.reader import ReaderRefused
from drivers.settings import KEYS, ReaderSettings, SettingsError, parse_reader
from tests.drivers.listening import first_idle


def parse(**table: object) -> ReaderSettings:
    return parse_reader(table, where="readers[0]", base=Path("/etc/welkom"))


def test_every_kind_in_the_catalogue_has_settings_and_the_other_way_round() -> None:
    assert set(KEYS) == set(KINDS)


def test_every_setting_belongs_to_a_kind() -> None:
    used = {"name", "kind", *(key for required, optional in KEYS.values() for key in required + optional)}
    assert used == {field.name for field in dataclasses.fields(ReaderSettings)}


def test_a_whole_table_is_taken_over() -> None:
    rule = {"record": "uri", "match": "/c/([0-9]+)$"}
    settings = parse(name="counter-1", kind="nfc", device="/dev/ttyACM0", uid=True, ndef=[rule])
    assert (settings.name, settings.device, settings.uid) == ("counter-1", "/dev/ttyACM0", True)
    assert [(one.record, one.match.pattern) for one in settings.ndef] == [("uri", "/c/([0-9]+)$")]


def test_what_is_not_said_has_its_default() -> None:
    assert parse(kind="nfc").device == "usb"
    assert parse(kind="sim").name == "sim"
    assert parse(kind="serial", device="/dev/ttyACM0").idle_ms == 100


@pytest.mark.parametrize("text", ["day.jsonl", "file:day.jsonl"])
def test_a_file_is_relative_to_the_configuration(text: str) -> None:
    assert parse(kind="replay", file=text).file == Path("/etc/welkom/day.jsonl")
    assert parse(kind="replay", device=text).file == Path("/etc/welkom/day.jsonl")
    assert parse(kind="replay", file="/srv/day.jsonl").file == Path("/srv/day.jsonl")


SERIAL = {"kind": "serial", "device": "/dev/ttyACM0"}


@pytest.mark.parametrize(
    ("table", "place"),
    [
        ({}, "readers[0].kind"),
        ({"kind": "pigeon"}, "readers[0].kind"),
        ({**SERIAL, "bogus": 1}, "readers[0].bogus"),
        ({**SERIAL, "uid": True}, "readers[0].uid"),
        ({"kind": "nfc", "layout": "us"}, "readers[0].layout"),
        ({"kind": "serial"}, "readers[0].device"),
        ({"kind": "pipe"}, "readers[0].device"),
        ({"kind": "replay"}, "readers[0].file"),
        ({"kind": "replay", "file": "file:"}, "readers[0].file"),
        ({**SERIAL, "name": ""}, "readers[0].name"),
        ({**SERIAL, "name": "a b"}, "readers[0].name"),
        ({**SERIAL, "device": 3}, "readers[0].device"),
        ({**SERIAL, "baud": "9600"}, "readers[0].baud"),
        ({**SERIAL, "baud": True}, "readers[0].baud"),
        ({**SERIAL, "baud": 0}, "readers[0].baud"),
        ({**SERIAL, "format": "wedge"}, "readers[0].format"),
        ({**SERIAL, "prefix": 2}, "readers[0].prefix"),
        ({**SERIAL, "evidence": "sure"}, "readers[0].evidence"),
        ({"kind": "nfc", "uid": "yes"}, "readers[0].uid"),
        ({"kind": "nfc", "ndef": {"record": "uri"}}, "readers[0].ndef"),
        ({"kind": "nfc", "ndef": ["uri"]}, "readers[0].ndef[0]"),
        ({"kind": "nfc", "ndef": [{"record": "url", "match": "(a)"}]}, "readers[0].ndef[0].record"),
        ({"kind": "nfc", "ndef": [{"record": "uri", "match": "("}]}, "readers[0].ndef[0].match"),
        ({"kind": "nfc", "ndef": [{"record": "uri", "match": "a"}]}, "readers[0].ndef[0].match"),
        ({"kind": "nfc", "ndef": [{"record": "uri", "match": "(a+)+$"}]}, "readers[0].ndef[0].match"),
        (
            {"kind": "nfc", "ndef": [{"record": "uri", "match": "(" + "a" * 600 + ")"}]},
            "readers[0].ndef[0].match",
        ),
        (
            {"kind": "nfc", "ndef": [{"record": "uri", "match": "(a)", "bogus": 1}]},
            "readers[0].ndef[0].bogus",
        ),
        ({"kind": "sim", "values": "2900000012345"}, "readers[0].values"),
        ({"kind": "sim", "values": [3]}, "readers[0].values[0]"),
        ({"kind": "sim", "rate_per_s": -1}, "readers[0].rate_per_s"),
        ({"kind": "sim", "strangers": 2}, "readers[0].strangers"),
        ({"kind": "sim", "rate_per_s": float("nan")}, "readers[0].rate_per_s"),
    ],
)
def test_a_wrong_table_is_refused_by_the_path_of_its_mistake(table: dict[str, object], place: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse(**table)
    assert str(caught.value).startswith(f"{place}: ")


PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text())


@given(st.dictionaries(st.sampled_from([field.name for field in dataclasses.fields(ReaderSettings)]), PLAIN))
def test_any_table_is_settings_or_its_own_error(table: dict[str, object]) -> None:
    for kind in KINDS:
        try:
            assert parse(**{**table, "kind": kind}).kind == kind
        except SettingsError:
            continue


def test_an_unknown_kind_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ReaderRefused) as caught:
        build(ReaderSettings("counter-1", "pigeon"))
    assert caught.value.code == "unknown_kind"
    assert all(kind in caught.value.hint for kind in KINDS)


@pytest.mark.anyio
async def test_a_missing_library_hurts_only_the_reader_that_needs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KINDS, "nfc", "drivers.library_nobody_has:build")
    broken, well = build(parse(kind="nfc")), build(parse(kind="sim"))
    with pytest.raises(ReaderRefused) as caught:
        await first_idle(broken.events())
    assert caught.value.code == "no_library"
    events = well.events()
    await first_idle(events)
    await events.aclose()
