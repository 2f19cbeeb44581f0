"""`bench hub --database`: a server that somebody names is measured on databases of its own, and is left as it was."""

import psycopg
import pytest

from edge import cli
from edge.bench.cluster import lent_database

NAMES = "SELECT datname FROM pg_database ORDER BY datname"


def names(url: str) -> list[str]:
    with psycopg.connect(url) as conn:
        return [name for (name,) in conn.execute(NAMES.encode())]


def fail_in(made: str) -> None:
    with psycopg.connect(made) as conn:
        assert conn.info.dbname == "of_the_bench"
        raise ZeroDivisionError


def test_a_database_is_made_beside_the_one_that_is_named_and_goes_again_whatever_happens(server: str) -> None:
    with lent_database(server, "theirs") as theirs:
        before = names(theirs)
        with pytest.raises(ZeroDivisionError), lent_database(theirs, "of_the_bench") as made:
            fail_in(made)
        assert names(theirs) == before


@pytest.mark.parametrize(
    ("url", "status", "said"),
    [
        ("postgresql://nobody@127.0.0.1:1/welkom", 1, "Connection refused [K08]"),
        ("sqlite", 2, "is no URL of a PostgreSQL database [W01]"),
        ("postgresql://welkom:secret@127.0.0.1/welkom", 2, "holds a password; it belongs into a credential"),
    ],
)
def test_a_server_that_is_none_is_said_in_words(
    url: str, status: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["bench", "hub", "--shops", "2", "--customers", "1", "--database", url]) == status
    told = capsys.readouterr().err
    assert said in told
    assert "secret" not in told
