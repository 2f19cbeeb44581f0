from collections.abc import Iterator

import pytest

from edge.bench.cluster import cluster
from tests.place import PLACE
from tests.sync import engines


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The URL of a PostgreSQL for all tests of this worker."""
    engines.needs_postgresql()
    with cluster(place=PLACE) as url:
        engines.make_template(url)
        yield url


@pytest.fixture
def postgresql(server: str) -> Iterator[str]:
    """The URL of an empty database, which the hubs of this test open."""
    with engines.on(server) as url:
        yield url
