"""The box's own certificates as OpenSSL sees them: the chain holds, and the authority vouches for nothing else."""

import os
import shutil
import socket
import ssl
import stat
import subprocess
import threading
import warnings
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from edge.kit.errors import ConfigError
from edge.tls.certificates import make_leaf, new_key, read_paper
from edge.tls.own import Own, open_own
from edge.tls.rules import CA_MS, DAY_MS, LEAF_MS, Paper, certified, is_due, label
from edge.tls.upkeep import keep_once
from tests.patience import PATIENT_S
from tests.staff_ui.opened import MovedClock
from tests.tls.rig import HOST, ask, connect, open_box, trusting

NOW_MS = MovedClock().wall_ms()
KEK = bytes(32)


def opened(folder: Path, *, host: str = HOST, kek: bytes = KEK, now_ms: int = NOW_MS) -> Own:
    return open_own(folder / "tls", host=host, shop="Van Dam", kek=kek, now_ms=now_ms)


def test_a_client_that_trusts_only_our_authority_reads_a_page_by_the_name(tmp_path: Path) -> None:
    with open_box(tmp_path) as box:
        with connect(box) as line:
            assert '"ready":true' in ask(line)
            assert line.version() in ("TLSv1.2", "TLSv1.3")
        with pytest.raises(ssl.SSLCertVerificationError):
            connect(box, "elders.local")
        # And whoever does not trust it does not get in.
        with (
            socket.create_connection(("127.0.0.1", box.port), timeout=PATIENT_S) as plain,
            pytest.raises(ssl.SSLCertVerificationError),
        ):
            ssl.create_default_context().wrap_socket(plain, server_hostname=HOST)


def test_what_is_older_than_tls_1_2_is_refused(tmp_path: Path) -> None:
    def shaken(oldest: ssl.TLSVersion, newest: ssl.TLSVersion) -> str | None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_ciphers("ALL:@SECLEVEL=0")  # what OpenSSL would offer if it still might
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version, context.maximum_version = oldest, newest
        with (
            socket.create_connection(("127.0.0.1", box.port), timeout=PATIENT_S) as plain,
            context.wrap_socket(plain, server_hostname=HOST) as line,
        ):
            return line.version()

    with open_box(tmp_path) as box:
        assert shaken(ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_2) == "TLSv1.2"
        with pytest.raises(ssl.SSLError):
            shaken(ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1)


def shake(own: Own, host: str, addresses: list[str], asked: str) -> None:
    """Serve a certificate that the authority's key signed for `host`, and connect to it as `asked`."""
    key = new_key()
    leaf = make_leaf(own.authority, own._key, key, host=host, addresses=addresses, now_ms=NOW_MS)
    pem = own.folder / "other.pem"
    pem.write_bytes(
        leaf.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pem)
    near, far = socket.socketpair()

    def serve() -> None:
        try:
            server.wrap_socket(far, server_side=True).close()
        except OSError:
            far.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        trusting(own.authority).wrap_socket(near, server_hostname=asked).close()
    finally:
        near.close()
        thread.join(10)


@pytest.mark.parametrize(
    ("host", "addresses", "asked"),
    [
        ("bank.example", [], "bank.example"),
        ("elders.local", [], "elders.local"),
        (f"x{HOST}", [], f"x{HOST}"),
        (HOST, ["198.51.100.7"], "198.51.100.7"),
        (HOST, ["2001:db8::7"], "2001:db8::7"),
    ],
)
def test_openssl_refuses_what_the_authority_may_not_vouch_for(
    tmp_path: Path, host: str, addresses: list[str], asked: str
) -> None:
    """Even whoever steals the authority's key cannot pass for a bank on the shop's tablets."""
    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree violation"):
        shake(opened(tmp_path), host, addresses, asked)


@pytest.mark.parametrize("address", ["192.168.178.20", "10.1.2.3", "172.31.0.1", "fd00::2"])
def test_a_tablet_may_come_by_number_on_a_private_network(tmp_path: Path, address: str) -> None:
    shake(opened(tmp_path), HOST, [address], address)


