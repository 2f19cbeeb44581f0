"""A sighting as a line of JSON, there and back, and every line that is none."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.codecs.sightings import MAX_LINE, LineError, from_line, to_line
from drivers.reader import Evidence, How, Outcome, Sighting, Token, TokenKind

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]))
ABOUT = st.dictionaries(
    ANY_TEXT,
    st.recursive(st.none() | st.booleans() | st.integers() | ANY_TEXT, st.lists, max_leaves=5),
    max_size=4,
)
TOKENS = st.builds(
    Token,
    kind=st.sampled_from(get_args(TokenKind)),
    value=ANY_TEXT.filter(bool),
    evidence=st.sampled_from(get_args(Evidence)),
    about=ABOUT,
)
TIMES = st.datetimes(
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=1))]), min_value=datetime(1900, 1, 1)
).map(lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000))


@given(
    ANY_TEXT.filter(bool), TIMES, st.sampled_from(get_args(How)), TOKENS | st.sampled_from(get_args(Outcome))
)
def test_a_sighting_comes_back_from_its_line_as_it_was(
    reader: str, at: datetime, how: How, what: Token | Outcome
) -> None:
    token, outcome = (what, None) if isinstance(what, Token) else (None, what)
    sighting = Sighting(reader, at, how, token, outcome)
    line = to_line(sighting)
    assert "\n" not in line
    if len(line) <= MAX_LINE:
        assert from_line(line) in (sighting, Sighting(reader, at, how, None, "unreadable"))


@pytest.mark.parametrize("value", ["x" * 8000, "é" * 2048, "\x1d" * 2048])
def test_a_token_that_no_line_holds_is_unreadable_where_it_is_written_and_not_refused_where_it_is_read(
    value: str,
) -> None:
    at = datetime(2026, 11, 22, tzinfo=UTC)
    line = to_line(Sighting("counter-1", at, "tap", Token("smarttap", value, "strong", {"oid": "00" * 80})))
    assert from_line(line) == Sighting("counter-1", at, "tap", None, "unreadable")


def test_a_token_of_2048_plain_characters_has_its_line() -> None:
    sighting = Sighting(
        "counter-1", datetime(2026, 11, 22, tzinfo=UTC), "tap", Token("smarttap", "7" * 2048, "strong")
    )
    assert from_line(to_line(sighting)) == sighting


@pytest.mark.parametrize(
    "line",
    [
        '{"reader": "counter-1", "at": "2026-11-22T10:00:00.123Z", "how": "tap", "token": {"kind": "vas", '
        '"value": "LOYALTY-0001", "evidence": "strong", "about": {"pass_type_id": "pass.example.shop"}}}',
        '{"reader": "counter-1", "at": "2026-11-22T10:00:09.001Z", "how": "tap", "token": null, "outcome": "locked"}',
    ],
)
def test_the_lines_of_the_contract_are_written_exactly_so(line: str) -> None:
    assert to_line(from_line(line)) == line


GOOD = {
    "reader": "counter-1",
    "at": "2026-11-22T10:00:00.123Z",
    "how": "tap",
    "token": {"kind": "barcode", "value": "SECRET-1", "evidence": "weak", "about": {}},
}


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"reader": ""}, "reader"),
        ({"reader": None}, "reader"),
        ({"at": "2026-11-22T10:00:00.123"}, "at"),
        ({"at": "2026-11-22T10:00:00+01:00"}, "at"),
        ({"at": "2026-13-22T10:00:00Z"}, "at"),
        ({"at": 5}, "at"),
        ({"how": "wave"}, "how"),
        ({"token": None}, "outcome"),
        ({"token": "SECRET-1"}, "token"),
        ({"outcome": "locked"}, "outcome"),
        ({"token": None, "outcome": "vanished"}, "outcome"),
        ({"bogus": 1}, "line"),
        ({"token": {"kind": "barcode", "value": "", "evidence": "weak"}}, "token.value"),
        ({"token": {"kind": "pigeon", "value": "SECRET-1", "evidence": "weak"}}, "token.kind"),
        ({"token": {"kind": "barcode", "value": "SECRET-1", "evidence": "certain"}}, "token.evidence"),
        ({"token": {"kind": "barcode", "value": "SECRET-1", "evidence": "weak", "about": []}}, "token.about"),
        ({"token": {"kind": "barcode", "value": "SECRET-1"}}, "token"),
    ],
)
def test_a_line_that_is_no_sighting_is_refused_by_the_place_of_its_mistake(
    change: dict[str, object], place: str
) -> None:
    with pytest.raises(LineError, match=rf"^{place}: ") as caught:
        from_line(json.dumps({**GOOD, **change}))
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "[]",
        "null",
        "{" * 3000,
        "[" * 8000,
        json.dumps(GOOD) + " " * MAX_LINE,
        json.dumps(GOOD).replace("SECRET-1", "\\ud800"),
        json.dumps(GOOD).replace('"SECRET-1"', "NaN"),
        json.dumps(GOOD).replace('"how"', '"how": "scan", "how"'),
        json.dumps(GOOD).replace("{}", '{"n": ' + "9" * 5000 + "}"),
    ],
)
def test_what_json_allows_or_forbids_is_one_error(line: str) -> None:
    with pytest.raises(LineError):
        from_line(line)


@given(st.text())
def test_any_text_is_a_sighting_or_a_line_error(line: str) -> None:
    with pytest.raises(LineError):
        from_line(line)


def test_a_sighting_without_a_time_zone_is_not_written() -> None:
    with pytest.raises(LineError):
        to_line(Sighting("counter-1", datetime(2026, 11, 22), "tap", None, "locked"))
