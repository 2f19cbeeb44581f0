"""The wire decoders: any bytes give a message or the wire's own error."""

import importlib
import pkgutil
import re
from collections.abc import Callable
from typing import Annotated, Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sync
from sync import rows, wire

DECODERS: dict[str, Callable[[bytes], Any]] = {
    "batch": wire.decode_batch,
    "answer": wire.decode_answer,
    "page": wire.decode_page,
    "withdrawal": lambda body: wire.decode_as(body, wire.ConsentWithdrawn),
    "customer": lambda body: wire.decode_as(body, wire.Customer),
}
WORDS = """
    device epoch from_seq schema prev_hash seq at_ms kind body hash ack rejected p op t id ver d checkpoint part
    cursor rows digest up_to_date hub_time_ms hub_epoch code customer_id purpose recipient gen traits name sealed
"""
ITEM = r"^[^\x00]{1,64}$(?!\n)"  # any sign but one may stand in it: what is longer may not
NAMES = st.sampled_from(sorted(WORDS.split()))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=70),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.text(max_size=5), inner, max_size=9)
    ),
    max_leaves=12,
)
ENVELOPE = b'{"device":"box-1","epoch":1,"from_seq":1,"schema":1,"prev_hash":"%s"}\n' % (b"0" * 64)


def decode_or_malformed(name: str, body: bytes) -> None:
    try:
        DECODERS[name](body)
    except wire.Malformed:
        return


@pytest.mark.parametrize("name", DECODERS)
@given(body=st.binary(max_size=300))
def test_any_bytes_are_a_message_or_malformed(name: str, body: bytes) -> None:
    decode_or_malformed(name, body)
    decode_or_malformed(name, body + b"\n")


@pytest.mark.parametrize("name", DECODERS)
@given(lines=st.lists(VALUES, max_size=4))
def test_any_json_lines_are_a_message_or_malformed(name: str, lines: list[Any]) -> None:
    body = b"".join(msgspec.json.encode(line) + b"\n" for line in lines)
    decode_or_malformed(name, body)
    decode_or_malformed(name, ENVELOPE + body)


@given(status=st.integers(400, 599), body=st.binary(max_size=300))
def test_any_error_page_gives_a_problem_with_a_code(status: int, body: bytes) -> None:
    assert wire.decode_problem(body, status=status).code


@pytest.mark.parametrize("name", DECODERS)
@pytest.mark.parametrize(
    "bomb", [b"[" * 500_000, b'{"a":' * 100_000, b'{"body":' * 100_000, b"\xff" * 9, b"9" * 5000]
)
def test_deep_and_broken_json_is_malformed(name: str, bomb: bytes) -> None:
    for body in (bomb, bomb + b"\n", ENVELOPE + bomb + b"\n"):
        with pytest.raises(wire.Malformed):
            DECODERS[name](body)


def event(seq: int = 1, body: bytes = b"{}") -> bytes:
    return b'{"seq":%d,"at_ms":1,"kind":"greeted","body":%s}\n' % (seq, body)


@pytest.mark.parametrize(
    "body",
    [
        ENVELOPE + event(2),
        ENVELOPE + event(1) + event(1),
        ENVELOPE + event(1, b"[]"),
        ENVELOPE + event(1, b"null"),
        ENVELOPE + event(1)[:-1],
        ENVELOPE + b"".join(event(seq) for seq in range(1, 502)),
        ENVELOPE + event(1, b'{"a":"%s"}' % (b"x" * wire.EVENT_BYTES)),
        ENVELOPE.replace(b'"epoch":1', b'"epoch":0'),
        ENVELOPE.replace(b'"schema":1', b'"schema":3'),
        ENVELOPE.replace(b"box-1", b"../box"),
        b"",
        b"\n",
    ],
)
def test_an_upload_off_the_contract_is_malformed(body: bytes) -> None:
    with pytest.raises(wire.Malformed):
        wire.decode_batch(body)


def test_fields_of_a_later_version_are_passed_over() -> None:
    envelope, events = wire.decode_batch(
        ENVELOPE.replace(b"}\n", b',"later":[1]}\n') + event().replace(b"}\n", b',"later":{"a":1}}\n')
    )
    assert (envelope.device, len(events)) == ("box-1", 1)