def test_openssl_itself_verifies_the_chain(tmp_path: Path) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    own = opened(tmp_path)
    own.renew(["192.168.1.5"], now_ms=NOW_MS)
    words = ["-x509_strict", "-purpose", "sslserver", "-verify_hostname", HOST]
    done = subprocess.run(
        [openssl, "verify", *words, "-CAfile", own.folder / "ca.crt", own.folder / "server.pem"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.split()[-1]) == (0, "OK"), done.stderr


def test_the_authority_and_the_certificate_say_what_tablets_demand(tmp_path: Path) -> None:
    own = opened(tmp_path)
    own.renew(["192.168.1.5", "198.51.100.7"], now_ms=NOW_MS)
    ca = own.authority
    basic = ca.extensions.get_extension_for_class(x509.BasicConstraints)
    constraints = ca.extensions.get_extension_for_class(x509.NameConstraints)
    assert (basic.critical, basic.value.ca, basic.value.path_length) == (True, True, 0)
    assert constraints.critical
    assert (ca.not_valid_after_utc - ca.not_valid_before_utc).total_seconds() * 1000 == CA_MS
    leaf = x509.load_pem_x509_certificate((own.folder / "server.pem").read_bytes())
    uses = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert [each.dotted_string for each in uses] == ["1.3.6.1.5.5.7.3.1"]
    paper = read_paper(leaf)
    # The number that is not private is left out: with it OpenSSL would refuse the whole certificate.
    assert (paper.host, paper.addresses) == (HOST, ("192.168.1.5",))
    assert paper.until_ms - paper.from_ms == LEAF_MS
    assert NOW_MS - paper.from_ms >= DAY_MS - 1000


def test_what_stands_on_the_disk_is_for_the_owner_and_no_key_is_in_the_clear(tmp_path: Path) -> None:
    own = opened(tmp_path)
    own.renew([], now_ms=NOW_MS)
    assert stat.S_IMODE(own.folder.stat().st_mode) == 0o700
    for path in own.folder.iterdir():
        if path.name != "lock":
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name
        assert b"BEGIN PRIVATE KEY" not in path.read_bytes()
        assert b"BEGIN EC PRIVATE KEY" not in path.read_bytes()


def test_a_restart_goes_on_with_the_same_papers(tmp_path: Path) -> None:
    before = opened(tmp_path)
    before.renew([], now_ms=NOW_MS)
    after = opened(tmp_path)
    assert after.fingerprint == before.fingerprint
    assert after.renew([], now_ms=NOW_MS) is False
    (tmp_path / "tls" / "server.pem").write_bytes(b"cut short")
    assert opened(tmp_path).renew([], now_ms=NOW_MS) is True


def test_another_name_or_another_kek_is_one_sentence_and_makes_nothing_new(tmp_path: Path) -> None:
    fingerprint = opened(tmp_path).fingerprint
    with pytest.raises(ConfigError) as renamed:
        opened(tmp_path, host="elders.local")
    with pytest.raises(ConfigError) as locked:
        opened(tmp_path, kek=bytes([1]) * 32)
    assert (renamed.value.code, locked.value.code) == ("T02", "T01")
    assert opened(tmp_path).fingerprint == fingerprint


def test_a_certificate_is_renewed_while_a_tablet_stays_connected(tmp_path: Path) -> None:
    with open_box(tmp_path) as box:
        house = box.edge.house
        with connect(box) as old:
            first = old.getpeercert(binary_form=True)
            assert '"ready":true' in ask(old)
            box.clock.both_by_ms += 61 * DAY_MS  # two thirds of its life, and no internet anywhere
            step = keep_once(house.config, box.own, box.edge.announcer, time=house.time, log=house.log)
            assert box.run(step) is True
            assert [event for event, _ in box.events].count("certificate_renewed") == 1
            assert '"ready":true' in ask(old)
            assert old.getpeercert(binary_form=True) == first
            new = _served(box.port, box.own, at=house.time.now_ms())
            assert new != first
            assert '"ready":true' in ask(old)


def _served(port: int, own: Own, *, at: int) -> bytes | None:
    """What a new connection meets. Its clock is the machine's, so the chain is checked but for the moved day."""
    context = trusting(own.authority)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", port), timeout=PATIENT_S) as plain,
        context.wrap_socket(plain, server_hostname=HOST) as line,
    ):
        der = line.getpeercert(binary_form=True)
    assert der
    leaf = x509.load_der_x509_certificate(der)
    leaf.verify_directly_issued_by(own.authority)
    assert read_paper(leaf).from_ms <= at < read_paper(leaf).until_ms
    return der


def test_a_certificate_is_due_at_a_third_of_its_life_and_when_something_moved() -> None:
    held = Paper(HOST, ("192.168.1.5",), from_ms=0, until_ms=90 * DAY_MS)

    def due(day: float, paper: Paper | None = held, addresses: tuple[str, ...] = ("192.168.1.5",)) -> bool:
        return is_due(paper, host=HOST, addresses=addresses, now_ms=int(day * DAY_MS))

    assert [due(day) for day in (1, 59, 60, 89, 91)] == [False, False, True, True, True]
    assert due(1, paper=None)
    assert due(1, addresses=("192.168.1.6",))
    assert due(1, replace(held, host="elders.local"))
    assert due(-1)


def test_a_box_without_a_clock_battery_makes_papers_that_hold_once_the_time_is_right(tmp_path: Path) -> None:
    own = opened(tmp_path, now_ms=86_400_000)
    assert own.renew([], now_ms=86_400_000) is True
    assert own.renew([], now_ms=NOW_MS) is True
    assert own.authority.not_valid_after_utc.timestamp() * 1000 > NOW_MS + 8 * 365 * DAY_MS


def test_names_become_one_label_and_only_private_numbers_are_certified() -> None:
    assert label("", "amersfoort") == "welkom-amersfoort"
    assert label("Van Dam, Assen", "x") == "van-dam-assen"
    assert label("’t Hoekje", "x") == "t-hoekje"
    assert len(label("a" * 90, "x")) == 63
    assert label("!!", "x") == "welkom"
    assert certified(["192.168.1.5", "198.51.100.7", "10.0.0.1", "fe80::1", "fd00::2"]) == (
        "10.0.0.1",
        "192.168.1.5",
        "fd00::2",
    )


def test_two_who_open_it_at_once_make_one_authority(tmp_path: Path) -> None:
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(opened(tmp_path).fingerprint)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(found) == 4
    assert len(set(found)) == 1
    assert os.listdir(tmp_path) == ["tls"]
