"""The fragment that every tablet fetches: what it shows, how often it is made, and when it is made again."""

from typing import Final, get_args

import pytest

from drivers.reader import Outcome
from staff_ui.pages.visits import NOTES
from tests.patience import PATIENT_S
from tests.staff_ui.house import DE_VRIES, Place
from tests.stories.shop import until

CARD = "2900000000011"


def test_a_tap_shows_how_to_address_someone_why_and_one_sentence_to_say(place: Place) -> None:
    place.de_vries()
    tablet = place.signed_in()
    place.tap(CARD)
    shown = tablet.get("/visits").text
    for text in (
        "Goedemorgen,",
        "mevrouw De Vries",
        "Kaart getikt bij counter-1",
        "“Lukt het met de wandelschoenen?”",
        "5 weken geleden gekocht",
        "Nog 1 tot gratis impregneren",
        'aria-label="7 van 8 stempels"',
        "1.400",
        "om 10:4",
        "Klant sinds",
        "2019",
        "Wil niet herkend worden",
    ):
        assert text.lower() in shown.lower()


@pytest.mark.parametrize(
    ("hour", "greeting"), [(0, "Goedemorgen"), (11, "Goedemorgen"), (12, "Goedemiddag"), (18, "Goedenavond")]
)
def test_the_greeting_goes_by_the_time_in_the_shop(place: Place, hour: int, greeting: str) -> None:
    place.clock.at_hour(hour)
    place.de_vries()
    place.tap(CARD)
    assert greeting in place.signed_in().get("/visits").text


def test_what_has_no_basis_is_not_on_the_card(place: Place) -> None:
    place.de_vries(purposes=("recognition",))
    place.tap(CARD)
    shown = place.signed_in().get("/visits").text
    assert "mevrouw De Vries" in shown
    assert "Klant sinds" in shown
    for absent in ("Punten", "Stempels", "wandelschoenen"):
        assert absent not in shown


def test_a_customer_without_a_name_is_greeted_without_one(place: Place) -> None:
    place.customer(CARD, points={"balance": 5})
    place.tap(CARD)
    shown = place.signed_in().get("/visits").text
    assert "<h1>Goedemorgen</h1>" in shown
    assert "Klant zonder naam" in shown


def test_malformed_traits_only_make_the_card_smaller(place: Place) -> None:
    place.customer(
        CARD, name=DE_VRIES, points=["?"], stamps={"have": "x"}, since={"year": -1}, last={"what": 3}
    )
    place.tap(CARD)
    shown = place.signed_in().get("/visits").text
    assert "mevrouw De Vries" in shown
    assert "<dt>" not in shown


@pytest.mark.parametrize(
    ("outcome", "sentences"),
    [
        ("stranger", ("Nieuwe kaart. Niets bewaard.", "Nodig gerust uit", "“Zal ik vertellen")),
        ("withheld", ("Deze klant wil niet herkend worden.", "Gewoon vriendelijk helpen.")),
        ("blocked", ("Deze kaart is geblokkeerd.", "Vraag of er een nieuwe is.")),
        ("unreadable", ("Kaart niet gelezen.", "Houd hem nog even vast.")),
        ("refused", ("Dat is een bankpas of identiteitsbewijs.", "Die lezen wij niet.")),
    ],
)
def test_a_note_about_nobody_says_what_to_do_for_three_minutes(
    place: Place, outcome: str, sentences: tuple[str, ...]
) -> None:
    tablet = place.signed_in()
    match outcome:
        case "stranger":
            place.tap("nobody's")
        case "withheld":
            place.customer(CARD, name=DE_VRIES, purposes=("saving",))
            place.tap(CARD)
        case "blocked":
            place.customer(CARD, name=DE_VRIES, state="blocked")
            place.tap(CARD)
        case _:
            place.fail(outcome)  # type: ignore[arg-type]
    shown = tablet.get("/visits").text
    assert f'data-note="{outcome}"' in shown
    assert all(sentence in shown for sentence in sentences)
    assert "De Vries" not in shown
    place.clock.both_by_ms += 3 * 60_000 + 1
    after = tablet.get("/visits").text
    assert "data-note" not in after
    assert "Klaar voor de eerste klant" in after


