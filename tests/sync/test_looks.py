"""The hub holds the boxes' chains of looks: what an owner rewrites, cuts or puts back is found here."""

from base64 import b64encode
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.looks.rules import GENESIS, Line, link, reference, signed_text
from sync.hub import devices
from sync.hub import looks as hub_looks
from sync.hub.hq import fleet
from sync.hub.tables import looks as tables
from tests.sync.centre import ANNA, DEVICE_KEY, KEYS, SHOP_KEY, Centre, customer, device, open_centre

pytestmark = pytest.mark.anyio
VISIT = b"\x07" * 16


def lines_of(count: int, *, staff: str = "anna", ref: str = "00" * 16) -> list[Line]:
    return [
        Line(n, 1000 * n, "staff", staff, "t1", ref, "saving", "points", "help") for n in range(1, count + 1)
    ]


def body(lines: list[Line], *, after: int = 0, key: Ed25519PrivateKey = DEVICE_KEY, head: str = "") -> bytes:
    """A `looks_told` of the lines behind number `after` of a whole chain."""
    hashes = [GENESIS]
    for line in lines:
        hashes.append(link(hashes[-1], line))
    said = {
        "first": after + 1,
        "prev": hashes[after].hex(),
        "lines": lines[after:],
        "head": head or hashes[-1].hex(),
        "sig": b64encode(key.sign(signed_text(len(lines), hashes[-1]))).decode(),
    }
    return msgspec.json.encode(said)


async def tell(centre: Centre, *bodies: bytes) -> list[tuple[int, str]]:
    """Upload these; line and reason of every break that the hub knows, in the order of their branches."""
    for each in bodies:
        centre.box.happened(1, kind="looks_told", body=each)
    await centre.agent.once()
    assert centre.box.rejected == []
    found = tables.breaks(centre.hub.db.reader)
    return [(each.n, each.why) for each in sorted(found, key=lambda one: one.branch)]


async def test_a_chain_that_comes_in_pieces_and_again_holds(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        lines = lines_of(5)
        assert (
            await tell(centre, body(lines[:2]), body(lines[:4], after=2), body(lines[:2]), body(lines)) == []
        )
        held = tables.lines(centre.hub.db.reader, "box-1", 1)
        assert [line for line, _ in held] == lines
        assert tables.head(centre.hub.db.reader, "box-1").hash == held[-1][1]


@pytest.mark.parametrize(
    ("again", "found"),
    [
        (body([*lines_of(2), lines_of(3, staff="bram")[2]]), (3, "changed")),
        (body([*lines_of(2), lines_of(3, staff="bram")[2]], after=2), (3, "changed")),
        (body([lines_of(1, staff="bram")[0], *lines_of(5)[1:]], after=4), (4, "changed")),
        (body(lines_of(7), after=5), (5, "missing")),
        (body(lines_of(5), after=4, key=Ed25519PrivateKey.generate()), (5, "unsigned")),
        (body(lines_of(5), after=4, head="ab" * 32), (5, "changed")),
        (body([*lines_of(5), lines_of(7)[6]], after=4), (6, "missing")),
    ],
    ids=["rewritten", "rewritten tail", "rewritten before", "left out", "not signed", "false head", "a hole"],
)
async def test_what_is_no_longer_as_the_hub_holds_it_is_found_at_its_line(
    tmp_path: Path, again: bytes, found: tuple[int, str]
) -> None:
    async with open_centre(tmp_path) as centre:
        assert await tell(centre, body(lines_of(4))) == []
        assert await tell(centre, again) == [found]
        assert [line for line, _ in tables.lines(centre.hub.db.reader, "box-1", 1)] == lines_of(4)
        assert ("looks_broken", {"device": "box-1", "line": found[0], "why": found[1]}) in centre.said.lines
        (box,) = await fleet.boxes(centre.hub)
        assert "looks" in box.why


async def test_a_box_that_was_put_back_is_told_apart_and_goes_on_as_a_branch(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        assert await tell(centre, body(lines_of(4))) == []
        await centre.hub.db.apply(devices.register, KEYS, device=device(epoch=2), shop_key=SHOP_KEY)
        older = [*lines_of(2), *lines_of(4, staff="bram")[2:]]
        told = msgspec.json.decode(body(older, after=2), type=hub_looks.LooksTold)
        broken = await centre.hub.db.apply(hub_looks.take, device(epoch=2), told, now_ms=5)
        assert broken is not None
        assert (broken.n, broken.why) == (3, "restored")
        more = msgspec.json.decode(body([*older, lines_of(5)[4]], after=4), type=hub_looks.LooksTold)
        assert await centre.hub.db.apply(hub_looks.take, device(epoch=2), more, now_ms=6) is None
        conn = centre.hub.db.reader
        assert [len(tables.lines(conn, "box-1", branch)) for branch in (1, 2)] == [4, 3]


async def test_each_look_of_a_customer_has_its_line_until_they_are_forgotten(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        await centre.hub.add_customers(["s1"], [customer()])
        about = {"role": "staff", "purpose": "saving", "reason": "help"}
        shown = msgspec.json.encode(
            about
            | {"customer_id": ANNA.hex(), "visit_id": VISIT.hex(), "staff_id": "ab" * 16, "device": "t1"}
        )
        ref = reference(ANNA, VISIT, **about, staff="ab" * 16)
        centre.box.happened(1, kind="card_shown", body=shown)
        await centre.agent.once()
        conn = centre.hub.db.reader
        assert hub_looks.receipts(conn, [shown, b"{}"]) == [None, None]
        await tell(centre, body(lines_of(2, ref=ref)[:1]))
        receipt, nobody = hub_looks.receipts(conn, [shown, b"{}"])
        assert receipt is not None
        assert nobody is None
        assert (receipt.device_id, receipt.n, receipt.fields, receipt.reason) == (
            "box-1",
            1,
            "points",
            "help",
        )
        await centre.hub.erase(ANNA)
        assert len(tables.lines(conn, "box-1", 1)) == 1
        assert [b for (b,) in conn.execute("SELECT body FROM event WHERE kind='card_shown'")] == [b"{}"]


async def test_a_box_that_reports_looks_and_not_their_lines_is_seen(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        centre.box.happened(1, kind="card_shown", body=b'{"customer_id":"%s"}' % ANNA.hex().encode())
        await centre.agent.once()
        conn, now_ms = centre.hub.db.reader, centre.hub.now_ms()

        def due(after_ms: int) -> set[str]:
            return tables.ill(conn, broken_since_ms=now_ms, due_before_ms=now_ms + after_ms)

        assert due(-60_000) == set()
        assert due(60_000) == {"box-1"}
        await tell(centre, body(lines_of(1)))
        assert due(60_000) == set()
