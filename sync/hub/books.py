"""The books of the hub's own in the central ledger, each in the place of a device.

Device ids have no colon, so a line of ours is nobody's fact.
"""

from typing import Final

OPENING: Final = "hub:opening"  # what somebody came with
IMPORT: Final = "hub:import"  # what headquarters counted
UNDO: Final = "hub:undo"  # an import that was taken back
API: Final = "hub:api"  # what a program of headquarters moved
MERGE: Final = "hub:merge"  # what went from a card to its owner, and back
EVERY: Final = (OPENING, IMPORT, UNDO, API, MERGE)
