"""What the hub signs is believed, what anybody else says is not."""

from functools import partial
from pathlib import Path

import msgspec
import pytest

from sync import signet, wire
from sync.hub.signer import Signer, signer
from tests.sync.centre import ANNA, customer, open_centre
from tests.sync.shop import Liar
from tests.sync.test_agent import lied_to

pytestmark = pytest.mark.anyio
OURS, AFTER, LATER, THEIRS = (
    signer(kek * 32, number=number) for kek, number in ((b"K", 1), (b"K", 2), (b"K", 3), (b"X", 1))
)
PART = "shop:s1:urgent"


def page(by: Signer | None = OURS, *, keys: tuple[str, ...] | None = None, hub_epoch: int = 1) -> bytes:
    row = wire.encode_row(wire.Row(PART, 1, "erase", "customer", ANNA.hex(), 1, wire.EMPTY))
    said = {"part": PART, "cursor": 1, "up_to_date": True, "hub_time_ms": 1, "hub_epoch": hub_epoch}
    if by is None:
        return wire.encode_page([row], **said)
    return wire.encode_page([row], sign=partial(by.sign, "checkpoint"), keys=keys or by.keys, **said)


async def applied(tmp_path: Path, body: bytes, *, pins: tuple[str, ...]) -> tuple[str, ...]:
    """The pins after the page was applied; raises what the agent raises when it was not."""
    async with lied_to(tmp_path, Liar(body=body)) as (agent, box):
        box.pinned = pins
        try:
            await agent._drain(PART)
            assert len(box.applied) == 1
            return box.pinned
        finally:
            assert box.applied == [] or box.cursor(PART) == 1


FORGERIES = {
    "another key": page(THEIRS),
    "another key under our names": page(THEIRS, keys=OURS.keys),
    "no signature": page(None),
    "a checkpoint changed after it was signed": page().replace(b'"hub_time_ms":1', b'"hub_time_ms":2'),
    "a successor that the current key chose": page(keys=(OURS.keys[0], THEIRS.keys[0])),
    "one key alone": page(keys=OURS.keys[:1]),
    "the key after the next": page(LATER),
}


@pytest.mark.parametrize("forgery", FORGERIES)
async def test_a_page_that_the_pinned_hub_did_not_sign_is_refused_and_nothing_of_it_applied(
    tmp_path: Path, forgery: str
) -> None:
    with pytest.raises(wire.Refused) as caught:
        await applied(tmp_path, FORGERIES[forgery], pins=OURS.keys)
    assert caught.value.code == "NOT_THE_HUB"


async def test_a_box_that_meets_its_hub_first_pins_it_and_follows_a_rotation(tmp_path: Path) -> None:
    for name in ("first", "rotated", "old"):
        (tmp_path / name).mkdir()
    assert await applied(tmp_path / "first", page(), pins=()) == OURS.keys
    assert await applied(tmp_path / "rotated", page(AFTER), pins=OURS.keys) == AFTER.keys
    with pytest.raises(wire.Refused):
        await applied(tmp_path / "old", page(OURS), pins=AFTER.keys)


async def test_a_hub_that_does_not_sign_yet_is_believed_only_until_one_did(tmp_path: Path) -> None:
    assert await applied(tmp_path, page(None), pins=()) == ()


async def test_a_signature_for_a_page_is_none_for_a_manifest() -> None:
    signed = OURS.sign("checkpoint", b"{}")
    with pytest.raises(wire.Malformed):
        signet.verify(OURS.keys, "manifest", signed)
    assert signet.verify(OURS.keys, "checkpoint", signed) == OURS.keys[0]
    with pytest.raises(wire.Malformed):
        signet.verify(OURS.keys, "checkpoint", msgspec.structs.replace(signed, sig="not base64"))


async def test_a_shop_pins_its_hub_and_keeps_to_it(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        await centre.hub.add_customers(["s1"], [customer()])
        await centre.agent.once()
        assert centre.box.pinned == centre.hub.signer.keys
        centre.hub.signer = THEIRS
        with pytest.raises(wire.Refused) as caught:
            await centre.agent.once()
        assert caught.value.code == "NOT_THE_HUB"
        assert centre.said.count("hub_key_pinned") == 1
