"""Sample data for every page and state: invented people only. `welkom gallery` and the tour show them.

A file a page: `TEMPLATE` is its template, `samples(frame, words)` gives the page's dataclass by the name of a state.
"""

from importlib import import_module
from pathlib import Path
from types import ModuleType


def modules() -> list[ModuleType]:
    """Every file of samples, by name."""
    names = sorted(each.stem for each in Path(__file__).parent.glob("*.py") if not each.stem.startswith("_"))
    return [import_module(f"{__name__}.{name}") for name in names]
