"""Nobody takes the customers of a shop along from a tablet: not as a file, and not as a page to be copied."""

import re

from staff_ui.pages.search import MOST_HITS
from staff_ui.routes import ROUTES
from tests.staff_ui.house import Place, own_token


def test_no_address_of_the_tablet_gives_a_file_or_a_list_of_customers(place: Place) -> None:
    named = [f"Kanarie {chr(65 + number)}" for number in range(MOST_HITS + 4)]
    for number, each in enumerate(named):
        place.customer(f"29{number:03}", name={"call": each, "short": each, "initials": "K"})
    place.tap("29000")
    ((visit,),) = place.rows("SELECT hex(id) FROM visit")
    manager = place.signed_in("Bram de Wit")
    own = own_token(manager.get("/search").text)
    # Which eight of them is a matter of the customers' ids, and those are random.
    for query, hits in (("kanarie", MOST_HITS), ("kan", MOST_HITS), ("k", 0)):
        found = manager.post("/search", data={"own": own, "q": query}).text
        assert sum(each in found for each in named) == hits, query
    for route in ROUTES:
        if route.method != "GET" or route.path.endswith("/live"):
            continue  # those two streams never end, and say only that something changed
        answer = manager.get(re.sub(r"\{\w+:\w+\}", visit.lower(), route.path))
        assert "content-disposition" not in answer.headers, route.path
        assert sum(each in answer.text for each in named) <= 1, route.path
