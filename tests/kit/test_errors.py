"""The tree of errors in the docstring is the tree of classes."""

import inspect
import re

import pytest

from drivers.reader import ReaderError
from edge.kit import errors
from edge.kit.errors import ConfigError, DiskFull, Unreachable, WelkomError

DRAWN = re.compile(r"^[├└] (?P<parent>\w+)(?: ─ (?P<children>.+)| .*)?$", re.MULTILINE)


def drawn() -> dict[str, str]:
    """Class name -> name of its parent, as the docstring draws them."""
    tree: dict[str, str] = {}
    for line in DRAWN.finditer(errors.__doc__ or ""):
        tree[line["parent"]] = "WelkomError"
        for child in (line["children"] or "").replace("↻", "").split(","):
            if child.strip():
                tree[child.strip()] = line["parent"]
    return tree


def written() -> dict[str, str]:
    """The same, of the classes of the module."""
    classes = [each for _, each in inspect.getmembers(errors, inspect.isclass)]
    return {each.__name__: each.__mro__[1].__name__ for each in classes if each is not WelkomError}


def test_the_docstring_draws_every_class_under_its_parent_and_no_other() -> None:
    assert drawn() == written()


def test_the_sign_for_trying_again_stands_with_the_classes_that_may_be_tried_again() -> None:
    marked = set(re.findall(r"(\w+) ↻", errors.__doc__ or ""))
    assert marked == {name for name in written() if getattr(errors, name).retry}


def test_every_class_says_what_it_means() -> None:
    for name in written():
        assert getattr(errors, name).__doc__, name


def test_an_error_is_one_sentence_with_its_code_and_the_next_step() -> None:
    error = DiskFull("journal.db: no room left", code="S01", hint="free disk space")
    assert error.sentence() == "journal.db: no room left [S01] free disk space"
    assert (error.code, error.hint, error.retry) == ("S01", "free disk space", False)


def test_only_a_lost_line_is_worth_trying_again() -> None:
    assert Unreachable("no line", code="Y01", hint="wait").retry
    assert not ConfigError("wrong", code="C01", hint="mend it").retry


def test_an_error_without_code_or_hint_cannot_be_made() -> None:
    with pytest.raises(TypeError):
        WelkomError("something")  # type: ignore[call-arg]


def test_reader_errors_carry_the_same_three_fields() -> None:
    error = ReaderError("away", code="unplugged", hint="plug it in")
    assert (error.code, error.hint, error.retry) == ("unplugged", "plug it in", True)
