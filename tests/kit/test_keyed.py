"""The quick HMAC is the library's."""

import hmac
import random

import pytest

from edge.kit.keyed import keyed, keyed_once


@pytest.mark.parametrize("length", [0, 1, 32, 63, 64, 65, 200])
def test_it_is_the_hmac_of_the_library_for_keys_of_any_length(length: int) -> None:
    dice = random.Random(length)
    keys = [dice.randbytes(length) for _ in range(3)]
    for message in (b"", b"\0", *(dice.randbytes(size) for size in (1, 55, 56, 64, 1000))):
        for key in keys * 2:
            assert keyed(key, message) == keyed_once(key, message) == hmac.digest(key, message, "sha256")
