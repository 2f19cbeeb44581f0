"""Ids of tests that documents name: whether there is such a test, read off the files without collecting them."""

import ast
from functools import cache

from tests.house.repo import ROOT


@cache
def _tests(file: str) -> frozenset[str]:
    path = ROOT / file
    if not path.is_file():
        return frozenset()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    )


def is_a_test(id_: str) -> bool:
    """Whether pytest would find `tests/room/test_file.py::test_name`."""
    file, _, its = id_.partition("::")
    return file.startswith("tests/") and its in _tests(file)


def test_an_id_of_no_test_is_told_from_one_of_a_test() -> None:
    here = "tests/house/test_ids.py"
    assert is_a_test(f"{here}::test_an_id_of_no_test_is_told_from_one_of_a_test")
    assert not is_a_test(f"{here}::test_an_id_of_no_test")
    assert not is_a_test("tests/house/test_nowhere.py::test_it")
    assert not is_a_test("edge/cli.py::test_it")
