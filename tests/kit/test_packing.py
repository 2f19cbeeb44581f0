"""Who takes a smaller file, as RFC 9110 has it."""

import gzip

import pytest

from edge.kit.packing import LEAST_BYTES, packed, takes_gzip


@pytest.mark.parametrize(
    ("accepted", "takes"),
    [
        ("", False),
        ("gzip", True),
        ("GZip;q=0.5, identity", True),
        ("gzip;q=0", False),
        ("gzip; q=0.0, *", False),
        ("*", True),
        ("*;q=0", False),
        ("br, zstd", False),
        ("gzip;q=much", False),
    ],
)
def test_gzip_goes_to_who_takes_it(accepted: str, takes: bool) -> None:
    assert takes_gzip(accepted) == takes


def test_a_file_is_packed_when_that_makes_it_smaller() -> None:
    text = b"paper, ink, one green, one light. " * 100
    body, said = packed(text, "text/css", accepted="gzip")
    assert gzip.decompress(body) == text
    assert said == {"vary": "accept-encoding", "content-encoding": "gzip"}
    assert packed(text, "text/css", accepted="") == (text, {"vary": "accept-encoding"})
    assert packed(text, "image/png", accepted="gzip") == (text, {})
    assert packed(text[: LEAST_BYTES - 1], "text/css", accepted="gzip") == (text[: LEAST_BYTES - 1], {})
