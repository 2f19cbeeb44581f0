"""What was typed into a form and not sent: asked for by the page that shows the form, gone once it was sent.

A form that wants this carries `data-draft="its name"`; `keep.js` sends what is typed. Its page fills its fields
with `drafted(…)` and calls `sent(…)` when the form arrives.
"""

import json
from typing import Final

from edge.staff import drafts
from staff_ui.desk import Desk, Guest

# Forms that may have a draft, and their fields. Never a PIN.
FORMS: Final[dict[str, tuple[str, ...]]] = {
    "search": ("q",),
    "feedback": ("text",),
}


def drafted(desk: Desk, guest: Guest, form: str, name: str) -> str:
    """What stands in a field of a form that was not sent; empty when nothing does."""
    house = desk.house
    held = drafts.kept(
        house.db.reader,
        guest.who.token_hash,
        form,
        kek=house.keys.kek,
        now_ms=house.time.now_ms(),
    )
    fields = json.loads(held) if held else {}
    return str(fields.get(name, ""))


async def sent(desk: Desk, guest: Guest, form: str) -> None:
    """The form arrived: its draft has done its work."""
    await desk.house.db.forget(drafts.drop, guest.who.token_hash, form)


async def keep(desk: Desk, guest: Guest, form: str, fields: dict[str, str]) -> None:
    """Keep what stands in the known fields of a known form."""
    known = {name: fields[name] for name in FORMS.get(form, ()) if fields.get(name)}
    await desk.house.db.apply(
        drafts.keep,
        guest.who.token_hash,
        form,
        json.dumps(known) if known else "",
        kek=desk.house.keys.kek,
        now_ms=desk.house.time.now_ms(),
    )
