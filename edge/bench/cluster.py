"""A PostgreSQL of one's own for a bench or a test: made in a folder, reached by a Unix socket, gone afterwards."""

import glob
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

import psycopg
from psycopg.conninfo import conninfo_to_dict

from edge.kit.errors import WelkomError

USER: Final = "welkom"
_START_S: Final = 60


def binaries() -> Path | None:
    """The folder of `initdb` and `postgres`, the newest where there are several; None: not installed."""
    debian = sorted(
        glob.glob("/usr/lib/postgresql/*/bin/initdb"), key=lambda each: float(Path(each).parts[4])
    )
    found = debian[-1] if debian else shutil.which("initdb")
    return Path(found).resolve().parent if found else None


@contextmanager
def cluster(settings: Mapping[str, str] | None = None, *, place: str = "/tmp") -> Generator[str, None, None]:
    """The URL of a server that runs as long as the context, each COMMIT on disk. Raises WelkomError.

    `place` is a folder with a short path: that of a socket has 107 bytes at most. PostgreSQL refuses to run as root:
    then it runs as `postgres` or `nobody`.
    """
    tools = binaries()
    if tools is None:
        raise WelkomError(
            "PostgreSQL is not installed", code="K08", hint="apt install postgresql, or name a --database"
        )
    folder = Path(tempfile.mkdtemp(prefix="welkom-pg-", dir=place))
    who = _somebody()
    if who:
        os.chown(folder, who["user"], who["group"])
    try:
        data = folder / "data"
        words = [
            str(tools / "initdb"),
            "-D",
            str(data),
            "-U",
            USER,
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-locale",
            "-N",
        ]
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL, cwd=folder, **who)
        given = {"listen_addresses": "", "unix_socket_directories": str(folder), "fsync": "on"}
        given |= settings or {}
        options = [word for name, value in given.items() for word in ("-c", f"{name}={value}")]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(
                [str(tools / "postgres"), "-D", str(data), *options], stderr=log, cwd=folder, **who
            )
        url = f"postgresql:///postgres?host={quote(str(folder), safe='')}&user={USER}"
        try:
            _await(url, server, folder / "log")
            yield url
        finally:
            server.send_signal(signal.SIGQUIT)  # at once: nothing of it is kept
            server.wait(timeout=_START_S)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def make_database(url: str, name: str, *, template: str = "template1") -> str:
    """Make a database in the cluster of `url`, as a copy of another; its URL. Raises WelkomError."""
    _say(url, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    words = {key: str(value) for key, value in conninfo_to_dict(url).items() if key != "dbname"}
    return f"postgresql:///{name}?{urlencode(words, quote_via=quote)}"


@contextmanager
def lent_database(url: str, name: str) -> Generator[str, None, None]:
    """A fresh database in the cluster of `url`, its URL; it goes afterwards, whoever still has it open."""
    made = make_database(url, name)
    try:
        yield made
    finally:
        _say(url, f'DROP DATABASE "{name}" WITH (FORCE)')


def _say(url: str, statement: str) -> None:
    try:
        with psycopg.connect(url, autocommit=True) as conn:
            conn.execute(statement.encode())
    except psycopg.Error as error:
        raise WelkomError(
            f"PostgreSQL lets nobody make databases there: {str(error).strip().splitlines()[0][:200]}",
            code="K08",
            hint="see whether it runs, and whether this role may CREATE DATABASE",
        ) from None


def _somebody() -> dict[str, Any]:
    """Whom the server runs as, where this process is root."""
    if os.geteuid() != 0:
        return {}
    known = {each.pw_name: each for each in pwd.getpwall()}
    user = known.get("postgres") or known["nobody"]
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _await(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    until_s = time.monotonic() + _START_S
    while True:
        try:
            psycopg.connect(url).close()
            return
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > until_s:
                words = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
                last = words[-1] if words else "no words"
                raise WelkomError(
                    f"PostgreSQL did not start: {last}",
                    code="K08",
                    hint="free memory and disk space, and try again",
                ) from None
            time.sleep(0.02)
