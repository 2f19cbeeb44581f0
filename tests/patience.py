"""How long a test waits for what only waits: a machine that is busy is not a mistake."""

from typing import Final

PATIENT_S: Final = 60.0
# What must not wait for anything: a busy machine stalls for seconds, and what would be waited for takes 25 or more.
AT_ONCE_S: Final = 20.0
PATIENT_MS: Final = PATIENT_S * 1000
