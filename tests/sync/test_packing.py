"""Packed bodies: what goes in comes out, and nothing unfolds beyond its cap."""

import random

import pytest
import zstandard

from sync.packing import BODY_BYTES, accepts, pack, unpack
from sync.wire import Malformed


def test_what_is_packed_comes_out_the_same() -> None:
    dice = random.Random(1)
    for size in (0, 1, 511, 4096, 1 << 20):
        body = dice.randbytes(size // 2) + bytes(size - size // 2)
        assert unpack(pack(body), most=size) == body


@pytest.mark.parametrize("most", [1 << 20, BODY_BYTES, 1 << 40])
def test_a_bomb_is_refused_before_it_unfolds(most: int) -> None:
    bomb = zstandard.ZstdCompressor(level=19).compress(bytes(256 << 20))
    assert len(bomb) < 64 << 10
    with pytest.raises(Malformed) as refused:
        unpack(bomb, most=most)
    assert refused.value.code == "TOO_LARGE"


def test_frames_in_a_row_count_together_and_lies_about_size_do_not_help() -> None:
    with pytest.raises(Malformed) as refused:
        unpack(pack(bytes(600)) + pack(bytes(600)), most=1000)
    assert refused.value.code == "TOO_LARGE"
    silent = zstandard.ZstdCompressor(write_content_size=False).compress(bytes(2000))
    with pytest.raises(Malformed):
        unpack(silent, most=1000)


def test_what_is_no_zstd_or_wants_too_wide_a_window_is_malformed() -> None:
    wide = zstandard.ZstdCompressionParameters.from_level(1, window_log=27, write_content_size=0)
    stream = zstandard.ZstdCompressor(compression_params=wide).compressobj()
    for packed in (b"{}", pack(bytes(99))[:5] + b"!!!!", stream.compress(b"x" * 99) + stream.flush()):
        with pytest.raises(Malformed) as refused:
            unpack(packed, most=1 << 20)
        assert refused.value.code == "MALFORMED"


def test_a_peer_says_whether_it_takes_zstd() -> None:
    assert all(map(accepts, ("zstd", "gzip, ZSTD;q=0.5", "br,zstd")))
    assert not any(map(accepts, ("", "identity", "zstd;q=0", "zstdx")))
