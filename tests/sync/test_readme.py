"""sync/README.md is held true: its examples decode, its tables name every code and every room."""

import ast
import re
from pathlib import Path

import pytest

import sync
from edge.kit.chain import link
from edge.kit.log import FIELDS
from sync import signet, snapshot, wire
from sync.enrolment import Asked, Given
from sync.hub.signer import signer
from sync.own_request import ENOUGH, OwnRequest
from sync.receipt import Receipt
from sync.standing import Standing

ROOT = Path(sync.__file__).parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLES = dict(re.findall(r"```json (\w+)\n(.*?)```", README, flags=re.DOTALL))
SOURCES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(ROOT.rglob("*.py"))}


# What Google's passes call things; no codes of ours.
OF_OTHERS = {"ONE_USER_ALL_DEVICES", "UNDER_REVIEW", "QR_CODE"}


def codes_in_source() -> set[str]:
    words = {
        node.value
        for tree in SOURCES.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return {
        word
        for word in words
        if re.fullmatch(r"[A-Z]+(_[A-Z]+)+|MALFORMED|SCHEMA|FORKED|STORE|INTERNAL", word)
        and word not in OF_OTHERS
    } | {
        word for word in words if word in {"UNSIGNED", "REPLAYED", "UNDECLARED", "PASSES", "MINOR", "PARENT"}
    }


def test_the_upload_of_the_example_decodes_and_its_chain_can_be_computed() -> None:
    envelope, events = wire.decode_batch(EXAMPLES["upload"].encode())
    previous = bytes.fromhex(envelope.prev_hash)
    for event in events:
        previous = link(previous, seq=event.seq, at_ms=event.at_ms, kind=event.kind, body=bytes(event.body))
    wire.decode_as(bytes(events[1].body), wire.ConsentWithdrawn)
    assert wire.decode_answer(EXAMPLES["answer"].encode()).ack == wire.Ack(envelope.epoch, events[-1].seq)


def test_the_page_of_the_example_decodes_and_holds_every_type() -> None:
    page = wire.decode_page(EXAMPLES["page"].encode())
    wire.follows(page, "shop:amersfoort", after=6)
    assert signet.vouched(page, page.checkpoint.keys) == tuple(page.checkpoint.keys)
    assert {type(body) for row in page.rows if (body := wire.row_body(row))} == set(wire.BODIES.values())
    for kind in wire.BODIES:
        assert f"\n| `{kind}` |" in README


def test_the_question_about_a_guest_and_its_answer_decode() -> None:
    assert wire.decode_as(EXAMPLES["ask"].encode(), wire.GuestAsk).card
    assert wire.decode_as(EXAMPLES["found"].encode(), wire.GuestAnswer).found == "coming"


def test_what_a_customer_asks_for_decodes() -> None:
    asked = wire.decode_as(EXAMPLES["own"].encode(), OwnRequest)
    assert asked.shown in ENOUGH[asked.kind]


def test_the_enrolment_of_the_example_decodes() -> None:
    assert wire.decode_as(EXAMPLES["enrol"].encode(), Asked).epoch == 1
    assert wire.decode_as(EXAMPLES["enrolled"].encode(), Given).sealed


def test_the_receipt_of_the_example_decodes() -> None:
    assert wire.decode_as(EXAMPLES["receipt"].encode(), Receipt).cursor == 7


def test_the_standing_of_the_example_decodes() -> None:
    assert wire.decode_as(EXAMPLES["standing"].encode(), Standing).held == 42


def test_the_status_of_the_example_decodes() -> None:
    said = wire.decode_as(EXAMPLES["status"].encode(), wire.Status)
    assert [each.code for each in said.readers] == ["", "gone"]


def test_the_snapshot_of_the_example_decodes_and_its_manifest_is_signed() -> None:
    assert snapshot.decode_ticket(EXAMPLES["ticket"].encode()).ready is False
    manifest, signed = snapshot.decode_vouched(EXAMPLES["manifest"].encode())
    assert manifest.cursors == {"shop:amersfoort": 14, "shop:amersfoort:urgent": 3}
    signet.verify(signer(b"K" * 32, number=1).keys, "manifest", signed)
    slab = wire.decode_as(EXAMPLES["slab"].encode(), snapshot.Slab)
    ((_, ver, consent),) = wire.decode_as(bytes(slab.rows), list[tuple[str, int, wire.Consent]])
    assert (slab.t, ver, consent.state) == ("consent", 2, "withdrawn")


def test_the_problem_of_the_example_decodes() -> None:
    problem = wire.decode_problem(EXAMPLES["problem"].encode(), status=500)
    assert (problem.status, problem.code) == (409, "BROKEN_CHAIN")


def test_every_code_has_its_row_and_every_row_its_code() -> None:
    table = README.split("| code |")[1].split("\n\n")[0]
    named = set(re.findall(r"^\| `([A-Z_]+)`", table, flags=re.MULTILINE))
    assert named == codes_in_source()


@pytest.mark.parametrize(
    ("room", "allowed"),
    [
        ("rows.py", r"$^"),
        ("messages.py", r"sync\.rows$"),
        ("wire.py", r"sync\.(messages|rows)$"),
        ("signing.py", r"sync\.(wire|receipt)$"),
        ("signet.py", r"sync\.wire$"),
        ("standing.py", r"sync\.(rows|wire)$"),
        ("pokes.py", r"sync\.wire$"),
        ("packing.py", r"sync\.wire$"),
        ("asking.py", r"sync$|sync\.signing$"),
        ("snapshot.py", r"sync$|sync\.(wire|rows)$"),
        ("bootstrap.py", r"sync$|sync\.(snapshot|asking)$"),
        ("enrolment.py", r"sync\.wire$"),
        ("receipt.py", r"sync\.wire$"),
        ("box.py", r"sync$"),
        ("contact.py", r"sync$|sync\.asking$"),
        ("poked.py", r"sync$|sync\.(asking|box|pokes)$"),
        ("mending.py", r"sync\.(box|standing|wire)$"),
        ("whole.py", r"sync$|sync\.(asking|bootstrap|box|contact)$"),
        (
            "agent.py",
            r"sync$|sync\.(wire|signing|signet|standing|receipt|pokes|box|mending|bootstrap|whole|asking|contact|poked)$",
        ),
        (
            "hub",
            r"sync$|sync\.(wire|signing|signet|standing|enrolment|receipt|reports|pokes|packing|rows|snapshot|bundle|own_page|own_request|hub(\..*)?)$"
            r"|edge\.(kit(\..*)?|\w+\.rules|consent(\.(records|meanings|receipts|retention))?|recognition(\.evidence)?|joining(\.ticket)?|choice(\.(folder|shown|tree))?|advice\.limits)$",
        ),
    ],
)
def test_no_room_knows_more_than_its_table_says(room: str, allowed: str) -> None:
    for path, tree in SOURCES.items():
        if path.relative_to(ROOT).parts[0] != room:
            continue
        for node in ast.walk(tree):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                if name.split(".")[0] in ("sync", "edge", "drivers", "staff_ui"):
                    assert re.match(allowed, name), f"{path.name} imports {name}"
                if name == "sync" and isinstance(node, ast.ImportFrom):
                    assert {alias.name for alias in node.names} <= {
                        "wire",
                        "signing",
                        "signet",
                        "mending",
                        "bootstrap",
                        "packing",
                        "snapshot",
                    } or room == "hub"


def test_every_field_that_is_logged_is_declared() -> None:
    calls = [node for tree in SOURCES.values() for node in ast.walk(tree) if isinstance(node, ast.Call)]
    named = {
        keyword.arg
        for call in calls
        if (isinstance(call.func, ast.Name) and call.func.id == "log")
        or (isinstance(call.func, ast.Attribute) and call.func.attr == "_log")
        for keyword in call.keywords
    }
    assert len(named) > 5
    assert {name for name in named if name is not None} <= FIELDS
