"""`welkom` in a process of its own: exit status, one sentence with a code, and never a traceback."""

import argparse
import re
import socket
import tomllib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import fields
from pathlib import Path

import pytest

from drivers.settings import ReaderSettings
from drivers.wallet_settings import MASK
from edge.cli import COMMANDS, parser
from edge.commands.check import effective
from edge.config import Config
from edge.files import prepare
from edge.keys import NAMES, read_keys
from edge.kit.sqlite import open_writer
from edge.staff import tables as staff
from edge.staff.pins import pin_fits
from tests.house.programs import Ran, configured, welkom

SENTENCE = re.compile(r"welkom: .+ \[[A-Za-z_]\w+\] .+\n")


def one_sentence(ran: Ran, status: int, code: str) -> None:
    assert "Traceback" not in ran.err
    assert ran.status == status, ran
    assert SENTENCE.fullmatch(ran.err), ran.err
    assert f"[{code}]" in ran.err
    assert ran.out == ""


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        parser(command).parse_args([command, "--help"])
    said = capsys.readouterr()
    assert (left.value.code, said.err) == (0, "")
    assert said.out.startswith(f"usage: welkom {command}")
    assert COMMANDS[command].split(":")[0][1:] in " ".join(said.out.split())


def test_help_lists_every_command() -> None:
    ran = welkom("--help")
    assert ran.status == 0
    for command in COMMANDS:
        assert re.search(rf"^ +{command} ", ran.out, re.MULTILINE), command


@pytest.mark.parametrize("words", [[], ["brew"], ["check"], ["check", "--confg", "x"], ["staff"]])
def test_wrong_words_are_status_2_and_say_where_help_is(words: list[str]) -> None:
    ran = welkom(*words)
    one_sentence(ran, 2, "W01")
    assert "--help" in ran.err


def test_a_number_that_nothing_can_hold_is_a_wrong_word_to_every_command() -> None:
    def options(words: argparse.ArgumentParser) -> Iterator[argparse.Action]:
        for each in words._actions:
            if isinstance(each, argparse._SubParsersAction):
                for inner in each.choices.values():
                    yield from options(inner)
            elif callable(each.type):
                yield each

    numbers = [each.type for each in options(parser()) if callable(each.type) and type(each.type("1")) is int]
    assert len(numbers) > 20
    for read in set(numbers):
        for text in ("9" * 26, "9" * 5_000, str(2**63)):
            with pytest.raises(argparse.ArgumentTypeError, match="is no whole number up to"):
                read(text)


def test_the_version_is_that_of_the_project() -> None:
    ran = welkom("--version")
    assert re.fullmatch(r"welkom \d+\.\d+\.\d+\n", ran.out)
    assert ran.status == 0


@pytest.mark.parametrize("command", ["check", "edge", "doctor", "hub"])
def test_a_missing_configuration_is_status_78(tmp_path: Path, command: str) -> None:
    one_sentence(welkom(command, "--config", str(tmp_path / "none.toml")), 78, "C01")


def test_an_unknown_setting_is_status_78_and_named(tmp_path: Path) -> None:
    ran = welkom("check", "--config", str(configured(tmp_path, "[server]\nprot = 1\n")))
    one_sentence(ran, 78, "C01")
    assert "server.prot" in ran.err


def test_a_missing_secret_is_status_78(tmp_path: Path) -> None:
    config = configured(tmp_path)
    (tmp_path / "credentials" / "kek").unlink()
    one_sentence(welkom("check", "--config", str(config)), 78, "C02")


def test_check_prints_what_is_in_force_and_masks_every_secret(tmp_path: Path) -> None:
    config = configured(tmp_path, '[shop]\nname = "De \\"Zon\\""\n[[readers]]\nname = "a"\nkind = "sim"\n')
    ran = welkom("check", "--config", str(config), WELKOM_SERVER_PORT="9001")
    assert (ran.status, ran.err) == (0, "")
    table = tomllib.loads(ran.out)
    assert (table["server"]["port"], table["shop"]["name"]) == (9001, 'De "Zon"')
    assert table["readers"] == [{"name": "a", "kind": "sim"}]
    keys = read_keys(tmp_path / "credentials")
    for name in NAMES:
        assert f"{name} = ***" in ran.out
        assert getattr(keys, name).hex() not in ran.out + ran.err


