"""Everything that both OpenAPI documents allow, and what they do not, asked of the real servers."""

import tempfile
from pathlib import Path
from typing import Any, Final

from tests.staff_ui import test_contract as appliance
from tests.sync.hq import test_contract as hub

EXAMPLES: Final = 25  # of each operation, sound and unsound


def no_5xx() -> tuple[bool, dict[str, Any]]:
    """Both documents at full size; every answer by its status."""
    figures: dict[str, Any] = {}
    for name, fuzzed in (("hub", hub.fuzzed), ("appliance", appliance.fuzzed)):
        with tempfile.TemporaryDirectory(prefix="welkom-prove-") as folder:
            try:
                found = fuzzed(Path(folder), examples=EXAMPLES)
            except AssertionError as error:
                return False, figures | {name: str(error)[:300]}
        figures[f"{name}_asked"] = sum(found.values())
        figures[f"{name}_by_status"] = {str(status): found[status] for status in sorted(found)}
    return True, figures
