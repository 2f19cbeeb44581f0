"""A wallet on the tablet as tests open it: who is here with what they saved, and the forms that are sent."""

import re
from typing import Any

import httpx

from tests.staff_ui.house import Place, own_token
from tests.staff_ui.test_customer import CARD, visit_of

MORE: dict[str, Any] = {
    "vouchers": {"items": [{"label": "10% op regenkleding", "code": "BON-4417"}]},
    "giftcards": {"items": [{"label": "Cadeaukaart", "balance_cents": 123_450}]},
}


def arrive(place: Place) -> str:
    """Mevrouw De Vries is here, with 1,400 points and 7 of 8 stamps; the address of her wallet."""
    place.de_vries(**MORE)
    place.phone(CARD, key_id="00000002")
    return f"/visits/{visit_of(place)}/wallet"


def forms(page: str) -> tuple[str, str]:
    """The lines that the two forms of a page would write: points, stamps."""
    points, stamps = re.findall(r'name="line" value="(\w+)"', page)
    return points, stamps


def send(tablet: httpx.Client, path: str, act: str, *, line: str = "", amount: str = "") -> httpx.Response:
    page = tablet.get(path).text
    points, stamps = forms(page)
    line = line or (stamps if act in ("stamp", "full") else points)
    fields = {"own": own_token(page), "act": act, "line": line, "amount": amount}
    return tablet.post(path, data=fields, follow_redirects=True)


def hold(place: Place, tablet: httpx.Client, card: str = CARD) -> str:
    """Hold a phone to a reader; the address of its wallet without a name, empty where the note offers none."""
    place.phone(card, key_id="00000002")
    found = re.search(r'href="(/saving/[\w-]+)"', tablet.get("/visits").text)
    return found[1] if found else ""
