"""sync/README.md is held true: its examples decode, its tables name every code and every room."""

import ast
import dataclasses
import hmac
import re
from hashlib import sha256
from pathlib import Path
from typing import get_args

import msgspec
import pytest
from msgspec import structs

import sync
from edge.facts import Fact
from edge.kit import seal
from edge.kit.chain import link
from edge.kit.log import FIELDS
from edge.outbox import wire_name
from edge.recognition.rules import inner
from sync import reports, signet, snapshot, wire
from sync.enrolment import Asked, Given, code_id
from sync.hub.signer import signer
from sync.hub.verdicts import KINDS
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


def test_the_body_of_every_fact_stands_there_as_it_is_written_and_read() -> None:
    read = {
        re.sub(r"\B(?=[A-Z])", "_", each.__name__).lower(): each
        for each in (*vars(reports).values(), wire.ConsentWithdrawn, wire.WalletMoved)
        if isinstance(each, type) and issubclass(each, msgspec.Struct)
    }
    said = dict(re.findall(r"^\| `(\w+)` \| `([\w? ]+)` \|$", README, flags=re.MULTILINE))
    assert set(said) == KINDS
    for fact in get_args(Fact):
        kind, written = (
            wire_name(fact),
            [each.name for each in dataclasses.fields(fact) if each.name != "at_ms"],
        )
        if kind in read:
            members = [f"{each.name}{'' if each.required else '?'}" for each in structs.fields(read[kind])]
            assert said[kind].split() == members
            written = [name for name in written if name in read[kind].__struct_fields__]
        assert set(written) <= set(said[kind].replace("?", "").split())


def test_keys_and_places_are_made_of_the_bytes_that_stand_there() -> None:
    whom, bar = b"\x01" * 16, rb"\|"
    places = {
        "key_place(customer)": seal.key_place(whom),
        "trait_place(customer, name, ver)": seal.trait_place(whom, "name", 7),
        "card_place(customer)": seal.card_place(whom),
        "guest_place(shop)": seal.guest_place("oss"),
    }
    values = {"customer": whom, "name": b"name", "ver in digits": b"7", "shop": b"oss"}
    for word, made in places.items():
        (text,) = re.findall(
            rf"^\| `{re.escape(word)}` \| ([^|;]+(?:\\\|[^|;]+)*?)(?:;.*)? \|$", README, flags=re.MULTILINE
        )
        parts = [part.strip() for part in text.split(" ‖ ")]
        joined = b"".join(values.get(part) or part.strip("`").encode() for part in parts)
        assert joined.replace(bar, b"|") == made
    assert seal.derive(b"k" * 32, "key-transport") == hmac.digest(b"k" * 32, b"key-transport\x01", "sha256")
    assert inner(b"k" * 32, "uid", b"04a1") == hmac.digest(b"k" * 32, b"uid\x0004a1", "sha256")
    assert code_id(b"c" * 16) == sha256(b"welkom-enrol|" + b"c" * 16).hexdigest()[:32]


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
        ("pushing.py", r"sync$|sync\.(asking|box|contact|receipt|signing|standing)$"),
        ("agent.py", r"sync$|sync\.(asking|bootstrap|box|contact|poked|pushing|signing|whole)$"),
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
