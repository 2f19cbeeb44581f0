"""What lies beside the units on the machine: rules of udev, users, folders, sockets, modules that stay away."""

import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.systemd import SYSTEMD, run, tool
from tests.lacking import left_out

MATCH = r"(?:ACTION|KERNEL|SUBSYSTEM|ATTRS?\{\w+\}|ENV\{[\w.]+\})(?:==|!=)"
ASSIGN = r"(?:GOTO=|LABEL=|(?:GROUP|MODE):=|SYMLINK\+=|IMPORT\{builtin\}=|ENV\{\w+\}=)"  # the few that we use
RULE = re.compile(rf'(?:(?:{MATCH}|{ASSIGN})"[^"]*")(?:, (?:{MATCH}|{ASSIGN})"[^"]*")*')


def rules() -> list[str]:
    text = (SYSTEMD / "90-welkom.rules").read_text()
    return [line for line in text.splitlines() if line and not line.startswith("# ") and line != "#"]


def test_every_udev_rule_is_well_formed_and_every_jump_lands_further_down() -> None:
    lines = [line.removeprefix("#") for line in rules()]  # the sample for a keyboard-like scanner too
    assert [line for line in lines if not RULE.fullmatch(line)] == []
    for n, line in enumerate(lines):
        for label in re.findall(r'GOTO="(\w+)"', line):
            assert f'LABEL="{label}"' in lines[n + 1 :]


VERIFIES = (
    256  # since then udevadm reads any file; before, only those in fixed places, so it gets a /run of its own
)
AMONG_THE_RULES = (
    "mount -t tmpfs none /run && mkdir -p /run/udev/rules.d && cp {} /run/udev/rules.d/ && "
    "exec udevadm test --action=add /sys/devices/virtual/mem/null"
)


@pytest.mark.parametrize("broken", [False, True])
def test_udev_reads_the_rules_without_a_word_and_complains_of_a_broken_one(
    tmp_path: Path, broken: bool
) -> None:
    copy = tmp_path / "90-welkom.rules"
    sample = re.sub(r"^#(?=KERNEL)", "", (SYSTEMD / copy.name).read_text(), flags=re.MULTILINE)
    sample = sample.replace('GROUP:="welkom-reader"', 'GROUP:="root"')  # which this machine need not have
    copy.write_text(sample + ('GRUPPE="x"\n' if broken else ""))
    if int(run(tool("udevadm"), "--version")[1]) >= VERIFIES:
        status, said = run("udevadm", "verify", "--resolve-names=never", "--no-style", str(copy))
        assert bool(status) == broken, said
        return
    own = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-rm"]
    _, said = run(*own, "sh", "-c", AMONG_THE_RULES.format(copy))
    about = [line for line in said.splitlines() if copy.name in line]
    assert about.pop(0).startswith("Reading rules file:"), said
    assert bool(about) == broken, about


def test_every_device_goes_to_the_readers_group_alone() -> None:
    given = [line for line in rules() if "GROUP" in line]
    assert len(given) == 3
    assert all('GROUP:="welkom-reader", MODE:="0660"' in line for line in given)


def made_by_sysusers(root: Path) -> dict[str, list[str]]:
    (root / "etc").mkdir()
    text = (SYSTEMD / "welkom.sysusers").read_text()
    status, said = run(tool("systemd-sysusers"), f"--root={root}", "-", stdin=text)
    assert status == 0, said
    lines = (root / "etc/passwd").read_text().splitlines()
    return {fields[0]: fields[1:] for fields in (line.split(":") for line in lines)}


def test_sysusers_makes_three_system_users_without_a_shell(tmp_path: Path) -> None:
    users = made_by_sysusers(tmp_path)
    assert set(users) == {"welkom", "welkom-reader", "welkom-hub"}
    assert {fields[-1] for fields in users.values()} == {"/usr/sbin/nologin"}
    assert all(int(fields[1]) < 1000 for fields in users.values())


def test_tmpfiles_gives_the_socket_directory_to_the_appliance_and_its_sockets_to_the_readers(
    tmp_path: Path,
) -> None:
    if os.geteuid() != 0:
        left_out("systemd-tmpfiles gives files to other users, and only root may")
    users = made_by_sysusers(tmp_path)
    (tmp_path / "etc/welkom").mkdir()
    (tmp_path / "etc/welkom/readers.toml").touch()
    text = (SYSTEMD / "welkom.tmpfiles").read_text()
    assert run(tool("systemd-tmpfiles"), "--create", f"--root={tmp_path}", "-", stdin=text) == (0, "")

    folder = (tmp_path / "run/welkom").stat()
    assert stat.S_IMODE(folder.st_mode) == 0o2750
    assert folder.st_uid == int(users["welkom"][1])
    assert folder.st_gid == int(users["welkom-reader"][2])
    readers = (tmp_path / "etc/welkom/readers.toml").stat()
    assert stat.S_IMODE(readers.st_mode) == 0o640
    assert readers.st_gid == int(users["welkom-reader"][2])
    assert stat.S_IMODE((tmp_path / "etc/credstore.encrypted").stat().st_mode) == 0o700


SOCKET_BY_THE_APPLIANCE = """
import os, socket, sys
os.umask(0o077)
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
os.chmod(sys.argv[1], 0o660)
s.listen()
print("listening", flush=True)
sys.stdin.read()
"""
CONNECT = "import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])"


def test_a_reader_can_reach_the_appliances_socket_and_a_stranger_cannot() -> None:
    if os.geteuid() != 0:
        left_out("only root may act as two other users")
    # pytest's own temporary directories are closed to other users, and so may be the Python of a .venv.
    python = shutil.which("python3", path="/usr/bin:/usr/local/bin") or sys.executable
    edge, readers, stranger = 64001, 64002, 64003
    folder = Path(f"/tmp/welkom-socket-{os.getpid()}")
    folder.mkdir()
    try:
        os.chown(folder, edge, readers)
        folder.chmod(0o2750)
        path = str(folder / "readers.sock")
        with subprocess.Popen(
            [python, "-c", SOCKET_BY_THE_APPLIANCE, path],
            user=edge,
            group=edge,
            extra_groups=[],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as server:
            assert server.stdout is not None
            assert server.stdout.readline() == "listening\n"

            def reaches(who: int) -> bool:
                words = [python, "-c", CONNECT, path]
                done = subprocess.run(words, user=who, group=who, extra_groups=[], stderr=subprocess.DEVNULL)
                return done.returncode == 0

            assert reaches(readers)
            assert not reaches(stranger)
            assert server.stdin is not None
            server.stdin.close()
    finally:
        shutil.rmtree(folder)


def test_every_usb_reader_that_nfcpy_knows_has_a_udev_rule() -> None:
    # In a child: nfcpy is old and warns as it is imported, and warnings are errors here.
    status, listed = run(
        sys.executable,
        "-W",
        "ignore",
        "-c",
        "import nfc.clf.device as d; print(*('%04x:%04x' % ids for ids in d.usb_device_map))",
    )
    assert status == 0, listed
    assert len(listed.split()) >= 9
    rules = (SYSTEMD / "90-welkom.rules").read_text()
    for vendor, product in (ids.split(":") for ids in listed.split()):
        assert f'\nATTR{{idVendor}}=="{vendor}", ATTR{{idProduct}}=="{product}", ' in rules


def test_the_kernel_modules_that_take_readers_away_are_blacklisted() -> None:
    listed = re.findall(r"^blacklist (\S+)$", (SYSTEMD / "welkom-modprobe.conf").read_text(), re.MULTILINE)
    assert {"pn533_usb", "pn533", "port100", "nfc"} <= set(listed)
