"""What an export puts before a cell an import takes off, and nothing else."""

from hypothesis import given
from hypothesis import strategies as st

from edge.kit.cells import guarded, unguarded


@given(st.text(alphabet="'=+-@\uff1d\uff0b\uff0d\uff20\t\r\n a1", max_size=6))
def test_any_text_comes_back_and_none_runs_in_a_spreadsheet(text: str) -> None:
    assert unguarded(guarded(text)) == text
    assert not guarded(text).startswith((*"=+-@\t\r\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"))


def test_an_apostrophe_of_a_name_is_its_own() -> None:
    assert unguarded("'s-Gravenhage") == guarded("'s-Gravenhage") == "'s-Gravenhage"
