"""What each word after `welkom` does: one file a command,

Each has `add(parser)` and `run(words) -> exit status`.
"""

from typing import Final

UNCHANGED: Final = "Nothing was changed: this was a dry run."
