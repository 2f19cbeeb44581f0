"""Everything that both OpenAPI documents allow, and what they do not, asked of the real servers."""

import tempfile
from pathlib import Path
from typing import Any, Final

from tests.staff_ui import test_contract as appliance
from tests.sync.hq import test_contract as hub

EXAMPLES: Final = 12  # of each operation, as many sound as unsound


def no_5xx() -> tuple[bool, dict[str, Any]]:
    """Both documents at full size; every answer by its status."""
    figures: dict[str, Any] = {}
    for name, fuzzed in (("hub", hub.fuzzed), ("appliance", appliance.fuzzed)):
        with tempfile.TemporaryDirectory(prefix="welkom-prove-") as folder:
            try:
                found = fuzzed(Path(folder), examples=EXAMPLES)
            except AssertionError as error:
                return False, figures | {name: str(error)[:300]}
        figures[name] = {
            "operations": found.operations,
            "asked": found.answers.total(),
            "by_status": {str(status): count for status, count in sorted(found.answers.items())},
            "answers_5xx": sum(count for status, count in found.answers.items() if status >= 500),
        }
    return True, figures
