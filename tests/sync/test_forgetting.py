"""Forgetting to the last byte: three shops, one without a line, one put back from an old copy, and the hub too."""

import base64
import gzip
import json
import zlib
from pathlib import Path

import pytest
import zstandard

from tests.sync.canaries import forms, traces
from tests.sync.forgetting import story


@pytest.mark.anyio
async def test_whoever_is_forgotten_stands_in_no_byte_of_any_node_and_the_totals_add_up(
    tmp_path: Path,
) -> None:
    found = await story(tmp_path, seed=1)
    assert found.wrong == []
    assert found.lines > 10
    assert found.needles > 300
    assert found.there > 60  # in some form each of these stood in a file before


def test_a_word_is_found_in_every_form_and_within_compressed_streams(tmp_path: Path) -> None:
    word = "Zoë Ünal-Łukasz"
    raw = word.encode()
    for number, content in enumerate(
        (
            raw,
            word.encode("utf-16-le"),
            json.dumps({"name": word}).encode(),
            b"x" + base64.b64encode(b"\0\0" + raw + b"tail"),
            b"y" + base64.urlsafe_b64encode(b"lead" + raw),
            raw.hex().upper().encode(),
            b"some bytes" + zlib.compress(raw * 3) + b"more",
            b"some bytes" + gzip.compress(raw),
            b"some bytes" + zstandard.compress(raw * 9) + b"more",
        )
    ):
        (tmp_path / f"{number}.bin").write_bytes(content)
    found = {where.removesuffix(" (opened)") for where, _ in traces(tmp_path, forms(word))}
    assert len(found) == 9
    assert traces(tmp_path, forms("Zoë Unal")) == []
