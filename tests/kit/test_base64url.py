"""Bytes have one spelling in base64url, and no other is read."""

import os

import pytest

from edge.kit.base64url import decode, encode


def test_what_is_written_is_read() -> None:
    for size in range(40):
        raw = os.urandom(size)
        assert decode(encode(raw)) == raw
    assert encode(b"\xfb\xff\xfe") == "-__-"


@pytest.mark.parametrize(
    "text",
    ["QQ==", "QQ=", "QR", "QQ ", "Q Q", "QQ\n", "QQ~~~~", "QQ!", "+//+", "Q", "QQQQQ", "é", "-__-=", "QUJ"],
    ids=repr,
)
def test_another_spelling_is_none(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  (its kinds are many, and all of them it)
        decode(text)
