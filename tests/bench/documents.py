"""Everything that both OpenAPI documents allow, and what they do not, asked of the real servers."""

import tempfile
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any, Final

from tests.staff_ui import test_contract as appliance
from tests.sync.hq import test_contract as hub

EXAMPLES: Final = 12  # of each operation, as many sound as unsound


def no_5xx() -> tuple[bool, dict[str, Any]]:
    """Both documents at full size; every answer by its status, and what came of the bodies that a box signs."""
    figures: dict[str, Any] = {}
    bodies = Counter[tuple[str, int]]()
    for name, fuzzed in (("hub", partial(hub.fuzzed, told=bodies)), ("appliance", appliance.fuzzed)):
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
    signed = {path: {status for where, status in bodies if where == path} - {401} for path in hub.SIGNED}
    figures["signed_bodies"] = {path: sorted(statuses) for path, statuses in sorted(signed.items())}
    return all(signed.values()), figures
