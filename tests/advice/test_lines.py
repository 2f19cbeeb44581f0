"""Lines as tills, spreadsheets and pipes give them: read as they are meant, or refused with their place."""

import gzip
import json
import os
import threading
from pathlib import Path

import pytest

from edge.advice.lines import LineWrong, asks, histories, products
from edge.kit.errors import WelkomError

LINE = '{"customer": "a", "baskets": [{"t": "2026-03-02", "items": ["tea"]}]}\n'


def put(folder: Path, text: str | bytes) -> Path:
    path = folder / "lines.jsonl"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize("packed", [False, True])
def test_a_mark_of_utf_8_and_a_pipe_are_read_like_any_file(tmp_path: Path, packed: bool) -> None:
    given = b"\xef\xbb\xbf" + LINE.encode()
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(gzip.compress(given) if packed else given,))
    writer.start()
    assert [each.customer for each in histories(pipe)] == ["a"]
    writer.join()


def test_a_customer_of_two_lines_has_the_baskets_of_both_in_order_of_time(tmp_path: Path) -> None:
    (one,) = histories(put(tmp_path, LINE + LINE.replace("03-02", "03-01").replace("tea", "milk")))
    assert [visit.items for visit in one.visits] == [("milk",), ("tea",)]


@pytest.mark.parametrize("flag", ["sensitive", "durable"])
def test_a_flag_is_true_or_false_and_no_later_line_takes_it_back(tmp_path: Path, flag: str) -> None:
    lines = f'{{"item": "p", "{flag}": true}}\n{{"item": "p", "name": "again", "{flag}": null}}\n'
    assert getattr(products(put(tmp_path, lines))["p"], flag) is True
    for wrong in (1, "true", 0, "no"):
        with pytest.raises(LineWrong, match=f"lines.jsonl line 2 has `{flag}`"):
            products(put(tmp_path, '{"item": "q"}\n' + json.dumps({"item": "p", flag: wrong})))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        pytest.param("[" * 100_000, "line 2 is no JSON", id="a hundred thousand brackets"),
        ('{"customer": 7, "baskets": []}', "line 2 has a customer that is no text"),
        ('{"customer": "\\ud800", "baskets": []}', "line 2 has half a character"),
        (LINE.replace("tea", "\\udfff"), "line 2 has half a character"),
        (LINE.replace("2026-03-02", "2 maart"), "line 2 has a date that is none"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(tmp_path: Path, line: str, words: str) -> None:
    with pytest.raises(LineWrong, match=words) as told:
        list(asks(put(tmp_path, LINE + line)))
    assert told.value.code == "A03"
    assert ("2026-03-01, or null" in str(told.value.hint)) == ("date" in words)


def test_a_file_that_is_cut_off_and_one_that_is_no_text_are_called_so(tmp_path: Path) -> None:
    whole = gzip.compress(b"".join(LINE.replace("tea", os.urandom(9).hex()).encode() for _ in range(99)))
    with pytest.raises(WelkomError, match=r"lines.jsonl is cut off"):
        list(histories(put(tmp_path, whole[: len(whole) // 2])))
    with pytest.raises(WelkomError, match=r"lines.jsonl line 2 is not text"):
        list(histories(put(tmp_path, LINE.encode() + b"\xff\n")))
