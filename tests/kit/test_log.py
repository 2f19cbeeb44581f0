"""A log line is one JSON object, and nothing personal passes into it."""

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.kit.log import FIELDS, Log, bridge_library_logs, died, json_log, redact
from tests.kit.clocks import START_MS


def log_to(stream: io.StringIO) -> Log:
    return json_log(now_ms=lambda: START_MS, stream=stream)


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().split("\n")[:-1]]


@pytest.fixture
def root_logger() -> Iterator[logging.Logger]:
    """The root logger, put back as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield root
    root.handlers[:] = handlers
    root.setLevel(level)


def test_a_line_says_when_what_and_the_fields() -> None:
    stream = io.StringIO()
    log_to(stream)("migrated", file="journal.db", from_version=0, to_version=1)
    assert lines(stream) == [
        {
            "at": "2026-11-22T09:00:00.000Z",
            "event": "migrated",
            "file": "journal.db",
            "from_version": 0,
            "to_version": 1,
        }
    ]


@given(
    st.dictionaries(
        st.sampled_from(sorted(FIELDS - {"event"})),
        st.one_of(st.text(), st.integers(), st.booleans(), st.none(), st.binary(), st.lists(st.text())),
    )
)
def test_whatever_is_logged_is_one_json_object_a_line(fields: dict[str, object]) -> None:
    stream = io.StringIO()
    log = log_to(stream)
    log("one", **fields)
    log("two")
    assert [line["event"] for line in lines(stream)] == ["one", "two"]


@given(st.from_regex(r"[a-z_]{1,20}", fullmatch=True), st.text(min_size=1))
def test_a_field_that_nobody_declared_is_redacted(name: str, value: str) -> None:
    if name in FIELDS:
        return
    stream = io.StringIO()
    log_to(stream)("something", **{name: value})
    assert lines(stream)[0][name] == "[redacted]"


def test_no_declared_field_is_named_after_a_person_or_a_card() -> None:
    assert not FIELDS & {"name", "customer", "customer_id", "token", "value", "card", "barcode", "uid", "pin"}


@pytest.mark.parametrize(
    "identifier",
    [
        "2900000012345",
        "2900 0000 12345",
        "29-0000-0012345",
        "04a2b3c4",
        "04A2B3C4D5E680",
        "04:a2:b3:c4:d5:e6:80",
        "04 A2 B3 C4 D5 E6 80",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "femke.de-vries@example.nl",
        "+31 6 12345678",
        "0612345678",
        "NL91ABNA0417164300",
    ],
)
def test_an_identifier_inside_a_text_is_masked(identifier: str) -> None:
    stream = io.StringIO()
    log_to(stream)("something", message=f"card {identifier} was read")
    assert identifier not in stream.getvalue()
    assert "…" in redact(identifier)


def test_ports_counts_and_versions_stay_readable() -> None:
    assert redact("port 8443, 30000 customers, schema 12") == "port 8443, 30000 customers, schema 12"


def test_a_foreign_error_leaves_its_type_and_place_and_not_its_text() -> None:
    try:
        int("Femke de Vries")
    except ValueError as error:
        fields = died(error)
    assert fields["error"] == "ValueError"
    assert fields["died"].startswith("test_log.py:")
    assert "Femke" not in json.dumps(fields)


def test_the_place_of_an_error_is_its_last_four_frames_without_folders() -> None:
    def deep(level: int) -> None:
        if level == 0:
            raise KeyError("Femke")
        deep(level - 1)

    try:
        deep(9)
    except KeyError as error:
        place = died(error)["died"]
    assert place.count(" > ") == 3
    assert "/" not in place


def test_a_library_that_logs_gives_its_template_and_never_its_arguments(root_logger: logging.Logger) -> None:
    stream = io.StringIO()
    bridge_library_logs(log_to(stream))
    logging.getLogger("some.library").warning("tag %s of %s", "04A2B3C4D5E680", "Femke")
    (line,) = lines(stream)
    assert line["logger"] == "some.library"
    assert line["message"] == "tag %s of %s"
    assert "Femke" not in stream.getvalue()


def test_an_exception_that_a_library_logs_comes_without_its_text(root_logger: logging.Logger) -> None:
    stream = io.StringIO()
    bridge_library_logs(log_to(stream))
    try:
        {}["Femke de Vries"]
    except KeyError:
        logging.getLogger("uvicorn.error").exception("request failed")
    (line,) = lines(stream)
    assert (line["error"], line["message"]) == ("KeyError", "request failed")
    assert "Femke" not in stream.getvalue()


def test_what_libraries_say_below_warning_is_not_kept(root_logger: logging.Logger) -> None:
    stream = io.StringIO()
    bridge_library_logs(log_to(stream))
    logging.getLogger("httpx").info("GET https://hub/ for Femke")
    assert stream.getvalue() == ""


def test_an_object_logged_in_place_of_a_text_gives_only_its_type(root_logger: logging.Logger) -> None:
    stream = io.StringIO()
    bridge_library_logs(log_to(stream))
    logging.getLogger("odd").error({"name": "Femke"})
    assert lines(stream)[0]["message"] == "dict"


def test_a_path_that_is_not_utf8_does_not_stop_the_log(tmp_path: Path) -> None:
    with open(tmp_path / "welkom.log", "a", encoding="utf-8") as stream:
        log = json_log(now_ms=lambda: START_MS, stream=stream)
        log("migrated", file=b"state-\xff".decode("utf-8", "surrogateescape"))
        log("ready")
    assert (tmp_path / "welkom.log").read_text(encoding="utf-8").count("\n") == 2
