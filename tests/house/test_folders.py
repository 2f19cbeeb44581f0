"""Files of the suite may be named in any order: a folder that is met again is the same one, with its conftest."""

import pytest

from tests.house.repo import ROOT


def test_a_folder_that_is_met_again_is_the_same_node_and_keeps_its_fixtures(
    request: pytest.FixtureRequest,
) -> None:
    tests = next(each for each in request.node.listchain() if each.path == ROOT / "tests")
    hook = request.session.gethookproxy(ROOT / "tests")
    met = [hook.pytest_collect_directory(path=ROOT / "tests/sync", parent=tests) for _ in range(2)]
    assert isinstance(met[0], pytest.Directory)
    assert met[0] is met[1]