def test_check_masks_a_brokers_password_and_reads_the_choice_helpers_and_the_floor(tmp_path: Path) -> None:
    reader = 'name = "gw"\nkind = "mqtt"\ndevice = "broker"\npassword = "Geheim-123"\ntopics = ["a/b", "c"]\n'
    config = configured(tmp_path, f"[[readers]]\n{reader}")
    ran = welkom("check", "--config", str(config))
    assert (ran.status, ran.err) == (0, "")
    assert "Geheim" not in ran.out
    assert "# password = ***" in ran.out
    (shown,) = tomllib.loads(ran.out)["readers"]
    assert shown == {"name": "gw", "kind": "mqtt", "device": "broker", "topics": ["a/b", "c"]}
    (tmp_path / "choices").mkdir()
    (tmp_path / "choices" / "tent.toml").write_text('format = 1\nname = "Tent!"\n')
    wrong = welkom("check", "--config", str(config))
    one_sentence(wrong, 78, "Q01")
    assert "choices/tent.toml:2: name is no id" in wrong.err
    (tmp_path / "choices" / "tent.toml").unlink()
    (tmp_path / "floor.toml").write_text("[[zones]]\n")
    one_sentence(welkom("check", "--config", str(config)), 78, "P11")


def test_check_shows_no_field_of_a_reader_that_its_repr_keeps_to_itself(tmp_path: Path) -> None:
    secret = "NOBODY-READS-THIS"
    hidden = [each for each in fields(ReaderSettings) if not each.repr]
    assert {each.name for each in hidden} >= {"password", "values"}
    told = {each.name: secret if each.type in (str, "str") else (secret,) for each in hidden}
    shown = effective(Config(readers=(ReaderSettings("a", "mqtt", **told),)))
    assert secret not in shown
    for each in hidden:
        assert f"# {each.name} = {MASK}" in shown
    (tmp_path / "broker").write_text(secret)
    reader = '[[readers]]\nname = "a"\nkind = "mqtt"\ndevice = "broker"\npassword = "file:broker"\n'
    ran = welkom("check", "--config", str(configured(tmp_path, reader)))
    assert (ran.status, secret in ran.out + ran.err) == (0, False), ran.err


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('[[readers]]\nname = "a"\nkind = "mqtt"\ndevice = "mqtt://u:secret@h"\n', "readers[0].device"),
        ('[[readers]]\nname = "a"\nkind = "mqtt"\ndevice = "u:secret@h:1883"\n', "readers[0].device"),
        ('[hub]\nurl = "https://u:secret@h"\n', "hub.url"),
    ],
)
def test_an_address_with_a_password_in_it_is_refused_and_not_repeated(
    tmp_path: Path, text: str, place: str
) -> None:
    ran = welkom("check", "--config", str(configured(tmp_path, text)))
    one_sentence(ran, 78, "C01")
    assert (place in ran.err, "secret" in ran.err) == (True, False)


def test_secrets_come_from_systemds_folder_when_it_gives_one(tmp_path: Path) -> None:
    config = configured(tmp_path)
    (tmp_path / "credentials").rename(tmp_path / "given")
    assert welkom("check", "--config", str(config)).status == 78
    ran = welkom("check", "--config", str(config), CREDENTIALS_DIRECTORY=str(tmp_path / "given"))
    assert ran.status == 0


def init(folder: Path, *more: str) -> Ran:
    return welkom("init", "--config", str(folder / "welkom.toml"), "--shop", "assen", "--hub", "", *more)


