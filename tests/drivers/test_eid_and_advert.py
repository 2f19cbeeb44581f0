"""BLE: rotating identifiers by the published vectors, and advertisements into frames."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.codecs.radio import advert, eid
from drivers.codecs.radio.advert import AdvertError, Frame
from drivers.codecs.radio.eid import EidError
from tests.drivers.vectors import BLE, hexed

KEY = bytes.fromhex(BLE["eddystone_eid"]["cases"][0]["identity_key"])


@pytest.mark.parametrize("vector", BLE["eddystone_eid"]["cases"])
def test_every_vector_of_eddystone_eid_holds(vector: dict[str, Any]) -> None:
    said = eid.eid(hexed(vector, "identity_key"), exponent=vector["K"], time_s=vector["time_counter"])
    assert said == hexed(vector, "eid")


def test_device_and_resolver_agree_on_the_same_key() -> None:
    case = BLE["eddystone_eid"]["key_agreement"]
    at_device = eid.agree(hexed(case, "beacon_private"), hexed(case, "resolver_public"), resolver=False)
    assert at_device == eid.agree(
        hexed(case, "resolver_private"), hexed(case, "beacon_public"), resolver=True
    )
    assert at_device == hexed(case, "identity_key")
    with pytest.raises(EidError, match="anybody would know"):
        eid.agree(hexed(case, "resolver_private"), bytes(32), resolver=True)


@given(st.integers(0, 15), st.integers(0, 2**32 - 1), st.integers(1, 40))
def test_many_windows_at_once_say_what_each_says_alone(exponent: int, time_s: int, count: int) -> None:
    first = time_s >> exponent
    windows = [each for each in range(first - 1, first + count) if 0 <= each < 1 << 32 - exponent]
    together = eid.eids(KEY, windows, exponent=exponent)
    assert together == [eid.eid(KEY, exponent=exponent, time_s=window << exponent) for window in windows]
    if first in windows:
        assert eid.eid(KEY, exponent=exponent, time_s=time_s) == together[windows.index(first)]


@pytest.mark.parametrize(("exponent", "time_s"), [(16, 0), (-1, 0), (10, -1), (10, 1 << 32)])
def test_what_the_scheme_does_not_have_is_refused(exponent: int, time_s: int) -> None:
    with pytest.raises(EidError):
        eid.eid(KEY, exponent=exponent, time_s=time_s)
    with pytest.raises(EidError):
        eid.eid(KEY[:15], exponent=10, time_s=0)


@pytest.mark.parametrize("vector", BLE["adv_layouts"]["cases"], ids=lambda vector: str(vector["kind"]))
def test_every_layout_of_the_vectors_is_read(vector: dict[str, Any]) -> None:
    (frame,) = advert.frames(hexed(vector, "raw"))
    if vector["kind"] == "ios-overflow":
        assert frame == Frame("other", {"type": 0xFF, "company": 0x4C, "data": vector["raw"][14:48].lower()})
        return
    expect = {name: value for name, value in vector.items() if name not in ("kind", "raw")}
    expect = {name: value.lower() if name == "eid" else value for name, value in expect.items()}
    assert frame.kind == vector["kind"]
    assert expect.items() <= frame.about.items()
    assert advert.find_eid(hexed(vector, "raw")) == (hexed(vector, "eid") if "eid" in vector else None)


def service(data: str) -> bytes:
    body = bytes.fromhex(data)
    return bytes.fromhex("0201060303aafe") + bytes([3 + len(body)]) + b"\x16\xaa\xfe" + body


def telemetry(battery_mv: int, temperature_c: float | None, adverts: int, uptime_s: float) -> Frame:
    about = {
        "battery_mv": battery_mv,
        "temperature_c": temperature_c,
        "adverts": adverts,
        "uptime_s": uptime_s,
    }
    return Frame("eddystone-tlm", {"version": 0, **about})


SPACE, PLACE = "a1" * 10, "b2" * 6


@pytest.mark.parametrize(
    ("data", "frame"),
    [
        (f"00ee{SPACE}{PLACE}", Frame("eddystone-uid", {"tx0": -18, "namespace": SPACE, "instance": PLACE})),
        (
            f"00ee{SPACE}{PLACE}0000",
            Frame("eddystone-uid", {"tx0": -18, "namespace": SPACE, "instance": PLACE}),
        ),
        ("10ba03" + b"goo.gl/x".hex(), Frame("eddystone-url", {"tx0": -70, "url": "https://goo.gl/x"})),
        (
            "10ba00" + b"shop".hex() + "00" + b"nl".hex() + "07",
            Frame("eddystone-url", {"tx0": -70, "url": "http://www.shop.com/nl.com"}),
        ),
        ("20000bb81580000000010000000f", telemetry(3000, 21.5, 1, 1.5)),
        ("200000008000" + "ff" * 8, telemetry(0, None, 2**32 - 1, 429496729.5)),
        (
            "2001" + "11" * 12 + "2222" + "3333",
            Frame("eddystone-tlm", {"version": 1, "encrypted": "11" * 12, "salt": "2222", "mic": "3333"}),
        ),
        ("10ba04" + b"x".hex(), None),
        ("10ba0320", None),
        ("40ee" + "11" * 20, None),  # Find Hub shares the service
        ("30ee" + "11" * 7, None),
        ("", None),
    ],
)
def test_an_eddystone_frame_is_read_or_is_another(data: str, frame: Frame | None) -> None:
    other = Frame("other", {"type": 0x16, "service": "feaa", "data": data})
    assert advert.frames(service(data)) == (frame or other,)
    assert advert.find_eid(service(data)) is None


def test_frames_stand_beside_each_other_and_a_length_of_nought_ends_them() -> None:
    ours = service("30ee" + "1122334455667788")
    raw = bytes.fromhex("05160f1864ff" + "03ff0600" + "0409616263") + ours + bytes(5)
    kinds = [frame.kind for frame in advert.frames(raw)]
    assert kinds == ["other", "other", "eddystone-eid"]
    assert advert.find_eid(raw) == bytes.fromhex("1122334455667788")


@pytest.mark.parametrize("raw", ["02", "0316aa", "0201", "ff" + "00" * 31])
def test_a_structure_that_runs_past_the_end_is_damaged(raw: str) -> None:
    with pytest.raises(AdvertError, match="past the end"):
        advert.frames(bytes.fromhex(raw))
    assert advert.find_eid(bytes.fromhex(raw)) is None


@given(
    st.binary(max_size=60) | st.binary(max_size=30).map(lambda data: service("30ee1122334455667788") + data)
)
def test_any_bytes_are_frames_or_the_codec_s_own_error(raw: bytes) -> None:
    try:
        found = advert.frames(raw)
    except AdvertError:
        return
    first = next((frame.about["eid"] for frame in found if frame.kind == "eddystone-eid"), None)
    heard = advert.find_eid(raw)
    assert (heard and heard.hex()) == first
