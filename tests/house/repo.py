"""What tests about the repository need: its files, its Markdown tables, the codes in its source."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("edge", "staff_ui", "drivers", "sync")


def _ignored() -> frozenset[str]:
    lines = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    return frozenset(line.strip("/") for line in lines if line.endswith("/")) | {".git"}


@cache
def files() -> tuple[Path, ...]:
    """Every file of the repository that is not made by a tool."""
    ignored = _ignored()

    def below(folder: Path) -> Iterator[Path]:
        for path in sorted(folder.iterdir()):
            if path.name in ignored or path.name.endswith(".egg-info"):
                continue
            if path.is_dir():
                yield from below(path)
            elif path.suffix != ".pyc":
                yield path

    return tuple(below(ROOT))


def texts() -> Iterator[tuple[Path, str]]:
    """Path and content of every file that is text."""
    for path in files():
        try:
            yield path, path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of the tables under one heading: first column without its backticks, then the other cells."""

    rows: dict[str, list[str]]

    @property
    def names(self) -> set[str]:
        return set(self.rows)


_CELL = re.compile(r"(?<!\\)\|")


def table(readme: str, heading: str) -> Table:
    """Tables of `readme` under `## heading`; a row counts when its first cell begins with a name in backticks."""
    path = ROOT / readme
    assert path.exists(), f"{readme} is not written yet"
    text = path.read_text(encoding="utf-8")
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"{readme} has no heading `## {heading}`"
    rows: dict[str, list[str]] = {}
    for line in found[1].splitlines():
        cells = [cell.strip() for cell in _CELL.split(line.strip())[1:-1]]
        if cells and (first := re.match(r"`([^`]+)`", cells[0])):
            assert first[1] not in rows, f"{readme}, {heading}: `{first[1]}` stands there twice"
            rows[first[1]] = cells[1:]
    assert rows, f"{readme}, {heading}: no row begins with a name in backticks"
    return Table(rows)


_CODE = re.compile(r"(?!errno$)[A-Za-z][A-Za-z0-9_]*[A-Za-z0-9]")


def codes(*folders: str) -> set[str]:
    """Every error code that stands as a literal in these folders or files: `code="…"` and `code = …`."""
    found: set[str] = set()
    for folder in folders:
        path = ROOT / folder
        for file in [path] if path.is_file() else sorted(path.rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                value = _value_of_code(node)
                if value is not None:
                    found |= {each for each in _literals(value) if _CODE.fullmatch(each)}
    return found


def _value_of_code(node: ast.AST) -> ast.expr | None:
    if isinstance(node, ast.keyword) and node.arg == "code":
        return node.value
    if isinstance(node, ast.Assign) and any(
        isinstance(target, ast.Name) and target.id == "code" for target in node.targets
    ):
        return node.value
    return None


def _literals(value: ast.expr) -> Iterator[str]:
    """Texts in an expression that could be its value; parts of f-strings are not."""
    if isinstance(value, ast.JoinedStr):
        return
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value
    for child in ast.iter_child_nodes(value):
        if isinstance(child, ast.expr):
            yield from _literals(child)