def test_init_writes_what_check_accepts_and_a_second_one_changes_nothing(tmp_path: Path) -> None:
    assert init(tmp_path, "--name", "Van Dam, Assen", "--recipient", "van-dam").status == 0
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert len(before) == 1 + len(NAMES)
    ran = welkom("check", "--config", str(tmp_path / "welkom.toml"))
    assert tomllib.loads(ran.out)["shop"]["name"] == "Van Dam, Assen"
    one_sentence(init(tmp_path), 78, "C06")
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_init_makes_a_hub_that_works_and_a_second_one_in_its_folder_changes_nothing(tmp_path: Path) -> None:
    config = str(tmp_path / "hub.toml")
    made = welkom("init", "--hub-here", "--config", config)
    assert (made.status, made.err) == (0, "")
    assert f"welkom enrol --config {config} --shop ID" in made.out
    ran = welkom("enrol", "--config", config, "--shop", "assen")
    assert (ran.status, "For assen-1 of assen" in ran.out) == (0, True), ran.err
    secrets = {path.name: path.read_text() for path in (tmp_path / "credentials").iterdir()}
    assert set(secrets) == {"hub_kek", "chain_key"}
    assert not [each for each in secrets.values() if each in made.out]
    one_sentence(welkom("init", "--hub-here", "--config", str(tmp_path / "other.toml")), 78, "C06")
    assert {path.name: path.read_text() for path in (tmp_path / "credentials").iterdir()} == secrets


def test_a_second_shop_does_not_get_the_secrets_of_the_first(tmp_path: Path) -> None:
    assert init(tmp_path).status == 0
    ran = welkom("init", "--config", str(tmp_path / "second.toml"), "--shop", "zwolle", "--hub", "")
    one_sentence(ran, 78, "C06")
    assert not (tmp_path / "second.toml").exists()


@pytest.mark.parametrize(
    ("words", "path"), [(("--shop", "Bad Id!"), "shop.id"), (("--hub", "hub.example"), "hub.url")]
)
def test_init_refuses_an_id_or_address_that_the_hub_would_refuse(
    tmp_path: Path, words: tuple[str, str], path: str
) -> None:
    ran = init(tmp_path, *words)
    one_sentence(ran, 78, "C01")
    assert path in ran.err
    assert list(tmp_path.iterdir()) == []


def test_a_hubs_file_and_a_shops_file_are_told_apart(tmp_path: Path) -> None:
    assert init(tmp_path).status == 0
    assert welkom("init", "--hub-here", "--config", str(tmp_path / "hub.toml")).status == 0
    ran = welkom("edge", "--config", str(tmp_path / "hub.toml"))
    one_sentence(ran, 78, "C01")
    assert "wants the welkom.toml of a shop" in ran.err
    ran = welkom("hub", "--config", str(tmp_path / "welkom.toml"))
    one_sentence(ran, 78, "C01")
    assert "wants the hub.toml of a hub" in ran.err


@pytest.mark.parametrize("hub", ["", "https://hub.example"])
def test_init_says_in_a_few_lines_what_it_made_and_what_to_type_next(tmp_path: Path, hub: str) -> None:
    ran = init(tmp_path, "--hub", hub, "--name", "Van Dam")
    assert (ran.status, ran.err) == (0, "")
    made, defaults, begin, *steps = ran.out.splitlines()
    assert made.startswith(f"Made {tmp_path}/welkom.toml, the settings of Van Dam, and its secrets in ")
    assert defaults.endswith("defaults stand there for: recipient, tls.")
    assert begin == "Next, one after another:"
    # Each line is a command that there is, in the order in which a person needs them.
    typed = [re.split(r"  +", step.strip())[0].partition(". welkom ")[2] for step in steps]
    told = [parser(each.split()[0]).parse_args(each.split()).command for each in typed]
    assert told == ["check", *(["enrol", "enrol"] if hub else []), "staff", "edge", "tablet"]