def test_an_empty_floor_says_what_will_appear_and_why_that_is_good(place: Place) -> None:
    shown = place.signed_in().get("/visits").text
    assert "dan staat hier hoe u die klant begroet" in shown
    assert "bewaren we niets" in shown


def test_the_fragment_is_made_once_for_all_tablets_of_a_role_and_language(place: Place) -> None:
    place.de_vries()
    place.tap(CARD)
    tablets = [place.signed_in(), place.signed_in(), place.signed_in("Bram de Wit")]

    def rendered() -> int:
        metrics = place.browser().get("/metrics").text
        return int(metrics.split("\nwelkom_fragments_rendered_total ")[1].split()[0])

    before = rendered()
    answers = [tablet.get("/visits").text for tablet in tablets * 5]
    assert rendered() - before == 2
    assert answers[0] == answers[1]
    assert "Follow" not in answers[2]
    assert "In the shop now" in answers[2]
    place.tell()
    for tablet in tablets * 5:
        tablet.get("/visits")
    assert rendered() - before == 4


def test_times_are_right_to_the_minute_though_nothing_was_told(place: Place) -> None:
    place.de_vries()
    place.tap(CARD)
    tablet = place.signed_in()
    for minutes, text in ((0, ">nu<"), (1, ">1 min<"), (2, ">2 min<")):
        answer = tablet.get("/visits")
        assert text in answer.text, minutes
        assert 0 < int(answer.headers["welkom-fresh-ms"]) <= 60_000
        place.clock.both_by_ms += int(answer.headers["welkom-fresh-ms"])
        while f">{minutes + 1} min<" not in tablet.get("/visits").text:
            place.clock.both_by_ms += 1_000
            assert tablet.get("/visits").text.count(" min<") <= 1


def test_a_consent_that_ends_takes_the_card_away_at_that_instant_though_nothing_was_told(
    place: Place,
) -> None:
    place.de_vries(until_ms=place.now_ms() + 30_000)
    place.tap(CARD)
    tablet = place.signed_in()
    answer = tablet.get("/visits")
    assert "De Vries" in answer.text
    assert int(answer.headers["welkom-fresh-ms"]) <= 30_000
    place.clock.both_by_ms += 31_000
    assert "De Vries" not in tablet.get("/visits").text


def test_a_clock_set_back_revives_nothing(place: Place) -> None:
    place.de_vries(until_ms=place.now_ms() + 30_000)
    place.tap(CARD)
    tablet = place.signed_in()
    place.clock.both_by_ms += 31_000
    assert "De Vries" not in tablet.get("/visits").text
    place.clock.wall_by_ms -= 3_600_000
    place.tell()
    assert "De Vries" not in tablet.get("/visits").text
    assert "De Vries" not in tablet.get("/").text


def test_a_pinned_visit_stays_while_others_come_and_says_honestly_when_it_is_over(place: Place) -> None:
    place.de_vries(until_ms=place.now_ms() + 60_000)
    place.tap(CARD)
    tablet = place.signed_in()
    (visit,) = place.rows("SELECT id FROM visit")[0]
    place.customer("77", name={"call": "Joost", "short": "Joost", "initials": "JB"})
    place.tap("77")
    assert "<h1>Joost</h1>" in tablet.get("/visits").text
    pinned = tablet.get(f"/visits/{visit.hex()}").text
    assert "<h1>mevrouw De Vries</h1>" in pinned
    assert "Volg de balie" in pinned
    assert "<h1>mevrouw De Vries</h1>" in tablet.get(f"/?visit={visit.hex()}").text
    place.clock.both_by_ms += 61_000
    over = tablet.get(f"/visits/{visit.hex()}").text
    assert "Dit bezoek is voorbij." in over
    assert "De Vries" not in over
    assert "Dit bezoek is voorbij." in tablet.get("/visits/nonsense").text


def test_looking_is_logged_once_for_each_visit_and_role(place: Place) -> None:
    place.de_vries()
    place.tap(CARD)
    anna, bram = place.signed_in(), place.signed_in("Bram de Wit")
    for _ in range(3):
        anna.get("/visits")
        bram.get("/visits")
        anna.get("/")
    looks = "SELECT role, purpose FROM view_log ORDER BY role"
    until(lambda: len(place.rows(looks)) >= 2, timeout_s=PATIENT_S, what="the looks of both roles")
    assert place.rows(looks) == [("manager", "recognition"), ("staff", "recognition")]


