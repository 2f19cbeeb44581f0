"""Cells that no spreadsheet runs: the guard that an export puts before them, and that an import takes off. Pure."""

import re
from typing import Final

# What a spreadsheet takes for a formula (OWASP, CSV Injection), the full-width signs of East Asian locales too; an
# apostrophe before it makes it text.
_RUNS: Final = re.compile(r"'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")


def guarded(text: str) -> str:
    """A cell as it goes out; `unguarded` gives back any text."""
    return "'" + text if _RUNS.match(text) else text


def unguarded(cell: str) -> str:
    """A cell as it was meant: only an apostrophe that stands for a guard goes, never that of 's-Gravenhage."""
    return cell[1:] if cell.startswith("'") and _RUNS.match(cell) else cell
