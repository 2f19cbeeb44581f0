"""What the program never does, read off its source: no text becomes code, a statement or a pattern."""

import ast
import re
from collections.abc import Iterator
from functools import cache

from tests.house.repo import PACKAGES, files, name

# Parts of statements that are ours: names of tables and files, and settings of the connection.
PARTS = {
    "table",
    "columns",
    "schema",
    "file",
    "place",
    "both",
    "end",
    "level",
    "synchronous",
    "most_ms",
    "migration",
    "setting",
    "longest_ms",  # how long a webhook rests after each try: a table of ours (`sync.hub.hq.standard`)
}
SQL = re.compile(r"\b(SELECT .* FROM|INSERT INTO|UPDATE \w+ SET|DELETE FROM|PRAGMA|ATTACH)\b", re.DOTALL)
CONSTANT = re.compile(r"_?[A-Z][A-Z0-9_]*")
# Measuring, playing and inventing: they ask nobody's input.
OURS = ("edge/bench/", "edge/simulate/", "edge/demo/")


@cache
def sources() -> dict[str, str]:
    return {
        name(path): path.read_text(encoding="utf-8")
        for path in files()
        if path.suffix == ".py" and name(path).split("/")[0] in PACKAGES and not name(path).startswith(OURS)
    }


@cache
def parsed(where: str) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse(sources()[where])))


def nodes(holding: str) -> Iterator[tuple[str, ast.AST]]:
    """Every node of the modules in whose text this pattern is: parsing all of them would take seconds."""
    for where, text in sources().items():
        if re.search(holding, text):
            for node in parsed(where):
                yield where, node


def calls(holding: str) -> Iterator[tuple[str, str, ast.Call]]:
    for where, node in nodes(holding):
        if isinstance(node, ast.Call):
            yield where, ast.unparse(node.func), node


def names_in(node: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}


def test_no_text_becomes_code_and_no_shell_is_asked() -> None:
    bad = r"(eval|exec|compile|__import__)|os\.(system|popen)|.*create_subprocess_shell"
    found = [
        (where, called)
        for where, called, _ in calls(
            r"(?<![.\w])(eval|exec|compile|__import__)\(|os\.(system|popen)|_shell\("
        )
        if re.fullmatch(bad, called)
    ]
    assert found == []
    assert [where for where, text in sources().items() if re.search(r"\bshell=", text)] == []
    modules = "pickle|marshal|shelve|yaml|dill|xml|lxml|xmlrpc|telnetlib|ftplib"
    assert [
        where
        for where, text in sources().items()
        if re.search(rf"^\s*(import|from) ({modules})\b", text, re.M)
    ] == []


def test_no_statement_is_made_of_a_value() -> None:
    """Nothing that a function was given stands in the text of a statement, but for parts of it that are ours."""
    found: dict[str, set[str]] = {}
    for where, node in nodes(SQL.pattern):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        given = {each.arg for each in ast.walk(node.args) if isinstance(each, ast.arg)} - PARTS
        for text in ast.walk(node):
            if isinstance(text, ast.JoinedStr) and SQL.search(
                "".join(str(part.value) for part in text.values if isinstance(part, ast.Constant))
            ):
                put_in = [
                    names_in(each.value) for each in text.values if isinstance(each, ast.FormattedValue)
                ]
                if strange := set().union(*put_in) & given:
                    found[f"{where}:{text.lineno}"] = strange
    assert found == {}, "bind it as a parameter; a part of a statement that is ours is named in PARTS"


def test_no_pattern_is_made_of_a_value() -> None:
    """Patterns are ours, or those of a shop's own settings, which are checked for slow ones (drivers/patterns.py)."""
    made = {
        where
        for where, called, call in calls(r"\bre\.")
        if re.fullmatch(r"re\.(compile|search|match|fullmatch|sub|findall|split)", called)
        and any(
            not CONSTANT.fullmatch(each) for each in names_in(call.args[0]) - {"re", "str", "map", "each"}
        )
    }
    assert made == {
        "drivers/settings.py",
        "drivers/codecs/ntag424/sun_url.py",
        "drivers/codecs/gs1/identifiers.py",
    }


def test_no_format_string_is_a_value() -> None:
    """`format_map` fills in texts of our catalogues; nobody's words are ever a template."""
    found = {where for where, text in sources().items() if ".format_map(" in text}
    assert found == {"edge/kit/words.py", "sync/hub/passes/words.py"}


def test_what_nobody_may_guess_comes_from_secrets() -> None:
    cheap = [where for where, text in sources().items() if re.search(r"^(import|from) random\b", text, re.M)]
    for where in cheap:
        # When to try again, and what the invented reader invents; nothing that anybody could want to guess.
        used = set(re.findall(r"\brandom\.(\w+)", sources()[where]))
        assert used <= {"random", "uniform"} or where == "drivers/sim.py", where
    sizes = [
        (where, ast.unparse(call.args[0]) if call.args else "")
        for where, called, call in calls(r"\bsecrets\.")
        if called in ("secrets.token_urlsafe", "secrets.token_hex", "secrets.token_bytes")
    ]
    assert len(sizes) > 5
    # Eight bytes where Smart Tap fixes the length of a nonce.
    assert [where for where, size in sizes if size.isdigit() and int(size) < 16] == ["drivers/talks.py"]


def test_md5_is_nowhere_and_sha1_only_where_apple_asks_for_it() -> None:
    weak = {where for where, text in sources().items() if re.search(r"\b(md5|sha1|MD5|SHA1)\b", text)}
    assert weak == {"sync/hub/passes/apple.py"}


def test_no_certificate_is_taken_unseen() -> None:
    unseen = r"CERT_NONE|_create_unverified_context|disable_warnings|verify=False|check_hostname\s*=\s*False"
    assert [where for where, text in sources().items() if re.search(unseen, text)] == []


def test_no_redirect_of_somebody_else_is_followed() -> None:
    assert [where for where, text in sources().items() if "follow_redirects=True" in text] == []


def test_no_script_makes_a_page_or_an_object_of_text() -> None:
    page = r"(inner|outer)HTML\s*=[^=]|insertAdjacentHTML|document\.write"
    bad = rf"{page}|\beval\(|new Function|JSON\.parse|Object\.assign|__proto__"
    ours = {
        name(path): path.read_text(encoding="utf-8")
        for path in files()
        if path.suffix == ".js" and "/vendor/" not in name(path) and not name(path).startswith("tests/")
    }
    assert len(ours) > 5
    assert {where: found for where, text in ours.items() if (found := re.findall(bad, text))} == {}