def test_more_visits_than_a_glance_takes_in_are_counted(place: Place) -> None:
    for number in range(14):
        place.customer(
            f"5{number}", name={"call": f"Klant {number}", "short": f"Klant {number}", "initials": "K"}
        )
        place.tap(f"5{number}")
    shown = place.signed_in().get("/visits").text
    assert shown.count("data-visit=") == 7
    assert "En nog 7 anderen." in shown
    for number in range(14, 22):
        place.customer(f"5{number}")
        place.tap(f"5{number}")
    assert "En nog veel anderen." in place.signed_in().get("/visits").text


def test_the_top_line_says_how_the_house_is_in_one_sentence(place: Place) -> None:
    tablet = place.signed_in()
    assert "Alles werkt." in tablet.get("/visits").text
    health = place.house.health
    health.online, health.online_since_ms, health.depth = False, place.now_ms(), lambda: 7
    place.tell()
    clock = f"{place.now_ms() // 60_000 % 60:02d}"
    # The box knows no more than that: the internet may be out, or headquarters alone.
    out = f"Hoofdkantoor niet bereikbaar sinds 10:{clock}. Alles werkt; 7 meldingen wachten."
    assert out in tablet.get("/visits").text
    health.readers["counter-1"].up = False
    health.readers["counter-1"].code = "gone"
    place.tell()
    said = tablet.get("/visits").text
    assert (
        "Lezer counter-1 doet het niet. Kijk of de kabel vastzit. Hoofdkantoor niet bereikbaar sinds " in said
    )
    assert " 7 meldingen wachten." in said
    assert "Alles werkt" not in said, "a reader does not"
    health.alone = True
    place.tell()
    assert "niet bereikbaar" not in tablet.get("/visits").text


def test_a_name_that_is_markup_stays_text(place: Place) -> None:
    place.customer(CARD, name={"call": "<script>x</script>", "short": "<b>x", "initials": "<i>"})
    place.tap(CARD)
    shown = place.signed_in().get("/visits").text
    assert "<script" not in shown
    assert "&lt;script&gt;" in shown
    assert "<b><b>" not in shown


def test_a_value_that_does_not_open_takes_nobody_elses_card_away(place: Place) -> None:
    place.de_vries()
    other = place.customer("66", name={"call": "Joost", "short": "Joost", "initials": "JB"})
    place.tap("66")
    place.tap(CARD)

    def damage(conn) -> None:  # type: ignore[no-untyped-def]
        conn.execute("UPDATE replica.trait SET sealed=zeroblob(40) WHERE customer_id=?", (other,))

    place.run(place.house.db.apply(damage))
    shown = place.signed_in().get("/visits").text
    assert "mevrouw De Vries" in shown
    assert "Klant zonder naam" in shown
    assert any(event == "name_unreadable" for event, _ in place.events)


OUTCOMES: Final = {
    "locked": ("ontgrendelen en opnieuw aanhouden", "unlock it and hold it there again"),
    "no_pass": ("Zoek op naam, of vraag om de kaart", "Search by name, or ask for the card"),
    "choose_pass": ("onze kaart kiezen en opnieuw aanhouden", "choose our card and hold it there again"),
    "unknown_merchant": ("meld het de beheerder", "tell the manager"),
    "forged": ("Er is niets geopend. Zoek op naam", "Nothing was opened. Search by name"),
    "replayed": ("Laat de kaart of telefoon zelf aanhouden", "Have the card or phone itself held there"),
    "unreadable": ("Houd hem nog even vast", "Hold it there a little longer"),
    "refused": ("Die lezen wij niet", "We do not read those"),
}


def test_what_a_reader_could_not_do_is_what_staff_can_do_about_it(place: Place) -> None:
    place.staff("Bo Vos", language="en")
    here, there = place.signed_in(), place.signed_in("Bo Vos")
    for outcome in get_args(Outcome):
        place.fail(outcome)
        for tablet, sentence in zip((here, there), OUTCOMES[outcome], strict=True):
            shown = tablet.get("/visits").text
            assert f'data-note="{outcome}"' in shown
            assert sentence in shown
    assert place.rows("SELECT count(*) FROM outbox") == place.rows("SELECT count(*) FROM visit") == [(0,)]
    assert len({NOTES[each] for each in get_args(Outcome)}) == len(get_args(Outcome))
