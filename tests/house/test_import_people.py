"""`welkom import customers | balances | staff | undo` as somebody at headquarters uses it."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from edge.cli import main
from edge.hub_file import load_hub
from sync.hub.hq import whom
from tests.house.test_import import write_hub

HEAD = "ref,call,initials,card,shops,consents,points\n"
TWO = HEAD + (
    "K-1,mevrouw De Vries,MV,LOYALTY-1,s1,saving:van-dam|recognition:van-dam,120\n"
    "K-2,meneer Bos,MB,LOYALTY-2,s1,saving:van-dam,80\n"
)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_hub(tmp_path)


def take(config: Path, what: str, text: str, *options: str) -> int:
    file = config.parent / f"{what}.csv"
    file.write_text(text, encoding="utf-8")
    return main(["import", what, str(file), "--config", str(config), *options])


def undo(config: Path, number: int, *options: str) -> int:
    return main(["import", "undo", str(number), "--config", str(config), *options])


def held(config: Path, sql: str) -> list[Any]:
    with closing(sqlite3.connect(config.parent / "hub/hub.db")) as conn:
        return conn.execute(sql).fetchall()


def counts(config: Path) -> dict[str, int]:
    tables = ("customer", "customer_key", "trait", "credential", "consent", "residency")
    return {table: held(config, f"SELECT count(*) FROM {table}")[0][0] for table in tables}


def id_of(config: Path, ref: str) -> str:
    return whom.customer_id(load_hub(config, environment={}).hub.keys, ref).hex()


def test_customers_come_in_change_and_are_told_apart_and_an_import_can_be_taken_back(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert take(config, "customers", TWO, "--dry-run") == 0
    said = capsys.readouterr().out
    assert "new      line 2  K-1" in said
    assert "Consents by recipient, as `shop.recipient` of the shops has to say it: van-dam 3." in said
    assert "2 new, 0 changed, 0 gone, 0 the same, 0 refused." in said
    assert counts(config)["customer"] == 0
    assert take(config, "customers", TWO) == 0
    assert "Import 1. Take it back: welkom import undo 1 " in capsys.readouterr().out
    both = counts(config)
    assert both["customer"] == both["credential"] == both["residency"] == 2
    assert held(config, "SELECT count(*) FROM feed WHERE part='shop:s1'") == [(9,)]
    assert take(config, "customers", TWO) == 0
    assert "0 new, 0 changed, 0 gone, 2 the same" in capsys.readouterr().out
    changed = TWO.replace("meneer Bos", "Bos").replace("K-1,mevrouw De Vries", "K-3,mevrouw De Wit")
    assert take(config, "customers", changed.replace("LOYALTY-1,", "LOYALTY-3,")) == 0
    assert "1 new, 1 changed" in capsys.readouterr().out
    assert undo(config, 1) == 1
    assert "[IMPORT_TOUCHED]" in capsys.readouterr().err
    assert undo(config, 2) == 0
    assert counts(config) == both
    assert undo(config, 2) == 1
    said = capsys.readouterr().err
    assert "import 2 was taken back already [IMPORT_UNDONE] nothing was changed; `welkom import list" in said
    assert undo(config, 9) == 1
    assert "[UNKNOWN_IMPORT]" in capsys.readouterr().err
    assert main(["import", "list", "--config", str(config)]) == 0
    listed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(each["number"], each["state"], each["added"]) for each in listed] == [
        (2, "undone", 1),
        (1, "done", 2),
    ]


def test_one_row_that_was_touched_bars_the_others_only_until_it_is_left_out(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert take(config, "customers", TWO) == 0
    assert take(config, "balances", "ref,points\nK-2,81\n") == 0
    assert undo(config, 1) == 1
    assert "at the hub: `welkom import undo 1 --skip-touched --config hub.toml`" in capsys.readouterr().err
    assert undo(config, 1, "--skip-touched", "--dry-run") == 0
    assert "Import 1 can be taken back: rows 1. Nothing was changed" in capsys.readouterr().out
    assert counts(config)["customer"] == 2
    assert undo(config, 1, "--skip-touched") == 0
    said = capsys.readouterr().out
    assert "Import 1 was taken back: 1 row is as it was." in said
    assert f"Changed since, and left as it is: customer {id_of(config, 'K-2')}." in said
    assert held(config, "SELECT hex(id) FROM customer") == [(id_of(config, "K-2").upper(),)]


def test_who_came_by_mistake_leaves_nothing_behind_and_may_come_in_again(config: Path) -> None:
    assert take(config, "customers", TWO) == 0
    assert undo(config, 1) == 0
    assert set(counts(config).values()) == {0}
    assert held(config, "SELECT count(*) FROM ledger") == [(0,)]
    assert held(config, "SELECT DISTINCT op, d FROM feed") == [("del", b"{}")]
    assert held(config, "SELECT count(*) FROM import_row") == [(0,)]
    assert take(config, "customers", TWO) == 0
    assert counts(config)["customer"] == 2


def test_each_line_that_cannot_be_used_is_named_and_nothing_is_half_done(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = TWO + (
        "K-1,mevrouw De Vries,MV,LOYALTY-9,s1,,\n"  # 4: twice
        "K-4,meneer Kok,,LOYALTY-2,s1,,\n"  # 5: the card of line 3
        "K-5,meneer Kok,,,elsewhere,,\n"  # 6: no such shop
        "K-6,meneer Kok,,,s1,dancing:van-dam,\n"  # 7: no such purpose
        ",meneer Kok,,,s1,,\n"  # 8: nobody
        "K-7,meneer Kok,,,s1,,veel\n"  # 9: no number
        "K-8,meneer Kok,,,,,\n"  # 10: of no shop
    )
    assert take(config, "customers", bad) == 1
    said = capsys.readouterr()
    assert [line.split(":")[0] for line in said.out.splitlines() if line.startswith("line")] == [
        f"line {number}" for number in range(4, 11)
    ]
    assert (
        "Nothing is written. Without the refused lines: 2 new, 0 changed, 0 gone, 0 the same, 7 refused"
        in said.out
    )
    assert "[K02]" in said.err
    assert counts(config)["customer"] == 0
    assert "Kok" not in said.out + said.err
    assert take(config, "customers", bad, "--skip-refused") == 0
    assert counts(config)["customer"] == 2
    assert take(config, "customers", "name,points\nX,1\n") == 1
    assert "[K01]" in capsys.readouterr().err


def test_savings_of_who_never_agreed_to_save_are_refused_by_their_line_and_an_agreement_may_come_later(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bare = HEAD + "K-1,X,,L-1,s1,,{}\n"
    assert take(config, "customers", bare.format("5")) == 1
    assert "line 2: refused: points without an agreement" in capsys.readouterr().out
    assert take(config, "customers", bare.format("")) == 0
    said = capsys.readouterr().out
    assert (
        "1 new customer has a card but may not save points: add `saving:RECIPIENT` to their `consents`"
        in said
    )
    assert take(config, "balances", "ref,points\nK-1,5\n") == 1
    assert "(NO_AGREEMENT)" in capsys.readouterr().out
    agreed = bare.format("5").replace(",s1,", ",s1,saving:van-dam")
    nothing = "1 new customer has an agreement to save, but neither points nor a stamp card"
    assert take(config, "customers", agreed.replace("K-1", "K-9").replace("L-1", "L-9"), "--dry-run") == 0
    assert nothing not in capsys.readouterr().out
    none = agreed.replace("K-1", "K-9").replace("L-1", "L-9").replace(",5\n", ",\n")
    assert take(config, "customers", none, "--dry-run") == 0
    assert nothing in capsys.readouterr().out
    assert take(config, "customers", agreed) == 0
    assert "0 new, 1 changed" in capsys.readouterr().out
    assert take(config, "customers", agreed) == 0
    assert "0 changed, 0 gone, 1 the same" in capsys.readouterr().out
    told = "SELECT count(*) FROM feed WHERE part='shop:s1' AND t='consent' AND op='put'"
    assert held(config, "SELECT purpose, basis, state FROM consent") == [("saving", "agreement", "given")]
    assert held(config, told) == [(1,)]
    assert held(config, "SELECT sum(delta) FROM ledger") == [(5,)]
    assert undo(config, 2) == 0
    assert held(config, "SELECT sum(delta) FROM ledger") == [(0,)]
    assert held(config, "SELECT name FROM trait") == [("name",)]
    assert held(config, "SELECT state FROM consent") == [("withdrawn",)]
    assert take(config, "customers", agreed) == 0
    assert held(config, "SELECT gen, state FROM consent") == [(2, "given")]
    assert take(config, "balances", "ref,points\nK-1,7\n") == 0
    assert held(config, "SELECT sum(delta) FROM ledger") == [(7,)]


def test_a_stamp_card_is_given_by_an_import_to_a_customer_who_is_there_and_counts_from_then_on(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert take(config, "customers", TWO) == 0
    assert take(config, "balances", "ref,stamps\nK-1,4\n") == 1
    assert "give them a card by an import of customers" in capsys.readouterr().out
    card = "ref,stamps,stamps_of,reward\nK-1,2,8,koffie\n"
    assert take(config, "customers", card) == 0
    assert "0 new, 1 changed" in capsys.readouterr().out
    assert take(config, "customers", card.replace(",2,8", ",3,9")) == 0  # a card that is there is left alone
    assert "0 changed, 0 gone, 1 the same" in capsys.readouterr().out
    total = "SELECT sum(delta) FROM ledger WHERE instrument='stamps'"
    assert held(config, total) == [(2,)]
    assert held(config, "SELECT why FROM ledger WHERE instrument='stamps'") == [("opening",)]
    assert undo(config, 2) == 0
    assert held(config, total) == [(0,)]
    assert held(config, "SELECT count(*) FROM trait WHERE name='stamps'") == [(0,)]
    assert take(config, "customers", card) == 0
    assert take(config, "balances", "ref,stamps\nK-1,4\n") == 0
    assert held(config, total) == [(4,)]


def test_what_was_saved_is_not_left_out_without_a_word(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file with stamps and no `stamps_of` was taken, and nobody had their stamps."""
    lines = "ref,short,call,shops,stamps\nK-1,Vries,,s1,\nK-2,,Bos,s1,3\nK-3,,Jansen,s1,0\nK-4,,Smit,s1,\n"
    assert take(config, "customers", lines) == 1
    said = capsys.readouterr().out
    assert "line 2: refused: short and initials are of a name: call is empty" in said
    assert "line 3: refused: stamps are on a card: stamps_of says how many fill it" in said
    assert "line 4" not in said
    assert "line 5" not in said
    assert take(config, "customers", lines, "--skip-refused") == 0
    assert held(config, "SELECT count(*) FROM customer") == [(2,)]