def test_an_error_never_quotes_the_value_that_was_wrong() -> None:
    with pytest.raises(wire.Malformed) as caught:
        wire.decode_as(
            b'{"customer_id":"LOYALTY-0001","purpose":"x","recipient":"x","gen":1}', wire.ConsentWithdrawn
        )
    assert "LOYALTY" not in f"{caught.value} {caught.value.hint}"
    assert "$.customer_id" in str(caught.value)


SEQS = st.integers(1, (1 << 53) - 1 - 500)


@given(
    SEQS,
    st.lists(st.dictionaries(st.text(max_size=5), VALUES, max_size=3), max_size=20),
    st.binary(min_size=32, max_size=32),
)
def test_an_upload_comes_out_as_it_went_in(
    first: int, bodies: list[dict[str, Any]], prev_hash: bytes
) -> None:
    events = [
        wire.Event(seq, 7, "greeted", msgspec.Raw(msgspec.json.encode(body)))
        for seq, body in enumerate(bodies, first)
    ]
    envelope, decoded = wire.decode_batch(wire.encode_batch(wire.Batch(3, first, prev_hash, events), "box-1"))
    assert (envelope.epoch, envelope.from_seq, bytes.fromhex(envelope.prev_hash)) == (3, first, prev_hash)
    assert [bytes(each.body) for each in decoded] == [bytes(each.body) for each in events]


def test_a_batch_is_cut_to_what_one_upload_may_hold() -> None:
    big = msgspec.Raw(b'{"a":"%s"}' % (b"x" * 40_000))
    batch = wire.Batch(1, 1, bytes(32), [wire.Event(seq, 1, "greeted", big) for seq in range(1, 100)])
    fitting = wire.fit(batch)
    assert 0 < len(fitting.events) < 99
    assert len(wire.encode_batch(fitting, "box-1")) <= wire.BATCH_BYTES
    small = wire.Batch(1, 1, bytes(32), [wire.Event(seq, 1, "greeted", wire.EMPTY) for seq in range(1, 700)])
    assert len(wire.fit(small).events) == wire.BATCH_EVENTS


def patterns(shape: msgspec.inspect.Type) -> set[str]:
    """Every pattern of a text that stands somewhere in a shape."""
    found = {shape.pattern} if isinstance(shape, msgspec.inspect.StrType) and shape.pattern else set()
    inner = [each.type for each in shape.fields] if isinstance(shape, msgspec.inspect.StructType) else []
    for name in ("item_type", "item_types", "types", "type"):
        held = getattr(shape, name, ())
        inner += held if isinstance(held, tuple) else [held]
    return found.union(*map(patterns, inner)) if inner else found


SPOKEN = sorted(
    {
        pattern
        for found in pkgutil.iter_modules(sync.__path__, "sync.")
        for each in vars(importlib.import_module(found.name)).values()
        if isinstance(each, type) and issubclass(each, msgspec.Struct)
        for pattern in patterns(msgspec.inspect.type_info(each))
    }
    - {rows.NO_NUL}  # a text of several lines may end in one that is empty
)


@pytest.mark.parametrize("pattern", SPOKEN)
@settings(max_examples=10)
@given(data=st.data())
def test_a_line_break_behind_a_text_makes_it_another_and_no_text_of_that_shape(
    pattern: str, data: st.DataObject
) -> None:
    shape = Annotated[str, msgspec.Meta(pattern=pattern)]
    text = data.draw(st.from_regex(re.compile(pattern)).filter(lambda text: "\n" not in text))
    assert msgspec.convert(text, shape) == text
    longest = text if pattern != ITEM else text.ljust(64, "x")
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(longest + "\n", shape)


def test_what_was_read_before_a_choice_holds_no_nul_and_may_have_several_lines() -> None:
    for name in ("text", "version", "benefit"):
        assert msgspec.convert({name: "one\ntwo\n"}, rows.Said)
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert({name: "one\x00two"}, rows.Said)


def test_the_shapes_of_the_messages_were_found() -> None:
    assert {ITEM, r"^[0-9a-f]{32}$(?!\n)", r"^[A-Z0-9_]{1,64}$(?!\n)"} <= set(SPOKEN)
