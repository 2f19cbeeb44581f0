"""The demo's post: before the first letter, and with one."""

from typing import Any, Final

from staff_ui.desk import StageLetter
from staff_ui.pages.post import Post, letter
from staff_ui.sheets import Frame
from staff_ui.words import Words

TEMPLATE: Final = "post.html"
_LINK: Final = f"\n\nhttps://mijn.winkel.nl/portal/link/{'x' * 43}\n"
SENT: Final = {
    "nl": StageLetter(
        "imane@voorbeeld.nl",
        "Uw pagina bij Welkom",
        f"Open uw pagina met deze link. Hij werkt een keer, een kwartier lang.{_LINK}",
    ),
    "en": StageLetter(
        "imane@voorbeeld.nl",
        "Your page at Welkom",
        f"Open your page with this link. It works once, for fifteen minutes.{_LINK}",
    ),
}


def samples(frame: Frame, words: Words) -> dict[str, Any]:
    return {"none": Post(frame, ()), "letter": Post(frame, (letter(SENT[frame.language]),))}
