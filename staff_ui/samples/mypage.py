"""Their own page on their own phone: what is asked, the code, and why there is none."""

from typing import Any, Final

from markupsafe import Markup

from staff_ui.pages.mypage import MyPage
from staff_ui.pages.pair import qr
from staff_ui.sheets import Frame
from staff_ui.words import MONTHS, Words

TEMPLATE: Final = "mypage.html"
STEPS: Final = ("tap", "weak", "ready", "sent", "far", "over", "away")


def samples(frame: Frame, words: Words) -> dict[str, Any]:
    months = tuple(words.say(each) for each in MONTHS)
    steps = {each: MyPage(frame, "v" * 32, each) for each in STEPS}
    asked = {each: MyPage(frame, "v" * 32, each, months) for each in ("ask", "wrong")}
    code = Markup(qr("https://mijn.winkel.nl/portal/enter/" + "x" * 43))
    return {**asked, "code": MyPage(frame, "v" * 32, "code", qr=code), **steps}