def test_init_prints_what_a_hubs_file_needs_only_where_it_is_asked_for(tmp_path: Path) -> None:
    words = ("--hub", "https://hub.example")
    assert "[[shops]]" not in init(tmp_path / "one", *words).out
    ran = init(tmp_path / "two", *words, "--by-hand")
    (shop,) = tomllib.loads(ran.out[ran.out.index("[[shops]]") :])["shops"]
    assert (shop["id"], shop["device"], len(shop["public_key"])) == ("assen", "assen-1", 64)
    one_sentence(init(tmp_path / "three", "--by-hand"), 2, "W02")
    assert not (tmp_path / "three").exists()


def test_init_says_no_secret(tmp_path: Path) -> None:
    said = init(tmp_path).out
    keys = read_keys(tmp_path / "credentials")
    assert not [name for name in NAMES if getattr(keys, name).hex() in said]


def test_a_dry_run_of_init_writes_nothing(tmp_path: Path) -> None:
    ran = init(tmp_path, "--dry-run")
    assert ran.status == 0
    assert tomllib.loads(ran.out)["shop"]["id"] == "assen"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ['De "Zon"', "C:\\winkel", "’t Hoekje"])
def test_a_shop_may_have_any_name(tmp_path: Path, name: str) -> None:
    assert init(tmp_path, "--name", name).status == 0
    ran = welkom("check", "--config", str(tmp_path / "welkom.toml"))
    assert (ran.status, ran.err) == (0, "")
    assert tomllib.loads(ran.out)["shop"]["name"] == name


def test_init_into_a_folder_that_is_not_there_makes_it_or_says_so(tmp_path: Path) -> None:
    ran = init(tmp_path / "not" / "there")
    assert "Traceback" not in ran.err
    assert ran.status in (0, 78)


def test_staff_are_added_once_by_name(tmp_path: Path) -> None:
    config = configured(tmp_path)
    words = ("staff", "add", "--config", str(config), "--name", "Anna", "--pin-stdin")
    one_sentence(welkom(*words, stdin="12\n"), 2, "C07")
    one_sentence(welkom(*words, stdin="1234\n"), 2, "C07")
    tried = welkom(*words, "--dry-run", stdin="2580\n")
    said = "Anna would be able to sign in. Nothing was changed: this was a dry run.\n"
    assert (tried.status, tried.out, tried.err) == (0, said, "")
    assert not (tmp_path / "state").exists()
    added = welkom(*words, stdin="2580\n")
    assert (added.status, added.out, added.err) == (0, "Anna can sign in.\n", "")
    one_sentence(welkom(*words, "--dry-run", stdin="2580\n"), 1, "C08")
    again = welkom(*words, stdin="2580\n")
    assert (again.status, "[C08]" in again.err, "Traceback" in again.err) == (1, True, False)
    assert "welkom staff pin --name 'Anna'" in again.err
    pin = ("staff", "pin", "--config", str(config), "--pin-stdin", "--name")
    assert welkom(*pin, "Anna", stdin="1379\n").out == "Anna signs in with the new PIN.\n"
    one_sentence(welkom(*pin, "Piet", stdin="1379\n"), 1, "C08")
    one_sentence(welkom(*pin, "Piet", "--dry-run", stdin="1379\n"), 1, "C08")
    one_sentence(welkom(*words[:-2], " ", "--pin-stdin", stdin="2580\n"), 2, "W02")
    with closing(open_writer(tmp_path / "state" / "journal.db")) as conn:
        assert list(staff.names(conn)) == ["Anna"]
        anna = staff.by_name(conn, "Anna")
    assert anna is not None
    assert pin_fits(read_keys(tmp_path / "credentials").pin_pepper, "1379", anna.pin_hash)


def test_what_the_shop_keeps_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    config = configured(tmp_path)
    words = ("staff", "add", "--config", str(config), "--name", "Anna", "--pin-stdin")
    assert welkom(*words, stdin="2580\n").status == 0
    assert (tmp_path / "state").stat().st_mode & 0o077 == 0
    for each in (tmp_path / "state").iterdir():
        assert each.stat().st_mode & 0o077 == 0, each.name