def test_stamps_of_more_than_one_card_come_over_all(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert take(config, "customers", TWO) == 0
    assert take(config, "customers", "ref,stamps,stamps_of,reward\nK-1,2,8,koffie\n") == 0
    assert take(config, "balances", "ref,stamps\nK-1,99\n") == 0
    assert held(config, "SELECT sum(delta) FROM ledger WHERE instrument='stamps'") == [(99,)]


def test_the_same_card_written_in_two_ways_is_one_card_before_anything_is_written(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    head = "ref,card,uid,shops\n"
    assert take(config, "customers", head + "K-1,779|779| 779,,s1\n") == 0
    assert held(config, "SELECT count(*) FROM credential") == [(1,)]
    two = head + "K-2,,04:AA:BB:CC:DD:EE:FF,s1\nK-3,,04aabbccddeeff,s1\n"
    for options in (["--dry-run"], []):
        capsys.readouterr()
        assert take(config, "customers", two, *options) == 1
        said = capsys.readouterr()
        assert "line 3: refused: stands on line 2 already, or its card does" in said.out
        assert "1 line cannot be used [K02]" in said.err
    assert take(config, "customers", two, "--skip-refused") == 0
    assert held(config, "SELECT count(*) FROM credential") == [(2,)]


def test_a_card_that_is_written_as_the_commands_write_it_is_that_card_and_in_the_wrong_column_it_is_refused(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    head = "ref,card,uid,shops\n"
    assert (
        take(config, "customers", head + "K-1,number:779| Number: 780|779,uid:04:AA:BB:CC:DD:EE:FF,s1\n") == 0
    )
    assert held(config, "SELECT count(*) FROM credential") == [(3,)]
    for card in ("number:779", "number:780", "uid:04aabbccddeeff"):
        assert main(["customer", "find", "--card", card, "--config", str(config)]) == 0
    line = {"ref": "K-1", "cards": [{"kind": "number", "value": "number:780"}]}
    assert take(config, "customers", json.dumps(line)) == 0
    assert "1 the same" in capsys.readouterr().out
    wrong = head + "K-2,uid:04aabbccddee00,,s1\nK-3,,number:781,s1\nK-4,number: ,,s1\n"
    assert take(config, "customers", wrong) == 1
    said = capsys.readouterr().out
    assert (
        "line 2: refused: a card that begins with uid: is of kind uid: in CSV it stands in column uid" in said
    )
    assert (
        "line 3: refused: a card that begins with number: is of kind number: in CSV it stands in column card"
        in said
    )
    assert "line 4: refused: nothing stands behind number:" in said
    assert "781" not in said


def test_a_recipient_that_headquarters_does_not_name_is_told_apart_in_a_dry_run_and_in_the_real_one(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config.write_text(
        config.read_text() + '[controllers]\ns1 = "van-dam"\n[parties.van-dam]\nname = "Van Dam"\n'
    )
    typed = TWO.replace("saving:van-dam,80", "saving:vandam,80")
    for options in (["--dry-run"], []):
        assert take(config, "customers", typed, *options) == 0
        said = capsys.readouterr().out
        assert "as `shop.recipient` of the shops has to say it: van-dam 2, vandam 1." in said
        assert "Neither [parties] nor [controllers] of hub.toml names vandam: mend the file" in said
    assert take(config, "customers", TWO) == 0
    assert "Neither" not in capsys.readouterr().out


def test_balances_are_set_by_a_line_in_the_ledger_and_taken_back_by_another(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert take(config, "customers", TWO) == 0
    assert take(config, "balances", "ref,points\nK-1,150\nK-2,80\n") == 0
    assert "0 new, 1 changed, 0 gone, 1 the same" in capsys.readouterr().out
    assert take(config, "balances", "ref,points\nK-3,1\n") == 1
    assert "line 2: refused: no such customer" in capsys.readouterr().out
    assert undo(config, 2) == 0
    lines = held(config, "SELECT why, delta FROM ledger ORDER BY device_id, delta")
    assert lines == [("correction", 30), ("opening", 80), ("opening", 120), ("correction", -30)]
    assert take(config, "balances", "ref,points\nK-1,120\n", "--dry-run") == 0
    assert "0 changed, 0 gone, 1 the same" in capsys.readouterr().out


def test_staff_is_the_whole_list_and_reaches_the_shops_they_work_in(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert take(config, "staff", "id,name,role,shops\nP1,Iris,manager,s1\nP2,Noor,,s1\n") == 0
    assert take(config, "staff", "id,name,role,shops\nP1,Iris,staff,s1\n", "--dry-run") == 0
    assert "gone     P2\n0 new, 1 changed, 1 gone" in capsys.readouterr().out
    assert take(config, "staff", "id,name,role,shops\nP1,Iris,staff,s1\n") == 0
    rows = held(config, "SELECT op, t, id, ver FROM feed WHERE part='shop:s1' ORDER BY seq")
    assert rows == [
        ("put", "staff", "P1", 1),
        ("put", "staff", "P2", 1),
        ("put", "staff", "P1", 2),
        ("del", "staff", "P2", 2),
    ]
    assert undo(config, 2) == 0
    assert held(config, "SELECT id, ver FROM staff WHERE d IS NOT NULL ORDER BY id") == [("P1", 3), ("P2", 3)]
    assert take(config, "staff", "id,name,shops\nP3,Bo,elsewhere\n") == 1


def test_a_catalogue_and_its_counts_are_taken_back(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def catalogue(text: str, *options: str) -> int:
        return take(config, "catalogue", text, *options)

    assert catalogue("item,title,price\nA,Jas,12.95\nB,Broek,20\n") == 0
    assert catalogue("item,count\nA,5\nB,2\n", "--stock") == 0
    assert catalogue("item,title,price\nA,Jas,13.95\n") == 0
    assert undo(config, 1) == 1
    assert "product A, product B changed since" in capsys.readouterr().err
    assert undo(config, 3) == 0
    assert held(config, "SELECT item, ver FROM product WHERE d IS NOT NULL ORDER BY item") == [
        ("A", 3),
        ("B", 3),
    ]
    assert len(held(config, "SELECT item FROM stock WHERE d IS NOT NULL")) == 2
    assert b"12" in held(config, "SELECT d FROM product WHERE item='A'")[0][0]


def test_an_import_that_was_broken_off_bars_the_next_until_it_is_taken_back(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert take(config, "customers", TWO) == 0
    with closing(sqlite3.connect(config.parent / "hub/hub.db")) as conn, conn:
        conn.execute("UPDATE import_run SET state='running'")  # as a power cut leaves it
    assert take(config, "customers", TWO.replace("K-", "L-").replace("LOYALTY", "L")) == 1
    assert "[IMPORT_OPEN]" in capsys.readouterr().err
    assert undo(config, 1) == 0
    assert take(config, "customers", TWO) == 0
