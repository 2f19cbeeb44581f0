"""What each form of ours holds: the fields that its address reads, beside `own`, the tablet's token."""

from typing import Final

from edge.joining.rules import ASKED

_WALLET: Final = ("act", "line", "amount", "staff", "pin")

FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "/visits/{visit}/stop": (),
    "/visits/{visit}/page": ("act", "day", "month"),
    "/visits/{visit}/wallet": _WALLET,
    "/saving/{note}": _WALLET,
    "/elsewhere/{note}": ("act", "line", "amount"),
    "/visits/{visit}/advice": ("answer", "item"),
    "/visits/{visit}/help": (),
    "/visits/{visit}/release": (),
    "/visits/{visit}/alone": ("undo",),
    "/visits/{visit}/tip": ("good",),
    "/visits/{visit}/profile": ("why",),
    "/visits/{visit}/cards": ("card", "sure"),
    "/visits/{visit}/fobs": ("look", "yes", "period", "finding", "back"),
    "/search": ("q",),
    "/search/open": ("customer", "why"),
    "/scan": ("for", "code", "symbology"),
    "/store/busy": ("busy",),
    "/store/feedback": ("text",),
    "/practice": ("on",),
    "/practice/{visit}/{page}": ("act", "amount", "undo"),
    "/manage/unlock": ("staff",),
    "/manage/badge": ("staff",),
    "/manage/badge/remove": ("staff",),
    "/manage/unpair": ("tablet",),
    "/manage/end": ("tablet",),
    "/manage/walk": ("zone", "stop", "undo"),
    "/manage/tags": ("zone", "hang", "carry", "down"),
    "/manage/pair": ("name",),
    "/draft": ("form", "q", "text"),
    "/signin": ("staff", "pin"),
    "/signout": (),
    "/look": ("language", "theme", "hand"),
    "/join/start": ("note",),
    "/join/phone": ("note",),
    "/join": ("act", "name", "period", "young", "parent", *ASKED),
    "/cards/new/{note}": ("q", "customer", "lost", "sure"),
    "/own/stop": ("purpose", "recipient"),
    "/own/correct": ("name", "day", "month"),
    "/own/forget": ("sure",),
    "/pair/{code}": ("key",),
    "/device": ("challenge", "signature"),
}