def test_a_damaged_journal_is_one_sentence_for_the_appliance(tmp_path: Path) -> None:
    config = configured(tmp_path)
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "journal.db").write_bytes(b"not a database" * 1000)
    one_sentence(welkom("edge", "--config", str(config)), 1, "S02")


def test_a_taken_port_is_one_sentence_that_names_the_setting_and_its_file(tmp_path: Path) -> None:
    hub = tmp_path / "hub" / "hub.toml"
    assert welkom("init", "--hub-here", "--config", str(hub)).status == 0
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        hub.write_text(re.sub(r"(?m)^port = \d+", f"port = {port}", hub.read_text()))
        config = configured(tmp_path, f"[server]\nport = {port}\n")
        own = tmp_path / "own.toml"
        own.write_text(f'[server]\nport = 0\nmdns = false\ntls = "own"\nenrol_port = {port}\n')
        for command, file, setting in (
            ("edge", config, "port under [server]"),
            ("edge", own, "enrol_port under [server]"),
            ("hub", hub, "port under [hub]"),
        ):
            ran = welkom(command, "--config", str(file))
            assert "Traceback" not in ran.err
            assert ran.status == 1  # it may be free at the next try, and 78 would stop the unit for good
            assert ran.err.splitlines()[-1] == (  # the address once, and not as Python's own error repeats it
                f"welkom: cannot listen on 127.0.0.1 port {port} (Address already in use) [C04] "
                f"stop the program that uses it, or choose another port: {setting} in {file}"
            )


def test_an_address_that_is_another_machines_is_one_sentence_that_names_it(tmp_path: Path) -> None:
    config = configured(tmp_path, '[server]\nhost = "192.0.2.1"\nport = 0\n')
    ran = welkom("edge", "--config", str(config))
    assert (ran.status, "Traceback" in ran.err) == (1, False)
    assert ran.err.splitlines()[-1].endswith(f"for all of them: host under [server] in {config}")


def test_a_port_that_cannot_be_is_one_sentence(tmp_path: Path) -> None:
    ran = welkom("edge", "--config", str(configured(tmp_path, "[server]\nport = 70000\n")))
    assert "Traceback" not in ran.err
    assert ran.status == 78


def test_doctor_says_all_is_well_of_a_new_shop_and_what_is_ill_of_a_damaged_one(tmp_path: Path) -> None:
    config = configured(tmp_path)
    prepare(tmp_path / "state", log=lambda event, **fields: None)
    well = welkom("doctor", "--config", str(config))
    assert (well.err, "journal.db" in well.out) == ("", True)
    (tmp_path / "state" / "journal.db").write_bytes(b"not a database" * 1000)
    ill = welkom("doctor", "--config", str(config))
    assert (ill.status, ill.err) == (1, "")
    assert ill.out.rstrip().endswith("start at the top.")
    assert re.search(r"^ILL +journal\.db +.*\[S02\]", ill.out, re.MULTILINE)


def test_doctor_looks_at_a_file_that_was_never_brought_up_to_date(tmp_path: Path) -> None:
    config = configured(tmp_path)
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "journal.db").touch()
    ran = welkom("doctor", "--config", str(config))
    assert ran.err == ""
    assert ran.status in (0, 1)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["watch"], "C05"),
        (["watch", "sim", "--settings", "none.toml"], "C01"),
        (["watch", "--name", "counter-1", "--settings", "pyproject.toml"], "C01"),
    ],
)
def test_watch_says_which_reader_it_cannot_run(words: list[str], code: str) -> None:
    ran = welkom(*words)
    assert "Traceback" not in ran.err
    assert (ran.status, f"[{code}]" in ran.err or "[C05]" in ran.err) == (78, True), ran


def test_a_demo_whose_state_is_no_folder_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    one_sentence(welkom("demo", "--state", str(tmp_path / "file")), 78, "C01")
